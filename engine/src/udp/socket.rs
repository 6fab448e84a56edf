//! Datagram sockets, one for each thread on one address, and the memory the kernel gives them.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;

use socket2::{Domain, Protocol, Socket, Type};

/// What is asked of the kernel for each direction.
pub const BUFFER_BYTES: usize = 32 << 20;

/// Memory the kernel gave a socket. It books about two bytes of its own for each byte asked; these are what it books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buffers {
    /// For datagrams not read yet.
    pub receive_bytes: usize,
    /// For datagrams not sent yet.
    pub send_bytes: usize,
}

/// A bound socket and what it got.
#[derive(Debug)]
pub struct Bound {
    /// The socket. Never blocks.
    pub socket: Socket,
    /// Its address, with the port that was chosen.
    pub address: SocketAddr,
    /// What the kernel gave.
    pub buffers: Buffers,
    /// Whether it listens on every address of the machine, so that answers must say from which one they come.
    pub is_wildcard: bool,
}

/// Bind a socket that shares its address with the other threads' sockets.
///
/// A v6 wildcard takes v4 datagrams too. Fewer buffer bytes than asked are no error: `Bound::buffers` tells.
///
/// # Errors
/// The address is taken or not ours.
pub fn bind(address: SocketAddr) -> io::Result<Bound> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    socket.set_reuse_port(true)?;
    let is_wildcard = address.ip().is_unspecified();
    if address.is_ipv6() {
        socket.set_only_v6(!is_wildcard)?;
    }
    if is_wildcard {
        tell_local_address(&socket, address.is_ipv6())?;
    }
    ask_buffer(&socket, libc::SO_RCVBUFFORCE, libc::SO_RCVBUF);
    ask_buffer(&socket, libc::SO_SNDBUFFORCE, libc::SO_SNDBUF);
    socket.bind(&address.into())?;
    let bound = socket.local_addr()?.as_socket();
    let address = bound.ok_or_else(|| io::Error::other("the socket has no internet address"))?;
    let buffers = Buffers { receive_bytes: socket.recv_buffer_size()?, send_bytes: socket.send_buffer_size()? };
    Ok(Bound { socket, address, buffers, is_wildcard })
}

/// Have the kernel tell with each datagram which of our addresses it was sent to.
fn tell_local_address(socket: &Socket, is_v6: bool) -> io::Result<()> {
    if is_v6 {
        set_option(socket, libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 1)
    } else {
        set_option(socket, libc::IPPROTO_IP, libc::IP_PKTINFO, 1)
    }
}

/// Ask for a large buffer: past the machine's bound where we may, up to it otherwise.
fn ask_buffer(socket: &Socket, forced: libc::c_int, plain: libc::c_int) {
    let bytes = BUFFER_BYTES as libc::c_int;
    if set_option(socket, libc::SOL_SOCKET, forced, bytes).is_err() {
        // A small buffer loses datagrams under load and nothing else; what was got is told.
        let _ = set_option(socket, libc::SOL_SOCKET, plain, bytes);
    }
}

fn set_option(socket: &Socket, level: libc::c_int, name: libc::c_int, value: libc::c_int) -> io::Result<()> {
    let length = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the descriptor is open while `socket` is borrowed; the pointer is to an int of ours, and its length is told.
    let done = unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, (&raw const value).cast(), length) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_share_an_address_and_tell_their_buffers() {
        let first = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let second = bind(first.address).unwrap();
        assert_eq!(first.address, second.address);
        assert!(!first.is_wildcard);
        assert!(first.buffers.receive_bytes > 4_096 && first.buffers.send_bytes > 4_096, "{:?}", first.buffers);
    }

    #[test]
    fn an_address_that_is_not_ours_is_an_error() {
        assert!(bind("192.0.2.1:0".parse().unwrap()).is_err());
    }
}

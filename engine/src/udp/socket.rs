//! Datagram sockets, one for each thread on one address, and the memory the kernel gives them.

use std::io;
use std::net::{SocketAddr, UdpSocket};
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

/// Sockets bound to one address, and what they got.
#[derive(Debug)]
pub struct Bound {
    /// One for each thread. They never block.
    pub sockets: Vec<UdpSocket>,
    /// Their address, with the port that was chosen.
    pub address: SocketAddr,
    /// What the kernel gave each of them.
    pub buffers: Buffers,
}

/// Bind as many sockets to one address as there are threads.
///
/// A v6 wildcard takes v4 datagrams too. Fewer buffer bytes than asked are no error: `Bound::buffers` tells.
///
/// # Errors
/// The address is taken or not ours.
pub fn bind_all(address: SocketAddr, threads: usize) -> io::Result<Bound> {
    // The first is bound alone and shares its address only then: were sharing asked before, the kernel would also let us
    // in beside another program of the same user that shares the address, and we would take half of its datagrams.
    let first = prepare(address)?;
    first.bind(&address.into())?;
    first.set_reuse_port(true)?;
    let bound = first.local_addr()?.as_socket();
    let address = bound.ok_or_else(|| io::Error::other("the socket has no internet address"))?;
    let buffers = Buffers { receive_bytes: first.recv_buffer_size()?, send_bytes: first.send_buffer_size()? };
    let mut sockets = vec![UdpSocket::from(first)];
    for _ in 1..threads {
        let socket = prepare(address)?;
        socket.set_reuse_port(true)?;
        socket.bind(&address.into())?;
        sockets.push(socket.into());
    }
    Ok(Bound { sockets, address, buffers })
}

/// Return a socket for `address`, not bound yet.
fn prepare(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    let is_wildcard = address.ip().is_unspecified();
    if address.is_ipv6() {
        socket.set_only_v6(!is_wildcard)?;
    }
    if is_wildcard {
        tell_local_address(&socket, address.is_ipv6())?;
    }
    ask_buffer(&socket, libc::SO_RCVBUFFORCE, libc::SO_RCVBUF);
    ask_buffer(&socket, libc::SO_SNDBUFFORCE, libc::SO_SNDBUF);
    Ok(socket)
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

/// Return how many datagrams the kernel has dropped at a socket because its buffer was full, modulo 2^32.
pub fn overruns(socket: &UdpSocket) -> u32 {
    let mut told = [0_u32; libc::SK_MEMINFO_DROPS as usize + 1];
    let mut length = size_of_val(&told) as libc::socklen_t;
    // SAFETY: the descriptor is open while `socket` is borrowed; the pointers are to our numbers and to their length in bytes.
    unsafe {
        libc::getsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_MEMINFO, told.as_mut_ptr().cast(), &raw mut length);
    }
    // A kernel that cannot tell (before 4.11) leaves the zeros.
    told[libc::SK_MEMINFO_DROPS as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "127.0.0.1:0";

    #[test]
    fn sockets_share_an_address_and_tell_their_buffers() {
        let bound = bind_all(HERE.parse().unwrap(), 3).unwrap();
        assert_eq!(bound.sockets.len(), 3);
        assert!(bound.sockets.iter().all(|socket| socket.local_addr().unwrap() == bound.address));
        assert!(bound.buffers.receive_bytes > 4_096 && bound.buffers.send_bytes > 4_096, "{:?}", bound.buffers);
    }

    #[test]
    fn every_socket_gets_its_share_of_callers() {
        let bound = bind_all(HERE.parse().unwrap(), 2).unwrap();
        for _ in 0..64 {
            UdpSocket::bind(HERE).unwrap().send_to(b"x", bound.address).unwrap();
        }
        let got = bound.sockets.iter().map(|socket| std::iter::from_fn(|| socket.recv(&mut [0]).ok()).count());
        let got: Vec<usize> = got.collect();
        assert_eq!(got.iter().sum::<usize>(), 64);
        assert!(got.iter().all(|count| *count > 0), "{got:?}");
    }

    #[test]
    fn an_address_that_another_program_shares_is_taken_all_the_same() {
        let bound = bind_all(HERE.parse().unwrap(), 2).unwrap();
        let error = bind_all(bound.address, 2).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn what_the_kernel_drops_is_told() {
        let socket = UdpSocket::bind(HERE).unwrap();
        socket2::SockRef::from(&socket).set_recv_buffer_size(4_096).unwrap();
        let caller = UdpSocket::bind(HERE).unwrap();
        for _ in 0..200 {
            caller.send_to(&[0; 1_000], socket.local_addr().unwrap()).unwrap();
        }
        socket.set_nonblocking(true).unwrap();
        let kept = std::iter::from_fn(|| socket.recv(&mut [0; 1_000]).ok()).count();
        assert!(kept < 200);
        assert_eq!(kept + overruns(&socket) as usize, 200);
    }

    #[test]
    fn an_address_that_is_not_ours_is_an_error() {
        assert!(bind_all("192.0.2.1:0".parse().unwrap(), 1).is_err());
    }
}

//! Many datagrams in one system call: 64 read at once, 64 sent at once, all memory taken beforehand.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::RawFd;

/// Datagrams in one call.
pub const BATCH: usize = 64;

/// The most bytes of an answer: with the headers of IPv6 and UDP it fits one packet of an ordinary network.
pub const ANSWER_BYTES_MAX: usize = 1_400;

/// How often sending is tried again when the kernel has no room, before the rest is given up.
const TRIES_MAX: usize = 8;

/// Room for one control message that names our address.
const CONTROL_BYTES: usize = 40;

/// The bytes of a control message, aligned as the kernel wants them.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(8))]
struct Control([u8; CONTROL_BYTES]);

/// The other end of a datagram, and which of our addresses it was sent to.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    name: libc::sockaddr_in6,
    name_bytes: libc::socklen_t,
    control: Control,
    control_bytes: usize,
}

impl Peer {
    const fn unknown() -> Self {
        Self {
            // SAFETY: a socket address is plain numbers; all of them may be zero.
            name: unsafe { std::mem::zeroed() },
            name_bytes: 0,
            control: Control([0; CONTROL_BYTES]),
            control_bytes: 0,
        }
    }

    /// Return the sender's address.
    pub fn address(&self) -> IpAddr {
        if libc::c_int::from(self.name.sin6_family) == libc::AF_INET6 {
            return IpAddr::V6(Ipv6Addr::from(self.name.sin6_addr.s6_addr)).to_canonical();
        }
        // Both kinds of address begin with family and port; in a v4 one the address follows, where v6 has its flow.
        IpAddr::V4(Ipv4Addr::from(u32::from_be(self.name.sin6_flowinfo)))
    }
}

/// A datagram that was read.
#[derive(Debug, Clone, Copy)]
pub struct Received<'a> {
    /// Its bytes, up to the most that are read.
    pub bytes: &'a [u8],
    /// Whether it had more.
    pub is_cut: bool,
    /// Who sent it.
    pub peer: &'a Peer,
}

/// Datagrams read together.
pub struct Inbox {
    stride: usize,
    bytes: Box<[u8]>,
    peers: Box<[Peer]>,
    parts: Box<[libc::iovec]>,
    headers: Box<[libc::mmsghdr]>,
    takes_control: bool,
    /// How many places, from the first, the kernel has written to since they were made ready.
    used: usize,
}

// SAFETY: the pointers in `parts` and `headers` lead into boxes that the same struct owns and that stay where they are.
unsafe impl Send for Inbox {}

impl std::fmt::Debug for Inbox {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Inbox").field("stride", &self.stride).finish_non_exhaustive()
    }
}

impl Inbox {
    /// Return an inbox for datagrams of `bytes_max` bytes; with `takes_control`, of a socket that tells local addresses.
    pub fn new(bytes_max: usize, takes_control: bool) -> Self {
        Self {
            stride: bytes_max,
            bytes: vec![0; bytes_max * BATCH].into(),
            peers: vec![Peer::unknown(); BATCH].into(),
            parts: no_parts(),
            headers: no_headers(),
            takes_control,
            used: BATCH,
        }
    }

    /// Read what has come, up to a batch, and return how many.
    ///
    /// # Errors
    /// `WouldBlock` when nothing has come.
    pub fn receive(&mut self, socket: RawFd) -> io::Result<usize> {
        self.make_ready();
        loop {
            // SAFETY: every header points at room of ours, whose lengths it tells; the kernel writes within them.
            let count = unsafe {
                libc::recvmmsg(socket, self.headers.as_mut_ptr(), BATCH as libc::c_uint, libc::MSG_DONTWAIT, std::ptr::null_mut())
            };
            if let Ok(count) = usize::try_from(count) {
                self.settle(count);
                return Ok(count);
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }

    /// Point the headers that were used at their rooms again. The others still do: the boxes never move or change size.
    fn make_ready(&mut self) {
        for place in 0..std::mem::take(&mut self.used) {
            let (peer, header) = (&mut self.peers[place], &mut self.headers[place].msg_hdr);
            let room = self.bytes[place * self.stride..].as_mut_ptr();
            self.parts[place] = libc::iovec { iov_base: room.cast(), iov_len: self.stride };
            header.msg_name = (&raw mut peer.name).cast();
            header.msg_namelen = size_of::<libc::sockaddr_in6>() as libc::socklen_t;
            header.msg_iov = &raw mut self.parts[place];
            header.msg_iovlen = 1;
            header.msg_flags = 0;
            if self.takes_control {
                header.msg_control = peer.control.0.as_mut_ptr().cast();
                header.msg_controllen = CONTROL_BYTES;
            }
        }
    }

    /// Keep what the kernel told of each sender.
    fn settle(&mut self, count: usize) {
        self.used = count;
        for (peer, header) in self.peers.iter_mut().zip(&self.headers[..count]) {
            peer.name_bytes = header.msg_hdr.msg_namelen.min(size_of::<libc::sockaddr_in6>() as libc::socklen_t);
            peer.control_bytes = 0;
            if self.takes_control {
                let told = header.msg_hdr.msg_controllen.min(CONTROL_BYTES);
                peer.control_bytes = answer_from(&mut peer.control.0, told);
            }
        }
    }

    /// Return a datagram of the last `receive`; `place` is below what it returned.
    #[inline]
    pub fn datagram(&self, place: usize) -> Received<'_> {
        let header = &self.headers[place];
        let length = (header.msg_len as usize).min(self.stride);
        Received {
            bytes: &self.bytes[place * self.stride..place * self.stride + length],
            is_cut: header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0,
            peer: &self.peers[place],
        }
    }
}

/// Make of the control message that told our address the one that answers from it. Returns its length, 0 for none.
fn answer_from(control: &mut [u8; CONTROL_BYTES], told: usize) -> usize {
    const HEAD: usize = size_of::<libc::cmsghdr>();
    const V4: usize = HEAD + size_of::<libc::in_pktinfo>();
    const V6: usize = HEAD + size_of::<libc::in6_pktinfo>();
    let number = |control: &[u8; CONTROL_BYTES], at: usize| {
        libc::c_int::from_ne_bytes([control[at], control[at + 1], control[at + 2], control[at + 3]])
    };
    let kind = (number(control, HEAD - 8), number(control, HEAD - 4));
    if told >= V4 && kind == (libc::IPPROTO_IP, libc::IP_PKTINFO) {
        // The interface is left to routing; the address, ours even for a broadcast, lies behind it.
        control[HEAD..HEAD + 4].fill(0);
        control[HEAD + 8..HEAD + 12].fill(0);
        return HEAD + (size_of::<libc::in_pktinfo>()).next_multiple_of(8);
    }
    if told >= V6 && kind == (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) {
        let address = &control[HEAD..HEAD + 16];
        if address[0] == 0xff {
            return 0; // Sent to a group: nothing can be sent from one.
        }
        let is_link_local = address[0] == 0xfe && address[1] & 0xc0 == 0x80;
        if !is_link_local {
            control[HEAD + 16..HEAD + 20].fill(0);
        }
        return HEAD + (size_of::<libc::in6_pktinfo>()).next_multiple_of(8);
    }
    0
}

/// What became of the datagrams of one `send`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sent {
    /// Taken by the kernel.
    pub sent: usize,
    /// Given up.
    pub unsent: usize,
}

/// Answers to be sent together.
pub struct Outbox {
    bytes: Box<[u8]>,
    peers: Box<[Peer]>,
    parts: Box<[libc::iovec]>,
    headers: Box<[libc::mmsghdr]>,
    count: usize,
}

// SAFETY: as for `Inbox`.
unsafe impl Send for Outbox {}

impl std::fmt::Debug for Outbox {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Outbox").field("count", &self.count).finish_non_exhaustive()
    }
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            bytes: vec![0; ANSWER_BYTES_MAX * BATCH].into(),
            peers: vec![Peer::unknown(); BATCH].into(),
            parts: no_parts(),
            headers: no_headers(),
            count: 0,
        }
    }
}

impl Outbox {
    /// Return where the next answer is to be written. There must be room for another.
    #[inline]
    pub fn room(&mut self) -> &mut [u8] {
        let start = self.count * ANSWER_BYTES_MAX;
        &mut self.bytes[start..start + ANSWER_BYTES_MAX]
    }

    /// Take the first `length` bytes of `room` as an answer to `peer`.
    #[inline]
    pub fn push(&mut self, peer: &Peer, length: usize) {
        self.peers[self.count] = *peer;
        self.parts[self.count].iov_len = length.min(ANSWER_BYTES_MAX);
        self.count += 1;
    }

    /// Whether `send` must come before another `push`.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.count == BATCH
    }

    /// Send everything and forget it. Waits for nothing: what the kernel does not take after a few tries is given up.
    pub fn send(&mut self, socket: RawFd) -> Sent {
        let count = std::mem::take(&mut self.count);
        for place in 0..count {
            let peer = &mut self.peers[place];
            let header = &mut self.headers[place].msg_hdr;
            self.parts[place].iov_base = self.bytes[place * ANSWER_BYTES_MAX..].as_mut_ptr().cast();
            header.msg_name = (&raw mut peer.name).cast();
            header.msg_namelen = peer.name_bytes;
            header.msg_iov = &raw mut self.parts[place];
            header.msg_iovlen = 1;
            header.msg_control = if peer.control_bytes == 0 { std::ptr::null_mut() } else { peer.control.0.as_mut_ptr().cast() };
            header.msg_controllen = peer.control_bytes;
        }
        let (mut done, mut tries, mut told) = (0, 0, Sent::default());
        while done < count && tries < TRIES_MAX {
            let left = &mut self.headers[done..count];
            // SAFETY: these headers were just pointed at bytes of ours, whose lengths they tell; the kernel only reads.
            let sent = unsafe { libc::sendmmsg(socket, left.as_mut_ptr(), left.len() as libc::c_uint, libc::MSG_DONTWAIT) };
            if let Ok(sent @ 1..) = usize::try_from(sent) {
                (done, tries) = (done + sent, 0);
                told.sent += sent;
                continue;
            }
            match io::Error::last_os_error().raw_os_error() {
                Some(libc::EAGAIN | libc::ENOBUFS | libc::EINTR) => {
                    tries += 1;
                    std::thread::yield_now();
                }
                // The first of those left cannot be sent at all; the others may.
                _ => done += 1,
            }
        }
        told.unsent = count - told.sent;
        told
    }
}

fn no_parts() -> Box<[libc::iovec]> {
    vec![libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; BATCH].into()
}

fn no_headers() -> Box<[libc::mmsghdr]> {
    // SAFETY: a message header is numbers and pointers; all of them may be zero.
    vec![unsafe { std::mem::zeroed::<libc::mmsghdr>() }; BATCH].into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::udp::socket::bind_all;
    use std::net::{SocketAddr, UdpSocket};
    use std::os::fd::AsRawFd;
    use std::time::{Duration, Instant};

    /// A socket on `address`, and the address with its port.
    fn bind(address: &str) -> (UdpSocket, SocketAddr) {
        let mut bound = bind_all(address.parse().unwrap(), 1).unwrap();
        (bound.sockets.remove(0), bound.address)
    }

    fn receive_soon(inbox: &mut Inbox, socket: &UdpSocket) -> usize {
        let end = Instant::now() + Duration::from_secs(10);
        loop {
            match inbox.receive(socket.as_raw_fd()) {
                Ok(count) => return count,
                Err(error) => assert!(error.kind() == io::ErrorKind::WouldBlock && Instant::now() < end, "{error}"),
            }
        }
    }

    fn echo_once(server: &str, client: &str, asked: &str) -> (Vec<u8>, SocketAddr, IpAddr) {
        let (socket, address) = bind(server);
        let to = SocketAddr::new(asked.parse().unwrap(), address.port());
        let client = UdpSocket::bind(client).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        client.send_to(b"hello", to).unwrap();
        let (mut inbox, mut outbox) = (Inbox::new(1_200, address.ip().is_unspecified()), Outbox::default());
        assert_eq!(receive_soon(&mut inbox, &socket), 1);
        let received = inbox.datagram(0);
        assert!(!received.is_cut);
        outbox.room()[..received.bytes.len()].copy_from_slice(received.bytes);
        outbox.push(received.peer, received.bytes.len());
        let from = received.peer.address();
        assert_eq!(outbox.send(socket.as_raw_fd()), Sent { sent: 1, unsent: 0 });
        let mut bytes = [0; 100];
        let (length, sender) = client.recv_from(&mut bytes).unwrap();
        (bytes[..length].to_vec(), sender, from)
    }

    #[test]
    fn an_answer_goes_back_to_who_asked() {
        let (bytes, _, from) = echo_once("127.0.0.1:0", "127.0.0.1:0", "127.0.0.1");
        assert_eq!((bytes, from), (b"hello".to_vec(), "127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn an_answer_leaves_from_the_address_that_was_asked() {
        let (_, sender, _) = echo_once("0.0.0.0:0", "127.0.0.1:0", "127.0.0.7");
        assert_eq!(sender.ip(), "127.0.0.7".parse::<IpAddr>().unwrap());
    }

    #[test]
    fn a_v6_wildcard_answers_both_families_from_the_address_that_was_asked() {
        if UdpSocket::bind("[::1]:0").is_err() {
            eprintln!("skipped: this machine has no IPv6");
            return;
        }
        let (_, sender, from) = echo_once("[::]:0", "[::1]:0", "::1");
        assert_eq!((sender.ip(), from), ("::1".parse().unwrap(), "::1".parse().unwrap()));
        let (_, sender, from) = echo_once("[::]:0", "127.0.0.1:0", "127.0.0.7");
        assert_eq!(sender.ip(), "127.0.0.7".parse::<IpAddr>().unwrap());
        assert_eq!(from, "127.0.0.1".parse::<IpAddr>().unwrap(), "a mapped address is told as what it is");
    }

    #[test]
    fn a_datagram_longer_than_the_room_is_told_to_be_cut() {
        let (socket, address) = bind("127.0.0.1:0");
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        for length in [0, 1_200, 1_201] {
            client.send_to(&vec![b' '; length], address).unwrap();
        }
        let mut inbox = Inbox::new(1_200, false);
        let mut seen = Vec::new();
        while seen.len() < 3 {
            for place in 0..receive_soon(&mut inbox, &socket) {
                let received = inbox.datagram(place);
                seen.push((received.bytes.len(), received.is_cut));
            }
        }
        assert_eq!(seen, [(0, false), (1_200, false), (1_200, true)]);
    }

    #[test]
    fn one_that_cannot_be_sent_does_not_keep_the_others() {
        let (socket, address) = bind("127.0.0.1:0");
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.send_to(b"x", address).unwrap();
        let (mut inbox, mut outbox) = (Inbox::new(1_200, false), Outbox::default());
        receive_soon(&mut inbox, &socket);
        let good = *inbox.datagram(0).peer;
        let mut bad = good;
        // Port 0 is nobody's; the kernel refuses to send there.
        bad.name.sin6_port = 0;
        for peer in [&good, &bad, &good] {
            outbox.room()[0] = b'y';
            outbox.push(peer, 1);
        }
        assert_eq!(outbox.send(socket.as_raw_fd()), Sent { sent: 2, unsent: 1 });
        assert!(!outbox.is_full());
        assert_eq!(outbox.send(socket.as_raw_fd()), Sent::default());
    }
}

//! Many datagrams in one system call: 64 read at once, 64 sent at once, all memory taken beforehand.

mod inbox;
mod outbox;
mod peer;

pub use inbox::{Inbox, Received};
pub use outbox::{ANSWER_BYTES_MAX, Outbox, Sent};
pub use peer::Peer;

/// Datagrams in one call.
pub const BATCH: usize = 64;

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
    use std::io;
    use std::net::{IpAddr, SocketAddr, UdpSocket};
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
        let (mut inbox, mut outbox) = (Inbox::new(1_200, address.ip().is_unspecified()), Outbox::new(socket.as_raw_fd()));
        assert_eq!(receive_soon(&mut inbox, &socket), 1);
        let received = inbox.datagram(0);
        assert!(!received.is_cut);
        // Twice, so that it leaves as a run.
        for _ in 0..2 {
            outbox.room()[..received.bytes.len()].copy_from_slice(received.bytes);
            outbox.push(received.peer, received.bytes.len());
        }
        let from = received.peer.address();
        assert_eq!(outbox.send(socket.as_raw_fd()), Sent { sent: 2, unsent: 0 });
        let mut bytes = [0; 100];
        assert_eq!(client.recv_from(&mut bytes).unwrap().0, 5);
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
        let (mut inbox, mut outbox) = (Inbox::new(1_200, false), Outbox::new(socket.as_raw_fd()));
        receive_soon(&mut inbox, &socket);
        let good = *inbox.datagram(0).peer;
        let mut bad = good;
        // Port 0 is nobody's; the kernel refuses to send there.
        bad.set_port(0);
        for peer in [&good, &bad, &good] {
            outbox.room()[0] = b'y';
            outbox.push(peer, 1);
        }
        assert_eq!(outbox.send(socket.as_raw_fd()), Sent { sent: 2, unsent: 1 });
        assert!(!outbox.is_full());
        assert_eq!(outbox.send(socket.as_raw_fd()), Sent::default());
    }

    /// Asks from `callers` in turn and answers with the lengths given; what each caller got.
    fn answered(callers: &[&UdpSocket], asked: &[(usize, usize)]) -> (Sent, Vec<Vec<Vec<u8>>>) {
        let (socket, address) = bind("127.0.0.1:0");
        let (mut inbox, mut outbox) = (Inbox::new(1_200, false), Outbox::new(socket.as_raw_fd()));
        let mut peers = Vec::new();
        for caller in callers {
            caller.send_to(b"x", address).unwrap();
            receive_soon(&mut inbox, &socket);
            peers.push(*inbox.datagram(0).peer);
        }
        for (number, (caller, length)) in asked.iter().enumerate() {
            outbox.room()[..*length].fill(number as u8);
            outbox.push(&peers[*caller], *length);
        }
        let sent = outbox.send(socket.as_raw_fd());
        let got = callers.iter().map(|caller| {
            caller.set_nonblocking(true).unwrap();
            let mut bytes = [0; 2_048];
            std::iter::from_fn(|| caller.recv(&mut bytes).ok().map(|length| bytes[..length].to_vec())).collect()
        });
        (sent, got.collect())
    }

    #[test]
    fn answers_that_leave_as_one_arrive_as_many_in_their_order() {
        let (one, other) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        let asked = [(0, 200), (0, 200), (0, 200), (1, 200), (1, 200), (0, 200), (0, 201), (0, 200), (0, 1_400), (0, 1_400), (1, 1)];
        let (sent, got) = answered(&[&one, &other], &asked);
        assert_eq!(sent, Sent { sent: asked.len(), unsent: 0 });
        for (caller, datagrams) in got.iter().enumerate() {
            let due = asked.iter().enumerate().filter(|(_, (to, _))| *to == caller);
            let due: Vec<Vec<u8>> = due.map(|(number, (_, length))| vec![number as u8; *length]).collect();
            assert_eq!(*datagrams, due, "caller {caller}");
        }
    }

    #[test]
    fn a_whole_batch_of_the_longest_answers_is_sent() {
        let caller = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (sent, got) = answered(&[&caller], &[(0, ANSWER_BYTES_MAX); BATCH]);
        assert_eq!(sent, Sent { sent: BATCH, unsent: 0 });
        assert_eq!(got[0].iter().map(|datagram| datagram[0]).collect::<Vec<_>>(), (0..BATCH as u8).collect::<Vec<_>>());
    }

    #[test]
    fn a_run_that_cannot_be_sent_is_tried_one_by_one_and_does_not_keep_the_others() {
        let (socket, address) = bind("127.0.0.1:0");
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.send_to(b"x", address).unwrap();
        let (mut inbox, mut outbox) = (Inbox::new(1_200, false), Outbox::new(socket.as_raw_fd()));
        receive_soon(&mut inbox, &socket);
        let good = *inbox.datagram(0).peer;
        let mut bad = good;
        bad.set_port(0);
        for peer in [&good, &good, &bad, &bad, &bad, &good, &good] {
            outbox.push(peer, 1);
        }
        assert_eq!(outbox.send(socket.as_raw_fd()), Sent { sent: 4, unsent: 3 });
    }
}

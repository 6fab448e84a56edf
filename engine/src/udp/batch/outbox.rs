//! Answers sent together. Answers of one length to one caller leave as one: the kernel is told where to cut.

use std::io;
use std::os::fd::RawFd;

use super::peer::{CONTROL_BYTES, Peer};
use super::{BATCH, no_headers, no_parts};

/// The most bytes of an answer: with the headers of IPv6 and UDP it fits one packet of an ordinary network.
pub const ANSWER_BYTES_MAX: usize = 1_400;

/// How often sending is tried again when the kernel has no room, before the rest is given up.
const TRIES_MAX: usize = 8;

/// The most bytes that leave as one: what an IP packet's length field can tell, less headers.
const RUN_BYTES_MAX: usize = 65_000;

/// Room for the message that says where to cut.
const CUT_BYTES: usize = 24;

/// The control messages of one header.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(8))]
struct Controls([u8; CONTROL_BYTES + CUT_BYTES]);

/// What became of the datagrams of one `send`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sent {
    /// Taken by the kernel.
    pub sent: usize,
    /// Given up.
    pub unsent: usize,
}

/// Answers to be sent together, packed one behind the other.
pub struct Outbox {
    bytes: Box<[u8]>,
    used: usize,
    peers: Box<[Peer]>,
    lengths: [usize; BATCH],
    count: usize,
    parts: Box<[libc::iovec]>,
    controls: Box<[Controls]>,
    headers: Box<[libc::mmsghdr]>,
    /// How many datagrams each header stands for.
    runs: [usize; BATCH],
    cuts: bool,
}

// SAFETY: the pointers in `parts` and `headers` lead into boxes that the same struct owns, and are set before each use.
unsafe impl Send for Outbox {}

impl std::fmt::Debug for Outbox {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Outbox").field("count", &self.count).finish_non_exhaustive()
    }
}

impl Outbox {
    /// Return an empty outbox for a socket.
    pub fn new(socket: RawFd) -> Self {
        Self {
            bytes: vec![0; ANSWER_BYTES_MAX * BATCH].into(),
            used: 0,
            peers: vec![Peer::unknown(); BATCH].into(),
            lengths: [0; BATCH],
            count: 0,
            parts: no_parts(),
            controls: vec![Controls([0; CONTROL_BYTES + CUT_BYTES]); BATCH].into(),
            headers: no_headers(),
            runs: [0; BATCH],
            cuts: knows_cutting(socket),
        }
    }

    /// Return where the next answer is to be written. There must be room for another.
    #[inline]
    pub fn room(&mut self) -> &mut [u8] {
        &mut self.bytes[self.used..self.used + ANSWER_BYTES_MAX]
    }

    /// Take the first `length` bytes of `room` as an answer to `peer`.
    #[inline]
    pub fn push(&mut self, peer: &Peer, length: usize) {
        let length = length.min(ANSWER_BYTES_MAX);
        self.peers[self.count] = *peer;
        self.lengths[self.count] = length;
        self.used += length;
        self.count += 1;
    }

    /// Whether `send` must come before another `push`.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.count == BATCH
    }

    /// Send everything and forget it. Waits for nothing: what the kernel does not take after a few tries is given up.
    pub fn send(&mut self, socket: RawFd) -> Sent {
        let (count, mut first, mut tries, mut told) = (self.count, 0, 0, Sent::default());
        let mut headers = self.address(0, self.cuts);
        let mut next = 0;
        while first < count && tries < TRIES_MAX {
            let left = &mut self.headers[next..headers];
            // SAFETY: these headers were just pointed at bytes of ours, whose lengths they tell; the kernel only reads.
            let sent = unsafe { libc::sendmmsg(socket, left.as_mut_ptr(), left.len() as libc::c_uint, libc::MSG_DONTWAIT) };
            if let Ok(sent @ 1..) = usize::try_from(sent) {
                let datagrams: usize = self.runs[next..next + sent].iter().sum();
                (next, first, tries) = (next + sent, first + datagrams, 0);
                told.sent += datagrams;
                continue;
            }
            match io::Error::last_os_error().raw_os_error() {
                Some(libc::EAGAIN | libc::ENOBUFS | libc::EINTR) => {
                    tries += 1;
                    std::thread::yield_now();
                }
                // The way to this caller does not take what is to be cut (a narrow tunnel, an odd device): one by one then.
                _ if self.runs[next] > 1 => (headers, next) = (self.address(first, false), 0),
                // This one cannot be sent at all; the others may.
                _ => (next, first) = (next + 1, first + 1),
            }
        }
        told.unsent = count - told.sent;
        (self.count, self.used) = (0, 0);
        told
    }

    /// Point headers at the answers from `first` on, one header for each run if they may be cut; how many headers.
    fn address(&mut self, first: usize, cuts: bool) -> usize {
        let mut start = self.lengths[..first].iter().sum::<usize>();
        let (mut place, mut headers) = (first, 0);
        while place < self.count {
            let length = self.lengths[place];
            let run = if cuts { self.run_at(place) } else { 1 };
            let controls = &mut self.controls[headers].0;
            let mut control_bytes = self.peers[place].write_control(controls);
            if run > 1 {
                control_bytes += write_cut(&mut controls[control_bytes..], length);
            }
            self.parts[headers] = libc::iovec { iov_base: self.bytes[start..].as_mut_ptr().cast(), iov_len: length * run };
            let header = &mut self.headers[headers].msg_hdr;
            (header.msg_name, header.msg_namelen) = self.peers[place].name();
            header.msg_iov = &raw mut self.parts[headers];
            header.msg_iovlen = 1;
            header.msg_control = if control_bytes == 0 { std::ptr::null_mut() } else { controls.as_mut_ptr().cast() };
            header.msg_controllen = control_bytes;
            self.runs[headers] = run;
            (place, start, headers) = (place + run, start + length * run, headers + 1);
        }
        headers
    }

    /// Return how many answers from `place` on have its length and its caller.
    fn run_at(&self, place: usize) -> usize {
        let (peer, length) = (&self.peers[place], self.lengths[place]);
        let most = (RUN_BYTES_MAX / length.max(1)).min(self.count - place);
        let same = |other: &usize| self.lengths[*other] == length && self.peers[*other].is_same(peer);
        1 + (place + 1..place + most).take_while(same).count()
    }
}

/// Write the message that has the kernel cut what is sent into datagrams of `length` bytes. Returns its length.
fn write_cut(to: &mut [u8], length: usize) -> usize {
    const HEAD: usize = size_of::<libc::cmsghdr>();
    to[..CUT_BYTES].fill(0);
    to[..HEAD - 8].copy_from_slice(&(HEAD + size_of::<u16>()).to_ne_bytes());
    to[HEAD - 8..HEAD - 4].copy_from_slice(&libc::SOL_UDP.to_ne_bytes());
    to[HEAD - 4..HEAD].copy_from_slice(&libc::UDP_SEGMENT.to_ne_bytes());
    to[HEAD..HEAD + 2].copy_from_slice(&(length as u16).to_ne_bytes());
    CUT_BYTES
}

/// Return whether the kernel can cut for us (Linux 4.18 and later).
fn knows_cutting(socket: RawFd) -> bool {
    let (mut value, mut length) = (0 as libc::c_int, size_of::<libc::c_int>() as libc::socklen_t);
    // SAFETY: the pointers are to an int of ours and to its length. A descriptor that is no socket is told as an error.
    unsafe { libc::getsockopt(socket, libc::SOL_UDP, libc::UDP_SEGMENT, (&raw mut value).cast(), &raw mut length) == 0 }
}

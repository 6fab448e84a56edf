//! Datagrams read together.

use std::io;
use std::os::fd::RawFd;

use super::peer::{CONTROL_BYTES, Peer, answer_from};
use super::{BATCH, no_headers, no_parts};

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

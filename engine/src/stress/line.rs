//! One connection to the target, and what was asked on it.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use crate::http::poll;

/// A request without an answer.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// When it was due: what its latency counts from.
    pub due_ns: u64,
    /// When it left: what its patience counts from.
    pub left_ns: u64,
}

/// How a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// There is no connection.
    Away,
    /// It is being made since then.
    Connecting(u64),
    /// It can be asked on.
    Open,
}

/// One connection to the target, and what was asked on it. Without one it is a few words of memory.
#[derive(Debug)]
pub struct Line {
    socket: Option<OwnedFd>,
    /// How it stands.
    pub state: State,
    /// The requests without an answer, the oldest first.
    pub asked: VecDeque<Asked>,
    /// The beginning of an answer.
    pub partial: Vec<u8>,
    /// What the kernel has not taken yet.
    unsent: Vec<u8>,
    /// How often it stands in the queue of lines that may be asked on.
    pub listed: usize,
    /// Since when its caller wants to ask, where it is the connection that is waited for.
    pub wants_since_ns: Option<u64>,
    /// Whether it was ever open.
    pub was_open: bool,
}

impl Line {
    /// Return one that is away.
    pub fn new() -> Self {
        Self {
            socket: None,
            state: State::Away,
            asked: VecDeque::new(),
            partial: Vec::new(),
            unsent: Vec::new(),
            listed: 0,
            wants_since_ns: None,
            was_open: false,
        }
    }

    /// Begin to connect and return the descriptor.
    ///
    /// # Errors
    /// The machine's own: no descriptors, no ports. Refusals of the target come later.
    pub fn connect(&mut self, target: SocketAddr, now_ns: u64) -> io::Result<RawFd> {
        let socket = Socket::new(Domain::for_address(target), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        // Reset rather than closed: a port that waits a minute for stragglers is a port the next level lacks.
        socket.set_linger(Some(Duration::ZERO))?;
        match socket.connect(&target.into()) {
            Ok(()) => {}
            Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => {}
            Err(error) => return Err(error),
        }
        let socket = OwnedFd::from(socket);
        let descriptor = socket.as_raw_fd();
        (self.socket, self.state) = (Some(socket), State::Connecting(now_ns));
        Ok(descriptor)
    }

    /// Return why the connection was not made, if it was not.
    pub fn refusal(&self) -> Option<io::Error> {
        let (mut error, mut length) = (0 as libc::c_int, size_of::<libc::c_int>() as libc::socklen_t);
        let socket = self.descriptor();
        // SAFETY: the pointers are to an int of ours and to its length.
        let told = unsafe { libc::getsockopt(socket, libc::SOL_SOCKET, libc::SO_ERROR, (&raw mut error).cast(), &raw mut length) };
        if told != 0 {
            return Some(io::Error::last_os_error());
        }
        (error != 0).then(|| io::Error::from_raw_os_error(error))
    }

    /// Its descriptor, or one that is none.
    #[inline]
    pub fn descriptor(&self) -> RawFd {
        self.socket.as_ref().map_or(-1, AsRawFd::as_raw_fd)
    }

    /// Send, behind what is still unsent.
    ///
    /// # Errors
    /// The connection is broken.
    #[inline]
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.unsent.is_empty() {
            self.unsent.extend_from_slice(bytes);
            return Ok(());
        }
        match poll::send(self.descriptor(), bytes) {
            Ok(taken) if taken == bytes.len() => {}
            Ok(taken) => self.unsent.extend_from_slice(&bytes[taken..]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.unsent.extend_from_slice(bytes),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Send what is unsent, as far as there is room now.
    ///
    /// # Errors
    /// The connection is broken.
    pub fn flush(&mut self) -> io::Result<()> {
        while !self.unsent.is_empty() {
            match poll::send(self.descriptor(), &self.unsent) {
                Ok(taken) => drop(self.unsent.drain(..taken)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Close it. What was asked is the caller's to account for.
    pub fn close(&mut self) {
        self.socket = None;
        self.state = State::Away;
        self.partial = Vec::new();
        self.unsent = Vec::new();
    }
}

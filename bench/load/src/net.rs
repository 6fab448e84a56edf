//! Sockets and epoll, as thin as they can be.

use std::io::{self, ErrorKind, Read};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, RawFd};

/// Events taken by one wait at most.
const EVENTS: i32 = 1024;

/// An epoll set whose events carry an index.
pub struct Poll {
    descriptor: RawFd,
    events: Vec<libc::epoll_event>,
}

impl Poll {
    /// Make an empty set.
    ///
    /// # Errors
    /// The kernel's own.
    pub fn new() -> io::Result<Self> {
        // SAFETY: no pointers are passed.
        let descriptor = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { descriptor, events: vec![libc::epoll_event { events: 0, u64: 0 }; EVENTS as usize] })
    }

    /// Report `socket` as `index` whenever it can be read.
    ///
    /// # Errors
    /// The kernel's own.
    pub fn add(&self, socket: &impl AsRawFd, index: usize) -> io::Result<()> {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: index as u64 };
        // SAFETY: `event` lives through the call; both descriptors are open.
        let done = unsafe { libc::epoll_ctl(self.descriptor, libc::EPOLL_CTL_ADD, socket.as_raw_fd(), &raw mut event) };
        if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Wait up to `wait_ms` and put the indexes that can be read into `ready`.
    ///
    /// # Errors
    /// The kernel's own; an interruption is none.
    pub fn wait(&mut self, wait_ms: i32, ready: &mut Vec<usize>) -> io::Result<()> {
        ready.clear();
        // SAFETY: `events` has room for EVENTS.
        let count = unsafe { libc::epoll_wait(self.descriptor, self.events.as_mut_ptr(), EVENTS, wait_ms) };
        if count < 0 {
            let error = io::Error::last_os_error();
            return if error.kind() == ErrorKind::Interrupted { Ok(()) } else { Err(error) };
        }
        ready.extend(self.events[..count as usize].iter().map(|event| event.u64 as usize));
        Ok(())
    }
}

impl Drop for Poll {
    fn drop(&mut self) {
        // SAFETY: the descriptor is ours and closed once.
        unsafe { libc::close(self.descriptor) };
    }
}

/// Connect `count` sockets, without Nagle's delay, that never block from here on.
///
/// # Errors
/// The kernel's own.
pub fn connect(address: SocketAddr, count: usize) -> io::Result<Vec<TcpStream>> {
    (0..count)
        .map(|_| {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            Ok(stream)
        })
        .collect()
}

/// Read once. `None` when nothing waits.
///
/// # Errors
/// The kernel's own, and `UnexpectedEof` when the other side closed.
pub fn read_once(stream: &mut TcpStream, into: &mut [u8]) -> io::Result<Option<usize>> {
    match stream.read(into) {
        Ok(0) => Err(io::Error::new(ErrorKind::UnexpectedEof, "the server closed a connection")),
        Ok(count) => Ok(Some(count)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

/// Raise how many files this process may open as far as it is allowed.
pub fn raise_file_limit() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is valid for both calls; a refusal leaves things as they were.
    unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit);
        limit.rlim_cur = limit.rlim_max;
        libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
    }
}

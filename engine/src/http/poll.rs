//! The system calls of a connection's life, each with its errors told.
//!
//! Those of every request go to the kernel directly: the C library's own make each a point at which the thread might be
//! cancelled, at a cost that shows, and nobody cancels our threads.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

/// Events taken from the kernel at once.
const EVENTS_MAX: usize = 256;

/// How a descriptor is watched: told on every wait while it is readable.
pub const LEVEL: u32 = libc::EPOLLIN as u32;

/// How a connection is watched: told once when bytes or room for bytes arrive.
pub const EDGE: u32 = (libc::EPOLLIN | libc::EPOLLOUT | libc::EPOLLRDHUP | libc::EPOLLET) as u32;

/// One event.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    /// What the descriptor was registered as.
    pub token: u64,
    /// `EPOLLIN` and the like.
    pub flags: u32,
}

impl Event {
    /// Return whether there is something to read, an end or an error included.
    #[inline]
    pub fn is_readable(self) -> bool {
        self.flags & (libc::EPOLLIN | libc::EPOLLRDHUP | libc::EPOLLHUP | libc::EPOLLERR) as u32 != 0
    }

    /// Return whether the other end has stopped sending.
    #[inline]
    pub fn is_half_closed(self) -> bool {
        self.flags & (libc::EPOLLRDHUP | libc::EPOLLHUP | libc::EPOLLERR) as u32 != 0
    }

    /// Return whether there is room for bytes to send.
    #[inline]
    pub fn is_writable(self) -> bool {
        self.flags & libc::EPOLLOUT as u32 != 0
    }

    /// Return whether nothing can be sent or read any more.
    #[inline]
    pub fn is_dead(self) -> bool {
        self.flags & (libc::EPOLLHUP | libc::EPOLLERR) as u32 != 0
    }
}

/// An epoll instance.
#[derive(Debug)]
pub struct Poll {
    epoll: OwnedFd,
    events: Vec<libc::epoll_event>,
}

impl Poll {
    /// Return an instance that watches nothing.
    ///
    /// # Errors
    /// There are no descriptors left.
    pub fn new() -> io::Result<Self> {
        // SAFETY: the call takes no pointers.
        let epoll = owned(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        Ok(Self { epoll, events: Vec::with_capacity(EVENTS_MAX) })
    }

    /// Watch a descriptor.
    ///
    /// # Errors
    /// The machine's bound on watches is reached.
    pub fn add(&self, descriptor: RawFd, token: u64, flags: u32) -> io::Result<()> {
        let mut event = libc::epoll_event { events: flags, u64: token };
        // SAFETY: `event` lives through the call.
        let done = unsafe { libc::epoll_ctl(self.epoll.as_raw_fd(), libc::EPOLL_CTL_ADD, descriptor, &raw mut event) };
        if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// Stop watching a descriptor that stays open elsewhere. Closing it does the same.
    pub fn remove(&self, descriptor: RawFd) {
        // SAFETY: since Linux 2.6.9 the event may be null for this operation.
        unsafe { libc::epoll_ctl(self.epoll.as_raw_fd(), libc::EPOLL_CTL_DEL, descriptor, std::ptr::null_mut()) };
    }

    /// Return how many events there are; if `waits`, wait for the first. An interrupted wait is one without events.
    ///
    /// There is no longest wait on purpose: the kernel would set and clear a timer each time. A `Ticker` wakes us instead.
    ///
    /// # Panics
    /// The instance was closed behind our back.
    pub fn wait(&mut self, waits: bool) -> usize {
        let milliseconds: libc::c_long = if waits { -1 } else { 0 };
        let epoll = libc::c_long::from(self.epoll.as_raw_fd());
        let (most, no_mask) = (EVENTS_MAX as libc::c_long, std::ptr::null::<libc::sigset_t>());
        // SAFETY: the vector has room for EVENTS_MAX events, and the kernel writes no more than that. No mask is given, so
        // its size, the last argument, is not looked at.
        let got = unsafe { libc::syscall(libc::SYS_epoll_pwait, epoll, self.events.as_mut_ptr(), most, milliseconds, no_mask, 0_usize) };
        if got < 0 {
            let error = io::Error::last_os_error();
            assert!(error.kind() == io::ErrorKind::Interrupted, "waiting for events failed: {error}");
        }
        let got = usize::try_from(got).unwrap_or(0);
        // SAFETY: the kernel has written `got` events.
        unsafe { self.events.set_len(got) };
        got
    }

    /// Return one of the events that were waited for.
    #[inline]
    pub fn event(&self, place: usize) -> Event {
        let event = self.events[place];
        Event { token: event.u64, flags: event.events }
    }
}

/// A timer that makes its descriptor readable again and again.
#[derive(Debug)]
pub struct Ticker {
    timer: OwnedFd,
    period: Duration,
}

impl Ticker {
    /// Return a running timer.
    ///
    /// # Errors
    /// There are no descriptors left.
    pub fn new(period: Duration) -> io::Result<Self> {
        // SAFETY: the call takes no pointers.
        let timer = owned(unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_NONBLOCK | libc::TFD_CLOEXEC) })?;
        let mut ticker = Self { timer, period: Duration::ZERO };
        ticker.set(period);
        Ok(ticker)
    }

    /// Tick every so often from now on. Costs nothing where that is so already.
    #[inline]
    pub fn set(&mut self, period: Duration) {
        if period == self.period {
            return;
        }
        let every = libc::timespec { tv_sec: period.as_secs() as libc::time_t, tv_nsec: libc::c_long::from(period.subsec_nanos() as i32) };
        let times = libc::itimerspec { it_interval: every, it_value: every };
        // SAFETY: `times` lives through the call and the old ones are not asked for.
        unsafe { libc::timerfd_settime(self.timer.as_raw_fd(), 0, &raw const times, std::ptr::null_mut()) };
        self.period = period;
    }

    /// Make the descriptor silent until the next tick.
    pub fn clear(&self) {
        let mut ticks = [0_u8; 8];
        // SAFETY: `ticks` is 8 writable bytes.
        unsafe { libc::read(self.timer.as_raw_fd(), ticks.as_mut_ptr().cast(), ticks.len()) };
    }
}

impl AsRawFd for Ticker {
    fn as_raw_fd(&self) -> RawFd {
        self.timer.as_raw_fd()
    }
}

fn owned(descriptor: RawFd) -> io::Result<OwnedFd> {
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a system call has just made this descriptor for us and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// Accept one connection, non-blocking.
///
/// # Errors
/// None waits (`WouldBlock`), it is gone already, or there are no descriptors left.
pub fn accept(listener: RawFd) -> io::Result<(OwnedFd, SocketAddr)> {
    // SAFETY: all zeros are a valid sockaddr_storage.
    let mut storage: libc::sockaddr_storage = unsafe { std::mem::zeroed() };
    let mut length = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
    let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: `storage` has `length` bytes and both live through the call.
    let socket = owned(unsafe { libc::accept4(listener, (&raw mut storage).cast(), &raw mut length, flags) })?;
    let peer = address_of(&storage).ok_or_else(|| io::Error::other("not an internet address"))?;
    Ok((socket, peer))
}

fn address_of(storage: &libc::sockaddr_storage) -> Option<SocketAddr> {
    match i32::from(storage.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says that this is a sockaddr_in, which is no larger and no more aligned than the storage.
            let address = unsafe { &*(&raw const *storage).cast::<libc::sockaddr_in>() };
            let ip = Ipv4Addr::from(u32::from_be(address.sin_addr.s_addr));
            Some(SocketAddr::V4(SocketAddrV4::new(ip, u16::from_be(address.sin_port))))
        }
        libc::AF_INET6 => {
            // SAFETY: as above, a sockaddr_in6.
            let address = unsafe { &*(&raw const *storage).cast::<libc::sockaddr_in6>() };
            let ip = Ipv6Addr::from(address.sin6_addr.s6_addr);
            Some(SocketAddr::V6(SocketAddrV6::new(ip, u16::from_be(address.sin6_port), 0, address.sin6_scope_id)))
        }
        _ => None,
    }
}

/// Read what has come; 0 when the other end has stopped sending.
///
/// # Errors
/// Nothing has come (`WouldBlock`), or the connection is broken.
#[inline]
pub fn receive(socket: RawFd, into: &mut [u8]) -> io::Result<usize> {
    let (socket, flags, no_address) = (libc::c_long::from(socket), 0 as libc::c_long, std::ptr::null_mut::<libc::c_void>());
    // SAFETY: `into` is that many writable bytes; no address is asked for.
    let got = unsafe { libc::syscall(libc::SYS_recvfrom, socket, into.as_mut_ptr(), into.len(), flags, no_address, no_address) };
    usize::try_from(got).map_err(|_| io::Error::last_os_error())
}

/// Send as much as is taken.
///
/// # Errors
/// Nothing is taken (`WouldBlock`), or the connection is broken.
#[inline]
pub fn send(socket: RawFd, bytes: &[u8]) -> io::Result<usize> {
    let (socket, flags) = (libc::c_long::from(socket), libc::c_long::from(libc::MSG_NOSIGNAL));
    let no_address = std::ptr::null::<libc::c_void>();
    // SAFETY: `bytes` is that many readable bytes; no address is given, and its length is 0.
    let taken = unsafe { libc::syscall(libc::SYS_sendto, socket, bytes.as_ptr(), bytes.len(), flags, no_address, 0_usize) };
    usize::try_from(taken).map_err(|_| io::Error::last_os_error())
}

/// Tell the other end that nothing more comes.
pub fn finish_sending(socket: RawFd) {
    // SAFETY: the call takes no pointers.
    unsafe { libc::shutdown(socket, libc::SHUT_WR) };
}

/// Return how long ago a connection's last bytes came in, by the kernel's count in milliseconds.
pub fn last_received_ns(socket: RawFd) -> u64 {
    // SAFETY: a struct of plain numbers, for which all zeroes are values.
    let mut info: libc::tcp_info = unsafe { std::mem::zeroed() };
    let mut length = size_of::<libc::tcp_info>() as libc::socklen_t;
    // SAFETY: `info` is `length` writable bytes, and both live through the call.
    let told = unsafe { libc::getsockopt(socket, libc::IPPROTO_TCP, libc::TCP_INFO, (&raw mut info).cast(), &raw mut length) };
    if told == 0 { u64::from(info.tcpi_last_data_recv) * 1_000_000 } else { 0 }
}

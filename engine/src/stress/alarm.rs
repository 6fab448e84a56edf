//! Wakes a thread at a moment of the monotonic clock.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// A timer that makes its descriptor readable at one moment.
#[derive(Debug)]
pub struct Alarm {
    timer: OwnedFd,
    at_ns: u64,
}

impl Alarm {
    /// Return one that is silent.
    ///
    /// # Errors
    /// There are no descriptors left.
    pub fn new() -> io::Result<Self> {
        // SAFETY: the call takes no pointers.
        let timer = unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_NONBLOCK | libc::TFD_CLOEXEC) };
        if timer < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the kernel has just made this descriptor for us.
        Ok(Self { timer: unsafe { OwnedFd::from_raw_fd(timer) }, at_ns: 0 })
    }

    /// Ring at `at_ns` and not before. Setting it anew silences it.
    #[inline]
    pub fn set(&mut self, at_ns: u64) {
        if at_ns == self.at_ns {
            return;
        }
        self.at_ns = at_ns;
        let at = libc::timespec { tv_sec: (at_ns / 1_000_000_000) as libc::time_t, tv_nsec: (at_ns % 1_000_000_000) as libc::c_long };
        let never = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        let times = libc::itimerspec { it_interval: never, it_value: at };
        // SAFETY: `times` lives through the call and the old ones are not asked for.
        unsafe { libc::timerfd_settime(self.timer.as_raw_fd(), libc::TFD_TIMER_ABSTIME, &raw const times, std::ptr::null_mut()) };
    }

    /// Its descriptor.
    pub fn descriptor(&self) -> RawFd {
        self.timer.as_raw_fd()
    }
}

//! When requests are due.

use super::plan::Plan;

/// How often waits are looked at for having lasted too long.
pub const SWEEP_NS: u64 = 50_000_000;
/// How often a thread that is ready looks whether it shall begin.
pub const READY_NS: u64 = 500_000;

/// Nanoseconds of the machine's monotonic clock.
#[inline]
pub fn now_ns() -> u64 {
    read(libc::CLOCK_MONOTONIC)
}

/// Nanoseconds of processor time that this thread has had.
pub fn spent_ns() -> u64 {
    read(libc::CLOCK_THREAD_CPUTIME_ID)
}

#[inline]
fn read(clock: libc::clockid_t) -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a valid timespec, and both clocks always exist.
    unsafe { libc::clock_gettime(clock, &raw mut now) };
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// The clock that requests of an open loop leave by: every thread has its own of them, evenly between those of the others.
///
/// A request is due when it is due, whatever became of those before it, and its latency counts from then: a target that
/// stalls pays for every request that was due meanwhile.
#[derive(Debug)]
pub struct Pace {
    interval_ns: f64,
    first_ns: f64,
    next: u64,
}

impl Pace {
    /// Return a thread's part of a rate, in requests a second over all threads.
    pub fn new(plan: &Plan, thread: usize, rate: f64) -> Self {
        let every = 1e9 / rate;
        Self { interval_ns: every * plan.threads as f64, first_ns: every * thread as f64, next: 0 }
    }

    /// When the next request is due, if asking began then.
    #[inline]
    pub fn due_ns(&self, begins_ns: u64) -> u64 {
        begins_ns + (self.first_ns + self.next as f64 * self.interval_ns) as u64
    }

    /// The next request leaves.
    #[inline]
    pub fn leave(&mut self) {
        self.next += 1;
    }

    /// How many requests are due before a moment and have not left.
    pub fn owed(&self, begins_ns: u64, until_ns: u64) -> u64 {
        let due = self.due_ns(begins_ns);
        if until_ns <= due { 0 } else { ((until_ns - due) as f64 / self.interval_ns).ceil() as u64 }
    }
}

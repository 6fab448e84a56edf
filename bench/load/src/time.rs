//! The monotonic clock, exact percentiles, and the window that is measured.

use crate::watch::{Thread, busy_ns, spent, threads_of};

/// Nanoseconds since some fixed moment.
pub fn now_ns() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a valid timespec and CLOCK_MONOTONIC always exists.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// Nanoseconds in `seconds`.
pub fn ns(seconds: f64) -> u64 {
    (seconds * 1e9) as u64
}

/// The exact percentile of sorted figures: the smallest that at least `percent` of them do not exceed.
pub fn percentile(sorted: &[u64], percent: f64) -> u64 {
    if sorted.is_empty() {
        return 0;
    }
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

/// Where a run stands.
#[derive(PartialEq, Eq, Clone, Copy, Debug)]
pub enum Phase {
    /// Before the window: answers are not counted.
    Warming,
    /// Inside the window.
    Measuring,
    /// Past its end.
    Over,
}

/// The stretch of a run that counts, with what was spent inside it.
pub struct Window {
    opens_ns: u64,
    closes_ns: u64,
    pids: Vec<u32>,
    at_opening: Vec<Thread>,
    opened_ns: u64,
    busy_at_opening_ns: u64,
    phase: Phase,
}

/// A window after its end.
pub struct Measured {
    /// How long it truly was.
    pub seconds: f64,
    /// What each watched thread spent inside it; ourselves under our own process id.
    pub spent: Vec<Thread>,
    /// How much of one processor went to others than those watched.
    pub strangers_share: f64,
}

impl Window {
    /// A window of `seconds` that opens after `warm_seconds`. Besides ourselves `pids` are watched.
    pub fn new(warm_seconds: f64, seconds: f64, pids: &[u32]) -> Self {
        let opens_ns = now_ns() + ns(warm_seconds);
        let mut pids = pids.to_vec();
        pids.push(std::process::id());
        Self {
            opens_ns,
            closes_ns: opens_ns + ns(seconds),
            pids,
            at_opening: Vec::new(),
            opened_ns: 0,
            busy_at_opening_ns: 0,
            phase: Phase::Warming,
        }
    }

    /// Return the phase at `now`, and whether it has just changed into it.
    pub fn step(&mut self, now: u64) -> (Phase, bool) {
        let next = match self.phase {
            Phase::Warming if now >= self.opens_ns => Phase::Measuring,
            Phase::Measuring if now >= self.closes_ns => Phase::Over,
            same => same,
        };
        let changed = next != self.phase;
        if changed && next == Phase::Measuring {
            self.at_opening = threads_of(&self.pids);
            self.busy_at_opening_ns = busy_ns();
            self.opened_ns = now_ns();
        }
        self.phase = next;
        (next, changed)
    }

    /// When it opens.
    pub fn opens_ns(&self) -> u64 {
        self.opens_ns
    }

    /// When it closes.
    pub fn closes_ns(&self) -> u64 {
        self.closes_ns
    }

    /// End the measurement now.
    pub fn close(self) -> Measured {
        let seconds = (now_ns() - self.opened_ns) as f64 / 1e9;
        let busy_ns = busy_ns() - self.busy_at_opening_ns;
        let spent = spent(&self.at_opening, &threads_of(&self.pids));
        let ours_ns: u64 = spent.iter().map(|thread| thread.cpu_ns).sum();
        Measured { seconds, spent, strangers_share: busy_ns.saturating_sub(ours_ns) as f64 / 1e9 / seconds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_figures() {
        let figures: Vec<u64> = (1..=100).collect();
        assert_eq!((percentile(&figures, 50.0), percentile(&figures, 99.0), percentile(&figures, 100.0)), (50, 99, 100));
        assert_eq!((percentile(&[7], 99.9), percentile(&[], 50.0)), (7, 0));
    }
}

//! The engine's time: a monotonic clock, and a wall clock that is guarded against steps.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

/// Nanoseconds in a second.
pub const SECOND_NS: u64 = 1_000_000_000;

/// How much of the elapsed time the guarded clock may gain or lose on the machine's: one part in this many (500 ppm).
const SLEW_DIVISOR: u64 = 2_000;

/// How often the machine's wall clock is looked at.
const FOLLOW_EVERY_NS: u64 = 10_000_000;

/// A jump of the wall clock beyond this is counted as a step.
const STEP_NS: u64 = SECOND_NS;

/// A pair of readings is thrown away when more than this passed while it was taken.
const TORN_READING_NS: u64 = 1_000_000;

/// One reading of both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moment {
    /// Nanoseconds since the machine started, its sleep included. Never steps back.
    pub monotonic_ns: u64,
    /// Unix time as the engine reckons it.
    pub wall_ns: u64,
}

/// Where the readings come from.
#[derive(Debug)]
enum Hands {
    /// The machine's own clocks.
    Machine,
    /// Hands that stand still until a test moves them.
    Manual { wall_ns: AtomicI64, monotonic_ns: AtomicU64 },
}

/// The engine's clock. Readable from every thread without waiting.
#[derive(Debug)]
pub struct Clock {
    hands: Hands,
    /// Guarded wall time minus monotonic time.
    offset_ns: AtomicI64,
    /// The machine's wall time minus monotonic time, when last looked at.
    seen_offset_ns: AtomicI64,
    followed_at_ns: AtomicU64,
    steps: AtomicU64,
}

impl Clock {
    /// Return the machine's clock.
    pub fn system() -> Self {
        Self::from_hands(Hands::Machine)
    }

    /// Return a clock that stands still until told.
    pub fn manual(wall_ns: u64, monotonic_ns: u64) -> Self {
        Self::from_hands(Hands::Manual { wall_ns: AtomicI64::new(wall_ns as i64), monotonic_ns: AtomicU64::new(monotonic_ns) })
    }

    fn from_hands(hands: Hands) -> Self {
        let (monotonic_ns, offset_ns) = hands.read_pair();
        Self {
            hands,
            offset_ns: AtomicI64::new(offset_ns),
            seen_offset_ns: AtomicI64::new(offset_ns),
            followed_at_ns: AtomicU64::new(monotonic_ns),
            steps: AtomicU64::new(0),
        }
    }

    /// Return nanoseconds that also pass while the machine sleeps.
    #[inline]
    pub fn monotonic_ns(&self) -> u64 {
        self.hands.monotonic_ns()
    }

    /// Return Unix time as the engine reckons it.
    pub fn wall_ns(&self) -> u64 {
        self.now().wall_ns
    }

    /// Read both clocks. This is one call into the machine's clock, no system call.
    #[inline]
    pub fn now(&self) -> Moment {
        let monotonic_ns = self.hands.monotonic_ns();
        if self.is_due(monotonic_ns) {
            self.follow();
        }
        Moment { monotonic_ns, wall_ns: self.wall_at(monotonic_ns) }
    }

    /// Return what the guarded wall clock says, or said, at a monotonic time.
    #[inline]
    pub fn wall_at(&self, monotonic_ns: u64) -> u64 {
        monotonic_ns.saturating_add_signed(self.offset_ns.load(Relaxed))
    }

    /// Return how often the machine's wall clock was seen to jump by more than a second.
    pub fn steps(&self) -> u64 {
        self.follow();
        self.steps.load(Relaxed)
    }

    /// Move a manual clock, wall and monotonic together; whether this is one.
    pub fn advance(&self, nanoseconds: u64) -> bool {
        let Hands::Manual { wall_ns, monotonic_ns } = &self.hands else { return false };
        wall_ns.fetch_add(nanoseconds as i64, Relaxed);
        monotonic_ns.fetch_add(nanoseconds, Relaxed);
        true
    }

    /// Jump a manual clock's wall time only; whether this is one.
    pub fn step_wall(&self, nanoseconds: i64) -> bool {
        let Hands::Manual { wall_ns, .. } = &self.hands else { return false };
        self.follow();
        wall_ns.fetch_add(nanoseconds, Relaxed);
        self.follow();
        true
    }

    #[inline]
    fn is_due(&self, monotonic_ns: u64) -> bool {
        monotonic_ns.saturating_sub(self.followed_at_ns.load(Relaxed)) >= FOLLOW_EVERY_NS || !matches!(self.hands, Hands::Machine)
    }

    /// Look at the machine's wall clock and move the guarded one towards it, as far as the time since the last look allows.
    #[cold]
    fn follow(&self) {
        let last_ns = self.followed_at_ns.load(Relaxed);
        let (monotonic_ns, machine_offset_ns) = self.hands.read_pair();
        let elapsed_ns = monotonic_ns.saturating_sub(last_ns);
        if monotonic_ns < last_ns || self.followed_at_ns.compare_exchange(last_ns, monotonic_ns, Relaxed, Relaxed).is_err() {
            return; // Another thread follows at this very moment.
        }
        let seen_ns = self.seen_offset_ns.swap(machine_offset_ns, Relaxed);
        if machine_offset_ns.abs_diff(seen_ns) > STEP_NS {
            self.steps.fetch_add(1, Relaxed);
        }
        let reach_ns = (elapsed_ns / SLEW_DIVISOR) as i64;
        let offset_ns = self.offset_ns.load(Relaxed);
        let missing_ns = machine_offset_ns.saturating_sub(offset_ns);
        self.offset_ns.store(offset_ns + missing_ns.clamp(-reach_ns, reach_ns), Relaxed);
    }
}

impl Hands {
    #[inline]
    fn monotonic_ns(&self) -> u64 {
        match self {
            Self::Machine => read(libc::CLOCK_BOOTTIME),
            Self::Manual { monotonic_ns, .. } => monotonic_ns.load(Relaxed),
        }
    }

    /// Return monotonic time, and how far wall time is ahead of it.
    fn read_pair(&self) -> (u64, i64) {
        match self {
            Self::Machine => {
                let mut before_ns = read(libc::CLOCK_BOOTTIME);
                for _ in 0..4 {
                    let wall_ns = read(libc::CLOCK_REALTIME);
                    let after_ns = read(libc::CLOCK_BOOTTIME);
                    if after_ns - before_ns < TORN_READING_NS {
                        return (after_ns, wall_ns as i64 - after_ns as i64);
                    }
                    before_ns = after_ns; // Interrupted between the two: the pair would look like a step.
                }
                (before_ns, read(libc::CLOCK_REALTIME) as i64 - before_ns as i64)
            }
            Self::Manual { wall_ns, monotonic_ns } => {
                let monotonic_ns = monotonic_ns.load(Relaxed);
                (monotonic_ns, wall_ns.load(Relaxed) - monotonic_ns as i64)
            }
        }
    }
}

/// Read one of the machine's clocks in nanoseconds.
#[inline]
fn read(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for one timespec, and both clocks used here exist on every Linux we run on.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    time.tv_sec as u64 * SECOND_NS + time.tv_nsec as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START_NS: u64 = 1_795_160_400 * SECOND_NS;

    #[test]
    fn a_step_of_the_wall_clock_is_counted_and_not_followed() {
        let clock = Clock::manual(START_NS, 5 * SECOND_NS);
        assert!(clock.step_wall(3_600 * SECOND_NS as i64));
        assert_eq!((clock.steps(), clock.wall_ns()), (1, START_NS));
        clock.advance(10 * SECOND_NS);
        let ahead_ns = clock.wall_ns() - (START_NS + 10 * SECOND_NS);
        assert!(ahead_ns <= 5_000_000, "500 ppm of ten seconds are five milliseconds, not {ahead_ns}");
    }

    #[test]
    fn a_small_correction_is_absorbed() {
        let clock = Clock::manual(START_NS, 0);
        clock.step_wall(-1_000_000);
        for _ in 0..10 {
            clock.advance(SECOND_NS);
            clock.now();
        }
        assert_eq!((clock.steps(), clock.wall_ns()), (0, START_NS + 10 * SECOND_NS - 1_000_000));
    }

    #[test]
    fn the_machines_clock_runs_and_agrees_with_itself() {
        let clock = Clock::system();
        let (first, second) = (clock.now(), clock.now());
        assert!(second.monotonic_ns >= first.monotonic_ns && second.wall_ns >= first.wall_ns);
        assert!(!clock.advance(1) && !clock.step_wall(1));
    }

    proptest! {
        #[test]
        fn wall_time_never_steps_back_whatever_the_machine_does(moves in prop::collection::vec((0_u64..10 * SECOND_NS, -1_000_000_000_000_i64..1_000_000_000_000), 1..50)) {
            let clock = Clock::manual(START_NS, SECOND_NS);
            let mut last = clock.now();
            for (ahead_ns, step_ns) in moves {
                clock.step_wall(step_ns);
                clock.advance(ahead_ns);
                let now = clock.now();
                let (wall_ns, elapsed_ns) = (now.wall_ns - last.wall_ns, now.monotonic_ns - last.monotonic_ns);
                prop_assert!(wall_ns.abs_diff(elapsed_ns) <= elapsed_ns / SLEW_DIVISOR + 1);
                last = now;
            }
        }
    }
}

//! How many requests a key may ask in a second: a token bucket, exact over threads.
//!
//! The bucket is a generic cell rate algorithm: one number, the theoretical arrival time, moved by compare-and-swap. Every
//! grant moves it ahead by at least one interval and none lets it pass the granting moment by more than `burst` intervals.
//! So of any grants whose moments lie within a span, there are at most `burst + span / interval`, whichever threads gave
//! them and in whatever order. Nothing is ever given back to a key's bucket: a refund that comes late would grant one too many.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::clock::SECOND_NS;

/// How fast a bucket fills and how much it holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    per_second: f64,
    interval_ns: u64,
    burst: u32,
    /// How far ahead of time the bucket may run.
    depth_ns: u64,
}

impl Rate {
    /// Least and most requests a second.
    pub const PER_SECOND: std::ops::RangeInclusive<f64> = 0.001..=1e9;
    /// Least and most requests at once.
    pub const BURST: std::ops::RangeInclusive<u32> = 1..=1_000_000;

    /// Return the rate, or None when a number is out of its range.
    pub fn new(per_second: f64, burst: u32) -> Option<Self> {
        let fits = Self::PER_SECOND.contains(&per_second) && Self::BURST.contains(&burst);
        // Rounded up: never faster than what was sold.
        let interval_ns = (SECOND_NS as f64 / per_second).ceil() as u64;
        fits.then(|| Self { per_second, interval_ns, burst, depth_ns: interval_ns.saturating_mul(u64::from(burst)) })
    }

    /// Return this rate slowed down `by` (1 or more), the bucket as deep in time as it was and so with less in it: one at least.
    #[must_use]
    pub fn stretched(self, by: f64) -> Self {
        let interval_ns = (self.interval_ns as f64 * by.max(1.0)).ceil() as u64;
        Self { interval_ns, depth_ns: self.depth_ns.max(interval_ns), ..self }
    }

    /// Return one node's part of this rate among `nodes` that each have as much: the rates add up to no more than this one.
    #[must_use]
    pub fn share(self, nodes: u32) -> Self {
        let nodes = nodes.max(1);
        let interval_ns = self.interval_ns.saturating_mul(u64::from(nodes));
        let burst = (self.burst / nodes).max(1);
        Self { per_second: self.per_second / f64::from(nodes), interval_ns, burst, depth_ns: interval_ns.saturating_mul(u64::from(burst)) }
    }

    /// Return requests a second, as it was given.
    pub fn per_second(self) -> f64 {
        self.per_second
    }

    /// Return how many may be asked at once.
    pub fn burst(self) -> u32 {
        self.burst
    }

    /// Return nanoseconds from one token to the next.
    pub fn interval_ns(self) -> u64 {
        self.interval_ns
    }

    /// Return in how many seconds an empty bucket is full, rounded up.
    pub fn window_seconds(self) -> u64 {
        self.depth_ns.div_ceil(SECOND_NS)
    }

    /// Return how far ahead of time the bucket may run.
    pub fn depth_ns(self) -> u64 {
        self.depth_ns
    }

    /// Other nodes' requests can have run the bucket further ahead than its depth: then the wait is as long as that takes.
    fn level(self, arrival_ns: u64, now_ns: u64) -> Level {
        let debt_ns = arrival_ns.saturating_sub(now_ns);
        let left = self.depth_ns.saturating_sub(debt_ns) / self.interval_ns;
        let one_more_ns = (left + 1) * self.interval_ns;
        let more_in_ns = if one_more_ns > self.depth_ns { 0 } else { debt_ns.saturating_sub(self.depth_ns - one_more_ns) };
        Level { left: left as u32, more_in_ns }
    }
}

/// What a bucket holds at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Level {
    /// Requests that would be granted now.
    pub left: u32,
    /// Nanoseconds until there is one more; 0 when the bucket is full.
    pub more_in_ns: u64,
}

/// A token bucket. It does not know its rate, so that a change of policy need not touch it.
#[derive(Debug, Default)]
pub struct Bucket {
    arrival_ns: AtomicU64,
}

impl Bucket {
    /// Return a bucket with as many tokens taken as `other` has by `old`, reckoned by `new`.
    pub fn converted(other: &Self, old: Rate, new: Rate, now_ns: u64) -> Self {
        let debt_ns = other.arrival_ns.load(Relaxed).saturating_sub(now_ns);
        let taken = debt_ns.div_ceil(old.interval_ns);
        Self { arrival_ns: AtomicU64::new(now_ns + taken.min(u64::from(new.burst)) * new.interval_ns) }
    }

    /// Take one token. The level comes back either way: after the grant, or as it stands.
    ///
    /// # Errors
    /// The bucket is empty; nothing was taken.
    #[inline]
    pub fn take(&self, rate: Rate, now_ns: u64) -> Result<Level, Level> {
        let mut arrival_ns = self.arrival_ns.load(Relaxed);
        loop {
            let next_ns = arrival_ns.max(now_ns) + rate.interval_ns;
            if next_ns - now_ns > rate.depth_ns {
                return Err(rate.level(arrival_ns, now_ns));
            }
            match self.arrival_ns.compare_exchange_weak(arrival_ns, next_ns, Relaxed, Relaxed) {
                Ok(_) => return Ok(rate.level(next_ns, now_ns)),
                Err(moved_ns) => arrival_ns = moved_ns,
            }
        }
    }

    /// Give a token back. Later than it would have come back by itself it is one too many, for a bucket that counts only what is
    /// under way.
    pub fn give_back(&self, rate: Rate) {
        let back = |arrival_ns: u64| Some(arrival_ns.saturating_sub(rate.interval_ns));
        // It cannot fail: `back` always has a value.
        let _ = self.arrival_ns.fetch_update(Relaxed, Relaxed, back);
    }

    /// Put the bucket where another count of it says: as far ahead of `now_ns` as `debt_ns`.
    pub fn set(&self, debt_ns: u64, now_ns: u64) {
        self.arrival_ns.store(now_ns.saturating_add(debt_ns), Relaxed);
    }

    /// Return how far ahead of `now_ns` the bucket runs.
    pub fn debt_ns(&self, now_ns: u64) -> u64 {
        self.arrival_ns.load(Relaxed).saturating_sub(now_ns)
    }

    /// Have the bucket empty at `now_ns`, or emptier if it is; it fills from then on. Doing it twice is doing it once.
    pub fn drain(&self, rate: Rate, now_ns: u64) {
        self.arrival_ns.fetch_max(now_ns.saturating_add(rate.depth_ns), Relaxed);
    }

    /// Return the level without taking anything.
    pub fn level(&self, rate: Rate, now_ns: u64) -> Level {
        rate.level(self.arrival_ns.load(Relaxed), now_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::atomic::AtomicU64;
    use std::thread;

    #[test]
    fn a_full_bucket_grants_its_burst_and_then_one_an_interval() {
        let (rate, bucket) = (Rate::new(10.0, 3).unwrap(), Bucket::default());
        let now_ns = 7 * SECOND_NS;
        let left: Vec<u32> = (0..3).map(|_| bucket.take(rate, now_ns).unwrap().left).collect();
        assert_eq!(left, [2, 1, 0]);
        assert_eq!(bucket.take(rate, now_ns), Err(Level { left: 0, more_in_ns: 100_000_000 }));
        assert!(bucket.take(rate, now_ns + 99_999_999).is_err());
        assert_eq!(bucket.take(rate, now_ns + 100_000_000).unwrap().left, 0);
        assert_eq!(bucket.level(rate, now_ns + SECOND_NS), Level { left: 3, more_in_ns: 0 });
    }

    #[test]
    fn threads_together_get_no_more_than_one_would() {
        let (rate, bucket) = (Rate::new(1000.0, 50).unwrap(), Bucket::default());
        let granted = AtomicU64::new(0);
        thread::scope(|scope| {
            for thread in 0..4 {
                let (bucket, granted) = (&bucket, &granted);
                scope.spawn(move || {
                    for step in 0..20_000_u64 {
                        // Each thread's clock reading lags a little behind the others', as real ones do.
                        let now_ns = SECOND_NS + step * 10_000 + thread * 1_000;
                        granted.fetch_add(u64::from(bucket.take(rate, now_ns).is_ok()), Relaxed);
                    }
                });
            }
        });
        let (granted, span_ns) = (granted.into_inner(), 19_999 * 10_000 + 3_000);
        assert!(granted <= 50 + span_ns / rate.interval_ns(), "{granted}");
        assert!(granted >= 50 + span_ns / rate.interval_ns() - 1, "{granted}");
    }

    #[test]
    fn a_new_rate_keeps_the_tokens_taken() {
        let (slow, fast) = (Rate::new(1.0, 10).unwrap(), Rate::new(100.0, 20).unwrap());
        let bucket = Bucket::default();
        for _ in 0..4 {
            bucket.take(slow, SECOND_NS).unwrap();
        }
        let converted = Bucket::converted(&bucket, slow, fast, SECOND_NS);
        assert_eq!(converted.level(fast, SECOND_NS).left, 16);
    }

    #[test]
    fn rates_out_of_range_are_refused() {
        assert!(Rate::new(0.0, 1).is_none() && Rate::new(f64::NAN, 1).is_none() && Rate::new(1.0, 0).is_none());
        assert_eq!(Rate::new(3.0, 6).map(Rate::window_seconds), Some(3));
    }

    proptest! {
        #[test]
        fn a_bucket_never_grants_more_than_its_burst_and_rate_allow(
            steps in prop::collection::vec(0_u64..400_000_000, 1..200), per_second in 1.0_f64..50.0, burst in 1_u32..20,
        ) {
            let (rate, bucket) = (Rate::new(per_second, burst).unwrap(), Bucket::default());
            let (mut now_ns, mut granted_ns) = (SECOND_NS, Vec::new());
            for step_ns in steps {
                now_ns += step_ns;
                let before = bucket.level(rate, now_ns);
                let taken = bucket.take(rate, now_ns);
                prop_assert_eq!(taken.is_ok(), before.left > 0);
                if let Ok(level) = taken {
                    prop_assert_eq!(level.left, before.left - 1);
                    granted_ns.push(now_ns);
                } else {
                    // The wait that is told is enough, and no shorter wait is.
                    prop_assert_eq!(bucket.level(rate, now_ns + before.more_in_ns).left, 1);
                    prop_assert_eq!(bucket.level(rate, now_ns + before.more_in_ns - 1).left, 0);
                }
            }
            for (first, first_ns) in granted_ns.iter().enumerate() {
                for (last, last_ns) in granted_ns.iter().enumerate().skip(first) {
                    let allowed = f64::from(burst) + per_second * (last_ns - first_ns) as f64 / 1e9;
                    prop_assert!(((last - first + 1) as f64) <= allowed + 1e-6);
                }
            }
        }
    }
}

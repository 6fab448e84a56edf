//! How many keys that turn out to be nobody's are looked up in a second, over all addresses.
//!
//! Each address may be wrong a few times, so a crowd of addresses could have Python do nothing but look up random keys. A
//! look is taken from a bucket before it is made and given back when it finds a key: who has good keys is bounded by how
//! many wait at once, who guesses by the rate. Each kind of caller draws on a bucket of its own, so forged datagrams keep
//! nobody's new key out of HTTP, and addresses that were wrong lately keep it out for none that were not.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::bucket::{Bucket, Rate};

/// Why a key that nobody has heard of may well be nobody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// No reason: its address has not been wrong lately.
    Clean,
    /// Its address has been wrong about keys lately.
    WrongLately,
    /// Its address is only claimed, by a datagram.
    Claimed,
}

/// The looks that are left to each kind of caller. Full when made: two seconds' worth.
#[derive(Debug)]
pub struct Looks {
    buckets: [Bucket; 3],
    per_second: AtomicU32,
}

impl Default for Looks {
    fn default() -> Self {
        Self { buckets: Default::default(), per_second: AtomicU32::new(Self::PER_SECOND_DEFAULT) }
    }
}

impl Looks {
    /// Least and most of one kind's looks in a second.
    pub const PER_SECOND: std::ops::RangeInclusive<u32> = 1..=500_000;
    const PER_SECOND_DEFAULT: u32 = 500;

    /// How many seconds' worth may be under way at once.
    const BURST_SECONDS: u32 = 2;

    /// Allow so many from now on.
    pub fn set_rate(&self, per_second: u32) {
        self.per_second.store(per_second.clamp(*Self::PER_SECOND.start(), *Self::PER_SECOND.end()), Relaxed);
    }

    /// Take one look; false when none is left.
    pub fn take(&self, doubt: Doubt, now_ns: u64) -> bool {
        self.rate().is_some_and(|rate| self.buckets[doubt as usize].take(rate, now_ns).is_ok())
    }

    /// Give a look back that found a key. One that was taken at another rate comes back as one at this rate.
    pub fn give_back(&self, doubt: Doubt) {
        if let Some(rate) = self.rate() {
            self.buckets[doubt as usize].give_back(rate);
        }
    }

    fn rate(&self) -> Option<Rate> {
        let per_second = self.per_second.load(Relaxed);
        Rate::new(f64::from(per_second), per_second * Self::BURST_SECONDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SECOND_NS;

    fn taken(looks: &Looks, doubt: Doubt, now_ns: u64) -> usize {
        (0..10_000).take_while(|_| looks.take(doubt, now_ns)).count()
    }

    #[test]
    fn guesses_are_looked_up_at_the_rate_and_no_faster() {
        let looks = Looks::default();
        looks.set_rate(100);
        let at = |ms: u64| SECOND_NS + ms * SECOND_NS / 1_000;
        assert_eq!([0, 0, 500, 1_000, 9_000].map(|ms| taken(&looks, Doubt::Clean, at(ms))), [200, 0, 50, 50, 200]);
    }

    #[test]
    fn looks_that_find_a_key_are_bounded_only_by_how_many_wait_at_once() {
        let looks = Looks::default();
        looks.set_rate(5);
        for _ in 0..1_000 {
            assert!((0..10).all(|_| looks.take(Doubt::WrongLately, SECOND_NS)));
            assert!(!looks.take(Doubt::WrongLately, SECOND_NS));
            (0..10).for_each(|_| looks.give_back(Doubt::WrongLately));
        }
    }

    #[test]
    fn no_kind_of_caller_takes_anothers_looks() {
        let looks = Looks::default();
        looks.set_rate(7);
        let kinds = [Doubt::Claimed, Doubt::WrongLately, Doubt::Clean, Doubt::Claimed];
        assert_eq!(kinds.map(|doubt| taken(&looks, doubt, SECOND_NS)), [14, 14, 14, 0]);
    }

    #[test]
    fn what_is_given_back_late_makes_no_more_than_there_was() {
        let looks = Looks::default();
        looks.set_rate(3);
        assert_eq!(taken(&looks, Doubt::Clean, SECOND_NS), 6);
        (0..6).for_each(|_| looks.give_back(Doubt::Clean));
        assert_eq!(taken(&looks, Doubt::Clean, 60 * SECOND_NS), 6);
    }
}

//! How long answers took, as buckets that add up over threads and nodes.
//!
//! A bucket is a 64th of the power of two its times lie in, below 64 ns a nanosecond: the middle of a bucket is never further
//! from a time in it than a 128th of that time. Bounds are the same everywhere and for ever, so whoever has two rows of
//! counts has their sum. `trinity_beast/telemetry/latency/buckets.py` says the same in Python, and a test compares both.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::words::PROTOCOLS;

/// Into how many buckets times fall: up to 4.29 s, where a usage record stops telling times apart too.
pub const BUCKETS: usize = 1_728;

/// Two to this many buckets share a power of two.
const STEP_BITS: u32 = 6;

/// By which way an answer left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Way {
    /// Over HTTP, from the engine.
    Http,
    /// In a datagram, from the engine.
    Udp,
    /// From Python.
    Handed,
}

impl Way {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Http, Self::Udp, Self::Handed];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Udp => "udp",
            Self::Handed => "handed",
        }
    }

    /// Return the way an engine thread answers by, as usage records number protocols.
    #[inline]
    pub fn of_protocol(protocol: u8) -> Self {
        const UDP: u8 = 2;
        debug_assert_eq!(PROTOCOLS.number("udp"), Some(UDP));
        if protocol == UDP { Self::Udp } else { Self::Http }
    }
}

/// Return the bucket of a time: without a branch, in a handful of instructions.
#[inline]
pub fn bucket_of(ns: u32) -> usize {
    // The lowest powers of two share one row of single nanoseconds, which setting this bit makes of them.
    let shift = u32::BITS - 1 - STEP_BITS - (ns | 1 << STEP_BITS).leading_zeros();
    ((shift << STEP_BITS) + (ns >> shift)) as usize
}

/// How often a time fell into each bucket, by one way.
#[derive(Debug)]
pub struct Row {
    counts: [AtomicU64; BUCKETS],
    sum_ns: AtomicU64,
}

impl Default for Row {
    fn default() -> Self {
        Self { counts: [const { AtomicU64::new(0) }; BUCKETS], sum_ns: AtomicU64::new(0) }
    }
}

impl Row {
    /// Count one answer. Only one thread at a time may call it: the sums are not atomic.
    #[inline]
    pub fn add(&self, ns: u32) {
        raise(&self.counts[bucket_of(ns)], 1);
        raise(&self.sum_ns, u64::from(ns));
    }
}

#[inline]
fn raise(cell: &AtomicU64, amount: u64) {
    cell.store(cell.load(Relaxed).wrapping_add(amount), Relaxed);
}

/// What several rows come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    counts: Box<[u64]>,
    /// All times together.
    pub sum_ns: u64,
}

impl Default for Sum {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS].into(), sum_ns: 0 }
    }
}

impl Sum {
    /// Return what rows come to. One that is being written meanwhile may be an answer ahead in its buckets.
    pub fn of<'a>(rows: impl Iterator<Item = &'a Row>) -> Self {
        let mut sum = Self::default();
        for row in rows {
            sum.sum_ns = sum.sum_ns.wrapping_add(row.sum_ns.load(Relaxed));
            for (count, cell) in sum.counts.iter_mut().zip(&row.counts) {
                *count = count.wrapping_add(cell.load(Relaxed));
            }
        }
        sum
    }

    /// Take off what was there before.
    pub fn less(&mut self, before: &Self) {
        self.sum_ns = self.sum_ns.wrapping_sub(before.sum_ns);
        for (count, was) in self.counts.iter_mut().zip(&before.counts) {
            *count = count.wrapping_sub(*was);
        }
    }

    /// Return the buckets that are not empty, each with how many fell into it, the shortest times first.
    pub fn buckets(&self) -> impl Iterator<Item = (usize, u64)> {
        self.counts.iter().copied().enumerate().filter(|(_, count)| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The least time of a bucket, worked out the other way round.
    fn least_of(bucket: usize) -> u64 {
        let shift = (bucket >> STEP_BITS).saturating_sub(1);
        ((bucket - (shift << STEP_BITS)) as u64) << shift
    }

    #[test]
    fn the_first_and_the_last_time_have_the_first_and_the_last_bucket() {
        assert_eq!((bucket_of(0), bucket_of(u32::MAX)), (0, BUCKETS - 1));
    }

    #[test]
    fn buckets_follow_each_other_without_a_gap() {
        for bucket in 1..BUCKETS {
            let least = u32::try_from(least_of(bucket)).expect("every bucket begins within four bytes");
            assert_eq!((bucket_of(least), bucket_of(least - 1)), (bucket, bucket - 1));
        }
    }

    #[test]
    fn protocols_of_usage_records_have_their_ways() {
        let way = |word| Way::of_protocol(PROTOCOLS.number(word).expect("a word of the list"));
        assert_eq!((way("http"), way("udp")), (Way::Http, Way::Udp));
    }

    proptest! {
        #[test]
        fn a_time_is_never_further_from_its_buckets_middle_than_a_128th(ns: u32) {
            let bucket = bucket_of(ns);
            let (least, next) = (least_of(bucket), least_of(bucket + 1));
            prop_assert!(least <= u64::from(ns) && u64::from(ns) < next);
            let middle = f64::midpoint(least as f64, (next - 1) as f64);
            prop_assert!((middle - f64::from(ns)).abs() <= f64::from(ns) / 128.0);
        }

        #[test]
        fn rows_come_to_what_was_added_to_all_of_them(times in prop::collection::vec((any::<u32>(), 0_usize..3), 0..200)) {
            let rows: [Row; 3] = Default::default();
            for (ns, row) in &times {
                rows[*row].add(*ns);
            }
            let (sum, whole) = (Sum::of(rows.iter()), Row::default());
            for (ns, _) in &times {
                whole.add(*ns);
            }
            prop_assert_eq!(&sum, &Sum::of(std::iter::once(&whole)));
            prop_assert_eq!(sum.buckets().map(|(_, count)| count).sum::<u64>(), times.len() as u64);
            prop_assert_eq!(sum.sum_ns, times.iter().map(|(ns, _)| u64::from(*ns)).sum::<u64>());
        }

        #[test]
        fn what_was_there_before_is_taken_off(before in prop::collection::vec(any::<u32>(), 0..50), after in prop::collection::vec(any::<u32>(), 0..50)) {
            let (row, only_after) = (Row::default(), Row::default());
            for ns in &before {
                row.add(*ns);
            }
            let was = Sum::of(std::iter::once(&row));
            for ns in &after {
                row.add(*ns);
                only_after.add(*ns);
            }
            let mut sum = Sum::of(std::iter::once(&row));
            sum.less(&was);
            prop_assert_eq!(sum, Sum::of(std::iter::once(&only_after)));
        }
    }
}

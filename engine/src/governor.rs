//! Which requests are shed when there are too many: the cheapest first, some never.
//!
//! Python turns the level by how many answers came late (`access/governor/`); a request compares two numbers. Off, it
//! reads one.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// Ranks of keys, the cheapest first.
pub const RANKS: std::ops::RangeInclusive<u8> = 0..=RANK_NEVER;

/// A key of this rank is never shed.
pub const RANK_NEVER: u8 = 4;

/// The first rank that is not shed for the sake of connections alone, until they are a tenth too many.
const RANK_PAID: u8 = 2;

/// One rank's width in the level.
const RANK_WIDTH: u32 = 256;

/// Every level.
pub const LEVEL: std::ops::RangeInclusive<f64> = 0.0..=RANK_NEVER as f64;

/// How much is shed now, over all threads.
#[derive(Debug)]
pub struct Governor {
    /// Ranks below this are shed, and of the rank it falls into a part. In 256ths of a rank.
    level: AtomicU32,
    /// Past so many open connections in this node the cheap ones are shed.
    connections_most: AtomicU32,
    /// An answer that took longer is late. 0: nobody looks.
    late_ns: AtomicU64,
    /// How long newcomers wait at the door while something is shed.
    delay_ns: AtomicU64,
    /// Most datagrams in progress in this node.
    datagrams_most: AtomicU32,
    /// Changes now and then, so that the part of a rank that is shed is not always the same.
    salt: AtomicU32,
}

/// What Python says of all of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Orders {
    /// One of `LEVEL`.
    pub level: f64,
    /// Open connections past which the cheap ones are shed.
    pub connections_most: u32,
    /// How long an answer may take.
    pub late_ns: u64,
    /// How long newcomers wait while something is shed.
    pub delay_ns: u64,
    /// Most datagrams in progress.
    pub datagrams_most: u32,
    /// Which part of a rank is shed.
    pub salt: u32,
}

impl Default for Governor {
    fn default() -> Self {
        Self {
            level: AtomicU32::new(0),
            connections_most: AtomicU32::new(u32::MAX),
            late_ns: AtomicU64::new(0),
            delay_ns: AtomicU64::new(0),
            datagrams_most: AtomicU32::new(u32::MAX),
            salt: AtomicU32::new(0),
        }
    }
}

impl Governor {
    /// Go by these orders from the next request on.
    pub fn obey(&self, orders: &Orders) {
        let level = (orders.level.clamp(*LEVEL.start(), *LEVEL.end()) * f64::from(RANK_WIDTH)) as u32;
        self.connections_most.store(orders.connections_most, Relaxed);
        self.late_ns.store(orders.late_ns, Relaxed);
        self.delay_ns.store(orders.delay_ns, Relaxed);
        self.datagrams_most.store(orders.datagrams_most, Relaxed);
        self.salt.store(orders.salt, Relaxed);
        self.level.store(level, Relaxed);
    }

    /// Shed nothing, look at nothing.
    pub fn rest(&self) {
        self.obey(&Orders { level: 0.0, connections_most: u32::MAX, late_ns: 0, delay_ns: 0, datagrams_most: u32::MAX, salt: 0 });
    }

    /// Return whether a request is shed: of a key of this rank, over the line of that number, with so many connections open.
    #[inline]
    pub fn sheds(&self, rank: u8, line: u32, connections: usize) -> bool {
        let level = self.level.load(Relaxed);
        let most = self.connections_most.load(Relaxed) as usize;
        (level > 0 || connections > most) && self.sheds_now(level, most, rank, line, connections)
    }

    #[cold]
    fn sheds_now(&self, level: u32, most: usize, rank: u8, line: u32, connections: usize) -> bool {
        if rank >= RANK_NEVER {
            return false;
        }
        if connections > most && (rank < RANK_PAID || connections > most + most / 10) {
            return true;
        }
        // The same lines again and again rather than every line now and then: those that are served are served well.
        let place = (line ^ self.salt.load(Relaxed)).wrapping_mul(0x9e37_79b9) >> 24;
        u32::from(rank) * RANK_WIDTH + place < level
    }

    /// Return how long an answer may take, or None when nobody looks.
    #[inline]
    pub fn late_ns(&self) -> Option<u64> {
        match self.late_ns.load(Relaxed) {
            0 => None,
            late_ns => Some(late_ns),
        }
    }

    /// Return how long newcomers wait at the door now.
    #[inline]
    pub fn delay_ns(&self) -> u64 {
        if self.level.load(Relaxed) == 0 { 0 } else { self.delay_ns.load(Relaxed) }
    }

    /// Return how many datagrams one of `threads` threads may have in progress.
    #[inline]
    pub fn datagrams_most(&self, threads: usize) -> usize {
        (self.datagrams_most.load(Relaxed) as usize / threads.max(1)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders() -> Orders {
        Orders { level: 0.0, connections_most: 100, late_ns: 5, delay_ns: 7, datagrams_most: 10, salt: 3 }
    }

    #[test]
    fn the_cheapest_are_shed_first_and_some_never() {
        let governor = Governor::default();
        let shed = |rank| (0..1_000).filter(|line| governor.sheds(rank, *line, 5)).count();
        assert_eq!([0, 1, 2, 3, 4].map(shed), [0; 5]);
        governor.obey(&Orders { level: 1.5, ..orders() });
        let counts = [0, 1, 2, 3, 4].map(shed);
        assert_eq!([counts[0], counts[2], counts[3], counts[4]], [1_000, 0, 0, 0]);
        assert!((400..600).contains(&counts[1]), "half of a rank, not {}", counts[1]);
        governor.obey(&Orders { level: 4.0, ..orders() });
        assert_eq!([0, 1, 2, 3, 4].map(shed), [1_000, 1_000, 1_000, 1_000, 0]);
        governor.rest();
        assert_eq!([0, 1, 2, 3, 4].map(shed), [0; 5]);
    }

    #[test]
    fn the_same_lines_are_shed_until_the_salt_changes() {
        let governor = Governor::default();
        governor.obey(&Orders { level: 0.5, ..orders() });
        let shed = || (0..1_000).filter(|line| governor.sheds(0, *line, 5)).collect::<Vec<_>>();
        let first = shed();
        assert_eq!(first, shed());
        governor.obey(&Orders { level: 0.5, salt: 0x5555_5555, ..orders() });
        assert_ne!(first, shed());
    }

    #[test]
    fn past_its_connections_a_node_sheds_cheap_ones_and_a_tenth_later_all_but_those_never_shed() {
        let governor = Governor::default();
        governor.obey(&orders());
        let shed = |connections| [0, 1, 2, 3, 4].map(|rank| governor.sheds(rank, 1, connections));
        assert_eq!(shed(100), [false; 5]);
        assert_eq!(shed(101), [true, true, false, false, false]);
        assert_eq!(shed(111), [true, true, true, true, false]);
    }

    #[test]
    fn bounds_are_told_by_thread_and_only_while_they_hold() {
        let governor = Governor::default();
        assert_eq!((governor.late_ns(), governor.delay_ns()), (None, 0));
        governor.obey(&orders());
        assert_eq!((governor.late_ns(), governor.delay_ns(), governor.datagrams_most(3)), (Some(5), 0, 3));
        governor.obey(&Orders { level: 0.1, ..orders() });
        assert_eq!((governor.delay_ns(), governor.datagrams_most(20)), (7, 1));
    }
}

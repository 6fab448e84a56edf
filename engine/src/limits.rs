//! Bounds on what the engine gives to callers it knows nothing of.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// Every wait and every queue has one of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of a request's first line and header fields together.
    pub header_bytes_max: usize,
    /// Longest time from a request's first byte to the end of its header.
    pub header_ns: u64,
    /// Longest time a connection may stay open without asking anything.
    pub idle_ns: u64,
    /// Most connections open at once, over all threads.
    pub connections_max: usize,
    /// Most connections open at once from one address.
    pub connections_per_address_max: u32,
    /// Most bytes kept for a reader that does not take them; past it nothing more is read from it.
    pub unsent_bytes_max: usize,
    /// Longest time a reader may leave bytes untaken.
    pub unsent_ns: u64,
    /// Most connections in Python's hands at once.
    pub handed_max: usize,
    /// Most requests waiting for Python to look a key up.
    pub questions_max: usize,
    /// Longest time one of them waits.
    pub question_ns: u64,
    /// Most assets in one HTTP request.
    pub assets_per_request_max: usize,
    /// Most assets in one datagram.
    pub assets_per_datagram_max: usize,
    /// Largest datagram that is read.
    pub datagram_bytes_max: usize,
    /// Bytes of one spool segment.
    pub segment_bytes: usize,
    /// Age at which a segment that holds records is sealed.
    pub segment_ns: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_bytes_max: 16_384,
            header_ns: 10_000_000_000,
            idle_ns: 75_000_000_000,
            connections_max: 16_000,
            connections_per_address_max: 12_000,
            unsent_bytes_max: 262_144,
            unsent_ns: 20_000_000_000,
            handed_max: 1_024,
            questions_max: 4_096,
            question_ns: 5_000_000_000,
            assets_per_request_max: 1_000,
            assets_per_datagram_max: 8,
            datagram_bytes_max: 1_200,
            segment_bytes: 4_194_304,
            segment_ns: 1_000_000_000,
        }
    }
}

/// The bounds in force. A thread takes each at its use, so one that is turned holds from the next request on.
#[derive(Debug)]
pub struct InForce {
    /// What queues and spools were made by; these stay until the next start.
    pub at_start: Limits,
    header_bytes_max: AtomicUsize,
    header_ns: AtomicU64,
    idle_ns: AtomicU64,
    unsent_bytes_max: AtomicUsize,
    unsent_ns: AtomicU64,
    question_ns: AtomicU64,
    assets_per_request_max: AtomicUsize,
    assets_per_datagram_max: AtomicUsize,
}

impl InForce {
    /// Return bounds that are in force from the start.
    pub fn new(limits: Limits) -> Self {
        Self {
            header_bytes_max: AtomicUsize::new(limits.header_bytes_max),
            header_ns: AtomicU64::new(limits.header_ns),
            idle_ns: AtomicU64::new(limits.idle_ns),
            unsent_bytes_max: AtomicUsize::new(limits.unsent_bytes_max),
            unsent_ns: AtomicU64::new(limits.unsent_ns),
            question_ns: AtomicU64::new(limits.question_ns),
            assets_per_request_max: AtomicUsize::new(limits.assets_per_request_max),
            assets_per_datagram_max: AtomicUsize::new(limits.assets_per_datagram_max),
            at_start: limits,
        }
    }

    /// Put other bounds in force, as far as they are not only of the start.
    pub fn turn(&self, limits: &Limits) {
        self.header_bytes_max.store(limits.header_bytes_max, Relaxed);
        self.header_ns.store(limits.header_ns, Relaxed);
        self.idle_ns.store(limits.idle_ns, Relaxed);
        self.unsent_bytes_max.store(limits.unsent_bytes_max, Relaxed);
        self.unsent_ns.store(limits.unsent_ns, Relaxed);
        self.question_ns.store(limits.question_ns, Relaxed);
        self.assets_per_request_max.store(limits.assets_per_request_max, Relaxed);
        self.assets_per_datagram_max.store(limits.assets_per_datagram_max, Relaxed);
    }

    /// See `Limits`.
    #[inline]
    pub fn header_bytes_max(&self) -> usize {
        self.header_bytes_max.load(Relaxed)
    }

    /// See `Limits`.
    #[inline]
    pub fn header_ns(&self) -> u64 {
        self.header_ns.load(Relaxed)
    }

    /// See `Limits`.
    #[inline]
    pub fn idle_ns(&self) -> u64 {
        self.idle_ns.load(Relaxed)
    }

    /// See `Limits`.
    #[inline]
    pub fn unsent_bytes_max(&self) -> usize {
        self.unsent_bytes_max.load(Relaxed)
    }

    /// See `Limits`.
    #[inline]
    pub fn unsent_ns(&self) -> u64 {
        self.unsent_ns.load(Relaxed)
    }

    /// See `Limits`.
    #[inline]
    pub fn question_ns(&self) -> u64 {
        self.question_ns.load(Relaxed)
    }

    /// See `Limits`.
    #[inline]
    pub fn assets_per_request_max(&self) -> usize {
        self.assets_per_request_max.load(Relaxed)
    }

    /// See `Limits`.
    #[inline]
    pub fn assets_per_datagram_max(&self) -> usize {
        self.assets_per_datagram_max.load(Relaxed)
    }
}

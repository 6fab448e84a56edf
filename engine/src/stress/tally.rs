//! What a load finds: counts by code and reason, and latencies that can be added up without losing anything.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::control::{Told, Window};
use super::pace::spent_ns;
use std::sync::atomic::Ordering::Relaxed;

/// Longest latency told apart: ten minutes. What took longer counts as that.
const LATENCY_NS_MAX: u64 = 600_000_000_000;
/// Figures of a latency that are kept: it is true to a thousandth.
const DIGITS: u8 = 3;
/// Most kinds of refusals that are told apart.
const KINDS_MAX: usize = 64;
/// Most bytes of a code that are kept.
const CODE_BYTES_MAX: usize = 40;

/// Why a request has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// A connection could not be made.
    Connect,
    /// The target closed or broke the connection.
    Closed,
    /// No answer came in time; over UDP, it or its datagram may be lost.
    Timeout,
    /// What came is no answer.
    Malformed,
    /// It was due and never left: every caller was waiting.
    Unsent,
    /// The run was over before it was answered.
    Cut,
}

impl Failure {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Connect, Self::Closed, Self::Timeout, Self::Malformed, Self::Unsent, Self::Cut];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Closed => "closed",
            Self::Timeout => "timeout",
            Self::Malformed => "malformed",
            Self::Unsent => "unsent",
            Self::Cut => "cut",
        }
    }
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LATENCY_NS_MAX, DIGITS).expect("the bounds are constants that a histogram can have")
}

/// What was found, by one thread or by all.
#[derive(Debug)]
pub struct Found {
    /// Nanoseconds that counted.
    pub window_ns: u64,
    /// Good answers.
    pub good: u64,
    /// Answers, good or not, by their code.
    pub codes: BTreeMap<String, u64>,
    /// Requests without an answer, by why.
    pub failures: [u64; Failure::ALL.len()],
    /// Answers to what was given up before.
    pub late: u64,
    /// Connections made anew.
    pub reconnected: u64,
    /// Bytes of all answers.
    pub bytes: u64,
    /// Processor time of the threads inside the window.
    pub spent_ns: u64,
    /// From when a good answer's request was due to when the answer was read.
    pub latency: Histogram<u64>,
    /// From when a request was due by the clock to when it left; nothing of a closed loop.
    pub lag: Histogram<u64>,
}

impl Found {
    /// Nothing yet.
    pub fn none() -> Self {
        Self {
            window_ns: 0,
            good: 0,
            codes: BTreeMap::new(),
            failures: [0; Failure::ALL.len()],
            late: 0,
            reconnected: 0,
            bytes: 0,
            spent_ns: 0,
            latency: histogram(),
            lag: histogram(),
        }
    }

    /// Add what another thread found in the same window.
    pub fn add(&mut self, other: &Self) {
        self.window_ns = self.window_ns.max(other.window_ns);
        self.good += other.good;
        for (code, count) in &other.codes {
            *self.codes.entry(code.clone()).or_default() += count;
        }
        for (mine, theirs) in self.failures.iter_mut().zip(other.failures) {
            *mine += theirs;
        }
        self.late += other.late;
        self.reconnected += other.reconnected;
        self.bytes += other.bytes;
        self.spent_ns += other.spent_ns;
        self.latency += &other.latency;
        self.lag += &other.lag;
    }

    /// The values recorded, each the highest that is not told apart from it, with how often.
    pub fn recorded(histogram: &Histogram<u64>) -> Vec<(u64, u64)> {
        histogram.iter_recorded().map(|at| (at.value_iterated_to(), at.count_at_value())).collect()
    }
}

/// What one thread counts. Everything is counted for whoever looks on; only what was due inside the window is kept.
#[derive(Debug)]
pub struct Tally {
    found: Found,
    statuses: Box<[u64; 1_000]>,
    spent_at_opening_ns: Option<u64>,
    is_closed: bool,
    good: u64,
    refused: u64,
    failed: u64,
}

impl Tally {
    /// Nothing yet.
    pub fn new() -> Self {
        let statuses = Box::new([0; 1_000]);
        Self { found: Found::none(), statuses, spent_at_opening_ns: None, is_closed: false, good: 0, refused: 0, failed: 0 }
    }

    /// The window is open: processor time counts from the first time this is said until `close`.
    fn open(&mut self) {
        self.spent_at_opening_ns.get_or_insert_with(spent_ns);
    }

    /// Open and close with a window; whether it is closed.
    pub fn follows(&mut self, window: Window, now: u64) -> bool {
        if now >= window.opens_ns {
            self.open();
        }
        if now >= window.closes_ns {
            self.close();
        }
        now >= window.closes_ns
    }

    /// The window is closed.
    fn close(&mut self) {
        if let (false, Some(before)) = (self.is_closed, self.spent_at_opening_ns) {
            self.found.spent_ns = spent_ns() - before;
            self.is_closed = true;
        }
    }

    /// A good answer.
    #[inline]
    pub fn good(&mut self, status: u16, latency_ns: u64, counts: bool) {
        self.good += 1;
        if counts {
            self.statuses[usize::from(status) % 1_000] += 1;
            self.found.latency.saturating_record(latency_ns);
        }
    }

    /// An answer that is none of the good.
    pub fn refused(&mut self, code: &[u8], counts: bool) {
        self.refused += 1;
        if counts {
            let code = String::from_utf8_lossy(&code[..code.len().min(CODE_BYTES_MAX)]).into_owned();
            let has_room = self.found.codes.len() < KINDS_MAX || self.found.codes.contains_key(&code);
            *self.found.codes.entry(if has_room { code } else { "other".to_owned() }).or_default() += 1;
        }
    }

    /// A request without an answer.
    pub fn failed(&mut self, why: Failure, count: u64, counts: bool) {
        self.failed += count;
        if counts {
            self.found.failures[why as usize] += count;
        }
    }

    /// A request left so long after it was due.
    #[inline]
    pub fn left(&mut self, lag_ns: u64, counts: bool) {
        if counts {
            self.found.lag.saturating_record(lag_ns);
        }
    }

    /// An answer to what was given up.
    pub fn late(&mut self) {
        self.found.late += 1;
    }

    /// A connection was made anew.
    pub fn reconnected(&mut self) {
        self.found.reconnected += 1;
    }

    /// Bytes came.
    #[inline]
    pub fn bytes(&mut self, count: usize) {
        self.found.bytes += count as u64;
    }

    /// Tell whoever looks on.
    pub fn tell(&self, told: &Told) {
        told.good.store(self.good, Relaxed);
        told.refused.store(self.refused, Relaxed);
        told.failed.store(self.failed, Relaxed);
    }

    /// Return all of it; `good_code` names a status.
    pub fn found(mut self, window_ns: u64, good_code: impl Fn(usize) -> String) -> Found {
        self.close();
        for (status, count) in self.statuses.iter().enumerate().filter(|(_, count)| **count > 0) {
            *self.found.codes.entry(good_code(status)).or_default() += count;
            self.found.good += count;
        }
        self.found.window_ns = window_ns;
        self.found
    }
}

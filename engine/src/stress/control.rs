//! What Python and the threads of a load tell one another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use crossbeam_utils::CachePadded;

use super::pace::now_ns;
use super::plan::Plan;

/// How long answers may take once somebody asked for the end.
const STOPPED_NS: u64 = 2_000_000_000;

/// What is asked between these moments counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_field_names, reason = "the unit ends the name")]
pub struct Window {
    /// When asking began.
    pub begins_ns: u64,
    /// From when on it counts.
    pub opens_ns: u64,
    /// Until when.
    pub closes_ns: u64,
}

impl Window {
    /// Whether a request that was due then counts.
    #[inline]
    pub fn holds(&self, due_ns: u64) -> bool {
        (self.opens_ns..self.closes_ns).contains(&due_ns)
    }
}

/// What a thread tells while it runs. One writer; whoever reads may be a little behind.
#[derive(Debug, Default)]
pub struct Told {
    /// Callers that can ask.
    pub connected: AtomicUsize,
    /// Good answers.
    pub good: AtomicU64,
    /// Answers that refused.
    pub refused: AtomicU64,
    /// Requests without an answer.
    pub failed: AtomicU64,
}

/// How a load stands, warming included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Callers that can ask.
    pub connected: usize,
    /// Good answers so far.
    pub good: u64,
    /// Answers that refused so far.
    pub refused: u64,
    /// Requests without an answer so far.
    pub failed: u64,
    /// Threads that are ready to begin.
    pub ready: bool,
    /// Whether all is over.
    pub over: bool,
}

/// Shared by a load and its threads.
#[derive(Debug)]
pub struct Control {
    threads: usize,
    warm_ns: u64,
    seconds_ns: u64,
    begins_ns: AtomicU64,
    stops_ns: AtomicU64,
    has_stopped: AtomicBool,
    ready: AtomicUsize,
    over: AtomicUsize,
    told: Vec<CachePadded<Told>>,
}

impl Control {
    /// Prepare for a plan.
    pub fn new(plan: &Plan) -> Self {
        Self {
            threads: plan.threads,
            warm_ns: plan.warm_ns,
            seconds_ns: plan.seconds_ns,
            begins_ns: AtomicU64::new(0),
            stops_ns: AtomicU64::new(u64::MAX),
            has_stopped: AtomicBool::new(false),
            ready: AtomicUsize::new(0),
            over: AtomicUsize::new(0),
            told: (0..plan.threads).map(|_| CachePadded::default()).collect(),
        }
    }

    /// Let the threads begin, once.
    pub fn begin(&self) {
        let _ = self.begins_ns.compare_exchange(0, now_ns(), Ordering::AcqRel, Ordering::Relaxed);
    }

    /// Close the window now, once.
    pub fn stop(&self) {
        if !self.has_stopped.swap(true, Ordering::AcqRel) {
            self.stops_ns.store(now_ns(), Ordering::Release);
        }
    }

    /// Whether somebody asked for the end.
    pub fn has_stopped(&self) -> bool {
        self.has_stopped.load(Ordering::Acquire)
    }

    /// The window as it is now; none before the beginning. A stop makes it shorter.
    pub fn window(&self) -> Option<Window> {
        let begins_ns = self.begins_ns.load(Ordering::Acquire);
        if begins_ns == 0 {
            return None;
        }
        let opens_ns = begins_ns.saturating_add(self.warm_ns);
        let stops_ns = self.stops_ns.load(Ordering::Acquire).max(opens_ns);
        Some(Window { begins_ns, opens_ns, closes_ns: opens_ns.saturating_add(self.seconds_ns).min(stops_ns) })
    }

    /// Until when the answers to what was asked in a window are waited for.
    pub fn gives_up_ns(&self, window: Window, timeout_ns: u64) -> u64 {
        window.closes_ns + if self.has_stopped() { timeout_ns.min(STOPPED_NS) } else { timeout_ns }
    }

    /// What a thread tells.
    pub fn told(&self, thread: usize) -> &Told {
        &self.told[thread]
    }

    /// A thread has connected all it could.
    pub fn is_ready(&self) {
        self.ready.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether every thread has ended.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire) == self.threads
    }

    /// Return how all of it stands.
    pub fn progress(&self) -> Progress {
        let mut found = Progress { ready: self.ready.load(Ordering::Acquire) == self.threads, over: self.is_over(), ..Progress::default() };
        for told in &self.told {
            found.connected += told.connected.load(Ordering::Relaxed);
            found.good += told.good.load(Ordering::Relaxed);
            found.refused += told.refused.load(Ordering::Relaxed);
            found.failed += told.failed.load(Ordering::Relaxed);
        }
        found
    }

    /// Say that a thread has ended once the returned value is dropped, even by a panic.
    pub fn leaving(self: &Arc<Self>) -> Leaving {
        Leaving(Arc::clone(self))
    }
}

/// Tells a thread's end.
#[derive(Debug)]
pub struct Leaving(Arc<Control>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.over.fetch_add(1, Ordering::AcqRel);
    }
}

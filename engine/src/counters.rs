//! What the engine counts: one set of cells per thread, written by that thread alone, summed on reading.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crossbeam_utils::CachePadded;

use crate::latency::{Row, Sum, Way};

macro_rules! counters {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// Everything that is counted.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(usize)]
        pub enum Counter { $($(#[$doc])* $variant,)* }

        /// Every counter in the order it is told in.
        pub const ALL: &[Counter] = &[$(Counter::$variant,)*];

        /// The counters' names, each at its counter's place.
        pub const NAMES: &[&str] = &[$($name,)*];
    };
}

counters! {
    /// HTTP requests the engine answered.
    TcpRequests = "tcp_requests",
    /// Datagrams the engine answered.
    UdpRequests = "udp_requests",
    /// Report requests.
    LrsRequests = "lrs_requests",
    /// Prices served from memory.
    SyncmapHits = "syncmap_hits",
    /// Prices served that came from the shared cache.
    ElasticacheHits = "elasticache_hits",
    /// Prices asked for that no cache held.
    CacheMisses = "cache_misses",
    /// Datagrams read.
    UdpPacketsReceived = "udp_packets_received",
    /// Datagrams given no answer.
    UdpPacketsDropped = "udp_packets_dropped",
    /// Datagrams sent.
    UdpPacketsSent = "udp_packets_sent",
    /// Background work taken on.
    BgWorkSubmitted = "bg_work_submitted",
    /// Background work turned away.
    BgWorkDropped = "bg_work_dropped",
    /// Background work done.
    BgWorkCompleted = "bg_work_completed",
    /// Usage rows queued for the database.
    BatchRowsQueued = "batch_rows_queued",
    /// Database connections open.
    DbOpenConns = "db_open_conns",
    /// Database connections in use.
    DbInUseConns = "db_in_use_conns",
    /// Waits for a database connection.
    DbWaitCount = "db_wait_count",
    /// Requests refused with `RATE_LIMITED`.
    RateLimited = "rate_limited",
    /// Requests refused with `QUOTA_SPENT`.
    QuotaRefused = "quota_refused",
    /// Requests refused for their key.
    KeysRefused = "keys_refused",
    /// Requests refused with `PRICE_STALE`.
    PricesStale = "prices_stale",
    /// Requests refused with `PRICE_UNAVAILABLE`.
    PricesUnavailable = "prices_unavailable",
    /// Usage records written.
    UsageRecorded = "usage_recorded",
    /// Usage records lost.
    UsageLost = "usage_lost",
    /// Connections given to Python.
    HandedOver = "handed_over",
    /// Connections open in the engine.
    ConnectionsOpen = "connections_open",
    /// Connections accepted.
    ConnectionsAccepted = "connections_accepted",
    /// Connections closed at once because there were too many.
    ConnectionsRefused = "connections_refused",
    /// Requests refused for their framing or form.
    RequestsMalformed = "requests_malformed",
    /// Requests refused because their header was too long.
    HeadersTooLarge = "headers_too_large",
    /// Connections closed because a header did not come in time.
    HeaderTimeouts = "header_timeouts",
    /// Connections closed because they asked nothing for too long.
    IdleTimeouts = "idle_timeouts",
    /// Connections cut because their answers were not taken.
    SlowReadersCut = "slow_readers_cut",
    /// Connections closed though the other end may not have heard our last.
    LingersCut = "lingers_cut",
    /// Connections and datagrams refused by the blocklist.
    BlockedRefused = "blocked_refused",
    /// Keys asked of Python.
    QuestionsAsked = "questions_asked",
    /// Questions that Python did not answer in time.
    QuestionsTimedOut = "questions_timed_out",
    /// Questions that could not be asked because too many waited.
    QuestionsRefused = "questions_refused",
    /// Connections in Python's hands.
    HandedOpen = "handed_open",
    /// Requests refused because too many connections were in Python's hands.
    HandedRefused = "handed_refused",
    /// Requests shed because there were too many.
    Shed = "shed",
    /// Answers the governor has looked at.
    Governed = "governed",
    /// Those of them that came late.
    GovernedLate = "governed_late",
    /// Answers that said "not modified".
    NotModified = "not_modified",
    /// Datagrams that were no request.
    DatagramsMalformed = "datagrams_malformed",
    /// Datagrams too small for any answer.
    DatagramsTooSmall = "datagrams_too_small",
    /// Datagrams the kernel dropped because a socket's buffer was full.
    DatagramsOverrun = "datagrams_overrun",
    /// Bytes the kernel keeps for one datagram socket's unread datagrams, its own bookkeeping included.
    UdpReceiveBufferBytes = "udp_receive_buffer_bytes",
    /// Datagrams that could not be sent.
    DatagramsUnsent = "datagrams_unsent",
    /// Steps of the wall clock.
    ClockSteps = "clock_steps",
    /// Engine threads that died of a fault of ours.
    ThreadsLost = "threads_lost",
}

/// Counters that tell a level rather than a sum: a reset leaves them alone.
const GAUGES: [Counter; 5] =
    [Counter::DbOpenConns, Counter::DbInUseConns, Counter::ConnectionsOpen, Counter::HandedOpen, Counter::UdpReceiveBufferBytes];

const COUNT: usize = ALL.len();

/// One thread's cells, and how long its answers took.
#[derive(Debug)]
pub struct Cells {
    counts: CachePadded<[AtomicU64; COUNT]>,
    took: Box<[Row; Way::ALL.len()]>,
}

impl Default for Cells {
    fn default() -> Self {
        Self { counts: CachePadded::new([const { AtomicU64::new(0) }; COUNT]), took: Box::default() }
    }
}

impl Cells {
    /// Count `amount` more. Only the thread that owns these cells may call it: the sum is not atomic.
    #[inline]
    pub fn add(&self, counter: Counter, amount: u64) {
        let cell = &self.counts[counter as usize];
        cell.store(cell.load(Relaxed).wrapping_add(amount), Relaxed);
    }

    /// Take `amount` off a gauge. One thread's cell may fall below zero: only the sum over all threads is a level.
    #[inline]
    pub fn sub(&self, counter: Counter, amount: u64) {
        self.add(counter, amount.wrapping_neg());
    }

    /// Count how long an answer took. Only the thread that owns these cells may call it.
    #[inline]
    pub fn took(&self, way: Way, ns: u32) {
        self.took[way as usize].add(ns);
    }
}

/// All threads' cells, and one set that anybody may add to.
#[derive(Debug)]
pub struct Counters {
    threads: Box<[Cells]>,
    shared: Cells,
    reset_at: Mutex<Reset>,
}

/// What there was at the last reset.
#[derive(Debug)]
struct Reset {
    counts: [u64; COUNT],
    took: [Sum; Way::ALL.len()],
}

impl Counters {
    /// Return counters for `threads` threads, all at zero.
    pub fn new(threads: usize) -> Self {
        let threads = (0..threads).map(|_| Cells::default()).collect();
        Self { threads, shared: Cells::default(), reset_at: Mutex::new(Reset { counts: [0; COUNT], took: Default::default() }) }
    }

    /// Return one thread's cells, for that thread.
    pub fn of_thread(&self, thread: usize) -> &Cells {
        &self.threads[thread]
    }

    /// Count from a thread that owns no cells.
    pub fn add(&self, counter: Counter, amount: u64) {
        self.shared.counts[counter as usize].fetch_add(amount, Relaxed);
    }

    /// Take off a gauge, from a thread that owns no cells.
    pub fn sub(&self, counter: Counter, amount: u64) {
        self.shared.counts[counter as usize].fetch_sub(amount, Relaxed);
    }

    /// Set what this process's own share of a counter is.
    pub fn set(&self, counter: Counter, value: u64) {
        self.shared.counts[counter as usize].store(value, Relaxed);
    }

    /// Return the sum over all threads since the last reset.
    pub fn read(&self, counter: Counter) -> u64 {
        self.total(counter).wrapping_sub(self.reset_at().counts[counter as usize])
    }

    /// Count how long an answer of Python's took. Its callers take turns: whoever calls holds the lock of Python's desk.
    pub fn took_handed(&self, ns: u32) {
        self.shared.took(Way::Handed, ns);
    }

    /// Return how long the answers took that left by one way since the last reset.
    pub fn took(&self, way: Way) -> Sum {
        let mut sum = self.took_in_all(way);
        sum.less(&self.reset_at().took[way as usize]);
        sum
    }

    /// Start counting from zero; gauges stay.
    pub fn reset(&self) {
        let mut reset_at = self.reset_at();
        for counter in ALL.iter().filter(|counter| !GAUGES.contains(counter)) {
            reset_at.counts[*counter as usize] = self.total(*counter);
        }
        for way in Way::ALL {
            reset_at.took[way as usize] = self.took_in_all(way);
        }
    }

    fn total(&self, counter: Counter) -> u64 {
        self.cells().fold(0, |sum, cells| sum.wrapping_add(cells.counts[counter as usize].load(Relaxed)))
    }

    fn took_in_all(&self, way: Way) -> Sum {
        Sum::of(self.cells().map(|cells| &cells.took[way as usize]))
    }

    fn cells(&self) -> impl Iterator<Item = &Cells> {
        self.threads.iter().chain([&self.shared])
    }

    fn reset_at(&self) -> MutexGuard<'_, Reset> {
        self.reset_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Return the counter of that name.
pub fn named(name: &str) -> Option<Counter> {
    NAMES.iter().position(|known| *known == name).map(|place| ALL[place])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contracts_counters_come_first_and_in_its_order() {
        let contract = "tcp_requests udp_requests lrs_requests syncmap_hits elasticache_hits cache_misses udp_packets_received \
            udp_packets_dropped udp_packets_sent bg_work_submitted bg_work_dropped bg_work_completed batch_rows_queued db_open_conns \
            db_in_use_conns db_wait_count rate_limited quota_refused keys_refused prices_stale prices_unavailable usage_recorded \
            usage_lost handed_over";
        assert_eq!(contract.split_whitespace().collect::<Vec<_>>(), NAMES[..24]);
    }

    #[test]
    fn threads_are_summed_and_gauges_survive_a_reset() {
        let counters = Counters::new(2);
        for thread in 0..2 {
            counters.of_thread(thread).add(Counter::TcpRequests, 3);
            counters.of_thread(thread).add(Counter::ConnectionsOpen, 1);
        }
        counters.of_thread(0).sub(Counter::ConnectionsOpen, 1);
        counters.add(Counter::TcpRequests, 1);
        assert_eq!((counters.read(Counter::TcpRequests), counters.read(Counter::ConnectionsOpen)), (7, 1));
        counters.reset();
        counters.of_thread(1).add(Counter::TcpRequests, 1);
        assert_eq!((counters.read(Counter::TcpRequests), counters.read(Counter::ConnectionsOpen)), (1, 1));
        assert_eq!(named("tcp_requests"), Some(Counter::TcpRequests));
        assert_eq!(named("nothing"), None);
    }

    #[test]
    fn what_threads_and_python_took_is_summed_by_way_and_reset_too() {
        let counters = Counters::new(2);
        counters.of_thread(0).took(Way::Http, 700);
        counters.of_thread(1).took(Way::Http, 700);
        counters.of_thread(1).took(Way::Udp, 50);
        counters.took_handed(9_000_000);
        let told = |way| counters.took(way).buckets().map(|(_, count)| count).sum::<u64>();
        assert_eq!(Way::ALL.map(told), [2, 1, 1]);
        assert_eq!(counters.took(Way::Http).sum_ns, 1_400);
        counters.reset();
        counters.of_thread(0).took(Way::Http, 64);
        assert_eq!(Way::ALL.map(told), [1, 0, 0]);
        assert_eq!(counters.took(Way::Http).sum_ns, 64);
    }
}

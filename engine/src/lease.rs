//! How the nodes of a cluster keep one limit together without asking one another about any request.
//!
//! Every node spends from its own copy of a key's bucket and may be *ahead*: it may have let in up to one lease of
//! requests that the authority, a script in the shared cache, has not been told of. Some forty times a second it tells,
//! for the keys in use, how many those were; the authority charges them to the one bucket that is true and answers with
//! where that bucket stands now, and the copy is set to it. So `nodes x lease` is all that the cluster can ever let in
//! beyond the limit. A node that is cut off spends what is left of its lease and then, once the authority must have
//! noticed its absence and keeps a share back for it, that share, from a bucket that begins empty.
//!
//! Whoever exchanges with the authority is Python (`access/cluster/`); requests touch atomics only.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::atomic::{Ordering::Acquire, Ordering::Relaxed, Ordering::Release};
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_queue::SegQueue;

use crate::bucket::{Bucket, Level, Rate};
use crate::clock::SECOND_NS;
use crate::key_use::KeyUse;

/// Bytes of one key in a batch, and in its answer.
const ENTRY_BYTES: usize = 40;
const ANSWER_BYTES: usize = 8;

/// One in the fixed-point number that slows every rate down.
const STRETCH_ONE: u32 = 1 << 16;

/// Most times a rate is slowed down.
const STRETCH_MAX: f64 = 1_000.0;

/// How a node stands towards the authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Mode {
    /// There is nobody else: the node's own buckets are the limit.
    Alone = 0,
    /// In touch: every key may run ahead by its lease.
    Leased = 1,
    /// Out of touch: what is left of each lease may be spent.
    Cut = 2,
    /// Out of touch for so long that the authority keeps a share back for us.
    Shared = 3,
}

/// How large leases are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeaseSize {
    /// A lease is worth so many seconds of a key's rate,
    pub seconds: f64,
    /// but no less than this,
    pub least: u32,
    /// and no more than this. It never exceeds the key's burst.
    pub most: u32,
}

impl Default for LeaseSize {
    fn default() -> Self {
        Self { seconds: 0.25, least: 100, most: 10_000 }
    }
}

impl LeaseSize {
    /// Return the most requests a node may be ahead with a key of this rate.
    pub fn of(self, rate: Rate) -> u32 {
        let by_rate = (rate.per_second() * self.seconds).ceil().min(f64::from(u32::MAX)) as u32;
        by_rate.clamp(self.least, self.most.max(self.least)).min(rate.burst())
    }
}

/// What all keys of a node have in common: how it stands, and who has something to tell.
#[derive(Debug)]
pub struct Leases {
    mode: AtomicU8,
    /// When the node's share began: the leased buckets have stood still since.
    frozen_ns: AtomicU64,
    /// Among how many nodes the limit is shared out.
    nodes: AtomicU32,
    /// By how much every rate is slowed down, for the nodes that are out of touch and spend their share.
    stretch: AtomicU32,
    size: Mutex<LeaseSize>,
    /// Keys that were spent from since they were last collected, each once.
    waiting: SegQueue<Arc<Tab>>,
    told: Mutex<Vec<(Arc<Tab>, u32)>>,
}

impl Default for Leases {
    fn default() -> Self {
        Self {
            mode: AtomicU8::new(Mode::Alone as u8),
            frozen_ns: AtomicU64::new(u64::MAX),
            nodes: AtomicU32::new(1),
            stretch: AtomicU32::new(STRETCH_ONE),
            size: Mutex::default(),
            waiting: SegQueue::new(),
            told: Mutex::default(),
        }
    }
}

/// One key's bucket in this node, and how far the node is ahead with it. Lives as long as the key's rate. What is written
/// at every request lies side by side, and away from other keys'.
#[derive(Debug)]
#[repr(align(64))]
pub struct Tab {
    key_id: u32,
    rate: Rate,
    most: u32,
    bucket: Bucket,
    /// What the key was granted and refused.
    pub used: KeyUse,
    ahead: AtomicU32,
    /// When the last of them was let in: told late, they are charged to that time.
    let_in_ns: AtomicU64,
    is_waiting: AtomicBool,
    /// The authority's bucket when last heard of, in microseconds of its clock.
    seen_us: AtomicU64,
    share: Bucket,
    /// Since when the share's bucket fills: the share it belongs to. 0: to none that is not charged for.
    share_since_ns: AtomicU64,
}

impl Leases {
    /// Return how the node stands.
    #[inline]
    pub fn mode(&self) -> Mode {
        match self.mode.load(Acquire) {
            0 => Mode::Alone,
            1 => Mode::Leased,
            2 => Mode::Cut,
            _ => Mode::Shared,
        }
    }

    /// Set how large the leases of keys admitted from now on are.
    pub fn set_size(&self, size: LeaseSize) {
        *self.size.lock().unwrap_or_else(PoisonError::into_inner) = size;
    }

    /// Return a full bucket for a key, or one with as much taken as `previous` has.
    pub fn tab(&self, key_id: u32, rate: Rate, previous: Option<&Tab>, now_ns: u64) -> Arc<Tab> {
        let most = self.size.lock().unwrap_or_else(PoisonError::into_inner).of(rate);
        let bucket = previous.map_or_else(Bucket::default, |old| Bucket::converted(&old.bucket, old.rate, rate, now_ns));
        Arc::new(Tab {
            key_id,
            rate,
            most,
            bucket,
            used: previous.map(|old| KeyUse::continued(&old.used)).unwrap_or_default(),
            ahead: AtomicU32::new(0),
            let_in_ns: AtomicU64::new(0),
            is_waiting: AtomicBool::new(false),
            seen_us: AtomicU64::new(0),
            share: Bucket::default(),
            share_since_ns: AtomicU64::new(0),
        })
    }

    /// Be in touch: spend from leases, every rate slowed down by `stretch`. What came since the last touch must be settled.
    pub fn lead(&self, stretch: f64) {
        self.stretch.store((stretch.clamp(1.0, STRETCH_MAX) * f64::from(STRETCH_ONE)).ceil() as u32, Relaxed);
        self.frozen_ns.store(u64::MAX, Relaxed);
        self.mode.store(Mode::Leased as u8, Release);
    }

    /// Be out of touch: spend what is left of the leases.
    pub fn cut(&self) {
        self.mode.store(Mode::Cut as u8, Release);
    }

    /// Spend this node's share from `now_ns` on, besides what is left of the leases.
    pub fn share(&self, nodes: u32, now_ns: u64) {
        self.nodes.store(nodes.max(1), Relaxed);
        self.frozen_ns.store(now_ns, Relaxed);
        self.mode.store(Mode::Shared as u8, Release);
    }

    /// Return up to `most` keys that were spent from, as the authority reads them, and remember what was told. Little
    /// endian: key u32, requests u32, how many microseconds ago the last of them was let in f64, requests of a share that
    /// count still u32, microseconds from token to token f64, burst u32, the bucket as last seen f64.
    ///
    /// What was collected before must have been settled or taken back.
    pub fn collect(&self, most: usize, now_ns: u64) -> Vec<u8> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let mut batch = Vec::new();
        // Only those that wait now: one that is spent from meanwhile waits again, and must not be told twice in one batch.
        for _ in 0..self.waiting.len().min(most) {
            let Some(tab) = self.waiting.pop() else { break };
            // Cleared first: whoever spends from here on comes into the queue again.
            tab.is_waiting.store(false, Ordering::SeqCst);
            let ahead = tab.ahead.load(Ordering::SeqCst);
            let age_ns = now_ns.saturating_sub(tab.let_in_ns.load(Relaxed));
            batch.extend_from_slice(&tab.key_id.to_le_bytes());
            batch.extend_from_slice(&ahead.to_le_bytes());
            batch.extend_from_slice(&((age_ns / 1_000) as f64).to_le_bytes());
            batch.extend_from_slice(&tab.share_spent(self, now_ns).to_le_bytes());
            batch.extend_from_slice(&(tab.rate.interval_ns() as f64 / 1_000.0).to_le_bytes());
            batch.extend_from_slice(&tab.rate.burst().to_le_bytes());
            batch.extend_from_slice(&(tab.seen_us.load(Relaxed) as f64).to_le_bytes());
            told.push((tab, ahead));
        }
        debug_assert_eq!(batch.len(), told.len() * ENTRY_BYTES);
        batch
    }

    /// Take in what the authority answered to the last batch: for each key its bucket, f64 microseconds of the
    /// authority's clock, which stood at `authority_us` when it answered and `now_ns` is ours. False where the answer does
    /// not fit what was told; then it counts as not told.
    pub fn settle(&self, answer: &[u8], authority_us: u64, now_ns: u64) -> bool {
        let told = std::mem::take(&mut *self.told.lock().unwrap_or_else(PoisonError::into_inner));
        if answer.len() != told.len() * ANSWER_BYTES {
            self.put_back(told);
            return false;
        }
        for ((tab, told), seen) in told.into_iter().zip(answer.chunks_exact(ANSWER_BYTES)) {
            let seen_us = f64::from_le_bytes(seen.try_into().unwrap_or_default()).max(0.0) as u64;
            tab.settle(told, seen_us, seen_us.saturating_sub(authority_us).saturating_mul(1_000), now_ns);
        }
        true
    }

    /// Take back what was told: nobody knows whether it was heard, and it is told again. At worst it is charged twice.
    pub fn take_back(&self) {
        let told = std::mem::take(&mut *self.told.lock().unwrap_or_else(PoisonError::into_inner));
        self.put_back(told);
    }

    fn put_back(&self, told: Vec<(Arc<Tab>, u32)>) {
        for (tab, _) in told {
            self.queue(&tab);
        }
    }

    /// Return how many keys have something to tell.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    #[inline]
    fn queue(&self, tab: &Arc<Tab>) {
        if !tab.is_waiting.swap(true, Ordering::SeqCst) {
            self.waiting.push(Arc::clone(tab));
        }
    }

    #[inline]
    fn stretched(&self, rate: Rate) -> Rate {
        match self.stretch.load(Relaxed) {
            STRETCH_ONE => rate,
            stretch => rate.stretched(f64::from(stretch) / f64::from(STRETCH_ONE)),
        }
    }
}

impl Tab {
    /// Return the rate.
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// Return the most this node may be ahead.
    pub fn lease(&self) -> u32 {
        self.most
    }

    /// Take one token. The level comes back either way: after the grant, or as it stands.
    ///
    /// # Errors
    /// There is none; nothing was let in.
    #[inline]
    pub fn take(self: &Arc<Self>, leases: &Leases, now_ns: u64) -> Result<Level, Level> {
        let mode = leases.mode();
        if mode == Mode::Alone {
            return self.bucket.take(self.rate, now_ns);
        }
        let frozen_ns = leases.frozen_ns.load(Relaxed);
        let taken = self.take_leased(leases, now_ns.min(frozen_ns), now_ns);
        if mode == Mode::Shared && frozen_ns != u64::MAX { taken.or_else(|_| self.take_share(leases, frozen_ns, now_ns)) } else { taken }
    }

    fn take_leased(self: &Arc<Self>, leases: &Leases, bucket_ns: u64, now_ns: u64) -> Result<Level, Level> {
        let exhausted = Level { left: 0, more_in_ns: SECOND_NS };
        if self.ahead.load(Relaxed) >= self.most {
            return Err(exhausted);
        }
        let level = self.bucket.take(leases.stretched(self.rate), bucket_ns)?;
        self.let_in_ns.fetch_max(now_ns, Relaxed);
        let ahead = self.ahead.fetch_update(Ordering::SeqCst, Relaxed, |ahead| (ahead < self.most).then_some(ahead + 1));
        let Ok(ahead) = ahead else { return Err(exhausted) }; // Another thread had the last. A token too few, never one too many.
        if !self.is_waiting.load(Ordering::SeqCst) {
            leases.queue(self);
        }
        Ok(Level { left: level.left.min(self.most - ahead - 1), ..level })
    }

    fn take_share(self: &Arc<Self>, leases: &Leases, since_ns: u64, now_ns: u64) -> Result<Level, Level> {
        let rate = self.rate.share(leases.nodes.load(Relaxed));
        // Whoever comes first after a share began empties the bucket; several may, to the same effect.
        if self.share_since_ns.load(Acquire) != since_ns {
            self.share.drain(rate, since_ns);
            self.share_since_ns.store(since_ns, Release);
        }
        let level = self.share.take(rate, now_ns)?;
        if !self.is_waiting.load(Ordering::SeqCst) {
            leases.queue(self);
        }
        Ok(level)
    }

    /// Return how many requests of the last share count still when it is over: as many as its bucket had not filled up for.
    /// The share itself was kept back for us; without these a key could have its burst twice, here and from the authority.
    fn share_spent(&self, leases: &Leases, now_ns: u64) -> u32 {
        if self.share_since_ns.load(Acquire) == 0 {
            return 0;
        }
        let rate = self.rate.share(leases.nodes.load(Relaxed));
        u32::try_from(self.share.debt_ns(now_ns).div_ceil(rate.interval_ns())).unwrap_or(u32::MAX).min(rate.burst())
    }

    /// Return the level without taking anything.
    pub fn level(&self, leases: &Leases, now_ns: u64) -> Level {
        let mode = leases.mode();
        if mode == Mode::Alone {
            return self.bucket.level(self.rate, now_ns);
        }
        let frozen_ns = leases.frozen_ns.load(Relaxed);
        let level = self.bucket.level(leases.stretched(self.rate), now_ns.min(frozen_ns));
        let within = Level { left: level.left.min(self.most.saturating_sub(self.ahead.load(Relaxed))), ..level };
        if mode != Mode::Shared || within.left > 0 || self.share_since_ns.load(Relaxed) != frozen_ns {
            return within;
        }
        self.share.level(self.rate.share(leases.nodes.load(Relaxed)), now_ns)
    }

    fn settle(&self, told: u32, seen_us: u64, debt_ns: u64, now_ns: u64) {
        let before = self.ahead.fetch_sub(told, Ordering::SeqCst);
        let ahead_ns = u64::from(before - told).saturating_mul(self.rate.interval_ns());
        self.share_since_ns.store(0, Release);
        self.seen_us.store(seen_us, Relaxed);
        self.bucket.set(debt_ns.saturating_add(ahead_ns), now_ns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    const START_NS: u64 = 50 * SECOND_NS;

    fn rate() -> Rate {
        Rate::new(10.0, 5).unwrap()
    }

    fn taken(tab: &Arc<Tab>, leases: &Leases, now_ns: u64) -> usize {
        (0..1_000).take_while(|_| tab.take(leases, now_ns).is_ok()).count()
    }

    fn told(batch: &[u8]) -> Vec<(u32, u32, u32)> {
        let number = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
        batch.chunks_exact(ENTRY_BYTES).map(|entry| (number(&entry[..4]), number(&entry[4..8]), number(&entry[16..20]))).collect()
    }

    #[test]
    fn a_lease_is_sized_by_the_rate_within_its_bounds_and_the_burst() {
        let size = LeaseSize { seconds: 0.5, least: 10, most: 100 };
        let of = |per_second, burst| size.of(Rate::new(per_second, burst).unwrap());
        assert_eq!([of(1.0, 3), of(1.0, 50), of(100.0, 500), of(9_000.0, 9_000)], [3, 10, 50, 100]);
    }

    #[test]
    fn a_node_is_ahead_by_its_lease_and_no_further_until_it_was_heard() {
        let leases = Leases::default();
        leases.set_size(LeaseSize { seconds: 0.1, least: 2, most: 2 });
        leases.lead(1.0);
        let tab = leases.tab(7, rate(), None, START_NS);
        assert_eq!(tab.level(&leases, START_NS).left, 2);
        assert_eq!((taken(&tab, &leases, START_NS), taken(&tab, &leases, START_NS + 10 * SECOND_NS)), (2, 0));
        assert_eq!(told(&leases.collect(10, START_NS)), [(7, 2, 0)]);
        leases.take_back();
        assert_eq!(told(&leases.collect(10, START_NS)), [(7, 2, 0)]);
        // Others have spent as well: the bucket is full again three tokens from now.
        assert!(leases.settle(&1_300_000.0_f64.to_le_bytes(), 1_000_000, START_NS));
        assert_eq!((leases.waiting(), tab.level(&leases, START_NS).left), (0, 2));
        assert_eq!((taken(&tab, &leases, START_NS), leases.collect(10, START_NS).len()), (2, ENTRY_BYTES));
    }

    #[test]
    fn what_is_spent_while_a_call_is_under_way_is_told_with_the_next() {
        let leases = Leases::default();
        leases.lead(1.0);
        let tab = leases.tab(7, rate(), None, START_NS);
        tab.take(&leases, START_NS).unwrap();
        assert_eq!(told(&leases.collect(10, START_NS)), [(7, 1, 0)]);
        tab.take(&leases, START_NS).unwrap();
        assert!(leases.settle(&1_100_000.0_f64.to_le_bytes(), 1_000_000, START_NS));
        assert_eq!(tab.level(&leases, START_NS).left, 3);
        assert_eq!(told(&leases.collect(10, START_NS)), [(7, 1, 0)]);
        assert!(!leases.settle(b"?", 0, START_NS));
        assert_eq!(leases.waiting(), 1);
    }

    #[test]
    fn a_share_begins_empty_once_the_lease_is_spent_and_stops_when_it_ends() {
        let leases = Leases::default();
        leases.lead(1.0);
        let tab = leases.tab(7, rate(), None, START_NS);
        leases.cut();
        assert_eq!(taken(&tab, &leases, START_NS), 5);
        leases.share(2, START_NS);
        assert_eq!(taken(&tab, &leases, START_NS), 0);
        assert_eq!(taken(&tab, &leases, START_NS + SECOND_NS), 2, "two of the share's depth; five a second, for two nodes ten");
        assert_eq!(taken(&tab, &leases, START_NS + SECOND_NS + SECOND_NS / 5), 1);
        leases.cut();
        assert_eq!(taken(&tab, &leases, START_NS + 3 * SECOND_NS), 0);
        assert_eq!(told(&leases.collect(10, START_NS + SECOND_NS + SECOND_NS / 5)), [(7, 5, 2)]);
    }

    #[test]
    fn rates_are_slowed_down_for_those_who_are_out_of_touch() {
        let leases = Leases::default();
        leases.set_size(LeaseSize { seconds: 60.0, least: 1_000, most: 1_000 });
        leases.lead(2.0);
        let tab = leases.tab(7, Rate::new(10.0, 100).unwrap(), None, START_NS);
        assert_eq!(taken(&tab, &leases, START_NS), 50);
        assert_eq!(taken(&tab, &leases, START_NS + SECOND_NS), 5);
    }

    #[test]
    fn threads_and_an_exchange_together_lose_no_count() {
        let leases = Leases::default();
        leases.lead(1.0);
        let tab = leases.tab(7, Rate::new(1e9, 1_000_000).unwrap(), None, START_NS);
        let mut heard = 0_u64;
        let granted: usize = thread::scope(|scope| {
            let spenders: Vec<_> = (0..3)
                .map(|_| scope.spawn(|| (0..20_000).filter(|step| tab.take(&leases, START_NS + step * 1_000).is_ok()).count()))
                .collect();
            while spenders.iter().any(|spender| !spender.is_finished()) {
                heard += exchange(&leases);
            }
            spenders.into_iter().map(|spender| spender.join().unwrap()).sum()
        });
        heard += exchange(&leases);
        assert_eq!((heard, tab.ahead.load(Relaxed)), (granted as u64, 0));
    }

    fn exchange(leases: &Leases) -> u64 {
        let batch = leases.collect(10, START_NS);
        let answer: Vec<u8> = told(&batch).iter().flat_map(|_| 0.0_f64.to_le_bytes()).collect();
        assert!(leases.settle(&answer, 1, START_NS));
        told(&batch).iter().map(|(_, ahead, _)| u64::from(*ahead)).sum()
    }
}

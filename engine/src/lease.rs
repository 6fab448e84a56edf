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

/// Bytes of one key in a batch, and in its answer.
const ENTRY_BYTES: usize = 28;
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

/// One key's bucket in this node, and how far the node is ahead with it. Lives as long as the key's rate.
#[derive(Debug)]
pub struct Tab {
    key_id: u32,
    rate: Rate,
    most: u32,
    bucket: Bucket,
    ahead: AtomicU32,
    is_waiting: AtomicBool,
    /// The authority's bucket when last heard of, in microseconds of its clock.
    seen_us: AtomicU64,
    share: Bucket,
    /// Since when the share's bucket fills: the share it belongs to.
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
            ahead: AtomicU32::new(0),
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
    /// endian: key u32, requests u32, microseconds from token to token f64, burst u32, the bucket as last seen f64.
    ///
    /// What was collected before must have been settled or taken back.
    pub fn collect(&self, most: usize) -> Vec<u8> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let mut batch = Vec::new();
        while told.len() < most {
            let Some(tab) = self.waiting.pop() else { break };
            // Cleared first: whoever spends from here on comes into the queue again.
            tab.is_waiting.store(false, Ordering::SeqCst);
            let ahead = tab.ahead.load(Ordering::SeqCst);
            batch.extend_from_slice(&tab.key_id.to_le_bytes());
            batch.extend_from_slice(&ahead.to_le_bytes());
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
        let taken = self.take_leased(leases, now_ns.min(frozen_ns));
        if mode == Mode::Shared && frozen_ns != u64::MAX { taken.or_else(|_| self.take_share(leases, frozen_ns, now_ns)) } else { taken }
    }

    fn take_leased(self: &Arc<Self>, leases: &Leases, now_ns: u64) -> Result<Level, Level> {
        let exhausted = Level { left: 0, more_in_ns: SECOND_NS };
        if self.ahead.load(Relaxed) >= self.most {
            return Err(exhausted);
        }
        let level = self.bucket.take(leases.stretched(self.rate), now_ns)?;
        let ahead = self.ahead.fetch_update(Ordering::SeqCst, Relaxed, |ahead| (ahead < self.most).then_some(ahead + 1));
        let Ok(ahead) = ahead else { return Err(exhausted) }; // Another thread had the last. A token too few, never one too many.
        if !self.is_waiting.load(Ordering::SeqCst) {
            leases.queue(self);
        }
        Ok(Level { left: level.left.min(self.most - ahead - 1), ..level })
    }

    fn take_share(&self, leases: &Leases, since_ns: u64, now_ns: u64) -> Result<Level, Level> {
        let rate = self.rate.share(leases.nodes.load(Relaxed));
        // Whoever comes first after a share began empties the bucket; several may, to the same effect.
        if self.share_since_ns.load(Acquire) != since_ns {
            self.share.drain(rate, since_ns);
            self.share_since_ns.store(since_ns, Release);
        }
        self.share.take(rate, now_ns)
    }

    /// Return the level without taking anything.
    pub fn level(&self, leases: &Leases, now_ns: u64) -> Level {
        let mode = leases.mode();
        if mode == Mode::Alone {
            return self.bucket.level(self.rate, now_ns);
        }
        let frozen_ns = leases.frozen_ns.load(Relaxed);
        let level = self.bucket.level(leases.stretched(self.rate), now_ns.min(frozen_ns));
        let leased = Level { left: level.left.min(self.most.saturating_sub(self.ahead.load(Relaxed))), ..level };
        if mode != Mode::Shared || leased.left > 0 || self.share_since_ns.load(Relaxed) != frozen_ns {
            return leased;
        }
        self.share.level(self.rate.share(leases.nodes.load(Relaxed)), now_ns)
    }

    fn settle(&self, told: u32, seen_us: u64, debt_ns: u64, now_ns: u64) {
        let before = self.ahead.fetch_sub(told, Ordering::SeqCst);
        let ahead_ns = u64::from(before - told).saturating_mul(self.rate.interval_ns());
        self.seen_us.store(seen_us, Relaxed);
        self.bucket.set(debt_ns.saturating_add(ahead_ns), now_ns);
    }
}

//! How many requests a key may ask in a month: a counter that stops at zero, exact over threads.
//!
//! A quota is either the key's own, kept here alone, or it comes in *blocks*: units that the store has handed to this node
//! and to no other. What is spent of blocks is counted where it survives `kill -9` (`tally.rs`), so that the next life of
//! the node can give back to the unit what was not. Blocks outlive the policy of their key, and the key's being forgotten.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use crossbeam_queue::SegQueue;
use papaya::HashMap;

use crate::code::Code;
use crate::tally::{Cell, Tally};

/// Set in a quota's word once its month has ended.
const ENDED: u64 = 1 << 63;

/// A key and the Unix time at which a month of it ends.
pub type KeyMonth = (u32, u64);

/// What is left of a month here.
#[derive(Debug)]
pub struct Stock {
    month: KeyMonth,
    /// What is left, and `ENDED`.
    word: AtomicU64,
    blocks: Option<Blocks>,
}

/// What only a quota that comes in blocks has.
#[derive(Debug)]
struct Blocks {
    /// Units that the store had left when last heard of, for whoever asks first.
    elsewhere: AtomicU64,
    /// The store may have more: an empty stock is no spent month.
    has_more: AtomicBool,
    /// With less than this left, more is asked for.
    low: AtomicU64,
    is_hungry: AtomicBool,
    spent: Cell,
    hungry: Arc<SegQueue<KeyMonth>>,
    is_store_away: Arc<AtomicBool>,
}

/// A month's requests, counted down to zero and never below.
#[derive(Debug)]
pub struct Quota {
    total: u64,
    stock: Arc<Stock>,
}

impl Quota {
    /// The largest quota.
    pub const TOTAL_MAX: u64 = 1 << 53;

    /// Return a quota of `total` with `left` to go until `resets_at_ns`; 0 there means that it never resets by itself.
    pub fn new(key_id: u32, total: u64, left: u64, resets_at_ns: u64) -> Self {
        let stock = Stock { month: (key_id, resets_at_ns), word: AtomicU64::new(left.min(total)), blocks: None };
        Self { total, stock: Arc::new(stock) }
    }

    /// Return a quota of `total` whose requests come out of `stock`.
    pub fn of(total: u64, stock: Arc<Stock>) -> Self {
        Self { total, stock }
    }

    /// Return what a change of policy leaves of this quota: in the same month what was spent stays spent.
    #[must_use]
    pub fn changed(&self, total: u64, left: u64, resets_at_ns: u64, wall_ns: u64) -> Self {
        if self.stock.month.1 != resets_at_ns || self.stock.blocks.is_some() {
            return Self::new(self.stock.month.0, total, left, resets_at_ns);
        }
        if self.total == total {
            return Self { total, stock: Arc::clone(&self.stock) };
        }
        let spent = self.total - self.left(wall_ns);
        Self::new(self.stock.month.0, total, total.saturating_sub(spent), resets_at_ns)
    }

    /// Return the requests of one month.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Return the Unix time at which the month ends.
    pub fn resets_at_ns(&self) -> u64 {
        self.stock.month.1
    }

    /// Return what can be spent here and now.
    ///
    /// The first to ask after the month's end begins the next: with all of it where the quota is the key's own, for the
    /// store that knows better may be away; with nothing where it comes in blocks, for another node may have it.
    #[inline]
    pub fn left(&self, wall_ns: u64) -> u64 {
        let (word, resets_at_ns) = (&self.stock.word, self.stock.month.1);
        let mut seen = word.load(Relaxed);
        while resets_at_ns != 0 && wall_ns >= resets_at_ns && seen & ENDED == 0 {
            let begun = if self.stock.blocks.is_none() { self.total } else { 0 };
            match word.compare_exchange_weak(seen, begun | ENDED, Relaxed, Relaxed) {
                Ok(_) => return begun,
                Err(moved) => seen = moved,
            }
        }
        seen & !ENDED
    }

    /// Return what is left as its owner is told: with what the store had when last heard of.
    #[inline]
    pub fn told_left(&self, wall_ns: u64) -> u64 {
        let left = self.left(wall_ns);
        match &self.stock.blocks {
            Some(blocks) => (left + blocks.elsewhere.load(Relaxed)).min(self.total),
            None => left,
        }
    }

    /// Count one request; false when nothing was left.
    #[inline]
    pub fn spend(&self, wall_ns: u64) -> bool {
        self.left(wall_ns);
        let word = &self.stock.word;
        let Ok(before) = word.fetch_update(Relaxed, Relaxed, |word| (word & !ENDED > 0).then(|| word - 1)) else { return false };
        if let Some(blocks) = &self.stock.blocks {
            blocks.spent.add(1);
            if (before & !ENDED) <= blocks.low.load(Relaxed) {
                self.stock.ask(blocks);
            }
        }
        true
    }

    /// Return what a caller is told when nothing is left: that the month is spent; where only this node's part of it is,
    /// that it comes too fast; and where no more can be had because the store is away, just that.
    #[cold]
    pub fn refusal(&self) -> Code {
        match &self.stock.blocks {
            Some(blocks) if blocks.has_more.load(Relaxed) => {
                self.stock.ask(blocks);
                if blocks.is_store_away.load(Relaxed) { Code::DependencyAway } else { Code::RateLimited }
            }
            _ => Code::QuotaSpent,
        }
    }
}

impl Stock {
    fn ask(&self, blocks: &Blocks) {
        if !blocks.is_hungry.load(Relaxed) && !blocks.is_hungry.swap(true, Relaxed) {
            blocks.hungry.push(self.month);
        }
    }
}

/// A block for one key's month, and what is known of the store it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// Whose.
    pub month: KeyMonth,
    /// Units that are now this node's.
    pub units: u64,
    /// Units the store has left.
    pub elsewhere: u64,
    /// It may have some again, where it has none left: another node holds units that it may give back.
    pub has_more: bool,
    /// With no more than this left, more is asked for.
    pub low: u64,
}

/// One key's month as the store is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// Whose.
    pub month: KeyMonth,
    /// Units here and unspent.
    pub left: u64,
    /// Units spent by this life of the node.
    pub spent: u64,
}

type Stocks = HashMap<KeyMonth, Arc<Stock>, foldhash::fast::RandomState>;

/// All quotas of a node that come in blocks.
#[derive(Debug)]
pub struct Quotas {
    stocks: Stocks,
    hungry: Arc<SegQueue<KeyMonth>>,
    is_store_away: Arc<AtomicBool>,
    tally: Arc<Tally>,
}

impl Quotas {
    /// Return none, whose spending will be counted in `tally`.
    pub fn new(tally: Arc<Tally>) -> Self {
        Self { stocks: Stocks::default(), hungry: Arc::default(), is_store_away: Arc::default(), tally }
    }

    /// Note whether the store that hands out blocks can be reached.
    pub fn store_is_away(&self, is_away: bool) {
        self.is_store_away.store(is_away, Relaxed);
    }

    /// Return where spending is counted.
    pub fn tally(&self) -> &Arc<Tally> {
        &self.tally
    }

    /// Return the stock of a key's month; an empty one that asks for more where there was none.
    pub fn stock(&self, month: KeyMonth) -> Arc<Stock> {
        let stocks = self.stocks.pin();
        Arc::clone(stocks.get_or_insert_with(month, || {
            let blocks = Blocks {
                elsewhere: AtomicU64::new(0),
                has_more: AtomicBool::new(true),
                low: AtomicU64::new(0),
                is_hungry: AtomicBool::new(false),
                spent: self.tally.cell(month),
                hungry: Arc::clone(&self.hungry),
                is_store_away: Arc::clone(&self.is_store_away),
            };
            Arc::new(Stock { month, word: AtomicU64::new(0), blocks: Some(blocks) })
        }))
    }

    /// Take delivery of blocks. One whose month has ended is kept unspent.
    pub fn deliver(&self, delivery: &Delivery) {
        let stock = self.stock(delivery.month);
        let Some(blocks) = &stock.blocks else { return };
        stock.word.fetch_add(delivery.units, Relaxed);
        blocks.elsewhere.store(delivery.elsewhere, Relaxed);
        blocks.has_more.store(delivery.has_more, Relaxed);
        blocks.low.store(delivery.low, Relaxed);
        blocks.is_hungry.store(false, Relaxed);
    }

    /// Take units out again, all but `keep`, to give them back to the store; how many.
    pub fn take_out(&self, month: KeyMonth, keep: u64) -> u64 {
        let stocks = self.stocks.pin();
        let Some(stock) = stocks.get(&month) else { return 0 };
        let taken = stock.word.fetch_update(Relaxed, Relaxed, |word| (word & !ENDED > keep).then_some(word & ENDED | keep));
        taken.map_or(0, |before| (before & !ENDED) - keep)
    }

    /// Return every key's month.
    pub fn accounts(&self) -> Vec<Account> {
        let account = |stock: &Arc<Stock>| {
            let left = stock.word.load(Relaxed) & !ENDED;
            Account { month: stock.month, left, spent: stock.blocks.as_ref().map_or(0, |blocks| blocks.spent.read()) }
        };
        self.stocks.pin().values().map(account).collect()
    }

    /// Forget a key's month. Whoever is about to spend from it still may: what it has left must have been taken out.
    pub fn forget(&self, month: KeyMonth) {
        let stocks = self.stocks.pin();
        if let Some(blocks) = stocks.remove(&month).and_then(|stock| stock.blocks.as_ref()) {
            blocks.spent.release();
        }
    }

    /// Return the months that want more, each once until it is delivered to.
    pub fn hungry(&self) -> Vec<KeyMonth> {
        std::iter::from_fn(|| self.hungry.pop()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    const MONTH: KeyMonth = (7, 1_000);

    fn delivery(units: u64, elsewhere: u64) -> Delivery {
        Delivery { month: MONTH, units, elsewhere, has_more: elsewhere > 0, low: 2 }
    }

    #[test]
    fn a_quota_is_spent_to_the_unit_over_threads() {
        let quotas = Quotas::new(Arc::default());
        quotas.deliver(&delivery(10_000, 0));
        for quota in [Quota::new(7, 10_000, 10_000, 0), Quota::of(10_000, quotas.stock(MONTH))] {
            let spent = AtomicU64::new(0);
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        for _ in 0..5_000 {
                            spent.fetch_add(u64::from(quota.spend(1)), Relaxed);
                        }
                    });
                }
            });
            assert_eq!((spent.into_inner(), quota.left(1)), (10_000, 0));
        }
        assert_eq!(quotas.accounts(), [Account { month: MONTH, left: 0, spent: 10_000 }]);
    }

    #[test]
    fn a_quota_fills_once_when_its_month_ends() {
        let quota = Quota::new(7, 5, 0, 100);
        assert_eq!((quota.spend(99), quota.spend(100), quota.left(101)), (false, true, 4));
        while quota.spend(200) {}
        assert!(!quota.spend(300));
    }

    #[test]
    fn a_quota_in_blocks_ends_with_its_month_and_asks_for_the_next() {
        let quotas = Quotas::new(Arc::default());
        quotas.deliver(&delivery(5, 90));
        let quota = Quota::of(100, quotas.stock(MONTH));
        assert_eq!((quota.spend(999), quota.told_left(999)), (true, 94));
        assert_eq!((quota.spend(1_000), quota.refusal(), quotas.hungry()), (false, Code::RateLimited, vec![MONTH]));
        quotas.deliver(&delivery(5, 0));
        assert_eq!(quotas.take_out(MONTH, 0), 5);
    }

    #[test]
    fn more_is_asked_for_once_when_little_is_left_and_a_spent_month_only_when_no_node_has_more() {
        let quotas = Quotas::new(Arc::default());
        quotas.deliver(&delivery(4, 1));
        let quota = Quota::of(5, quotas.stock(MONTH));
        assert!(quota.spend(1) && quota.spend(1));
        assert!(quotas.hungry().is_empty());
        assert!(quota.spend(1) && quota.spend(1) && !quota.spend(1));
        assert_eq!((quota.refusal(), quotas.hungry()), (Code::RateLimited, vec![MONTH]));
        quotas.deliver(&delivery(1, 0));
        assert_eq!((quota.told_left(1), quota.spend(1), quota.spend(1), quota.refusal()), (1, true, false, Code::QuotaSpent));
    }

    #[test]
    fn a_spent_block_is_no_haste_of_the_callers_while_the_store_is_away() {
        let quotas = Quotas::new(Arc::default());
        quotas.deliver(&delivery(1, 90));
        let quota = Quota::of(100, quotas.stock(MONTH));
        quotas.store_is_away(true);
        assert_eq!((quota.spend(1), quota.spend(1), quota.refusal()), (true, false, Code::DependencyAway));
        quotas.store_is_away(false);
        assert_eq!(quota.refusal(), Code::RateLimited);
        quotas.store_is_away(true);
        quotas.deliver(&delivery(0, 0));
        assert_eq!(quota.refusal(), Code::QuotaSpent, "what is known to be spent stays so");
    }

    #[test]
    fn what_is_taken_out_cannot_be_spent() {
        let quotas = Quotas::new(Arc::default());
        quotas.deliver(&delivery(10, 0));
        let quota = Quota::of(10, quotas.stock(MONTH));
        assert_eq!([quotas.take_out(MONTH, 3), quotas.take_out(MONTH, 3), quota.left(1)], [7, 0, 3]);
        assert_eq!(quotas.take_out((8, 1), 0), 0);
        quotas.forget(MONTH);
        assert!(quotas.accounts().is_empty());
    }
}

//! From a request to its answer: who asks, what there is to tell, what it costs. Both doors, HTTP and UDP, come here.
//!
//! The order is: `admit` the key, `look` the assets up, and only then let the key `spend`. What has to be handed to
//! Python has then cost nothing, for Python takes the request's price itself.

use std::sync::Arc;

use crate::book::{Asset, Pages, Price};
use crate::clock::Moment;
use crate::code::Code;
use crate::counters::{Cells, Counter};
use crate::keys::{Channel, Digest, KeySlot, Keys};
use crate::memo::{Memo, Met};

/// `memory` and `valkey` among the cache tiers.
const MEMORY: u8 = 1;
const VALKEY: u8 = 2;

/// What became of a caller's key.
#[derive(Debug)]
pub enum Admission<'a> {
    /// It may ask.
    Key(&'a Arc<KeySlot>),
    /// It may not; the slot is there when it is a key of ours, whose refusal is recorded.
    Refused(Code, Option<&'a Arc<KeySlot>>),
    /// Python has to look it up.
    Ask(Digest),
}

/// Find out who asks. Spends nothing.
#[inline]
pub fn admit<'a>(memo: &'a mut Memo, keys: &Keys, secret: Option<&[u8]>, channel: Channel, now: Moment) -> Admission<'a> {
    let Some(secret) = secret else { return Admission::Refused(Code::KeyMissing, None) };
    match memo.meet(keys, secret, now.monotonic_ns) {
        Met::Admitted(slot) => match slot.refusal(channel, now.wall_ns) {
            None => Admission::Key(slot),
            Some(code) => Admission::Refused(code, Some(slot)),
        },
        Met::Refused(code) => Admission::Refused(code, None),
        Met::Unknown(digest) => Admission::Ask(digest),
    }
}

/// What a caller wants of a price besides its asset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wish<'a> {
    /// No older than this.
    pub max_age_ns: Option<u64>,
    /// From this venue.
    pub venue: Option<&'a [u8]>,
}

/// What there is to tell of one asset.
#[derive(Debug, Clone, Copy)]
pub enum Look<'a> {
    /// A price and its age.
    Price(&'a Price, u64),
    /// A price that is too old, and its age.
    Stale(u64),
    /// The asset is known and has no price yet.
    Unavailable,
    /// There is a price, of another venue than the one wished for.
    OtherVenue,
    /// We have never heard of it.
    Unknown,
}

impl Look<'_> {
    /// Return the code that stands for it: what to tell when there is no price.
    pub fn code(&self) -> Code {
        match self {
            Self::Price(..) => Code::Ok,
            Self::Stale(_) => Code::PriceStale,
            Self::Unavailable | Self::OtherVenue => Code::PriceUnavailable,
            Self::Unknown => Code::AssetUnknown,
        }
    }

    /// Return the age of what there is.
    pub fn age_ns(&self) -> u64 {
        match self {
            Self::Price(_, age_ns) | Self::Stale(age_ns) => *age_ns,
            _ => 0,
        }
    }
}

/// Look an asset up. `pages` is `Book::open`, one for the whole request.
#[inline]
pub fn look<'a>(pages: &'a Pages<'_>, asset: Asset, wish: &Wish<'_>, monotonic_ns: u64) -> Look<'a> {
    let Some(tick) = pages.get(&asset) else { return Look::Unknown };
    let Some(price) = &tick.price else { return Look::Unavailable };
    if wish.venue.is_some_and(|venue| venue != price.names.venue.as_bytes()) {
        return Look::OtherVenue;
    }
    let age_ns = price.age_ns(monotonic_ns);
    // Exactly `usable_for_ns` old is stale; exactly as old as the caller allows is not.
    if age_ns >= price.usable_for_ns || wish.max_age_ns.is_some_and(|max_age_ns| age_ns > max_age_ns) {
        return Look::Stale(age_ns);
    }
    Look::Price(price, age_ns)
}

/// Return an age as callers are told it, rounded up: a price is never said to be younger than it is.
#[inline]
pub fn age_ms(age_ns: u64) -> u64 {
    age_ns.div_ceil(1_000_000)
}

/// How many assets of a request were told what. Counted once the request has been paid for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    memory: u64,
    valkey: u64,
    missed: u64,
    stale: u64,
    unavailable: u64,
}

impl Tally {
    /// Return the tally of one asset.
    #[inline]
    pub fn of(look: &Look<'_>) -> Self {
        let mut tally = Self::default();
        tally.add(look);
        tally
    }

    /// Add one asset.
    #[inline]
    pub fn add(&mut self, look: &Look<'_>) {
        match look {
            Look::Price(price, _) if price.cache_tier == MEMORY => self.memory += 1,
            Look::Price(price, _) if price.cache_tier == VALKEY => self.valkey += 1,
            Look::Price(..) | Look::Unknown => self.missed += 1,
            Look::Stale(_) => self.stale += 1,
            Look::Unavailable | Look::OtherVenue => self.unavailable += 1,
        }
    }

    /// Count everything.
    #[inline]
    pub fn count(&self, cells: &Cells) {
        let counted = [
            (Counter::SyncmapHits, self.memory),
            (Counter::ElasticacheHits, self.valkey),
            (Counter::CacheMisses, self.missed + self.unavailable),
            (Counter::PricesStale, self.stale),
            (Counter::PricesUnavailable, self.unavailable),
        ];
        for (counter, amount) in counted.into_iter().filter(|counted| counted.1 > 0) {
            cells.add(counter, amount);
        }
    }
}

/// Count what was told of one asset.
#[inline]
pub fn count_look(cells: &Cells, look: &Look<'_>) {
    Tally::of(look).count(cells);
}

/// Count a request that was refused for its key or its limits.
pub fn count_refusal(cells: &Cells, code: Code) {
    match code {
        Code::RateLimited => cells.add(Counter::RateLimited, 1),
        Code::QuotaSpent => cells.add(Counter::QuotaRefused, 1),
        Code::KeyMissing | Code::KeyInvalid | Code::KeyRevoked | Code::KeyExpired | Code::TierForbids => {
            cells.add(Counter::KeysRefused, 1);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::tests::{START_NS, bitcoin};
    use crate::book::{Book, Publication};
    use crate::clock::{Clock, SECOND_NS};
    use crate::keys::tests::{NOW, policy};

    fn look_at(book: &Book, wish: &Wish<'_>, monotonic_ns: u64) -> (Code, u64) {
        let pages = book.open();
        let look = look(&pages, Asset::of(b"BTC").unwrap(), wish, monotonic_ns);
        (look.code(), look.age_ns())
    }

    #[test]
    fn a_price_is_told_until_it_is_as_old_as_it_may_be() {
        let (book, clock) = (Book::default(), Clock::manual(START_NS, 10 * SECOND_NS));
        assert_eq!(look_at(&book, &Wish::default(), 0).0, Code::AssetUnknown);
        book.announce("BTC", true).unwrap();
        assert_eq!(look_at(&book, &Wish::default(), 0).0, Code::PriceUnavailable);
        book.publish(&Publication { exchange_time_ns: START_NS, ..bitcoin() }, &clock).unwrap();
        let at = |age_ns| 10 * SECOND_NS + age_ns;
        assert_eq!(look_at(&book, &Wish::default(), at(90 * SECOND_NS - 1)), (Code::Ok, 90 * SECOND_NS - 1));
        assert_eq!(look_at(&book, &Wish::default(), at(90 * SECOND_NS)), (Code::PriceStale, 90 * SECOND_NS));
    }

    #[test]
    fn a_caller_may_wish_for_less_age_and_one_venue() {
        let (book, clock) = (Book::default(), Clock::manual(START_NS, 10 * SECOND_NS));
        book.publish(&Publication { exchange_time_ns: START_NS, ..bitcoin() }, &clock).unwrap();
        let young = Wish { max_age_ns: Some(5), venue: Some(b"coinbase") };
        assert_eq!(look_at(&book, &young, 10 * SECOND_NS + 5).0, Code::Ok);
        assert_eq!(look_at(&book, &young, 10 * SECOND_NS + 6).0, Code::PriceStale);
        assert!(matches!(look(&book.open(), Asset::of(b"BTC").unwrap(), &Wish { venue: Some(b"kraken"), ..young }, 0), Look::OtherVenue));
        assert_eq!([age_ms(0), age_ms(1), age_ms(1_000_000), age_ms(1_000_001)], [0, 1, 1, 2]);
    }

    #[test]
    fn a_tally_is_counted_by_tier_and_by_what_was_missing() {
        let cells = crate::counters::Counters::new(1);
        let mut tally = Tally::of(&Look::Unavailable);
        tally.add(&Look::Stale(5));
        tally.count(cells.of_thread(0));
        let read = |counter| cells.read(counter);
        assert_eq!([read(Counter::PricesStale), read(Counter::PricesUnavailable), read(Counter::CacheMisses)], [1, 1, 1]);
        assert_eq!((crate::words::CACHE_TIERS.word(MEMORY), crate::words::CACHE_TIERS.word(VALKEY)), ("memory", "valkey"));
    }

    #[test]
    fn who_asks_is_found_out_without_spending() {
        let (keys, mut memo) = (Keys::new(b"s"), Memo::new((1, 2)));
        assert!(matches!(admit(&mut memo, &keys, None, Channel::Header, NOW), Admission::Refused(Code::KeyMissing, None)));
        assert!(matches!(admit(&mut memo, &keys, Some(b"k"), Channel::Header, NOW), Admission::Ask(_)));
        keys.admit(keys.digest_of(b"k"), policy(), NOW);
        assert!(matches!(admit(&mut memo, &keys, Some(b"k"), Channel::Url, NOW), Admission::Refused(Code::TierForbids, Some(_))));
        let Admission::Key(slot) = admit(&mut memo, &keys, Some(b"k"), Channel::Header, NOW) else { panic!("not admitted") };
        assert_eq!(slot.standing(NOW).level.left, 5);
    }
}

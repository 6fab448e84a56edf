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
    if wish.venue.is_some_and(|venue| venue != price.venue.as_bytes()) {
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

/// Count what was told of one asset.
#[inline]
pub fn count_look(cells: &Cells, look: &Look<'_>) {
    match look {
        Look::Price(price, _) => match crate::words::CACHE_TIERS.word(price.cache_tier) {
            "memory" => cells.add(Counter::SyncmapHits, 1),
            "valkey" => cells.add(Counter::ElasticacheHits, 1),
            _ => cells.add(Counter::CacheMisses, 1),
        },
        Look::Stale(_) => cells.add(Counter::PricesStale, 1),
        Look::Unavailable | Look::OtherVenue => {
            cells.add(Counter::PricesUnavailable, 1);
            cells.add(Counter::CacheMisses, 1);
        }
        Look::Unknown => cells.add(Counter::CacheMisses, 1),
    }
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

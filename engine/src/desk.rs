//! From a request to its answer: who asks, what there is to tell, what it costs. Both doors, HTTP and UDP, come here.
//!
//! The order is: `admit` the key, `look` the assets up, and only then let the key `spend`. What has to be handed to
//! Python has then cost nothing, for Python takes the request's price itself.

use std::sync::Arc;

use crate::book::{Asset, Pages, Price};
use crate::clock::Moment;
use crate::code::Code;
use crate::counters::{Cells, Counter};
use crate::fence::Approach;
use crate::governor::Governor;
use crate::keys::{Digest, KeySlot, Keys};
use crate::looks::Doubt;
use crate::memo::{Memo, Met};
use crate::tries::{Origin, Tries};

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
    /// It is not admitted, and its address was wrong too often to have it looked up for so many nanoseconds.
    TriesSpent(u64),
    /// Python has to look it up; how likely it is nobody's.
    Ask(Digest, Doubt),
}

/// What finds out who asks.
#[derive(Debug)]
pub struct Gate<'a, 'k> {
    /// The thread's own memory.
    pub memo: &'a mut Memo,
    /// All keys.
    pub keys: &'k Keys,
    /// Who was wrong how often.
    pub tries: &'k Tries,
}

impl<'a> Gate<'a, '_> {
    /// Find out who asks. Spends nothing. Whatever a key is refused for, refusing it takes the same work.
    #[inline]
    pub fn admit(self, secret: Option<&[u8]>, approach: &Approach<'_>, now: Moment) -> Admission<'a> {
        let Some(secret) = secret else { return Admission::Refused(Code::KeyMissing, None) };
        let (keys, tries) = (self.keys, self.tries);
        match self.memo.meet(keys, secret, now.monotonic_ns) {
            Met::Admitted(slot) => match slot.refusal(approach, now.wall_ns) {
                None => Admission::Key(slot),
                Some(code) => {
                    labour(keys, secret, now);
                    slot.note_refused(now.monotonic_ns);
                    Admission::Refused(code, Some(slot))
                }
            },
            Met::Refused(code) => refuse_stranger(tries, code, secret, Origin::new(approach.address, approach.channel), now),
            Met::Unknown(digest) => match tries.doubt(Origin::new(approach.address, approach.channel), now.monotonic_ns) {
                Ok(doubt) => Admission::Ask(digest, doubt),
                Err(left_ns) => Admission::TriesSpent(left_ns),
            },
        }
    }
}

/// Do once more what finding an unknown key takes: a key that is met and refused must not be refused faster than that.
#[cold]
fn labour(keys: &Keys, secret: &[u8], now: Moment) {
    std::hint::black_box(keys.find(&keys.digest_of(secret), now.monotonic_ns));
}

#[cold]
fn refuse_stranger<'a>(tries: &Tries, code: Code, secret: &[u8], origin: Origin, now: Moment) -> Admission<'a> {
    match tries.pause_left_ns(origin, now.monotonic_ns) {
        0 => {
            tries.fail(origin, secret, now.monotonic_ns);
            Admission::Refused(code, None)
        }
        left_ns => Admission::TriesSpent(left_ns),
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

/// Count an answer for the governor, where it looks, and whether it came late.
#[inline]
pub fn note_lateness(governor: &Governor, cells: &Cells, waited_ns: u64) {
    if let Some(late_ns) = governor.late_ns() {
        cells.add(Counter::Governed, 1);
        cells.add(Counter::GovernedLate, u64::from(waited_ns > late_ns));
    }
}

/// Count a request that was refused for its key or its limits.
pub fn count_refusal(cells: &Cells, code: Code) {
    match code {
        Code::RateLimited => cells.add(Counter::RateLimited, 1),
        Code::QuotaSpent => cells.add(Counter::QuotaRefused, 1),
        Code::KeyMissing
        | Code::KeyInvalid
        | Code::KeyRevoked
        | Code::KeyExpired
        | Code::TierForbids
        | Code::KeyForbids
        | Code::KeyTriesSpent => {
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
    use crate::keys::Channel;
    use crate::keys::tests::{NOW, WORK, over, policy};
    use crate::secret::with_checksum;

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

    fn asked<'a>(memo: &'a mut Memo, keys: &Keys, tries: &Tries, secret: Option<&[u8]>, channel: Channel) -> Admission<'a> {
        Gate { memo, keys, tries }.admit(secret, &over(channel), NOW)
    }

    /// A key as it is issued, of one letter.
    fn key(letter: char) -> Vec<u8> {
        with_checksum(&format!("tb_live_{}", String::from(letter).repeat(32))).into()
    }

    #[test]
    fn who_asks_is_found_out_without_spending() {
        let (keys, tries, mut memo) = (Keys::new(b"s"), Tries::new((3, 4)), Memo::new((1, 2)));
        let (memo, secret) = (&mut memo, key('k'));
        assert!(matches!(asked(memo, &keys, &tries, None, Channel::Header), Admission::Refused(Code::KeyMissing, None)));
        assert!(matches!(asked(memo, &keys, &tries, Some(&secret), Channel::Header), Admission::Ask(..)));
        keys.admit(keys.digest_of(&secret), policy(), NOW);
        assert!(matches!(asked(memo, &keys, &tries, Some(&secret), Channel::Url), Admission::Refused(Code::TierForbids, Some(_))));
        let Admission::Key(slot) = asked(memo, &keys, &tries, Some(&secret), Channel::Header) else { panic!("not admitted") };
        assert_eq!(slot.standing(NOW).level.left, 5);
    }

    #[test]
    fn whatever_a_key_is_refused_for_takes_the_same_work() {
        let (keys, tries, mut memo) = (Keys::new(b"s"), Tries::new((3, 4)), Memo::new((1, 2)));
        let (good, ended, unknown, wrong, revoked) = (key('g'), key('e'), key('u'), key('w'), key('r'));
        keys.admit(keys.digest_of(&good), policy(), NOW);
        keys.admit(keys.digest_of(&ended), crate::keys::Policy { expires_at_ns: Some(1), ..policy() }, NOW);
        keys.refuse(keys.digest_of(&wrong), Code::KeyInvalid, u64::MAX);
        keys.refuse(keys.digest_of(&revoked), Code::KeyRevoked, u64::MAX);
        let mut work_for = |secret: &[u8], channel| {
            let before = WORK.get();
            let admission = asked(&mut memo, &keys, &tries, Some(secret), channel);
            assert!(matches!(admission, Admission::Refused(..) | Admission::Ask(..)));
            let after = WORK.get();
            (after.0 - before.0, after.1 - before.1)
        };
        for secret in [&good, &ended] {
            work_for(secret, Channel::Url); // From here on the thread has met it.
        }
        let header = [b"mistyped".as_slice(), &unknown, &wrong, &revoked, &ended].map(|secret| (secret, Channel::Header));
        for (secret, channel) in header.into_iter().chain([(good.as_slice(), Channel::Url)]) {
            assert_eq!(work_for(secret, channel), (1, 1), "one digest made and one find");
        }
    }

    #[test]
    fn an_address_that_was_wrong_too_often_has_nothing_looked_up_and_its_good_keys_answer_all_the_same() {
        let (keys, tries, mut memo) = (Keys::new(b"s"), Tries::new((3, 4)), Memo::new((1, 2)));
        tries.set_bounds(crate::tries::Bounds { most: 3, window_ns: SECOND_NS, pause_ns: SECOND_NS });
        keys.admit(keys.digest_of(&key('g')), policy(), NOW);
        let mut told = |secret: &[u8], channel| match asked(&mut memo, &keys, &tries, Some(secret), channel) {
            Admission::Key(_) => Ok(()),
            Admission::Refused(code, _) => Err(code),
            Admission::Ask(..) => Err(Code::Ok),
            Admission::TriesSpent(left_ns) => {
                assert_eq!(left_ns, SECOND_NS);
                Err(Code::KeyTriesSpent)
            }
        };
        keys.refuse(keys.digest_of(&key('a')), Code::KeyInvalid, u64::MAX);
        keys.refuse(keys.digest_of(&key('b')), Code::KeyRevoked, u64::MAX);
        assert_eq!(told(&key('a'), Channel::Header), Err(Code::KeyInvalid));
        assert_eq!(told(&key('b'), Channel::Header), Err(Code::KeyRevoked));
        assert_eq!(told(b"mistyped", Channel::Header), Err(Code::KeyInvalid));
        assert_eq!(told(&key('a'), Channel::Header), Err(Code::KeyTriesSpent));
        assert_eq!(told(&key('n'), Channel::Header), Err(Code::KeyTriesSpent));
        assert_eq!(told(&key('n'), Channel::Datagram), Err(Code::Ok), "a claimed address is another");
        assert_eq!(told(&key('g'), Channel::Header), Ok(()));
    }
}

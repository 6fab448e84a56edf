//! The prices the engine may answer with, one per asset.
//!
//! A publish builds a whole new `Tick`, its constant bytes rendered, and swaps it in by one atomic store of the map; a
//! reader holds a guard, not a lock, and sees the old tick or the new one and never a mixture. Neither waits for the other.

use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use papaya::{HashMap, HashMapRef, LocalGuard};

use crate::calendar::timestamp_of;
use crate::clock::Clock;
use crate::sources::{SourceId, Sources};
use crate::words::{CACHE_TIERS, STATES};

/// The latest time that can be told with four digits of a year, in Unix nanoseconds (2262-04-11).
pub const TIME_NS_MAX: u64 = i64::MAX as u64;

/// An asset's code: 1 to 16 of A-Z and 0-9, held as one number so that comparing and hashing it cost nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Asset(u128);

impl Asset {
    /// Return the asset of that code, or None when it is no asset code.
    #[inline]
    pub fn of(code: &[u8]) -> Option<Self> {
        let fits = (1..=16).contains(&code.len()) && code.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        fits.then(|| {
            let mut bytes = [0; 16];
            bytes[..code.len()].copy_from_slice(code);
            Self(u128::from_be_bytes(bytes))
        })
    }

    /// Return the code padded with zeros.
    #[inline]
    pub fn padded(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// Return how many bytes of `padded` are the code.
    #[inline]
    pub fn length(self) -> usize {
        16 - self.0.trailing_zeros() as usize / 8
    }
}

impl PartialOrd for Asset {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Asset {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0) // Big-endian and padded with zeros: the order of the codes as text.
    }
}

impl std::fmt::Display for Asset {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(&String::from_utf8_lossy(&self.padded()[..self.length()]))
    }
}

/// What a publish says. Every text is checked by `Book::publish`.
#[derive(Debug, Clone, Copy)]
pub struct Publication<'a> {
    /// `BTC`
    pub asset: &'a str,
    /// The venue's digits.
    pub price: &'a str,
    /// `USD`
    pub quote: &'a str,
    /// `coinbase`
    pub venue: &'a str,
    /// `coinbase-ws`
    pub source: &'a str,
    /// When the venue says it was, in Unix time.
    pub exchange_time_ns: u64,
    /// When we read it, by our monotonic clock.
    pub received_monotonic_ns: u64,
    /// The age at which it is stale.
    pub usable_for_ns: u64,
    /// A word of `STATES` that may be served.
    pub state: &'a str,
    /// A word of `CACHE_TIERS`.
    pub cache_tier: &'a str,
    /// Told when all prices are asked for.
    pub prewarmed: bool,
}

/// What stays the same from one price of a source to its next: rendered once.
#[derive(Debug)]
pub struct Label {
    asset: Asset,
    names: Arc<Names>,
    /// `{"asset":"BTC","price":"`
    head: Box<str>,
    /// `","quote":…,"state":"live","exchange_time":"`
    middle: Box<str>,
    /// `","quote":…,"state":"live","age_ms":`, for datagrams.
    compact_middle: Box<str>,
    source_id: SourceId,
    cache_tier: u8,
    state: u8,
    prewarmed: bool,
}

/// Who printed a price, and in what.
#[derive(Debug)]
pub struct Names {
    /// What it is priced in.
    pub quote: Box<str>,
    /// Who printed it.
    pub venue: Box<str>,
    /// The feed it came by.
    pub source: Box<str>,
}

/// What changes from one price of a source to its next.
#[derive(Debug, Clone, Copy)]
pub struct Print<'a> {
    /// The venue's digits: plain decimal, checked by whoever has read them.
    pub price: &'a str,
    /// When the venue says it was, in Unix time.
    pub exchange_time_ns: u64,
    /// When we read it, by our monotonic clock.
    pub received_monotonic_ns: u64,
    /// The age at which it is stale.
    pub usable_for_ns: u64,
}

/// One price, rendered.
#[derive(Debug)]
pub struct Price {
    /// All of its texts, one after the other; they end at `ends`, and what is left is the price.
    texts: Box<[u8]>,
    ends: [u16; 3],
    /// A number that another price, state or time would not have: what ETags are made of.
    pub tag: u64,
    /// The source's number in usage records.
    pub source_id: SourceId,
    /// A number of `CACHE_TIERS`.
    pub cache_tier: u8,
    /// A number of `STATES`.
    pub state: u8,
    /// The age at which it is stale.
    pub usable_for_ns: u64,
    /// When the venue says it was, in Unix time.
    pub exchange_time_ns: u64,
    /// When we read it, in Unix time by the guarded clock.
    pub received_time_ns: u64,
    /// Who printed it, and in what.
    pub names: Arc<Names>,
    /// The monotonic time at which its age was zero; before the machine's start for an old price.
    born_monotonic_ns: i64,
}

impl Price {
    /// `{"asset":…,"age_ms":`: what follows is the age and `}`.
    #[inline]
    pub fn json(&self) -> &[u8] {
        &self.texts[..usize::from(self.ends[0])]
    }

    /// `"asset":…,"age_ms":`, for datagrams: what follows is the age and `compact_end`.
    #[inline]
    pub fn compact(&self) -> &[u8] {
        &self.texts[usize::from(self.ends[0])..usize::from(self.ends[1])]
    }

    /// `,"time":…`
    #[inline]
    pub fn compact_end(&self) -> &[u8] {
        &self.texts[usize::from(self.ends[1])..usize::from(self.ends[2])]
    }

    /// The venue's digits.
    pub fn price(&self) -> &str {
        std::str::from_utf8(&self.texts[usize::from(self.ends[2])..]).unwrap_or_default()
    }

    /// Return its age at a monotonic time.
    #[inline]
    pub fn age_ns(&self, monotonic_ns: u64) -> u64 {
        (monotonic_ns as i64).saturating_sub(self.born_monotonic_ns).max(0) as u64
    }
}

/// What is known of one asset.
#[derive(Debug)]
pub struct Tick {
    /// None until the first publish.
    pub price: Option<Price>,
    /// Told when all prices are asked for.
    pub prewarmed: bool,
}

/// What is wrong with a publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Misprint {
    /// Which argument.
    pub field: &'static str,
    /// What it has to be.
    pub rule: &'static str,
}

type Map = HashMap<Asset, Tick, foldhash::fast::RandomState>;

/// A guard under which ticks can be read.
pub type Pages<'a> = HashMapRef<'a, Asset, Tick, foldhash::fast::RandomState, LocalGuard<'a>>;

/// All prices.
#[derive(Debug, Default)]
pub struct Book {
    ticks: Map,
    prewarmed: ArcSwap<Vec<Asset>>,
    /// Assets that Python can fetch when they are asked for, sorted.
    offered: ArcSwap<Vec<Asset>>,
    sources: Arc<Sources>,
    listing: Mutex<()>,
}

impl Book {
    /// Return an empty book that names its sources in `sources`.
    pub fn new(sources: Arc<Sources>) -> Self {
        Self { sources, ..Self::default() }
    }

    /// Return a guard for reading. Let it go soon: what was replaced meanwhile is kept for it.
    #[inline]
    pub fn open(&self) -> Pages<'_> {
        self.ticks.pin()
    }

    /// Make a price the answer for its asset from the next request on.
    ///
    /// # Errors
    /// A text is not of its kind, or a time out of range.
    pub fn publish(&self, publication: &Publication<'_>, clock: &Clock) -> Result<(), Misprint> {
        let label = self.label(publication)?;
        self.print(
            &label,
            Print {
                price: publication.price,
                exchange_time_ns: publication.exchange_time_ns,
                received_monotonic_ns: publication.received_monotonic_ns,
                usable_for_ns: publication.usable_for_ns,
            },
            clock,
        );
        Ok(())
    }

    /// Return what all prices like this one have in common.
    ///
    /// # Errors
    /// A text is not of its kind, or a time out of range.
    pub fn label(&self, told: &Publication<'_>) -> Result<Label, Misprint> {
        let asset = check(told)?;
        let Publication { quote, venue, source, state, cache_tier, .. } = told;
        Ok(Label {
            asset,
            head: format!("{{\"asset\":\"{asset}\",\"price\":\"").into(),
            middle: format!(
                "\",\"quote\":\"{quote}\",\"venue\":\"{venue}\",\"source\":\"{source}\",\"cache_tier\":\"{cache_tier}\",\
                 \"state\":\"{state}\",\"exchange_time\":\""
            )
            .into(),
            compact_middle: format!("\",\"quote\":\"{quote}\",\"source\":\"{source}\",\"state\":\"{state}\",\"age_ms\":").into(),
            source_id: self.sources.intern(venue, source),
            cache_tier: CACHE_TIERS.number(cache_tier).unwrap_or(0),
            state: STATES.number(state).unwrap_or(0),
            prewarmed: told.prewarmed,
            names: Arc::new(Names { quote: (*quote).into(), venue: (*venue).into(), source: (*source).into() }),
        })
    }

    /// Make a price the answer for its label's asset from the next request on.
    pub fn print(&self, label: &Label, print: Print<'_>, clock: &Clock) {
        let price = render(label, print, clock.wall_at(print.received_monotonic_ns));
        self.set(label.asset, Tick { price: Some(price), prewarmed: label.prewarmed });
    }

    /// Make an asset known without a price. One that has a price keeps it.
    ///
    /// # Errors
    /// `asset` is no asset code.
    pub fn announce(&self, asset: &str, prewarmed: bool) -> Result<(), Misprint> {
        let asset = Asset::of(asset.as_bytes()).ok_or(ASSET_RULE)?;
        if self.ticks.pin().try_insert(asset, Tick { price: None, prewarmed }).is_ok() && prewarmed {
            self.relist();
        }
        Ok(())
    }

    /// Forget an asset; whether it was known.
    pub fn retire(&self, asset: &str) -> bool {
        let Some(asset) = Asset::of(asset.as_bytes()) else { return false };
        let was = self.ticks.pin().remove(&asset).map(|tick| tick.prewarmed);
        if was == Some(true) {
            self.relist();
        }
        was.is_some()
    }

    /// Say which assets can be fetched when they are asked for, those said before forgotten.
    ///
    /// # Errors
    /// One of them is no asset code.
    pub fn offer<'a>(&self, assets: impl IntoIterator<Item = &'a str>) -> Result<(), Misprint> {
        let assets = assets.into_iter().map(|asset| Asset::of(asset.as_bytes()).ok_or(ASSET_RULE));
        let mut offered = assets.collect::<Result<Vec<Asset>, Misprint>>()?;
        offered.sort_unstable();
        self.offered.store(Arc::new(offered));
        Ok(())
    }

    /// Return whether an asset can be fetched when it is asked for.
    pub fn is_offered(&self, asset: Asset) -> bool {
        self.offered.load().binary_search(&asset).is_ok()
    }

    /// Return every known asset, in order.
    pub fn assets(&self) -> Vec<Asset> {
        let mut assets: Vec<Asset> = self.ticks.pin().keys().copied().collect();
        assets.sort_unstable();
        assets
    }

    /// Return the assets told when all are asked for, in order.
    pub fn prewarmed(&self) -> arc_swap::Guard<Arc<Vec<Asset>>> {
        self.prewarmed.load()
    }

    fn set(&self, asset: Asset, tick: Tick) {
        let ticks = self.ticks.pin();
        let is_prewarmed = tick.prewarmed;
        let was_prewarmed = ticks.insert(asset, tick).is_some_and(|old| old.prewarmed);
        if was_prewarmed != is_prewarmed {
            self.relist();
        }
    }

    fn relist(&self) {
        let _listing = self.listing.lock().unwrap_or_else(PoisonError::into_inner);
        let ticks = self.ticks.pin();
        let mut assets: Vec<Asset> = ticks.iter().filter(|(_, tick)| tick.prewarmed).map(|(asset, _)| *asset).collect();
        assets.sort_unstable();
        self.prewarmed.store(Arc::new(assets));
    }
}

fn render(label: &Label, told: Print<'_>, received_time_ns: u64) -> Price {
    let age_at_receipt_ns = received_time_ns.saturating_sub(told.exchange_time_ns);
    let mut texts = Vec::with_capacity(2 * (label.head.len() + told.price.len() + label.middle.len()) + TEXTS_BYTES);
    for part in [label.head.as_bytes(), told.price.as_bytes(), label.middle.as_bytes()] {
        texts.extend_from_slice(part);
    }
    texts.extend_from_slice(&timestamp_of(told.exchange_time_ns));
    texts.extend_from_slice(b"\",\"received_time\":\"");
    texts.extend_from_slice(&timestamp_of(received_time_ns));
    texts.extend_from_slice(b"\",\"age_ms\":");
    let json_end = texts.len();
    let tag = TAGS.hash_one(&texts[..]);
    for part in [&label.head.as_bytes()[1..], told.price.as_bytes(), label.compact_middle.as_bytes()] {
        texts.extend_from_slice(part);
    }
    let compact_end = texts.len();
    texts.extend_from_slice(b",\"time\":");
    texts.extend_from_slice(itoa::Buffer::new().format(told.exchange_time_ns / 1_000_000).as_bytes());
    let time_end = texts.len();
    texts.extend_from_slice(told.price.as_bytes());
    Price {
        texts: texts.into(),
        ends: [json_end, compact_end, time_end].map(|end| end as u16),
        tag,
        source_id: label.source_id,
        cache_tier: label.cache_tier,
        state: label.state,
        usable_for_ns: told.usable_for_ns,
        exchange_time_ns: told.exchange_time_ns,
        received_time_ns,
        names: Arc::clone(&label.names),
        born_monotonic_ns: told.received_monotonic_ns as i64 - age_at_receipt_ns as i64,
    }
}

/// Room for what every price has beside its label's words and its digits.
const TEXTS_BYTES: usize = 160;

/// Every node makes the same tag of the same price, so that a caller may ask the one and then the other.
const TAGS: foldhash::quality::FixedState = foldhash::quality::FixedState::with_seed(0x5452_494e_4954_5921);

const ASSET_RULE: Misprint = Misprint { field: "asset", rule: "1 to 16 of A-Z and 0-9" };

/// Return the asset, once everything about its publication is as it should be.
fn check(told: &Publication<'_>) -> Result<Asset, Misprint> {
    let asset = Asset::of(told.asset.as_bytes()).ok_or(ASSET_RULE)?;
    let rules: [(&'static str, &'static str, bool); 8] = [
        ("price", "plain decimal digits with at most one point, 40 characters at most", is_decimal(told.price)),
        ("quote", "1 to 8 of A-Z and 0-9", is_made_of(told.quote, 8, |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())),
        ("venue", "1 to 20 of a-z and 0-9", is_made_of(told.venue, 20, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())),
        (
            "source",
            "1 to 28 of a-z, 0-9, '-', ':', '.' and '_'",
            is_made_of(told.source, 28, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-:._".contains(&byte)),
        ),
        ("state", "live, quiet, rest, halted or converted", ["live", "quiet", "rest", "halted", "converted"].contains(&told.state)),
        ("cache_tier", "memory, valkey or rest", ["memory", "valkey", "rest"].contains(&told.cache_tier)),
        ("exchange_time_ns", "0 to 2**63 - 1", told.exchange_time_ns <= TIME_NS_MAX),
        ("received_monotonic_ns", "0 to 2**62", told.received_monotonic_ns <= 1 << 62),
    ];
    match rules.into_iter().find(|rule| !rule.2) {
        Some((field, rule, _)) => Err(Misprint { field, rule }),
        None => Ok(asset),
    }
}

fn is_made_of(text: &str, most: usize, allowed: fn(u8) -> bool) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(allowed)
}

fn is_decimal(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    text.len() <= 40 && [whole, fraction].iter().all(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::clock::SECOND_NS;
    use proptest::prelude::*;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    pub(crate) const START_NS: u64 = 1_795_160_400 * SECOND_NS;

    pub(crate) fn bitcoin() -> Publication<'static> {
        Publication {
            asset: "BTC",
            price: "97123.45",
            quote: "USD",
            venue: "coinbase",
            source: "coinbase-ws",
            exchange_time_ns: START_NS - 20_000_000,
            received_monotonic_ns: 10 * SECOND_NS,
            usable_for_ns: 90 * SECOND_NS,
            state: "live",
            cache_tier: "memory",
            prewarmed: true,
        }
    }

    fn book_and_clock() -> (Book, Clock) {
        (Book::default(), Clock::manual(START_NS, 10 * SECOND_NS))
    }

    #[test]
    fn a_price_is_rendered_as_the_contract_shows_it() {
        let (book, clock) = book_and_clock();
        book.publish(&bitcoin(), &clock).unwrap();
        let pages = book.open();
        let price = pages.get(&Asset::of(b"BTC").unwrap()).unwrap().price.as_ref().unwrap();
        assert_eq!(
            String::from_utf8_lossy(price.json()),
            "{\"asset\":\"BTC\",\"price\":\"97123.45\",\"quote\":\"USD\",\"venue\":\"coinbase\",\"source\":\"coinbase-ws\",\
             \"cache_tier\":\"memory\",\"state\":\"live\",\"exchange_time\":\"2026-11-20T07:39:59.980000Z\",\
             \"received_time\":\"2026-11-20T07:40:00.000000Z\",\"age_ms\":"
        );
        assert_eq!(price.compact_end(), b",\"time\":1795160399980");
        assert_eq!(price.age_ns(clock.monotonic_ns()), 20_000_000);
    }

    #[test]
    fn a_step_of_the_wall_clock_changes_no_age() {
        let (book, clock) = book_and_clock();
        book.publish(&bitcoin(), &clock).unwrap();
        for step_ns in [3_600 * SECOND_NS as i64, -7_200 * SECOND_NS as i64] {
            clock.step_wall(step_ns);
            let pages = book.open();
            let price = pages.get(&Asset::of(b"BTC").unwrap()).unwrap().price.as_ref().unwrap();
            assert_eq!(price.age_ns(clock.monotonic_ns()), 20_000_000);
            book.publish(&bitcoin(), &clock).unwrap();
        }
    }

    #[test]
    fn a_venue_whose_clock_is_ahead_gives_no_negative_age() {
        let (book, clock) = book_and_clock();
        book.publish(&Publication { exchange_time_ns: START_NS + SECOND_NS, ..bitcoin() }, &clock).unwrap();
        let pages = book.open();
        let price = pages.get(&Asset::of(b"BTC").unwrap()).unwrap().price.as_ref().unwrap();
        assert_eq!((price.age_ns(10 * SECOND_NS), price.age_ns(11 * SECOND_NS)), (0, SECOND_NS));
    }

    #[test]
    fn assets_are_announced_published_and_retired() {
        let (book, clock) = book_and_clock();
        book.announce("ETH", true).unwrap();
        book.announce("ADA", false).unwrap();
        book.publish(&bitcoin(), &clock).unwrap();
        book.announce("BTC", false).unwrap();
        assert_eq!(book.assets().iter().map(ToString::to_string).collect::<Vec<_>>(), ["ADA", "BTC", "ETH"]);
        assert_eq!(book.prewarmed().iter().map(ToString::to_string).collect::<Vec<_>>(), ["BTC", "ETH"]);
        assert!(book.open().get(&Asset::of(b"BTC").unwrap()).unwrap().price.is_some());
        assert!(book.retire("BTC") && !book.retire("BTC") && !book.retire("not a code"));
        assert_eq!(book.prewarmed().len(), 1);
        assert_eq!(book.announce("btc", true), Err(ASSET_RULE));
    }

    #[test]
    fn what_is_no_price_is_refused_by_the_name_of_its_field() {
        let (book, clock) = book_and_clock();
        for price in ["", ".", "1.", ".5", "1e5", "-1", "+1", "1,5", " 1", "1.2.3", "12345678901234567890123456789012345678901"] {
            assert_eq!(book.publish(&Publication { price, ..bitcoin() }, &clock).unwrap_err().field, "price", "{price}");
        }
        let wrong = [
            Publication { quote: "usd", ..bitcoin() },
            Publication { venue: "coin\"base", ..bitcoin() },
            Publication { source: "", ..bitcoin() },
            Publication { state: "stale", ..bitcoin() },
            Publication { cache_tier: "disk", ..bitcoin() },
            Publication { exchange_time_ns: u64::MAX, ..bitcoin() },
        ];
        for (told, field) in wrong.iter().zip(["quote", "venue", "source", "state", "cache_tier", "exchange_time_ns"]) {
            assert_eq!(book.publish(told, &clock).unwrap_err().field, field);
        }
        assert!(book.assets().is_empty());
    }

    /// Every publication tells one number in three places. A reader that saw two different ones would have read a mixture.
    #[test]
    fn a_reader_never_sees_a_mixture_of_two_publications() {
        let (book, clock) = book_and_clock();
        let (done, asset) = (AtomicBool::new(false), Asset::of(b"BTC").unwrap());
        std::thread::scope(|scope| {
            let readers: Vec<_> = (0..3)
                .map(|_| {
                    scope.spawn(|| {
                        let mut seen = 0_u64;
                        while !done.load(Relaxed) {
                            let pages = book.open();
                            let Some(price) = pages.get(&asset).and_then(|tick| tick.price.as_ref()) else { continue };
                            let told = price.price().parse::<u64>().unwrap();
                            assert_eq!(price.usable_for_ns, told);
                            assert!(String::from_utf8_lossy(price.json()).contains(&format!("\"price\":\"{told}\"")));
                            assert!(told >= seen, "an older price came back");
                            seen = told;
                        }
                        seen
                    })
                })
                .collect();
            for number in 0..20_000_u64 {
                let price = number.to_string();
                book.publish(&Publication { price: &price, usable_for_ns: number, ..bitcoin() }, &clock).unwrap();
            }
            done.store(true, Relaxed);
            for reader in readers {
                assert!(reader.join().unwrap() <= 19_999);
            }
        });
    }

    proptest! {
        #[test]
        fn an_asset_keeps_its_code_and_its_order(one in "[A-Z0-9]{1,16}", other in "[A-Z0-9]{1,16}") {
            let (first, second) = (Asset::of(one.as_bytes()).unwrap(), Asset::of(other.as_bytes()).unwrap());
            prop_assert_eq!(first.to_string(), one.clone());
            prop_assert_eq!(first.cmp(&second), one.cmp(&other));
        }

        #[test]
        fn what_is_no_asset_code_is_no_asset(code in prop::collection::vec(any::<u8>(), 0..20)) {
            let fits = !code.is_empty() && code.len() <= 16 && code.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
            prop_assert_eq!(Asset::of(&code).is_some(), fits);
        }
    }
}

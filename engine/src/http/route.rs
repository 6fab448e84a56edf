//! Which question a request target asks. Whatever is not plainly one of ours belongs to Python.

use crate::book::Asset;
use crate::desk::Wish;

/// What a target asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route<'b> {
    /// One price.
    Price(Asset, Query<'b>),
    /// Several prices; None means all that are prewarmed.
    Prices(Option<AssetList<'b>>, Query<'b>),
    /// One of the addresses above, asked in a way that we leave to Python.
    Odd(Place),
    /// Another address.
    Elsewhere,
}

/// One of our addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// `/price`
    Price,
    /// `/prices`
    Prices,
}

/// The options of a question.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Query<'b> {
    /// What is wanted of the price.
    pub wish: Wish<'b>,
    /// A key in the address.
    pub secret: Option<&'b [u8]>,
}

/// A list of assets as it stands in an address. Every one of them is an asset code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssetList<'b> {
    text: &'b [u8],
    length: usize,
}

impl<'b> AssetList<'b> {
    fn of(text: &'b [u8], most: usize) -> Option<Self> {
        let mut length = 0;
        let mut rest = Some(text);
        while let Some(item) = next_item(&mut rest) {
            Asset::of(item)?;
            length += 1;
        }
        (length <= most).then_some(Self { text, length })
    }

    /// Return how many there are. At least 1.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Return whether there are none, which is never so.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Go through the assets in the order they were asked for.
    pub fn iter(&self) -> impl Iterator<Item = Asset> + use<'b> {
        let mut rest = Some(self.text);
        std::iter::from_fn(move || next_item(&mut rest)).filter_map(Asset::of)
    }
}

/// Take the next item off a list. Browsers write the comma as `%2C`.
#[inline]
fn next_item<'b>(rest: &mut Option<&'b [u8]>) -> Option<&'b [u8]> {
    let text = (*rest)?;
    let Some(end) = memchr::memchr2(b',', b'%', text) else {
        *rest = None;
        return Some(text);
    };
    let width = if text[end] == b',' {
        1
    } else if text[end..].len() >= 3 && text[end..end + 3].eq_ignore_ascii_case(b"%2c") {
        3
    } else {
        *rest = None;
        return Some(text); // Another escape: this is no asset code, and the list is left to Python.
    };
    *rest = Some(&text[end + width..]);
    Some(&text[..end])
}

/// Return what a target asks for. Lists longer than `assets_max` are left to Python.
#[inline]
pub fn route(target: &[u8], assets_max: usize) -> Route<'_> {
    let (path, query) = match memchr::memchr(b'?', target) {
        Some(at) => (&target[..at], Some(&target[at + 1..])),
        None => (target, None),
    };
    let place = match path {
        b"/price" => Place::Price,
        b"/prices" => Place::Prices,
        _ => return Route::Elsewhere,
    };
    let asked = Asked::of(query);
    let route = asked.and_then(|asked| match (place, asked.asset, asked.assets) {
        (Place::Price, Some(asset), None) => Some(Route::Price(Asset::of(asset)?, asked.query)),
        (Place::Prices, None, None) => Some(Route::Prices(None, asked.query)),
        (Place::Prices, None, Some(list)) => Some(Route::Prices(Some(AssetList::of(list, assets_max)?), asked.query)),
        _ => None,
    });
    route.unwrap_or(Route::Odd(place))
}

#[derive(Default)]
struct Asked<'b> {
    asset: Option<&'b [u8]>,
    assets: Option<&'b [u8]>,
    query: Query<'b>,
}

impl<'b> Asked<'b> {
    /// Read a query, or None when there is anything in it that we do not know.
    #[inline]
    fn of(query: Option<&'b [u8]>) -> Option<Self> {
        let mut asked = Self::default();
        for pair in query.into_iter().flat_map(|query| query.split(|byte| *byte == b'&')) {
            let at = memchr::memchr(b'=', pair)?;
            let (name, value) = (&pair[..at], &pair[at + 1..]);
            let is_second = match name {
                b"asset" => asked.asset.replace(value).is_some(),
                b"assets" => asked.assets.replace(value).is_some(),
                b"max_age_ms" => asked.query.wish.max_age_ns.replace(milliseconds(value)?).is_some(),
                b"venue" => asked.query.wish.venue.replace(plain(value)?).is_some(),
                b"key" => asked.query.secret.replace(plain(value)?).is_some(),
                _ => return None,
            };
            if is_second {
                return None;
            }
        }
        Some(asked)
    }
}

/// Return a number of milliseconds in nanoseconds.
fn milliseconds(text: &[u8]) -> Option<u64> {
    let is_number = (1..=12).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    is_number.then(|| text.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')) * 1_000_000)
}

/// Return a value that needs no decoding.
fn plain(value: &[u8]) -> Option<&[u8]> {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~:".contains(byte);
    ((1..=128).contains(&value.len()) && value.iter().all(is_plain)).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(target: &str) -> Route<'_> {
        route(target.as_bytes(), 3)
    }

    fn btc() -> Asset {
        Asset::of(b"BTC").unwrap()
    }

    #[test]
    fn what_is_ours_is_read() {
        let wish = Wish { max_age_ns: Some(5_000_000_000), venue: Some(b"coinbase") };
        assert_eq!(of("/price?asset=BTC"), Route::Price(btc(), Query::default()));
        let full = of("/price?max_age_ms=5000&venue=coinbase&asset=BTC&key=tb_demo_1");
        assert_eq!(full, Route::Price(btc(), Query { wish, secret: Some(b"tb_demo_1") }));
        assert_eq!(of("/prices"), Route::Prices(None, Query::default()));
        for target in ["/prices?assets=BTC,ETH", "/prices?assets=BTC%2CETH", "/prices?assets=BTC%2cETH"] {
            let Route::Prices(Some(list), _) = of(target) else { panic!("{target}") };
            assert_eq!((list.iter().map(|asset| asset.to_string()).collect::<Vec<_>>(), list.len()), (vec!["BTC".into(), "ETH".into()], 2));
        }
    }

    #[test]
    fn what_is_odd_is_left_to_python() {
        for target in [
            "/price",
            "/price?",
            "/price?asset=",
            "/price?asset=btc",
            "/price?asset=BTC&asset=BTC",
            "/price?asset=BTC&mode=consensus",
            "/price?asset=BTC&",
            "/price?assets=BTC",
            "/price?asset=B%54C",
            "/price?asset=BTC&max_age_ms=",
            "/price?asset=BTC&max_age_ms=-1",
            "/price?asset=BTC&max_age_ms=5.5",
            "/price?asset=BTC&max_age_ms=1234567890123",
            "/price?asset=BTC&venue=",
            "/price?asset=BTC&key=a%20b",
            "/price?asset=BTC&venue=a+b",
        ] {
            assert_eq!(of(target), Route::Odd(Place::Price), "{target}");
        }
        for target in [
            "/prices?",
            "/prices?assets=",
            "/prices?assets=BTC,",
            "/prices?assets=,BTC",
            "/prices?assets=A,B,C,D",
            "/prices?asset=BTC",
            "/prices?assets=A%20",
        ] {
            assert_eq!(of(target), Route::Odd(Place::Prices), "{target}");
        }
        for target in [
            "/",
            "/price/",
            "/Price?asset=BTC",
            "//price?asset=BTC",
            "http://a/price?asset=BTC",
            "*",
            "/pric%65?asset=BTC",
            "/price;a?asset=BTC",
        ] {
            assert_eq!(of(target), Route::Elsewhere, "{target}");
        }
    }

    proptest! {
        #[test]
        fn any_target_is_read_without_panic(target in "(/price|/prices)?[?]?[ -~]{0,60}") {
            if let Route::Prices(Some(list), _) = route(target.as_bytes(), 5) {
                prop_assert!(list.iter().count() == list.len() && (1..=5).contains(&list.len()));
            }
        }

        #[test]
        fn every_list_of_codes_is_read_in_order(codes in prop::collection::vec("[A-Z0-9]{1,16}", 1..20)) {
            let target = format!("/prices?assets={}", codes.join(","));
            let Route::Prices(Some(list), _) = route(target.as_bytes(), 20) else { panic!("{target}") };
            prop_assert_eq!(list.iter().map(|asset| asset.to_string()).collect::<Vec<_>>(), codes);
        }
    }
}

//! What a datagram is told: one compact JSON object, rendered into the room it may have.
//!
//! Nothing is ever cut in the middle. What does not fit is told with less (without the node, without the request's id),
//! and when the least does not fit nothing is sent.

use crate::book::Price;
use crate::code::Code;
use crate::request_id::{ID_BYTES, text_of};

/// What every answer to one datagram carries besides its subject.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// The caller's id as it stood, to be echoed.
    pub id: Option<&'a [u8]>,
    /// The request's id.
    pub request_id: u64,
    /// The node's name as a JSON string, quotes included.
    pub node: &'a [u8],
}

/// One asset of an answer: its price and age, or the code of why there is none.
#[derive(Debug, Clone, Copy)]
pub enum Line<'a> {
    /// A price young enough.
    Price {
        /// As the book has it.
        price: &'a Price,
        /// Its age at this reading.
        age_ms: u64,
    },
    /// None, and why. The asset has characters that need no escaping, or is told as it stood between its quotes.
    Missing {
        /// As it stood between its quotes.
        asset: &'a [u8],
        /// Why.
        code: Code,
    },
}

/// Render one price. Returns the bytes used, or None when they do not fit.
#[inline]
pub fn price(room: &mut [u8], price: &Price, age_ms: u64, frame: &Frame<'_>) -> Option<usize> {
    framed(room, frame, |page| {
        page.put(b"{\"success\":true,\"code\":\"OK\",");
        page.price(price, age_ms);
    })
}

/// Render a list of prices, and what is missing if anything is. Returns the bytes used, or None when they do not fit.
pub fn prices(room: &mut [u8], lines: &[Line<'_>], frame: &Frame<'_>) -> Option<usize> {
    framed(room, frame, |page| {
        page.put(b"{\"success\":true,\"code\":\"OK\",\"prices\":[");
        let mut comma: &[u8] = b"";
        for line in lines {
            if let Line::Price { price, age_ms } = line {
                page.put(comma);
                page.put(b"{");
                page.price(price, *age_ms);
                page.put(b"}");
                comma = b",";
            }
        }
        page.put(b"]");
        let mut comma: &[u8] = b",\"missing\":[";
        for line in lines {
            if let Line::Missing { asset, code } = line {
                page.put(comma);
                page.put(b"{\"asset\":\"");
                page.put(asset);
                page.put(b"\",\"code\":\"");
                page.put(code.name().as_bytes());
                page.put(b"\"}");
                comma = b",";
            }
        }
        if comma.len() == 1 {
            page.put(b"]");
        }
    })
}

/// Render a refusal, with `message` (as it stands between JSON's quotes) and the ids as far as they fit.
///
/// Returns the bytes used, or None when not even the code fits.
pub fn refusal(room: &mut [u8], code: Code, message: &[u8], frame: &Frame<'_>) -> Option<usize> {
    let alone = Frame { id: None, ..*frame };
    let ever_less =
        [(message, frame, Told::RequestId), (b"", frame, Told::RequestId), (b"", frame, Told::Least), (b"", &alone, Told::Least)];
    ever_less.into_iter().find_map(|(message, frame, told)| {
        framed_once(room, frame, told, |page| {
            page.put(b"{\"success\":false,\"code\":\"");
            page.put(code.name().as_bytes());
            page.put(b"\"");
            if !message.is_empty() {
                page.put(b",\"message\":\"");
                page.put(message);
                page.put(b"\"");
            }
        })
    })
}

/// How much of the frame is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    All,
    RequestId,
    Least,
}

/// Render `body` and the frame behind it, with less of the frame until it fits.
#[inline]
fn framed(room: &mut [u8], frame: &Frame<'_>, body: impl Fn(&mut Page<'_>)) -> Option<usize> {
    [Told::All, Told::RequestId, Told::Least].into_iter().find_map(|told| framed_once(room, frame, told, &body))
}

#[inline]
fn framed_once(room: &mut [u8], frame: &Frame<'_>, told: Told, body: impl Fn(&mut Page<'_>)) -> Option<usize> {
    let mut page = Page { room, at: 0, fits: true };
    body(&mut page);
    if let Some(id) = frame.id {
        page.put(b",\"id\":");
        page.put(id);
    }
    if told != Told::Least {
        let request_id: [u8; ID_BYTES] = text_of(frame.request_id);
        page.put(b",\"request_id\":\"");
        page.put(&request_id);
        page.put(b"\"");
    }
    if told == Told::All {
        page.put(b",\"node\":");
        page.put(frame.node);
    }
    page.put(b"}");
    page.fits.then_some(page.at)
}

/// Bytes being written into a room that may be too small.
struct Page<'a> {
    room: &'a mut [u8],
    at: usize,
    fits: bool,
}

impl Page<'_> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        match self.room.get_mut(self.at..self.at + bytes.len()) {
            Some(place) if self.fits => {
                place.copy_from_slice(bytes);
                self.at += bytes.len();
            }
            _ => self.fits = false,
        }
    }

    #[inline]
    fn price(&mut self, price: &Price, age_ms: u64) {
        self.put(price.compact());
        self.put(itoa::Buffer::new().format(age_ms).as_bytes());
        self.put(price.compact_end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::tests::{START_NS, bitcoin};
    use crate::book::{Asset, Book};
    use crate::clock::{Clock, SECOND_NS};

    const FRAME: Frame<'static> = Frame { id: Some(b"\"7\""), request_id: 0, node: b"\"BeastMain\"" };

    fn with_price(test: impl Fn(&Price)) {
        let book = Book::default();
        book.publish(&bitcoin(), &Clock::manual(START_NS, 10 * SECOND_NS)).unwrap();
        test(book.open().get(&Asset::of(b"BTC").unwrap()).unwrap().price.as_ref().unwrap());
    }

    fn told(room: &[u8], length: Option<usize>) -> String {
        String::from_utf8(room[..length.expect("it fits")].to_vec()).unwrap()
    }

    #[test]
    fn a_price_is_told_as_the_contract_shows_it() {
        with_price(|bitcoin| {
            let mut room = [0; 1_400];
            let length = price(&mut room, bitcoin, 22, &FRAME);
            assert_eq!(
                told(&room, length),
                r#"{"success":true,"code":"OK","asset":"BTC","price":"97123.45","quote":"USD","source":"coinbase-ws","state":"live","age_ms":22,"time":1795160399980,"id":"7","request_id":"000000000000","node":"BeastMain"}"#
            );
        });
    }

    #[test]
    fn a_list_tells_prices_and_what_is_missing() {
        with_price(|bitcoin| {
            let mut room = [0; 1_400];
            let lines = [
                Line::Missing { asset: b"NOPE", code: Code::AssetUnknown },
                Line::Price { price: bitcoin, age_ms: 1 },
                Line::Missing { asset: b"OLD", code: Code::PriceStale },
                Line::Price { price: bitcoin, age_ms: 2 },
            ];
            let one = r#""asset":"BTC","price":"97123.45","quote":"USD","source":"coinbase-ws","state":"live""#;
            let length = prices(&mut room, &lines, &Frame { id: None, ..FRAME });
            assert_eq!(
                told(&room, length),
                format!(
                    r#"{{"success":true,"code":"OK","prices":[{{{one},"age_ms":1,"time":1795160399980}},{{{one},"age_ms":2,"time":1795160399980}}],"missing":[{{"asset":"NOPE","code":"ASSET_UNKNOWN"}},{{"asset":"OLD","code":"PRICE_STALE"}}],"request_id":"000000000000","node":"BeastMain"}}"#
                )
            );
            let length = prices(&mut room, &lines[1..2], &FRAME);
            assert!(!told(&room, length).contains("missing"));
            let length = prices(&mut room, &[], &FRAME);
            assert!(told(&room, length).contains(r#""prices":[],"id""#));
        });
    }

    #[test]
    fn what_does_not_fit_is_told_with_less_and_never_cut() {
        with_price(|bitcoin| {
            let mut room = [0; 1_400];
            let whole = price(&mut room, bitcoin, 22, &FRAME).unwrap();
            assert_eq!(price(&mut room[..whole], bitcoin, 22, &FRAME), Some(whole));
            let mut lengths = std::collections::BTreeSet::new();
            for limit in 0..whole {
                let length = price(&mut room[..limit], bitcoin, 22, &FRAME);
                assert!(length.is_none_or(|length| length <= limit && room[length - 1] == b'}'));
                lengths.extend(length);
            }
            let without_node = whole - r#","node":"BeastMain""#.len();
            let least = without_node - r#","request_id":"000000000000""#.len();
            assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [least, without_node]);
        });
    }

    #[test]
    fn a_refusal_gives_up_its_message_then_its_ids_and_then_itself() {
        let mut room = [0; 1_400];
        let length = refusal(&mut room, Code::KeyMissing, b"No key.", &FRAME);
        assert_eq!(
            told(&room, length),
            r#"{"success":false,"code":"KEY_MISSING","message":"No key.","id":"7","request_id":"000000000000"}"#
        );
        let mut seen = Vec::new();
        for limit in (0..length.unwrap()).rev() {
            match refusal(&mut room[..limit], Code::KeyMissing, b"No key.", &FRAME) {
                Some(length) => seen.push(told(&room, Some(length))),
                None => seen.push("nothing".to_owned()),
            }
        }
        seen.dedup();
        assert_eq!(
            seen,
            [
                r#"{"success":false,"code":"KEY_MISSING","id":"7","request_id":"000000000000"}"#,
                r#"{"success":false,"code":"KEY_MISSING","id":"7"}"#,
                r#"{"success":false,"code":"KEY_MISSING"}"#,
                "nothing",
            ]
        );
    }
}

//! Writes answers: the envelope of twelve fields, refusals, "not modified", and what a browser asks beforehand.

use crate::calendar::{DATE_BYTES, TIMESTAMP_BYTES};
use crate::code::Code;
use crate::http::route::Place;
use crate::json::string_of;
use crate::ratelimit::{KEYLESS_FIELDS, LimitFields, Standing, tries_standing, write_tries};
use crate::shared::Identity;
use crate::texts::{Facts, Text};
use crate::tries::Bounds;

/// Header fields that every answer begins with, after its status line. `Date` comes last and is filled in.
macro_rules! common {
    ($start:literal, $caching:literal) => {
        concat!(
            $start,
            "Cache-Control: ",
            $caching,
            "\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: X-Request-Id, ETag, Retry-After, RateLimit-Policy, \
             RateLimit, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Should-Retry, Content-Language\r\nDate: "
        )
        .as_bytes()
    };
}

const PRICE_START: &[u8] = common!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n", "private, no-cache");
const UNCHANGED_START: &[u8] = common!("HTTP/1.1 304 Not Modified\r\n", "private, no-cache");
const PREFLIGHT_START: &[u8] = common!("HTTP/1.1 204 No Content\r\n", "no-store");
const REFUSAL_START: &[u8] = common!("Content-Type: application/problem+json\r\nVary: Accept-Language\r\n", "no-store");

const OK_START: &[u8] = b"{\"success\":true,\"service\":\"LPO\",\"code\":\"OK\",\"message\":\"\",\"data\":";
const NO_ERRORS: &[u8] = b",\"errors\":[]";
const REQUEST_ID: &[u8] = b",\"request_id\":\"";
const TIMESTAMP: &[u8] = b"\",\"timestamp\":\"";
const LATENCY: &[u8] = b"\",\"latency_us\":";

/// What an ETag names: two answers with the same tag tell the same prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag([u8; 16]);

impl Tag {
    /// Return the tag of a number.
    #[inline]
    pub fn of(number: u64) -> Self {
        let mut digits = [0; 16];
        for (place, digit) in digits.iter_mut().enumerate() {
            *digit = b"0123456789abcdef"[(number >> (60 - 4 * place) & 15) as usize];
        }
        Self(digits)
    }

    /// Return whether an `If-None-Match` names it. Ours are weak, so a mark of weakness makes no difference.
    pub fn is_in(&self, if_none_match: &[u8]) -> bool {
        if_none_match.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).any(|tag| {
            let opaque = tag.strip_prefix(b"W/").unwrap_or(tag);
            tag == b"*" || opaque.strip_prefix(b"\"").and_then(|tag| tag.strip_suffix(b"\"")) == Some(&self.0)
        })
    }
}

/// Whose limits an answer tells.
#[derive(Debug, Clone, Copy)]
pub enum LimitsOf<'a> {
    /// Nobody's: there was no key, or none of ours.
    Nobody,
    /// A key's.
    Key(&'a LimitFields, Standing),
    /// An address's that was wrong about keys too often, and for how many nanoseconds.
    TriesSpent(Bounds, u64),
}

impl LimitsOf<'_> {
    #[inline]
    fn write(&self, to: &mut Vec<u8>) {
        match self {
            Self::Nobody => to.extend_from_slice(KEYLESS_FIELDS),
            Self::Key(fields, standing) => fields.write(to, standing),
            Self::TriesSpent(bounds, left_ns) => write_tries(to, bounds, *left_ns),
        }
    }

    fn standing(&self) -> Standing {
        match self {
            Self::Nobody => Standing::default(),
            Self::Key(_, standing) => *standing,
            Self::TriesSpent(_, left_ns) => tries_standing(*left_ns),
        }
    }
}

/// What the connection becomes after an answer, as its header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// It goes on, as is usual in HTTP/1.1.
    GoesOn,
    /// It goes on, as an HTTP/1.0 client asked.
    GoesOnAsAsked,
    /// It ends.
    Ends,
}

/// What all answers have in common.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// Ours or the caller's.
    pub request_id: &'a [u8],
    /// Of the answer.
    pub timestamp: [u8; TIMESTAMP_BYTES],
    /// The same as HTTP has it.
    pub date: [u8; DATE_BYTES],
    /// From the request's arrival.
    pub latency_us: u64,
    /// Whether the body is left out.
    pub is_head: bool,
    /// What the connection becomes.
    pub connection: Connection,
    /// Whose limits are told.
    pub limits: LimitsOf<'a>,
}

/// Writes one thread's answers.
#[derive(Debug)]
pub struct Pen {
    /// From the latency on: `,"node":…}`
    tail: Vec<u8>,
    body: Vec<u8>,
}

impl Pen {
    /// Return the pen of a node.
    pub fn new(identity: &Identity) -> Self {
        let mut tail = Vec::new();
        for (name, value) in [("node", &identity.node), ("region", &identity.region), ("version", &identity.version)] {
            tail.extend_from_slice(format!(",\"{name}\":").as_bytes());
            tail.extend_from_slice(&string_of(value));
        }
        Self { tail, body: Vec::with_capacity(1_024) }
    }

    /// Write a success. `data` is the value of that field, in pieces.
    #[inline]
    pub fn write_ok(&self, to: &mut Vec<u8>, with: &Circumstances<'_>, tag: Tag, data: &[&[u8]]) {
        let mut latency = itoa::Buffer::new();
        let latency = latency.format(with.latency_us).as_bytes();
        let length =
            OK_START.len() + data.iter().map(|piece| piece.len()).sum::<usize>() + NO_ERRORS.len() + self.trailer_length(with, latency) + 1;
        to.reserve(length + 1_280);
        write_start(to, PRICE_START, with);
        write_tag(to, tag);
        write_length(to, length);
        if with.is_head {
            return;
        }
        to.extend_from_slice(OK_START);
        for piece in data {
            to.extend_from_slice(piece);
        }
        to.extend_from_slice(NO_ERRORS);
        self.write_trailer(to, with, latency);
        to.push(b'}');
    }

    /// Write "not modified".
    pub fn write_unchanged(&self, to: &mut Vec<u8>, with: &Circumstances<'_>, tag: Tag) {
        write_start(to, UNCHANGED_START, with);
        write_tag(to, tag);
        to.extend_from_slice(b"\r\n");
    }

    /// Write what a browser may send to one of our addresses.
    pub fn write_preflight(&self, to: &mut Vec<u8>, with: &Circumstances<'_>, place: Place) {
        write_start(to, PREFLIGHT_START, with);
        to.extend_from_slice(b"Access-Control-Allow-Methods: ");
        to.extend_from_slice(methods_of(place));
        to.extend_from_slice(
            b"\r\nAccess-Control-Allow-Headers: Authorization, X-API-Key, Content-Type, Accept-Language, If-None-Match, X-Request-Id, \
              Idempotency-Key, Last-Event-ID\r\n\
              Access-Control-Max-Age: 86400\r\nAllow: ",
        );
        to.extend_from_slice(methods_of(place));
        to.extend_from_slice(b"\r\n\r\n");
    }

    /// Write a refusal. `place` is told where the method was the wrong one.
    pub fn write_refusal(
        &mut self,
        to: &mut Vec<u8>,
        with: &Circumstances<'_>,
        code: Code,
        text: &Text,
        facts: &Facts<'_>,
        place: Option<Place>,
    ) {
        let mut body = std::mem::take(&mut self.body);
        body.clear();
        self.write_problem(&mut body, with, code, text, facts);
        to.extend_from_slice(status_line(code));
        write_start(to, REFUSAL_START, with);
        write_advice(to, code, &with.limits.standing(), place);
        write_text(to, &format!("Content-Language: {}\r\n", text.language));
        write_length(to, body.len());
        if !with.is_head {
            to.extend_from_slice(&body);
        }
        self.body = body;
    }

    /// Write a refusal's body: the twelve fields and the members of an RFC 9457 problem.
    fn write_problem(&self, to: &mut Vec<u8>, with: &Circumstances<'_>, code: Code, text: &Text, facts: &Facts<'_>) {
        let name = code.name();
        let facts = &Facts { standing: with.limits.standing(), ..*facts };
        write_text(to, &format!("{{\"success\":false,\"service\":\"LPO\",\"code\":\"{name}\",\"message\":\""));
        text.message.write(to, facts);
        write_text(to, &format!("\",\"data\":null,\"errors\":[{{\"location\":\"{}\",\"code\":\"{name}\",\"message\":\"", code.location()));
        text.message.write(to, facts);
        write_text(to, "\",\"fix\":\"");
        text.fix.write(to, facts);
        write_text(to, "\"}]");
        self.write_trailer(to, with, itoa::Buffer::new().format(with.latency_us).as_bytes());
        write_text(to, &format!(",\"type\":\"/problems/{name}\",\"title\":\""));
        to.extend_from_slice(&text.title);
        write_text(to, &format!("\",\"status\":{},\"detail\":\"", code.status()));
        text.message.write(to, facts);
        write_text(to, "\"}");
    }

    /// Write the last six of the twelve fields.
    #[inline]
    fn write_trailer(&self, to: &mut Vec<u8>, with: &Circumstances<'_>, latency: &[u8]) {
        for piece in [REQUEST_ID, with.request_id, TIMESTAMP, &with.timestamp, LATENCY, latency, &self.tail] {
            to.extend_from_slice(piece);
        }
    }

    #[inline]
    fn trailer_length(&self, with: &Circumstances<'_>, latency: &[u8]) -> usize {
        REQUEST_ID.len() + with.request_id.len() + TIMESTAMP.len() + TIMESTAMP_BYTES + LATENCY.len() + latency.len() + self.tail.len()
    }
}

#[inline]
fn write_start(to: &mut Vec<u8>, start: &[u8], with: &Circumstances<'_>) {
    for piece in [start, &with.date, b"\r\nX-Request-Id: ", with.request_id, b"\r\n"] {
        to.extend_from_slice(piece);
    }
    match with.connection {
        Connection::GoesOn => {}
        Connection::GoesOnAsAsked => to.extend_from_slice(b"Connection: keep-alive\r\n"),
        Connection::Ends => to.extend_from_slice(b"Connection: close\r\n"),
    }
    with.limits.write(to);
}

#[inline]
fn write_tag(to: &mut Vec<u8>, tag: Tag) {
    to.extend_from_slice(b"ETag: W/\"");
    to.extend_from_slice(&tag.0);
    to.extend_from_slice(b"\"\r\n");
}

/// Write the length of the body and end the header.
#[inline]
fn write_length(to: &mut Vec<u8>, length: usize) {
    to.extend_from_slice(b"Content-Length: ");
    to.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
    to.extend_from_slice(b"\r\n\r\n");
}

fn write_text(to: &mut Vec<u8>, text: &str) {
    to.extend_from_slice(text.as_bytes());
}

/// Write the fields that tell a caller, or its library, what to do now.
fn write_advice(to: &mut Vec<u8>, code: Code, standing: &Standing, place: Option<Place>) {
    match code {
        Code::KeyMissing | Code::KeyInvalid | Code::KeyRevoked | Code::KeyExpired => {
            write_text(to, "WWW-Authenticate: Bearer realm=\"prices\"\r\n");
        }
        Code::RateLimited | Code::KeyTriesSpent => write_text(to, &format!("Retry-After: {}\r\n", standing.retry_after_seconds())),
        // No Retry-After: official libraries of others sleep it out, be it weeks.
        Code::QuotaSpent => write_text(to, "X-Should-Retry: false\r\n"),
        Code::Overloaded | Code::DependencyAway => write_text(to, "Retry-After: 1\r\n"),
        Code::MethodNotAllowed => {
            write_text(to, "Allow: ");
            to.extend_from_slice(methods_of(place.unwrap_or(Place::Price)));
            write_text(to, "\r\n");
        }
        _ => {}
    }
}

fn methods_of(place: Place) -> &'static [u8] {
    match place {
        Place::Price => b"GET, HEAD, OPTIONS",
        Place::Prices => b"GET, HEAD, POST, OPTIONS",
    }
}

fn status_line(code: Code) -> &'static [u8] {
    match code.status() {
        400 => b"HTTP/1.1 400 Bad Request\r\n",
        401 => b"HTTP/1.1 401 Unauthorized\r\n",
        403 => b"HTTP/1.1 403 Forbidden\r\n",
        404 => b"HTTP/1.1 404 Not Found\r\n",
        405 => b"HTTP/1.1 405 Method Not Allowed\r\n",
        429 => b"HTTP/1.1 429 Too Many Requests\r\n",
        431 => b"HTTP/1.1 431 Request Header Fields Too Large\r\n",
        503 => b"HTTP/1.1 503 Service Unavailable\r\n",
        _ => b"HTTP/1.1 500 Internal Server Error\r\n",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::ALL;
    use crate::texts::Texts;

    fn pen() -> Pen {
        Pen::new(&Identity { node: "Bea\"st".into(), region: "local".into(), version: "1".into() })
    }

    fn circumstances<'a>() -> Circumstances<'a> {
        Circumstances {
            request_id: b"01JD4Q6T3V8Y",
            timestamp: *b"2026-11-20T07:40:00.123456Z",
            date: *b"Fri, 20 Nov 2026 07:40:00 GMT",
            latency_us: 7,
            is_head: false,
            connection: Connection::GoesOn,
            limits: LimitsOf::Nobody,
        }
    }

    fn split(answer: &[u8]) -> (String, String) {
        let text = String::from_utf8(answer.to_vec()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        (format!("{head}\r\n"), body.to_owned())
    }

    fn told_length(head: &str) -> usize {
        let line = head.lines().find(|line| line.starts_with("Content-Length: ")).unwrap();
        line["Content-Length: ".len()..].parse().unwrap()
    }

    #[test]
    fn a_success_is_the_envelope_of_the_contract() {
        let mut to = Vec::new();
        pen().write_ok(&mut to, &circumstances(), Tag::of(0xab), &[b"{\"age_ms\":", b"22", b"}"]);
        let (head, body) = split(&to);
        assert_eq!(
            body,
            "{\"success\":true,\"service\":\"LPO\",\"code\":\"OK\",\"message\":\"\",\"data\":{\"age_ms\":22},\"errors\":[],\
             \"request_id\":\"01JD4Q6T3V8Y\",\"timestamp\":\"2026-11-20T07:40:00.123456Z\",\"latency_us\":7,\
             \"node\":\"Bea\\\"st\",\"region\":\"local\",\"version\":\"1\"}"
        );
        assert_eq!(told_length(&head), body.len());
        assert!(head.contains("\r\nETag: W/\"00000000000000ab\"\r\n") && head.contains("\r\nDate: Fri, 20 Nov 2026 07:40:00 GMT\r\n"));
    }

    #[test]
    fn a_head_request_gets_the_length_and_no_body() {
        let (mut whole, mut head_only) = (Vec::new(), Vec::new());
        pen().write_ok(&mut whole, &circumstances(), Tag::of(1), &[b"{}"]);
        pen().write_ok(&mut head_only, &Circumstances { is_head: true, ..circumstances() }, Tag::of(1), &[b"{}"]);
        assert!(whole.starts_with(&head_only) && head_only.ends_with(b"\r\n\r\n"));
        let with = Circumstances { is_head: true, ..circumstances() };
        let mut refused = Vec::new();
        pen().write_refusal(&mut refused, &with, Code::KeyMissing, Texts::default().find(Code::KeyMissing, None), &Facts::default(), None);
        assert!(refused.ends_with(b"\r\n\r\n"));
    }

    #[test]
    fn every_refusal_is_an_envelope_and_a_problem() {
        let texts = Texts::default();
        for code in ALL.into_iter().filter(|code| *code != Code::Ok) {
            let mut to = Vec::new();
            pen().write_refusal(&mut to, &circumstances(), code, texts.find(code, None), &Facts { asset: "BTC", ..Facts::default() }, None);
            let (head, body) = split(&to);
            assert_eq!(told_length(&head), body.len());
            assert!(head.starts_with(&format!("HTTP/1.1 {} ", code.status())), "{head}");
            assert!(head.contains("\r\nContent-Type: application/problem+json\r\n") && head.contains("\r\nRateLimit-Policy: "), "{head}");
            assert!(
                body.contains(&format!("\"code\":\"{0}\"", code.name()))
                    && body.contains(&format!("\"type\":\"/problems/{}\"", code.name()))
            );
            for field in
                ["success", "service", "message", "data", "errors", "request_id", "timestamp", "latency_us", "node", "region", "version"]
            {
                assert!(body.contains(&format!("\"{field}\":")), "{field} in {body}");
            }
        }
    }

    #[test]
    fn a_spent_month_asks_nobody_to_wait() {
        let texts = Texts::default();
        let heads = [Code::RateLimited, Code::QuotaSpent].map(|code| {
            let mut to = Vec::new();
            pen().write_refusal(&mut to, &circumstances(), code, texts.find(code, None), &Facts::default(), None);
            split(&to).0
        });
        assert!(heads[0].contains("\r\nRetry-After: 1\r\n") && !heads[0].contains("\r\nX-Should-Retry"));
        assert!(!heads[1].contains("\r\nRetry-After") && heads[1].contains("\r\nX-Should-Retry: false\r\n"));
    }

    #[test]
    fn unchanged_has_neither_body_nor_length() {
        let mut to = Vec::new();
        pen().write_unchanged(&mut to, &circumstances(), Tag::of(1));
        let (head, body) = split(&to);
        assert!(body.is_empty() && !head.contains("\r\nContent-") && head.contains("ETag: W/\""));
    }

    #[test]
    fn tags_are_found_in_lists_weak_or_not() {
        let tag = Tag::of(0x0123_4567_89ab_cdef);
        for list in ["\"0123456789abcdef\"", "W/\"0123456789abcdef\"", "\"a\", W/\"0123456789abcdef\"", "*"] {
            assert!(tag.is_in(list.as_bytes()), "{list}");
        }
        for list in ["", "0123456789abcdef", "\"0123456789abcde\"", "W/*", "\""] {
            assert!(!tag.is_in(list.as_bytes()), "{list}");
        }
    }
}

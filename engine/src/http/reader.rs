//! Reads a request's header out of bytes. Pure: no I/O, no clock, no state; whatever the bytes, it returns.
//!
//! The reader is strict where two programs could read the same bytes in two ways, for that is how requests are smuggled:
//! lines end with CRLF and nothing else, no space stands before a colon, no line is folded, `Host` and `Content-Length`
//! come once, never beside `Transfer-Encoding`, and the only coding is `chunked`. What is handed to Python afterwards has
//! passed here. Source: RFC 9112 sections 2.2, 3.2, 5.1, 5.2, 6.3 and 7.1, read 2026-11-20.

use std::mem::MaybeUninit;

/// The most header fields in one request.
const FIELDS_MAX: usize = 64;

/// The longest first line of a chunk, its extensions included.
const CHUNK_LINE_BYTES_MAX: usize = 256;

/// Empty lines that are skipped before a request line, as RFC 9112 section 2.2 asks.
const EMPTY_LINES_MAX: usize = 4;

/// What the bytes turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub enum Reading<'b> {
    /// Not yet a whole header. More bytes may make it one.
    Partial,
    /// A whole header.
    Whole(Request<'b>),
    /// No request, or one that can be read in two ways.
    Malformed,
    /// A header larger than allowed.
    TooLarge,
}

/// What is asked for, by its method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as on the wire")]
pub enum Method {
    Get,
    Head,
    Options,
    Post,
    Other,
}

/// The key a request carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secret<'b> {
    /// None in the header.
    Missing,
    /// This one.
    Plain(&'b [u8]),
    /// Two different ones, or a scheme that is not ours.
    Odd,
}

/// A request's header: what the engine needs of it.
#[derive(Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is one fact about the request")]
pub struct Request<'b> {
    /// Bytes of the header, the empty line and any empty lines before it included.
    pub length: usize,
    /// GET, HEAD, …
    pub method: Method,
    /// What stands between method and version.
    pub target: &'b [u8],
    /// Whether the connection may go on after the answer.
    pub keeps_alive: bool,
    /// Whether this is HTTP/1.0.
    pub is_old: bool,
    /// Whether a body follows.
    pub has_body: bool,
    /// Whether it asks for something beyond an answer: another protocol, or leave to go on.
    pub has_demands: bool,
    /// The key in `Authorization` or `X-API-Key`.
    pub secret: Secret<'b>,
    /// `X-Request-Id`
    pub request_id: Option<&'b [u8]>,
    /// `If-None-Match`
    pub if_none_match: Option<&'b [u8]>,
    /// `Accept-Language`
    pub accept_language: Option<&'b [u8]>,
    /// `Origin`
    pub origin: Option<&'b [u8]>,
}

/// Read one request from the beginning of `bytes`, its header at most `header_bytes_max` long.
#[inline]
pub fn read(bytes: &[u8], header_bytes_max: usize) -> Reading<'_> {
    let skipped = match skip_empty_lines(bytes) {
        Ok(skipped) => skipped,
        Err(reading) => return reading,
    };
    let mut fields = [const { MaybeUninit::uninit() }; FIELDS_MAX];
    let mut parsed = httparse::Request::new(&mut []);
    let length = match parsed.parse_with_uninit_headers(&bytes[skipped..], &mut fields) {
        Ok(httparse::Status::Complete(length)) => length + skipped,
        Ok(httparse::Status::Partial) if bytes.len() >= header_bytes_max => return Reading::TooLarge,
        Ok(httparse::Status::Partial) => return Reading::Partial,
        Err(httparse::Error::TooManyHeaders) => return Reading::TooLarge,
        Err(_) => return Reading::Malformed,
    };
    if length > header_bytes_max {
        return Reading::TooLarge;
    }
    judge(bytes, length, &parsed)
}

/// Return how many bytes of empty lines come first.
#[inline]
fn skip_empty_lines(bytes: &[u8]) -> Result<usize, Reading<'static>> {
    let mut skipped = 0;
    loop {
        match &bytes[skipped..] {
            [] | [b'\r'] => return Err(Reading::Partial),
            [b'\r', b'\n', ..] if skipped < 2 * EMPTY_LINES_MAX => skipped += 2,
            [b'\r' | b'\n', ..] => return Err(Reading::Malformed),
            _ => return Ok(skipped),
        }
    }
}

/// What the fields of a header say, collected while they are gone through.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is one fact about the request")]
struct Said<'b> {
    hosts: usize,
    has_length: bool,
    has_body: bool,
    is_chunked: bool,
    closes: bool,
    stays: bool,
    has_demands: bool,
    /// Whether an `Authorization` was there that carries no key we can use.
    is_odd: bool,
    secret: Option<&'b [u8]>,
    request_id: Option<&'b [u8]>,
    if_none_match: Option<&'b [u8]>,
    accept_language: Option<&'b [u8]>,
    origin: Option<&'b [u8]>,
}

/// A field that makes the whole request ambiguous.
struct Ambiguous;

fn judge<'b>(bytes: &'b [u8], length: usize, parsed: &httparse::Request<'_, 'b>) -> Reading<'b> {
    let (Some(method), Some(target), Some(version)) = (parsed.method, parsed.path, parsed.version) else { return Reading::Malformed };
    let mut said = Said::default();
    for field in parsed.headers.iter() {
        if !follows_crlf(bytes, field.name) || said.hear(field.name.as_bytes(), field.value).is_err() {
            return Reading::Malformed;
        }
    }
    let is_old = version == 0;
    let is_sound = bytes[..length].ends_with(b"\r\n\r\n")
        && target.is_ascii()
        && if is_old { said.hosts <= 1 && !said.is_chunked } else { said.hosts == 1 }
        && !(said.is_chunked && said.has_length);
    if !is_sound {
        return Reading::Malformed;
    }
    // Who asks for leave to send waits for it; the chunk comes after.
    if said.is_chunked && !said.has_demands {
        match read_chunk_line(&bytes[length..]) {
            ChunkLine::Sound => {}
            ChunkLine::Partial => return Reading::Partial,
            ChunkLine::Malformed => return Reading::Malformed,
        }
    }
    Reading::Whole(Request {
        length,
        method: method_of(method),
        target: target.as_bytes(),
        keeps_alive: !said.closes && (!is_old || said.stays),
        is_old,
        has_body: said.has_body || said.is_chunked,
        has_demands: said.has_demands,
        secret: match said.secret {
            _ if said.is_odd => Secret::Odd,
            Some(secret) => Secret::Plain(secret),
            None => Secret::Missing,
        },
        request_id: said.request_id,
        if_none_match: said.if_none_match,
        accept_language: said.accept_language,
        origin: said.origin,
    })
}

/// Return whether the line before this field's ended with CRLF. The parser lets a bare LF pass.
#[inline]
fn follows_crlf(bytes: &[u8], name: &str) -> bool {
    let at = name.as_ptr() as usize - bytes.as_ptr() as usize;
    at >= 2 && bytes[at - 2..at] == *b"\r\n"
}

fn method_of(method: &str) -> Method {
    match method {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "OPTIONS" => Method::Options,
        "POST" => Method::Post,
        _ => Method::Other,
    }
}

impl<'b> Said<'b> {
    #[inline]
    fn hear(&mut self, name: &[u8], value: &'b [u8]) -> Result<(), Ambiguous> {
        // The length tells most names apart before any letter is looked at.
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => return self.hear_host(value),
            6 if name.eq_ignore_ascii_case(b"expect") => self.has_demands = true,
            6 if name.eq_ignore_ascii_case(b"origin") => self.hear_origin(value),
            7 if name.eq_ignore_ascii_case(b"upgrade") => self.has_demands = true,
            9 if name.eq_ignore_ascii_case(b"x-api-key") => self.hear_secret(Some(value)),
            10 if name.eq_ignore_ascii_case(b"connection") => self.hear_connection(value),
            12 if name.eq_ignore_ascii_case(b"x-request-id") => self.request_id = Some(value),
            13 if name.eq_ignore_ascii_case(b"authorization") => self.hear_secret(bearer_of(value)),
            13 if name.eq_ignore_ascii_case(b"if-none-match") => self.hear_if_none_match(value),
            14 if name.eq_ignore_ascii_case(b"content-length") => return self.hear_length(value),
            15 if name.eq_ignore_ascii_case(b"accept-language") => self.accept_language = Some(value),
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => return self.hear_coding(value),
            _ => {}
        }
        Ok(())
    }

    fn hear_host(&mut self, value: &[u8]) -> Result<(), Ambiguous> {
        self.hosts += 1;
        let is_plain = value.iter().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]%~!$&'()*+;=".contains(byte));
        if self.hosts > 1 || !is_plain { Err(Ambiguous) } else { Ok(()) }
    }

    fn hear_length(&mut self, value: &[u8]) -> Result<(), Ambiguous> {
        let is_number = (1..=18).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
        if self.has_length || !is_number {
            return Err(Ambiguous);
        }
        self.has_length = true;
        self.has_body = value.iter().any(|digit| *digit != b'0');
        Ok(())
    }

    fn hear_coding(&mut self, value: &[u8]) -> Result<(), Ambiguous> {
        if self.is_chunked || !value.eq_ignore_ascii_case(b"chunked") {
            return Err(Ambiguous);
        }
        self.is_chunked = true;
        Ok(())
    }

    fn hear_connection(&mut self, value: &[u8]) {
        for option in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            self.closes |= option.eq_ignore_ascii_case(b"close");
            self.stays |= option.eq_ignore_ascii_case(b"keep-alive");
        }
    }

    fn hear_secret(&mut self, secret: Option<&'b [u8]>) {
        let is_usable = secret.is_some_and(|secret| (1..=256).contains(&secret.len()) && is_graphic(secret));
        if !is_usable || self.secret.is_some_and(|known| Some(known) != secret) {
            self.is_odd = true;
        }
        self.secret = secret;
    }

    fn hear_origin(&mut self, value: &'b [u8]) {
        // Two of them are no browser's, and none of ours is empty.
        self.origin = Some(if self.origin.is_some() { b"" } else { value });
    }

    fn hear_if_none_match(&mut self, value: &'b [u8]) {
        // Of several fields the last counts: to miss a match costs an answer in full, no more.
        self.if_none_match = Some(value);
    }
}

/// Return whether all bytes are letters, digits and signs. Looks at all of them, which the processor does many at a time.
#[inline]
fn is_graphic(bytes: &[u8]) -> bool {
    bytes.iter().fold(true, |so_far, byte| so_far & byte.is_ascii_graphic())
}

/// Return what follows `Bearer`, or None for another scheme.
#[inline]
fn bearer_of(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| rest.trim_ascii())
}

/// What the first line of a chunked body is.
enum ChunkLine {
    Sound,
    Partial,
    Malformed,
}

fn read_chunk_line(bytes: &[u8]) -> ChunkLine {
    let Some(end) = memchr::memchr(b'\n', &bytes[..bytes.len().min(CHUNK_LINE_BYTES_MAX)]) else {
        let is_possible = bytes.len() < CHUNK_LINE_BYTES_MAX && bytes.first().is_none_or(u8::is_ascii_hexdigit);
        return if is_possible { ChunkLine::Partial } else { ChunkLine::Malformed };
    };
    let Some(line) = bytes[..end].strip_suffix(b"\r") else { return ChunkLine::Malformed };
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let extension = &line[digits..];
    let is_sound = (1..=15).contains(&digits)
        && (extension.is_empty() || extension.starts_with(b";"))
        && extension.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t'));
    if is_sound { ChunkLine::Sound } else { ChunkLine::Malformed }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MAX: usize = 16_384;

    fn whole(text: &str) -> Request<'_> {
        match read(text.as_bytes(), MAX) {
            Reading::Whole(request) => request,
            other => panic!("{text:?} reads as {other:?}"),
        }
    }

    fn with(fields: &str) -> String {
        format!("GET /price?asset=BTC HTTP/1.1\r\nHost: localhost:8080\r\n{fields}\r\n")
    }

    #[test]
    fn a_plain_request_is_read() {
        let text = with("Authorization: Bearer tb_live_1\r\nX-Request-Id: a1\r\nIf-None-Match: \"x\"\r\nAccept-Language: de\r\n");
        let request = whole(&text);
        assert_eq!((request.method, request.target, request.length), (Method::Get, b"/price?asset=BTC".as_slice(), text.len()));
        assert_eq!((request.keeps_alive, request.is_old, request.has_body, request.has_demands), (true, false, false, false));
        assert_eq!(request.secret, Secret::Plain(b"tb_live_1"));
        assert_eq!((request.request_id, request.if_none_match), (Some(b"a1".as_slice()), Some(b"\"x\"".as_slice())));
        assert_eq!(request.accept_language, Some(b"de".as_slice()));
    }

    #[test]
    fn keys_are_found_wherever_they_may_stand() {
        for (fields, secret) in [
            ("", Secret::Missing),
            ("X-API-Key: k\r\n", Secret::Plain(b"k")),
            ("authorization: bearer  k \r\n", Secret::Plain(b"k")),
            ("Authorization: Bearer k\r\nX-API-Key: k\r\n", Secret::Plain(b"k")),
            ("Authorization: Bearer k\r\nX-API-Key: other\r\n", Secret::Odd),
            ("Authorization: Basic azpr\r\n", Secret::Odd),
            ("Authorization: Bearer \r\n", Secret::Odd),
            ("Authorization: Bearer a b\r\n", Secret::Odd),
            ("X-API-Key:\r\n", Secret::Odd),
        ] {
            assert_eq!(whole(&with(fields)).secret, secret, "{fields}");
        }
    }

    #[test]
    fn a_connection_goes_on_as_both_versions_have_it() {
        for (line, fields, keeps_alive) in [
            ("HTTP/1.1", "", true),
            ("HTTP/1.1", "Connection: close\r\n", false),
            ("HTTP/1.1", "Connection: foo, Close\r\n", false),
            ("HTTP/1.0", "", false),
            ("HTTP/1.0", "Connection: Keep-Alive\r\n", true),
            ("HTTP/1.0", "Connection: keep-alive, close\r\n", false),
        ] {
            let text = format!("GET / {line}\r\nHost: a\r\n{fields}\r\n");
            assert_eq!(whole(&text).keeps_alive, keeps_alive, "{text}");
        }
        assert!(whole("GET / HTTP/1.0\r\n\r\n").is_old);
    }

    #[test]
    fn bodies_and_demands_are_noticed() {
        assert!(!whole(&with("Content-Length: 0\r\n")).has_body);
        assert!(whole(&with("Content-Length: 10\r\n")).has_body);
        assert!(whole(&with("Expect: 100-continue\r\nContent-Length: 10\r\n")).has_demands);
        assert!(whole(&with("Upgrade: websocket\r\nConnection: Upgrade\r\n")).has_demands);
        assert!(whole(&with("Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n")).has_body);
        let chunked = with("Transfer-Encoding: Chunked\r\n");
        assert_eq!(read(chunked.as_bytes(), MAX), Reading::Partial);
        for line in ["5\r\n", "0\r\n", "fF;name=value\r\n", "a ;x\r\n"] {
            let text = format!("{chunked}{line}");
            let is_sound = !line.contains(' ');
            assert_eq!(matches!(read(text.as_bytes(), MAX), Reading::Whole(request) if request.has_body), is_sound, "{line}");
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        let long = format!("Transfer-Encoding: chunked\r\n\r\n1;{}", "x".repeat(300));
        for fields in [
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
            "Content-Length: 5\r\nContent-Length: 5\r\n",
            "Content-Length: 5\r\nContent-Length: 6\r\n",
            "Content-Length: +5\r\n",
            "Content-Length: 5, 5\r\n",
            "Content-Length: 0x5\r\n",
            "Content-Length:\r\n",
            "Content-Length: 9999999999999999999\r\n",
            "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n",
            "Transfer-Encoding: identity\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
            "Transfer-Encoding: chunked\r\n\r\nx\r\n",
            "Transfer-Encoding: chunked\r\n\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n5\n",
            "Transfer-Encoding: chunked\r\n\r\n-1\r\n",
            "Transfer-Encoding: chunked\r\n\r\n1234567890123456\r\n",
            "Transfer-Encoding: chunked\r\n\r\n5;\u{1}\r\n",
            &long,
            "Host: other\r\n",
            "Name : value\r\n",
            " Name: value\r\n",
            "Name: value\r\n folded\r\n",
            "Name: value\r\n\tfolded\r\n",
            "Name: va\rlue\r\n",
            "Name: value\n",
            "Name: va\0lue\r\n",
            "Na(me: value\r\n",
            ": value\r\n",
            "no colon\r\n",
        ] {
            assert_eq!(read(with(fields).as_bytes(), MAX), Reading::Malformed, "{fields:?}");
        }
        for text in [
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\n",
            "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /é HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a/b@c\r\n\r\n",
            "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "GET /\r\n\r\n",
            "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
            "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n",
            "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "\u{16}\u{3}\u{1}\0\0\r\n\r\n",
        ] {
            assert_eq!(read(text.as_bytes(), MAX), Reading::Malformed, "{text:?}");
        }
    }

    #[test]
    fn empty_lines_before_a_request_belong_to_it() {
        let text = "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
        assert_eq!(whole(text).length, text.len());
        assert_eq!(read(b"\r", MAX), Reading::Partial);
        assert_eq!(read(b"", MAX), Reading::Partial);
    }

    #[test]
    fn a_header_over_its_bound_is_too_large_whole_or_not() {
        let text = with(&format!("X: {}\r\n", "a".repeat(100)));
        assert!(matches!(read(text.as_bytes(), text.len()), Reading::Whole(_)));
        assert_eq!(read(text.as_bytes(), text.len() - 1), Reading::TooLarge);
        assert_eq!(read(&text.as_bytes()[..100], 100), Reading::TooLarge);
        assert_eq!(read(&text.as_bytes()[..99], 100), Reading::Partial);
        assert_eq!(read(with(&"A: b\r\n".repeat(64)).as_bytes(), MAX), Reading::TooLarge);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&bytes, 200);
        }

        #[test]
        fn any_bytes_after_a_request_line_are_read_without_panic(fields in prop::collection::vec(prop::sample::select(
            vec!["Host: a", "Content-Length: 5", "Transfer-Encoding: chunked", "\r\n", "\n", "\r", ":", " ", "Connection: close", "0\r\n"]), 0..20)) {
            let text = format!("GET / HTTP/1.1\r\n{}", fields.concat());
            if let Reading::Whole(request) = read(text.as_bytes(), MAX) {
                prop_assert!(request.length <= text.len());
                let header = &text.as_bytes()[..request.length];
                // No line of an accepted header ends in anything but CRLF.
                for (at, byte) in header.iter().enumerate() {
                    prop_assert!(*byte != b'\n' || header[at - 1] == b'\r');
                    prop_assert!(*byte != b'\r' || header[at + 1] == b'\n');
                }
            }
        }

        /// What is whole stays the same when bytes follow, and is partial or wrong in no prefix of it.
        #[test]
        fn a_prefix_of_a_request_is_partial_and_what_follows_does_not_matter(cut in 0_usize..60, rest in prop::collection::vec(any::<u8>(), 0..50)) {
            let text = with("X-API-Key: k\r\n");
            let mut bytes = text.clone().into_bytes();
            prop_assert_eq!(read(&bytes[..cut.min(bytes.len() - 1)], MAX), Reading::Partial);
            bytes.extend_from_slice(&rest);
            prop_assert_eq!(read(&bytes, MAX), Reading::Whole(whole(&text)));
        }
    }
}

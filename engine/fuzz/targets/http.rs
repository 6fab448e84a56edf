//! The HTTP reader, beside a plodding one of our own that knows only the rules against smuggling.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trinity_beast_engine::http::reader::{Reading, Request, read};
use trinity_beast_engine::http::route::{Route, route};

const HEADER_BYTES_MAX: usize = 4_096;
const ASSETS_MAX: usize = 1_000;
const CUTS: usize = 8;

/// How a header that was taken must look, line for line.
fn judge(header: &[u8], request: &Request<'_>) {
    assert!(header.ends_with(b"\r\n\r\n"), "a header ends with an empty line");
    let lines = lines_of(header);
    let mut fields = lines.iter().skip_while(|line| line.is_empty());
    let first = fields.next().expect("a request line");
    assert_eq!(first.iter().filter(|byte| **byte == b' ').count(), 2, "a request line is three words");
    assert!(request.target.iter().all(u8::is_ascii_graphic), "a target is printable");
    let (mut hosts, mut lengths, mut codings) = (0, vec![], vec![]);
    for line in fields.take_while(|line| !line.is_empty()) {
        let colon = line.iter().position(|byte| *byte == b':').expect("a field has a colon");
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        assert!(!name.is_empty() && name.iter().copied().all(is_token), "a field's name is a token, with no space before its colon");
        assert!(!value.contains(&0), "no value hides a zero");
        hosts += usize::from(name.eq_ignore_ascii_case(b"host"));
        if name.eq_ignore_ascii_case(b"content-length") {
            lengths.push(value);
        }
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            codings.push(value);
        }
    }
    assert!(hosts == 1 || (hosts == 0 && request.is_old), "one host, or none in HTTP/1.0");
    assert!(lengths.len() + codings.len() <= 1, "one way to tell where the body ends");
    assert!(lengths.iter().all(|value| !value.is_empty() && value.iter().all(u8::is_ascii_digit)), "a length is digits");
    assert!(codings.iter().all(|value| value.eq_ignore_ascii_case(b"chunked")), "the only coding is chunked");
    let has_body = !codings.is_empty() || lengths.iter().any(|value| value.iter().any(|digit| *digit != b'0'));
    assert_eq!(request.has_body, has_body, "whether a body follows");
}

/// The lines of a header, which end with CR LF and hold neither alone.
fn lines_of(header: &[u8]) -> Vec<&[u8]> {
    let mut lines = vec![];
    let mut rest = header;
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let (line, after) = (&rest[..end], &rest[end + 2..]);
        assert!(!line.contains(&b'\r') && !line.contains(&b'\n'), "a bare CR or LF");
        lines.push(line);
        rest = after;
    }
    lines
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The bytes may come in any pieces: what is decided on a part stays decided on the whole.
fn compare_with_parts(bytes: &[u8], whole: &Reading<'_>) {
    for cut in (1..=CUTS).map(|part| bytes.len() * part / (CUTS + 1)) {
        match read(&bytes[..cut], HEADER_BYTES_MAX) {
            Reading::Partial => {}
            Reading::Whole(early) => assert_eq!(*whole, Reading::Whole(early), "a request stays the same when more comes after it"),
            Reading::Malformed | Reading::TooLarge => {
                assert!(matches!(whole, Reading::Malformed | Reading::TooLarge), "a refusal is final");
            }
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let whole = read(bytes, HEADER_BYTES_MAX);
    compare_with_parts(bytes, &whole);
    if let Reading::Whole(request) = whole {
        assert!(request.length <= bytes.len().min(HEADER_BYTES_MAX));
        judge(&bytes[..request.length], &request);
        if let Route::Prices(Some(list), _) = route(request.target, ASSETS_MAX) {
            assert!((1..=ASSETS_MAX).contains(&list.len()), "a list is bounded");
            assert_eq!(list.iter().count(), list.len(), "every item of a list is an asset");
        }
    }
});

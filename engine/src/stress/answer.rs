//! Reads HTTP/1.1 answers: where each ends, and what it says.

use memchr::{memchr, memmem};

/// Most bytes of an answer's head, and of a chunk's first line.
const HEAD_BYTES_MAX: usize = 32_768;

/// One whole answer at the start of a buffer.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// The status of its first line.
    pub status: u16,
    /// Its body, as it was sent.
    pub body: &'a [u8],
    /// Bytes from its first to the one after its body.
    pub total_bytes: usize,
    /// Whether the target closes the connection after it.
    pub closes: bool,
}

/// Bytes that cannot become an answer, however many follow.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed;

/// Where a body ends.
enum Length {
    Known(usize),
    Chunked,
    UntilClosed,
}

/// Read one answer from the start of `bytes`; none when more are needed. With `is_ended` no more will come.
///
/// # Errors
/// The bytes are no answer.
pub fn read(bytes: &[u8], is_ended: bool) -> Result<Option<Answer<'_>>, Malformed> {
    let mut at = 0;
    while let Some(answer) = read_one(&bytes[at..], is_ended)? {
        if answer.status >= 200 {
            return Ok(Some(Answer { total_bytes: answer.total_bytes + at, ..answer }));
        }
        at += answer.total_bytes; // An interim answer: the real one follows.
    }
    Ok(None)
}

fn read_one(bytes: &[u8], is_ended: bool) -> Result<Option<Answer<'_>>, Malformed> {
    let Some(line_end) = memchr(b'\n', bytes) else { return too_long(bytes) };
    let status = status_of(&bytes[..line_end])?;
    let mut at = line_end + 1;
    let (mut length, mut closes) = (Length::UntilClosed, bytes[7] == b'0');
    loop {
        let Some(end) = memchr(b'\n', &bytes[at..]) else { return too_long(bytes) };
        let line = &bytes[at..at + end];
        at += end + 1;
        if line.len() <= 1 {
            break;
        }
        match line[0] | 0x20 {
            b'c' => {
                if let Some(value) = value_of(line, b"content-length") {
                    length = Length::Known(number(value, 10)?);
                } else if let Some(value) = value_of(line, b"connection") {
                    closes |= value.trim_ascii().eq_ignore_ascii_case(b"close");
                }
            }
            b't' if value_of(line, b"transfer-encoding").is_some() => length = Length::Chunked,
            _ => {}
        }
    }
    if status < 200 || matches!(status, 204 | 304) {
        length = Length::Known(0);
    }
    let end = match length {
        Length::Known(length) => Some(at + length).filter(|end| *end <= bytes.len()),
        Length::Chunked => chunks_end(bytes, at)?,
        Length::UntilClosed => is_ended.then_some(bytes.len()),
    };
    closes |= matches!(length, Length::UntilClosed);
    Ok(end.map(|end| Answer { status, body: &bytes[at..end], total_bytes: end, closes }))
}

fn too_long(bytes: &[u8]) -> Result<Option<Answer<'_>>, Malformed> {
    if bytes.len() > HEAD_BYTES_MAX { Err(Malformed) } else { Ok(None) }
}

fn status_of(line: &[u8]) -> Result<u16, Malformed> {
    let is_one = line.len() >= 12 && line.starts_with(b"HTTP/1.") && line[8] == b' ' && line[9..12].iter().all(u8::is_ascii_digit);
    if !is_one || line[9] == b'0' {
        return Err(Malformed);
    }
    Ok(line[9..12].iter().fold(0, |value, digit| value * 10 + u16::from(digit - b'0')))
}

fn value_of<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    (line.len() > name.len() && line[name.len()] == b':' && line[..name.len()].eq_ignore_ascii_case(name)).then(|| &line[name.len() + 1..])
}

fn number(text: &[u8], base: u32) -> Result<usize, Malformed> {
    let digits = std::str::from_utf8(text.trim_ascii()).map_err(|_| Malformed)?;
    let is_plain = (1..=9).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if is_plain { usize::from_str_radix(digits, base).map_err(|_| Malformed) } else { Err(Malformed) }
}

/// Return where a chunked body ends; none when more bytes are needed.
fn chunks_end(bytes: &[u8], mut at: usize) -> Result<Option<usize>, Malformed> {
    loop {
        let Some(end) = memchr(b'\n', &bytes[at..]) else {
            return if bytes.len() - at > HEAD_BYTES_MAX { Err(Malformed) } else { Ok(None) };
        };
        let line = &bytes[at..at + end];
        let size = number(line.split(|sign| *sign == b';').next().unwrap_or(line), 16)?;
        at += end + 1;
        if size == 0 {
            break;
        }
        at += size + 2;
        if at > bytes.len() {
            return Ok(None);
        }
    }
    // Fields may follow the last chunk; an empty line ends them.
    loop {
        let Some(end) = memchr(b'\n', &bytes[at..]) else { return Ok(None) };
        at += end + 1;
        if end <= 1 {
            return Ok(Some(at));
        }
    }
}

/// Return the code a JSON body names, empty where it names none.
pub fn code_in(body: &[u8]) -> &[u8] {
    let Some(at) = memmem::find(body, b"\"code\":") else { return b"" };
    let rest = body[at + 7..].trim_ascii_start();
    let Some(rest) = rest.strip_prefix(b"\"") else { return b"" };
    let end = rest.iter().position(|sign| !(sign.is_ascii_alphanumeric() || *sign == b'_')).unwrap_or(0);
    &rest[..end]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: a\r\nCONTENT-LENGTH: 4\r\n\r\nbodyHTTP";
    const CHUNKED: &[u8] =
        b"HTTP/1.1 503 Away\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n4;a=b\r\nbody\r\n0\r\nX: y\r\n\r\n";

    #[test]
    fn an_answer_ends_where_its_length_says() {
        let answer = read(PLAIN, false).unwrap().unwrap();
        assert_eq!((answer.status, answer.body, answer.total_bytes, answer.closes), (200, &b"body"[..], PLAIN.len() - 4, false));
    }

    #[test]
    fn a_chunked_answer_ends_with_its_last_chunk() {
        let answer = read(CHUNKED, false).unwrap().unwrap();
        assert_eq!((answer.status, answer.total_bytes, answer.closes), (503, CHUNKED.len(), true));
    }

    #[test]
    fn no_prefix_of_an_answer_is_an_answer() {
        for (whole, length) in [(PLAIN, PLAIN.len() - 4), (CHUNKED, CHUNKED.len())] {
            for end in 0..length {
                assert_eq!(read(&whole[..end], false), Ok(None), "{end}");
            }
        }
    }

    #[test]
    fn an_answer_without_a_length_ends_with_the_connection() {
        let bytes = b"HTTP/1.0 200 OK\r\n\r\nall of it";
        assert_eq!(read(bytes, false), Ok(None));
        let answer = read(bytes, true).unwrap().unwrap();
        assert_eq!((answer.body, answer.closes), (&b"all of it"[..], true));
    }

    #[test]
    fn an_interim_answer_is_passed_over() {
        let bytes = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
        let answer = read(bytes, false).unwrap().unwrap();
        assert_eq!((answer.status, answer.total_bytes), (204, bytes.len()));
    }

    #[test]
    fn other_bytes_are_malformed() {
        for bytes in [&b"hello world, this is text\r\n"[..], b"HTTP/1.1 2x0 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 4x\r\n\r\n"] {
            assert_eq!(read(bytes, false), Err(Malformed));
        }
        assert_eq!(read(&vec![b'x'; HEAD_BYTES_MAX + 1], false), Err(Malformed));
    }

    #[test]
    fn a_code_is_read_out_of_a_body() {
        assert_eq!(code_in(b"{\"success\":false,\"code\": \"RATE_LIMITED\",\"x\":1}"), b"RATE_LIMITED");
        assert_eq!((code_in(b"{}"), code_in(b"\"code\":7"), code_in(b"\"code\":\"OPEN")), (&b""[..], &b""[..], &b""[..]));
    }

    proptest! {
        #[test]
        fn made_up_bytes_never_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..200), is_ended: bool, which in 0_usize..3) {
            let start: &[u8] = [&b""[..], b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"][which];
            let all = [start, &bytes].concat();
            if let Ok(Some(answer)) = read(&all, is_ended) {
                prop_assert!(answer.total_bytes <= all.len() && answer.status >= 200);
            }
            prop_assert!(code_in(&all).len() <= all.len());
        }
    }
}

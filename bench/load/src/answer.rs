//! Reads HTTP/1.1 answers: where each ends, and whether it is the one that was asked for.

use memchr::{memchr, memmem};

/// What every answer must look like to count as one.
pub struct Expected {
    prefix: Vec<u8>,
    contains: Option<memmem::Finder<'static>>,
}

impl Expected {
    /// Demand status 200, a body that begins with `prefix` and, where given, holds `contains`.
    pub fn new(prefix: &[u8], contains: Option<&[u8]>) -> Self {
        Self { prefix: prefix.to_vec(), contains: contains.map(|text| memmem::Finder::new(text).into_owned()) }
    }

    fn is_met_by(&self, answer: &Answer<'_>) -> bool {
        answer.status == 200
            && answer.body.starts_with(&self.prefix)
            && self.contains.as_ref().is_none_or(|finder| finder.find(answer.body).is_some())
    }
}

/// One whole answer inside a read buffer.
pub struct Answer<'a> {
    /// The status code of its first line.
    pub status: u16,
    /// Its body, as long as `Content-Length` said.
    pub body: &'a [u8],
    /// Bytes from its first to the one after its body.
    pub total_bytes: usize,
}

/// Why a stream of bytes is no stream of answers.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

/// Read one answer from the start of `bytes`; `None` when more bytes are needed.
///
/// # Errors
/// [`Malformed`] when the bytes cannot become an answer however many follow.
pub fn read(bytes: &[u8]) -> Result<Option<Answer<'_>>, Malformed> {
    let Some(line_end) = memchr(b'\n', bytes) else { return Ok(None) };
    let status = status_of(&bytes[..line_end])?;
    let mut at = line_end + 1;
    let mut length = None;
    loop {
        let Some(end) = memchr(b'\n', &bytes[at..]) else { return Ok(None) };
        let line = &bytes[at..at + end];
        at += end + 1;
        if line.len() <= 1 {
            break;
        }
        // "content-length" is the only header of ours with 14 letters before its colon that begins with C.
        if line.len() > 15 && line[14] == b':' && line[..14].eq_ignore_ascii_case(b"content-length") {
            length = Some(number(&line[15..])?);
        }
    }
    let length = length.ok_or(Malformed("an answer without Content-Length"))?;
    if bytes.len() < at + length {
        return Ok(None);
    }
    Ok(Some(Answer { status, body: &bytes[at..at + length], total_bytes: at + length }))
}

fn status_of(line: &[u8]) -> Result<u16, Malformed> {
    if line.len() < 12 || !line.starts_with(b"HTTP/1.1 ") || !line[9..12].iter().all(u8::is_ascii_digit) {
        return Err(Malformed("a first line that is no status line"));
    }
    Ok(line[9..12].iter().fold(0, |value, digit| value * 10 + u16::from(digit - b'0')))
}

fn number(text: &[u8]) -> Result<usize, Malformed> {
    let digits = text.trim_ascii();
    if digits.is_empty() || digits.len() > 9 || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Malformed("a Content-Length that is no number"));
    }
    Ok(digits.iter().fold(0, |value, digit| value * 10 + usize::from(digit - b'0')))
}

/// How many answers came, by what they were.
#[derive(Default, Clone, Copy)]
pub struct Tally {
    /// Answers as expected.
    pub good: u64,
    /// Whole answers that were something else: a refusal, another body.
    pub bad: u64,
    /// Bytes of bodies, of all answers.
    pub body_bytes: u64,
}

impl Tally {
    /// All answers, good and bad.
    pub fn answers(&self) -> u64 {
        self.good + self.bad
    }

    /// Count every whole answer in `bytes` and return how many bytes they took.
    ///
    /// # Errors
    /// [`Malformed`] as for [`read`].
    pub fn take(&mut self, bytes: &[u8], expected: &Expected) -> Result<usize, Malformed> {
        let mut at = 0;
        while let Some(answer) = read(&bytes[at..])? {
            at += answer.total_bytes;
            self.body_bytes += answer.body.len() as u64;
            if expected.is_met_by(&answer) {
                self.good += 1;
            } else {
                self.bad += 1;
            }
            if at == bytes.len() {
                break;
            }
        }
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: a\r\nCONTENT-LENGTH: 4\r\n\r\nbodyHTTP";

    #[test]
    fn an_answer_ends_where_its_length_says() {
        let answer = read(WHOLE).unwrap().unwrap();
        assert_eq!((answer.status, answer.body, answer.total_bytes), (200, &b"body"[..], WHOLE.len() - 4));
    }

    #[test]
    fn no_prefix_of_an_answer_is_an_answer() {
        for end in 0..WHOLE.len() - 4 {
            assert!(read(&WHOLE[..end]).unwrap().is_none(), "{end}");
        }
    }

    #[test]
    fn other_bytes_are_malformed() {
        assert!(read(b"hello world, this is text\r\n").is_err());
        assert!(read(b"HTTP/1.1 2x0 OK\r\n\r\n").is_err());
        assert!(read(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(read(b"HTTP/1.1 200 OK\r\nContent-Length: 4x\r\n\r\n").is_err());
    }

    #[test]
    fn a_tally_counts_good_and_bad_and_leaves_the_rest() {
        let mut bytes = Vec::new();
        for (status, body) in [("200", "body"), ("429", "body"), ("200", "nope"), ("200", "body")] {
            bytes.extend(format!("HTTP/1.1 {status} X\r\nContent-Length: 4\r\n\r\n{body}").bytes());
        }
        let whole = bytes.len();
        bytes.extend(b"HTTP/1.1 200 OK\r\nCont");
        let mut tally = Tally::default();
        assert_eq!(tally.take(&bytes, &Expected::new(b"bo", Some(b"dy"))).unwrap(), whole);
        assert_eq!((tally.good, tally.bad, tally.body_bytes), (2, 2, 16));
    }
}

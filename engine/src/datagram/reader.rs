//! JSON as far as a datagram needs it: values are passed and pointed at, never copied.

use super::Malformed;

/// How deep arrays and objects may lie in one another in fields we do not know.
const DEPTH_MAX: usize = 8;

/// A string as it stands between its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Text<'a> {
    raw: &'a [u8],
    is_escaped: bool,
}

impl<'a> Text<'a> {
    /// Return the string, its escapes undone in `room`. None when it is longer than `room` and has escapes.
    #[inline]
    pub fn plain<'b>(&self, room: &'b mut [u8]) -> Option<&'b [u8]>
    where
        'a: 'b,
    {
        if self.is_escaped { undo_escapes(self.raw, room) } else { Some(self.raw) }
    }

    /// Return the bytes between the quotes, escapes and all.
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }
}

/// A place in the bytes.
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    /// Pass spaces.
    #[inline]
    pub(super) fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    /// Return the next byte that is no space, without passing it.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        self.space();
        self.bytes.get(self.at).copied()
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.peek() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        Err(Malformed::Syntax)
    }

    /// Read an object; `member` is called at each value and passes it.
    #[inline]
    pub(super) fn object(&mut self, mut member: impl FnMut(&mut Self, Text<'a>) -> Result<(), Malformed>) -> Result<(), Malformed> {
        self.sequence(b'{', b'}', |reader| {
            reader.space();
            let name = reader.string()?;
            reader.expect(b':')?;
            reader.space();
            member(reader, name)
        })
    }

    /// Read what stands between `open` and `close` with commas between; `item` is called at each and passes it.
    #[inline]
    pub(super) fn sequence(
        &mut self,
        open: u8,
        close: u8,
        mut item: impl FnMut(&mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.expect(open)?;
        if self.peek() == Some(close) {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.space();
            item(self)?;
            if self.peek() == Some(b',') {
                self.at += 1;
            } else {
                return self.expect(close);
            }
        }
    }

    /// Pass any value.
    pub(super) fn skip(&mut self, depth: usize) -> Result<(), Malformed> {
        if depth > DEPTH_MAX {
            return Err(Malformed::TooDeep);
        }
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b'{') => self.object(|reader, _| reader.skip(depth + 1)),
            Some(b'[') => self.sequence(b'[', b']', |reader| reader.skip(depth + 1)),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            _ => self.number().map(drop),
        }
    }

    /// Pass `word`, or it is an error.
    pub(super) fn word(&mut self, word: &[u8]) -> Result<(), Malformed> {
        if self.bytes[self.at..].starts_with(word) {
            self.at += word.len();
            return Ok(());
        }
        Err(Malformed::Syntax)
    }

    /// Pass a string and return what stands between its quotes. Its escapes are checked; that it is UTF-8 is known.
    #[inline]
    pub(super) fn string(&mut self) -> Result<Text<'a>, Malformed> {
        if self.bytes.get(self.at) != Some(&b'"') {
            return Err(Malformed::Syntax);
        }
        let start = self.at + 1;
        let (mut at, mut is_escaped) = (start, false);
        loop {
            at += plain_length(&self.bytes[at..]);
            match self.bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    is_escaped = true;
                    at += escape_at(&self.bytes[at..]).ok_or(Malformed::Syntax)?.1;
                }
                _ => return Err(Malformed::Syntax),
            }
        }
        self.at = at + 1;
        Ok(Text { raw: &self.bytes[start..at], is_escaped })
    }

    /// Pass a number; Some of its bytes when it is an integer.
    pub(super) fn integer(&mut self) -> Result<Option<&'a [u8]>, Malformed> {
        let start = self.at;
        let is_integer = self.number()?;
        Ok(is_integer.then(|| &self.bytes[start..self.at]))
    }

    /// Pass a number as JSON has it; whether it has neither fraction nor exponent.
    fn number(&mut self) -> Result<bool, Malformed> {
        if self.bytes.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        if self.bytes.get(self.at) == Some(&b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        let whole_end = self.at;
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(self.at == whole_end)
    }

    fn digits(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(Malformed::Syntax) }
    }
}

/// Return how many of these bytes come before the first that is a quote, a backslash or a control character.
///
/// Eight at a time: in `lanes - ONES & !lanes & HIGHS` a lane that is zero has its high bit set; lanes above it may have
/// it too, by the borrow, so only the lowest is asked for.
#[inline]
fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = ONES << 7;
    let zeros = |lanes: u64| lanes.wrapping_sub(ONES) & !lanes;
    let mut words = bytes.chunks_exact(8);
    let mut passed = 0;
    for word in &mut words {
        let word = u64::from_le_bytes(word.try_into().expect("a chunk of 8 has 8 bytes"));
        let quotes = zeros(word ^ (ONES * u64::from(b'"')));
        let backslashes = zeros(word ^ (ONES * u64::from(b'\\')));
        let controls = word.wrapping_sub(ONES * 0x20) & !word;
        let found = (quotes | backslashes | controls) & HIGHS;
        if found != 0 {
            return passed + found.trailing_zeros() as usize / 8;
        }
        passed += 8;
    }
    let is_plain = |byte: &&u8| !matches!(**byte, b'"' | b'\\' | ..0x20);
    passed + words.remainder().iter().take_while(is_plain).count()
}

/// Read the escape that `bytes` begin with: what it stands for, and how many bytes it has.
fn escape_at(bytes: &[u8]) -> Option<(char, usize)> {
    let plain = match bytes.get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode_at(bytes),
        _ => return None,
    };
    Some((plain, 2))
}

/// Read `\uXXXX`, or two of them that are one character. Half of a pair is no character.
fn unicode_at(bytes: &[u8]) -> Option<(char, usize)> {
    let high = hex_at(bytes)?;
    if let Some(plain) = char::from_u32(high) {
        return Some((plain, 6));
    }
    let low = bytes.get(6..).filter(|rest| rest.starts_with(b"\\u")).and_then(hex_at)?;
    if !(0xD800..0xDC00).contains(&high) || !(0xDC00..0xE000).contains(&low) {
        return None;
    }
    char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00)).map(|plain| (plain, 12))
}

/// Return the number of the four digits behind `\u`.
fn hex_at(bytes: &[u8]) -> Option<u32> {
    bytes.get(2..6)?.iter().try_fold(0, |sum, digit| Some(sum << 4 | char::from(*digit).to_digit(16)?))
}

fn undo_escapes<'b>(raw: &[u8], room: &'b mut [u8]) -> Option<&'b [u8]> {
    let (mut at, mut end) = (0, 0);
    while at < raw.len() {
        if raw[at] == b'\\' {
            let (plain, length) = escape_at(&raw[at..])?;
            let plain_end = end + plain.len_utf8();
            plain.encode_utf8(room.get_mut(end..plain_end)?);
            (at, end) = (at + length, plain_end);
        } else {
            *room.get_mut(end)? = raw[at];
            (at, end) = (at + 1, end + 1);
        }
    }
    Some(&room[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_plain_length_is_what_counting_one_by_one_gives(bytes in prop::collection::vec(prop_oneof![8 => 0x1f_u8..=0x23, 8 => any::<u8>(), 1 => Just(b'\\')], 0..40)) {
            let counted = bytes.iter().take_while(|byte| !matches!(**byte, b'"' | b'\\' | ..0x20)).count();
            prop_assert_eq!(plain_length(&bytes), counted);
        }

        #[test]
        fn long_runs_are_passed_whole(plain in "[a-zA-Z0-9é]{0,60}", rest in "[\"\\\\\n]{0,3}") {
            prop_assert_eq!(plain_length(format!("{plain}{rest}").as_bytes()), plain.len());
        }
    }
}

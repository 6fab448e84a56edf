//! The scanner: a frame's bytes once from left to right, by a program. It is certain, or it declines.
//!
//! It takes strict JSON of plain ASCII without escapes, an object as deep as any venue goes, in which no name that matters
//! stands twice. Everything else is left to Python's reader, which knows what to make of it.

use super::program::{Field, Keep, Program, TERMS_MAX, Wanted};

const DEPTH_MAX: u8 = 24;
const NUMBER_BYTES_MAX: usize = 40;
/// More rows than this in one frame are no ordinary traffic.
pub const ROWS_MAX: usize = 4_096;

/// A part of the frame's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// Return the bytes, of the frame it was found in.
    #[inline]
    pub fn of<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        bytes.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// A value that a program asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Value {
    /// It is not there, or null.
    #[default]
    Missing,
    /// True or false.
    Flag(bool),
    /// A text, without its quotes.
    Text(Span),
    /// A number, as written.
    Number(Span),
    /// An object or an array.
    Many,
}

/// Where a row's price, symbol and time stand.
pub type Row = [Value; 3];

/// What a frame holds. Used again from frame to frame, so that none needs memory of its own.
#[derive(Debug, Default)]
pub struct Found {
    /// The rows, in the order of the frame; what stands in the frame is in each.
    pub rows: Vec<Row>,
    /// The frame's number.
    pub sequence: Value,
    frame: Row,
    terms: [Value; TERMS_MAX],
}

/// Read a frame; whether it is certain that its rows are its trades and that it is nothing else.
pub fn scan(program: &Program, bytes: &[u8], found: &mut Found) -> bool {
    found.rows.clear();
    (found.sequence, found.frame, found.terms) = (Value::Missing, Row::default(), [Value::Missing; TERMS_MAX]);
    if bytes.len() > program.bytes_max || bytes.len() > u32::MAX as usize {
        return false;
    }
    let mut scanner = Scanner { program, bytes, at: 0, found };
    scanner.space();
    if scanner.object(Some(0), 0).is_none() {
        return false;
    }
    scanner.space();
    if scanner.at != bytes.len() {
        return false;
    }
    let are_trades = program.terms.iter().zip(&found.terms).all(|(wanted, value)| wanted.iter().any(|one| takes(one, *value, bytes)));
    if !are_trades || found.rows.is_empty() {
        return false;
    }
    for field in [Field::Price, Field::Symbol, Field::Time].into_iter().filter(|field| program.in_frame[*field as usize]) {
        for row in &mut found.rows {
            row[field as usize] = found.frame[field as usize];
        }
    }
    true
}

#[inline]
fn takes(wanted: &Wanted, value: Value, bytes: &[u8]) -> bool {
    match (wanted, value) {
        (Wanted::Absent, found) => found == Value::Missing,
        (Wanted::Number(number), Value::Number(span)) => **number == *span.of(bytes),
        (Wanted::Flag(flag), Value::Flag(found)) => *flag == found,
        (wanted, Value::Text(span)) => wanted.takes_text(span.of(bytes)),
        (Wanted::Present, found) => found != Value::Missing,
        _ => false,
    }
}

/// Bytes that may stand in a text as they are.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0x20;
    while byte < 0x80 {
        plain[byte] = byte != b'"' as usize && byte != b'\\' as usize;
        byte += 1;
    }
    plain
};

struct Scanner<'a> {
    program: &'a Program,
    bytes: &'a [u8],
    at: usize,
    found: &'a mut Found,
}

/// None: declined.
type Taken<T> = Option<T>;

impl Scanner<'_> {
    #[inline]
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    #[inline]
    fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\n' | b'\t' | b'\r') {
            self.at += 1;
        }
    }

    #[inline]
    fn take(&mut self, wanted: u8) -> Taken<()> {
        if self.peek() != wanted {
            return None;
        }
        self.at += 1;
        Some(())
    }

    /// Read an object by a place of the program, or only step over it.
    fn object(&mut self, place: Option<u16>, depth: u8) -> Taken<()> {
        if depth > DEPTH_MAX {
            return None;
        }
        self.take(b'{')?;
        let program = self.program;
        let node = place.map(|place| &program.nodes[usize::from(place)]);
        if node.is_some_and(|node| node.is_row) {
            if self.found.rows.len() == ROWS_MAX {
                return None;
            }
            self.found.rows.push(Row::default());
        }
        let (mut met, mut passes) = (0_u64, node.is_none_or(|node| node.filter.is_none()));
        self.space();
        if self.peek() == b'}' {
            self.at += 1;
            return passes.then_some(());
        }
        loop {
            let name = self.text()?.of(self.bytes);
            self.space();
            self.take(b':')?;
            self.space();
            let member = node.and_then(|node| node.members.iter().position(|member| *member.0 == *name).map(|index| (index, node)));
            if let Some((index, node)) = member {
                if met & 1 << index != 0 {
                    return None; // Of two of one name Python takes the last. No venue writes two.
                }
                met |= 1 << index;
                let inner = node.members[index].1;
                let value = self.value(Some(inner), depth + 1)?;
                self.keep(&program.nodes[usize::from(inner)].keeps, value);
                if let Some((filtered, wanted)) = &node.filter {
                    if usize::from(*filtered) == index {
                        passes = matches!(value, Value::Text(span) if *span.of(self.bytes) == **wanted);
                    }
                }
            } else {
                self.value(None, depth + 1)?;
            }
            self.space();
            match self.peek() {
                b',' => self.at += 1,
                b'}' => break,
                _ => return None,
            }
            self.space();
        }
        self.at += 1;
        passes.then_some(())
    }

    #[inline]
    fn keep(&mut self, keeps: &[Keep], value: Value) {
        for keep in keeps {
            match *keep {
                Keep::Term(number) => self.found.terms[usize::from(number)] = value,
                Keep::Frame(field) => self.found.frame[field as usize] = value,
                Keep::Row(field) => {
                    if let Some(row) = self.found.rows.last_mut() {
                        row[field as usize] = value;
                    }
                }
                Keep::Sequence => self.found.sequence = value,
            }
        }
    }

    fn value(&mut self, place: Option<u16>, depth: u8) -> Taken<Value> {
        if let Some((element, lone)) = place.and_then(|place| self.element_of(place)) {
            return self.elements(element, lone, depth);
        }
        match self.peek() {
            b'"' => self.text().map(Value::Text),
            b'{' => self.object(place, depth).map(|()| Value::Many),
            b'[' => self.array(depth).map(|()| Value::Many),
            b'-' | b'0'..=b'9' => self.number().map(Value::Number),
            b't' => self.word(b"true").map(|()| Value::Flag(true)),
            b'f' => self.word(b"false").map(|()| Value::Flag(false)),
            b'n' => self.word(b"null").map(|()| Value::Missing),
            _ => None,
        }
    }

    /// Read what stands where elements are: all of an array, or a lone object. Each must lead on.
    fn elements(&mut self, element: u16, lone: u16, depth: u8) -> Taken<Value> {
        if depth > DEPTH_MAX {
            return None;
        }
        if self.peek() != b'[' {
            return self.element(lone, depth);
        }
        self.at += 1;
        self.space();
        if self.peek() == b']' {
            self.at += 1;
            return Some(Value::Many);
        }
        loop {
            self.element(element, depth + 1)?;
            self.space();
            match self.peek() {
                b',' => self.at += 1,
                b']' => break,
                _ => return None,
            }
            self.space();
        }
        self.at += 1;
        Some(Value::Many)
    }

    fn element(&mut self, element: u16, depth: u8) -> Taken<Value> {
        match self.element_of(element) {
            Some((inner, lone)) => self.elements(inner, lone, depth),
            None => self.object(Some(element), depth).map(|()| Value::Many),
        }
    }

    #[inline]
    fn element_of(&self, place: u16) -> Option<(u16, u16)> {
        let node = &self.program.nodes[usize::from(place)];
        node.each.zip(node.lone)
    }

    /// Step over an array.
    fn array(&mut self, depth: u8) -> Taken<()> {
        if depth > DEPTH_MAX {
            return None;
        }
        self.at += 1;
        self.space();
        if self.peek() == b']' {
            self.at += 1;
            return Some(());
        }
        loop {
            self.value(None, depth + 1)?;
            self.space();
            match self.peek() {
                b',' => self.at += 1,
                b']' => break,
                _ => return None,
            }
            self.space();
        }
        self.at += 1;
        Some(())
    }

    #[inline]
    fn text(&mut self) -> Taken<Span> {
        self.take(b'"')?;
        let start = self.at;
        let length = self.bytes.get(start..)?.iter().position(|byte| !PLAIN[usize::from(*byte)])?;
        self.at = start + length;
        self.take(b'"')?;
        Some(Span { start: start as u32, end: (start + length) as u32 })
    }

    fn number(&mut self) -> Taken<Span> {
        let start = self.at;
        if self.peek() == b'-' {
            self.at += 1;
        }
        if self.peek() == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), b'e' | b'E') {
            self.at += 1;
            if matches!(self.peek(), b'+' | b'-') {
                self.at += 1;
            }
            let exponent = self.at;
            self.digits()?;
            if self.at - exponent > 3 {
                return None;
            }
        }
        (self.at - start <= NUMBER_BYTES_MAX).then_some(Span { start: start as u32, end: self.at as u32 })
    }

    #[inline]
    fn digits(&mut self) -> Taken<()> {
        let start = self.at;
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn word(&mut self, word: &[u8]) -> Taken<()> {
        let is_next = self.bytes[self.at..].starts_with(word);
        self.at += word.len();
        is_next.then_some(())
    }
}

//! A number for each row, the same that `PostgreSQL` reckons from the stored row; summed up it tells whether rows are as they were.
//!
//! It is `hash_record_extended(ROW(…), 0)` of the columns in their order, which rests on the functions that place rows in
//! hash partitions: those give the same on every release, or no such table could be read any more. A test compares both.
//! Source: `PostgreSQL` 15, `src/common/hashfn.c` and `src/backend/utils/adt/rowtypes.c`, read 2026-11-20.

/// Begins a sum of lookup3, to which the length is added.
const START: u32 = 0x9e37_79b9_u32.wrapping_add(3_923_095);

/// The number of a row, built up column by column.
#[derive(Debug, Default, Clone, Copy)]
pub struct RowSum(u64);

impl RowSum {
    /// Take in a `smallint` or an `integer`.
    #[inline]
    pub fn int(&mut self, value: i32) {
        self.take(of_word(value as u32));
    }

    /// Take in a `bigint` or a `timestamptz`, which is microseconds since 2000-01-01.
    #[inline]
    pub fn long(&mut self, value: i64) {
        let (low, high) = (value as u32, (value >> 32) as u32);
        self.take(of_word(low ^ if value >= 0 { high } else { !high }));
    }

    /// Take in a text.
    #[inline]
    pub fn text(&mut self, value: &[u8]) {
        self.take(of_bytes(value));
    }

    /// Return the number, as SQL's `bigint` has it.
    #[inline]
    pub fn value(self) -> i64 {
        self.0 as i64
    }

    #[inline]
    fn take(&mut self, column: u64) {
        self.0 = (self.0 << 5).wrapping_sub(self.0).wrapping_add(column);
    }
}

#[inline]
fn of_word(word: u32) -> u64 {
    let start = START.wrapping_add(4);
    ended(start.wrapping_add(word), start, start)
}

fn of_bytes(bytes: &[u8]) -> u64 {
    let start = START.wrapping_add(bytes.len() as u32);
    let (mut a, mut b, mut c) = (start, start, start);
    let mut chunks = bytes.chunks_exact(12);
    for chunk in &mut chunks {
        a = a.wrapping_add(word_at(chunk, 0));
        b = b.wrapping_add(word_at(chunk, 4));
        c = c.wrapping_add(word_at(chunk, 8));
        (a, b, c) = mixed(a, b, c);
    }
    let rest = chunks.remainder();
    let mut last = [0; 12];
    // The lowest byte of the third word is kept for the length.
    for (place, byte) in rest.iter().enumerate() {
        last[if place < 8 { place } else { place + 1 }] = *byte;
    }
    a = a.wrapping_add(word_at(&last, 0));
    b = b.wrapping_add(word_at(&last, 4));
    c = c.wrapping_add(word_at(&last, 8));
    ended(a, b, c)
}

fn word_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).map_or(0, |four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
}

#[inline]
fn mixed(mut a: u32, mut b: u32, mut c: u32) -> (u32, u32, u32) {
    a = a.wrapping_sub(c) ^ c.rotate_left(4);
    c = c.wrapping_add(b);
    b = b.wrapping_sub(a) ^ a.rotate_left(6);
    a = a.wrapping_add(c);
    c = c.wrapping_sub(b) ^ b.rotate_left(8);
    b = b.wrapping_add(a);
    a = a.wrapping_sub(c) ^ c.rotate_left(16);
    c = c.wrapping_add(b);
    b = b.wrapping_sub(a) ^ a.rotate_left(19);
    a = a.wrapping_add(c);
    c = c.wrapping_sub(b) ^ b.rotate_left(4);
    b = b.wrapping_add(a);
    (a, b, c)
}

#[inline]
fn ended(mut a: u32, mut b: u32, mut c: u32) -> u64 {
    c = (c ^ b).wrapping_sub(b.rotate_left(14));
    a = (a ^ c).wrapping_sub(c.rotate_left(11));
    b = (b ^ a).wrapping_sub(a.rotate_left(25));
    c = (c ^ b).wrapping_sub(b.rotate_left(16));
    a = (a ^ c).wrapping_sub(c.rotate_left(4));
    b = (b ^ a).wrapping_sub(a.rotate_left(14));
    c = (c ^ b).wrapping_sub(b.rotate_left(24));
    u64::from(b) << 32 | u64::from(c)
}

//! What a segment file looks like: a header of four pages, then records without a gap between them.
//!
//! ```text
//!     0  fixed: magic, version, sizes, thread, boot, capacity, number, node; its sum at 124      written once, at creation
//!   128  start: first sequence, time of the first record, records lost before; its sum at 188    written once, with the first record
//!   192  seal:  state, places used, whole records, last time; its sum at 252                     written once, when nothing follows
//!   256  kept free for the marks of shipping
//!   512  dictionary: the venue and tag of source 0, 1, 2 … as they were met
//! 16384  records of 64 bytes; the one at place n has sequence first + n
//! ```
//! Each part ends with its own sum, stored after the rest of it, so a kill leaves a part whole or absent. Sequences
//! never have a gap within a segment; a lost record leaves its gap between two segments.

use std::fmt;

use crate::record::{RECORD_BYTES, Record, Slot, decode, u16_at, u32_at, u64_at};
use crate::sources::Source;

/// Bytes before the first record. Room for 255 sources with names of the greatest length.
pub const HEADER_BYTES: usize = 16_384;

/// The version this program writes and reads.
pub const VERSION: u16 = 1;

/// The most bytes a node's name may have.
pub const NODE_BYTES_MAX: usize = 64;

/// The most records a segment may be made for: 1 GiB of them.
pub const CAPACITY_MAX: u32 = 1 << 24;

const MAGIC: [u8; 8] = *b"TBSPOOL\n";
const FIXED: std::ops::Range<usize> = 0..128;
pub(super) const START: std::ops::Range<usize> = 128..192;
pub(super) const SEAL: std::ops::Range<usize> = 192..256;
pub(super) const DICTIONARY_AT: usize = 512;
const STATE_SEALED: u32 = 1;
const VENUE_BYTES_MAX: usize = 20;
const TAG_BYTES_MAX: usize = 28;
const SUM_BYTES: usize = 4;
const SOURCES_MAX: usize = 256;

/// Why bytes cannot be read as a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SegmentError {
    /// Fewer bytes than a header.
    TooShort(usize),
    /// The first bytes are not ours.
    Foreign,
    /// Written by a program whose format we do not know.
    Version(u16),
    /// A part of the header does not match its sum, or says what cannot be.
    Damaged(&'static str),
}

impl fmt::Display for SegmentError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort(bytes) => write!(out, "no spool segment: {bytes} bytes are fewer than the header's {HEADER_BYTES}"),
            Self::Foreign => write!(out, "no spool segment: the file does not begin with our mark"),
            Self::Version(version) => write!(out, "segment format {version} is not known here (this program reads {VERSION})"),
            Self::Damaged(part) => write!(out, "the segment's header is damaged: {part}"),
        }
    }
}

impl std::error::Error for SegmentError {}

/// Whose records a segment holds; fixed when its file is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The node's name.
    pub node: String,
    /// Drawn anew at each start of the node.
    pub boot: [u8; 16],
    /// The lane: one writer, one row of sequence numbers.
    pub thread: u16,
    /// How many segments this lane had before, plus one.
    pub number: u32,
    /// How many records fit.
    pub capacity: u32,
}

impl Identity {
    /// Return what the records' marks are salted with, so that none is taken for another lane's.
    pub fn salt(&self) -> u32 {
        let mut sum = crc32fast::Hasher::new();
        sum.update(&self.boot);
        sum.update(&self.thread.to_le_bytes());
        sum.finalize()
    }

    /// Return the boot id as 32 hexadecimal digits.
    pub fn boot_hex(&self) -> String {
        hex(&self.boot)
    }

    /// Return the file's name without its ending.
    pub fn file_stem(&self) -> String {
        format!("{}-{:03}-{:08}", self.boot_hex(), self.thread, self.number)
    }

    /// Return the bytes a whole file of this capacity has.
    pub fn file_bytes(&self) -> u64 {
        HEADER_BYTES as u64 + u64::from(self.capacity) * RECORD_BYTES as u64
    }
}

/// Return bytes as lower-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
        text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        text
    })
}

/// What is written with a segment's first record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// The sequence of the record at place 0.
    pub first_sequence: u64,
    /// The time of that record.
    pub created_ns: u64,
    /// How many records the lane had lost by then.
    pub lost_before: u64,
}

/// What is written when a segment takes no more records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal {
    /// Places used; the file ends after them.
    pub places: u32,
    /// Whole records in these places. Fewer than `places` only when some were damaged while the machine was down.
    pub whole: u32,
    /// The time of the last record.
    pub last_ns: u64,
    /// Whether a later start sealed it, because its writer was killed.
    pub recovered: bool,
}

/// A segment's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Whose records these are.
    pub identity: Identity,
    /// None while no record was written.
    pub start: Option<Start>,
    /// None while more may be written.
    pub seal: Option<Seal>,
    /// The sources that records name by number.
    pub sources: Vec<Source>,
}

/// A segment read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// Its header.
    pub header: Header,
    /// Every whole record, in order.
    pub records: Vec<Record>,
    /// Bytes that should be records and are not: torn, damaged, or missing from a file cut short.
    pub torn_bytes: u64,
}

/// Write a header with its fixed part only into `page`, which is all zeros and `HEADER_BYTES` long.
pub fn write_fixed(page: &mut [u8], identity: &Identity) {
    let node = &identity.node.as_bytes()[..identity.node.len().min(NODE_BYTES_MAX)];
    let part = &mut page[FIXED];
    part[0..8].copy_from_slice(&MAGIC);
    part[8..10].copy_from_slice(&VERSION.to_le_bytes());
    part[10..12].copy_from_slice(&(HEADER_BYTES as u16).to_le_bytes());
    part[12..14].copy_from_slice(&(RECORD_BYTES as u16).to_le_bytes());
    part[14..16].copy_from_slice(&identity.thread.to_le_bytes());
    part[16..32].copy_from_slice(&identity.boot);
    part[32..36].copy_from_slice(&identity.capacity.to_le_bytes());
    part[36..40].copy_from_slice(&identity.number.to_le_bytes());
    part[40] = node.len() as u8;
    part[44..44 + node.len()].copy_from_slice(node);
    add_sum(part);
}

/// Encode the start part.
pub(super) fn encode_start(start: &Start) -> [u8; 64] {
    let mut part = [0; 64];
    part[0..8].copy_from_slice(&start.first_sequence.to_le_bytes());
    part[8..16].copy_from_slice(&start.created_ns.to_le_bytes());
    part[16..24].copy_from_slice(&start.lost_before.to_le_bytes());
    add_sum(&mut part);
    part
}

/// Encode the seal part.
pub(super) fn encode_seal(seal: &Seal) -> [u8; 64] {
    let mut part = [0; 64];
    part[0..4].copy_from_slice(&STATE_SEALED.to_le_bytes());
    part[4..8].copy_from_slice(&seal.places.to_le_bytes());
    part[8..12].copy_from_slice(&seal.whole.to_le_bytes());
    part[12] = u8::from(seal.recovered);
    part[16..24].copy_from_slice(&seal.last_ns.to_le_bytes());
    add_sum(&mut part);
    part
}

/// Encode the dictionary's entry `number`: its sum, two lengths, two names, zeros up to a multiple of four.
///
/// Returns the bytes and how many of them count. Longer names than their bounds are cut.
pub(super) fn encode_source(number: usize, source: &Source) -> ([u8; 56], usize) {
    let venue = cut(&source.venue, VENUE_BYTES_MAX);
    let tag = cut(&source.tag, TAG_BYTES_MAX);
    let mut entry = [0; 56];
    entry[4] = venue.len() as u8;
    entry[5] = tag.len() as u8;
    entry[6..6 + venue.len()].copy_from_slice(venue);
    let end = 6 + venue.len() + tag.len();
    entry[6 + venue.len()..end].copy_from_slice(tag);
    let sum = sum_of_source(number, &entry[4..end]);
    entry[..4].copy_from_slice(&sum.to_le_bytes());
    (entry, end.next_multiple_of(4))
}

fn cut(name: &str, bytes_max: usize) -> &[u8] {
    let end = (0..=bytes_max.min(name.len())).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
    &name.as_bytes()[..end]
}

/// Read a header. `bytes` may be the whole file or just its first `HEADER_BYTES`.
///
/// # Errors
/// When the bytes are no segment's, of an unknown version, or damaged.
pub fn read_header(bytes: &[u8]) -> Result<Header, SegmentError> {
    if bytes.len() >= MAGIC.len() && bytes[..8] != MAGIC {
        return Err(SegmentError::Foreign);
    }
    if bytes.len() < HEADER_BYTES {
        return Err(SegmentError::TooShort(bytes.len()));
    }
    let identity = read_identity(&bytes[FIXED])?;
    let start = match Part::of(&bytes[START]) {
        Part::Absent => None,
        Part::Damaged => return Err(SegmentError::Damaged("the start does not match its sum")),
        Part::Whole(part) => Some(Start { first_sequence: u64_at(part, 0), created_ns: u64_at(part, 8), lost_before: u64_at(part, 16) }),
    };
    if start.is_some_and(|start| start.first_sequence == 0 || start.first_sequence > u64::MAX - u64::from(CAPACITY_MAX)) {
        return Err(SegmentError::Damaged("the first sequence cannot be"));
    }
    let seal = match Part::of(&bytes[SEAL]) {
        Part::Absent => None,
        Part::Damaged => return Err(SegmentError::Damaged("the seal does not match its sum")),
        Part::Whole(part) => Some(read_seal(part, &identity)?),
    };
    let sources = read_sources(&bytes[DICTIONARY_AT..HEADER_BYTES])?;
    Ok(Header { identity, start, seal, sources })
}

fn read_identity(part: &[u8]) -> Result<Identity, SegmentError> {
    let version = u16_at(part, 8);
    if version != VERSION {
        return Err(SegmentError::Version(version));
    }
    let Part::Whole(part) = Part::of(part) else { return Err(SegmentError::Damaged("the fixed part does not match its sum")) };
    if usize::from(u16_at(part, 10)) != HEADER_BYTES || usize::from(u16_at(part, 12)) != RECORD_BYTES {
        return Err(SegmentError::Damaged("the sizes are not those of its version"));
    }
    let capacity = u32_at(part, 32);
    if capacity == 0 || capacity > CAPACITY_MAX {
        return Err(SegmentError::Damaged("the capacity cannot be"));
    }
    let node = part.get(44..44 + usize::from(part[40]).min(NODE_BYTES_MAX)).unwrap_or_default();
    let node = std::str::from_utf8(node).map_err(|_| SegmentError::Damaged("the node's name is not text"))?;
    let mut boot = [0; 16];
    boot.copy_from_slice(&part[16..32]);
    Ok(Identity { node: node.to_owned(), boot, thread: u16_at(part, 14), number: u32_at(part, 36), capacity })
}

fn read_seal(part: &[u8], identity: &Identity) -> Result<Seal, SegmentError> {
    let seal = Seal { places: u32_at(part, 4), whole: u32_at(part, 8), last_ns: u64_at(part, 16), recovered: part[12] == 1 };
    if u32_at(part, 0) != STATE_SEALED || seal.places > identity.capacity || seal.whole > seal.places {
        return Err(SegmentError::Damaged("the seal says what cannot be"));
    }
    Ok(seal)
}

fn read_sources(bytes: &[u8]) -> Result<Vec<Source>, SegmentError> {
    const DAMAGED: SegmentError = SegmentError::Damaged("a source does not match its sum");
    let (mut sources, mut at) = (Vec::new(), 0);
    while bytes.len() - at >= 8 && sources.len() < SOURCES_MAX {
        let (venue, tag) = (usize::from(bytes[at + 4]), usize::from(bytes[at + 5]));
        let sum = u32_at(bytes, at);
        if sum == 0 {
            // Absent, or the kill came before its sum; no record can name it then.
            break;
        }
        let names = bytes.get(at + 4..at + 6 + venue + tag).ok_or(DAMAGED)?;
        if sum != sum_of_source(sources.len(), names) {
            return Err(DAMAGED);
        }
        let text = |range: std::ops::Range<usize>| std::str::from_utf8(&names[range]).map_err(|_| DAMAGED);
        sources.push(Source { venue: text(2..2 + venue)?.into(), tag: text(2 + venue..2 + venue + tag)?.into() });
        at += (6 + venue + tag).next_multiple_of(4);
        if at > bytes.len() {
            break;
        }
    }
    Ok(sources)
}

/// Read a whole segment. Takes any bytes: what is no segment is told, never trusted.
///
/// Reading goes on behind a damaged place, because each record vouches for itself; the torn tail ends it.
///
/// # Errors
/// When the header is no segment's, of an unknown version, or damaged.
pub fn parse(bytes: &[u8]) -> Result<Contents, SegmentError> {
    let header = read_header(bytes)?;
    let mut contents = Contents { header, records: Vec::new(), torn_bytes: 0 };
    let body = &bytes[HEADER_BYTES..];
    let places = match (contents.header.start, contents.header.seal) {
        (None, _) => 0,
        (_, Some(seal)) => seal.places as usize,
        (_, None) => contents.header.identity.capacity as usize,
    };
    let salt = contents.header.identity.salt();
    let first_sequence = contents.header.start.map_or(0, |start| start.first_sequence);
    let (mut written_end, mut excess) = (0, 0);
    for (place, slot) in body.chunks(RECORD_BYTES).enumerate() {
        match whole_or_torn(slot, first_sequence.wrapping_add(place as u64), salt) {
            Slot::Empty => {}
            _ if place >= places => excess += 1,
            Slot::Torn => written_end = place + 1,
            Slot::Whole(record) => {
                contents.records.push(record);
                written_end = place + 1;
            }
        }
    }
    let expected = contents.header.seal.map_or(0, |seal| seal.places as usize);
    contents.torn_bytes = ((expected.max(written_end) - contents.records.len() + excess) * RECORD_BYTES) as u64;
    Ok(contents)
}

/// Read one place; fewer bytes than a record's, at the file's end, are never whole.
fn whole_or_torn(slot: &[u8], sequence: u64, salt: u32) -> Slot {
    match <&[u8; RECORD_BYTES]>::try_from(slot) {
        Ok(slot) => decode(slot, sequence, salt),
        Err(_) if slot.iter().all(|byte| *byte == 0) => Slot::Empty,
        Err(_) => Slot::Torn,
    }
}

/// How many places hold something, counted to the last whole record.
pub(super) fn places_used(contents: &Contents) -> u32 {
    match (contents.header.start, contents.records.last()) {
        (Some(start), Some(last)) => (last.sequence - start.first_sequence + 1) as u32,
        _ => 0,
    }
}

/// A part of the header that ends with its sum.
enum Part<'a> {
    Absent,
    Damaged,
    Whole(&'a [u8]),
}

impl<'a> Part<'a> {
    fn of(part: &'a [u8]) -> Self {
        let (body, sum) = part.split_at(part.len() - SUM_BYTES);
        match u32_at(sum, 0) {
            // The sum is stored last: without it the part was being written when the process was killed.
            0 => Self::Absent,
            sum if sum == sum_of(body) => Self::Whole(part),
            _ => Self::Damaged,
        }
    }
}

fn add_sum(part: &mut [u8]) {
    let (body, sum) = part.split_at_mut(part.len() - SUM_BYTES);
    sum.copy_from_slice(&sum_of(body).to_le_bytes());
}

/// Return the CRC-32 of `body`, and 1 where it would be 0, which means absent.
fn sum_of(body: &[u8]) -> u32 {
    crc32fast::hash(body).max(1)
}

fn sum_of_source(number: usize, names: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&[number as u8]);
    sum.update(names);
    sum.finalize().max(1)
}

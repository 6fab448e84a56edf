//! A batch as bytes: its columns one after the other, compressed. About a fifth of the records' own size.
//!
//! ```text
//! magic 8 bytes · records u32 · sum of what follows u32 · zstd of:
//!   node: length u8, bytes · boot 16 bytes · thread u16 · sources: count u16, each venue and tag: length u8, bytes
//!   then each column for all records: sequence, time, request id as differences to the one before (zigzag, varint),
//!   key, latency, answer bytes u32 · status, asset count u16 · source, tier, protocol, state, code, flags u8 · asset: length u8, bytes
//! ```
//! All numbers are little-endian. Reading takes any bytes: what is no batch is told, never trusted.

use std::fmt;
use std::io::Read;

use crate::record::{ASSET_BYTES_MAX, Record, u16_at, u32_at};
use crate::sources::{Source, SourceId};
use crate::usage::batch::{Batch, RECORDS_MAX};

const MAGIC: [u8; 8] = *b"TBUSAGE1";
const HEAD_BYTES: usize = 16;
/// Fast and small enough: the next levels take three times as long for a few per cent.
const LEVEL: i32 = 3;
/// The most bytes a record may take unpacked, for the bound against a bomb: three varints, its fixed columns, its asset.
const RECORD_BYTES_MAX: usize = 30 + 12 + 4 + 6 + 1 + ASSET_BYTES_MAX;
const SHARED_BYTES_MAX: usize = 1 << 17;

/// Why bytes cannot be read as a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackedError(pub &'static str);

impl fmt::Display for PackedError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "no usage batch: {}", self.0)
    }
}

impl std::error::Error for PackedError {}

/// Return a batch as bytes.
///
/// # Errors
/// When memory for the compressor is wanting.
pub fn pack(batch: &Batch) -> std::io::Result<Vec<u8>> {
    let records = &batch.records;
    let mut plain = Vec::with_capacity(256 + records.len() * 40);
    put_text(&mut plain, &batch.node);
    plain.extend_from_slice(&batch.boot);
    plain.extend_from_slice(&batch.thread.to_le_bytes());
    plain.extend_from_slice(&(batch.sources.len() as u16).to_le_bytes());
    for source in &batch.sources {
        put_text(&mut plain, &source.venue);
        put_text(&mut plain, &source.tag);
    }
    let mut columns = records.clone(); // The columns are reached as places to write to, reading and writing alike.
    for column in LONG {
        let mut before = 0;
        for record in &mut columns {
            put_difference(&mut plain, column(record).wrapping_sub(before) as i64);
            before = *column(record);
        }
    }
    for column in MIDDLE {
        for record in &mut columns {
            plain.extend_from_slice(&column(record).to_le_bytes());
        }
    }
    for column in SHORT {
        for record in &mut columns {
            plain.extend_from_slice(&column(record).to_le_bytes());
        }
    }
    for column in SMALL {
        plain.extend(columns.iter_mut().map(|record| *column(record)));
    }
    for record in records {
        let asset = record.asset_name();
        plain.push(asset.len() as u8);
        plain.extend_from_slice(asset);
    }
    let mut packed = Vec::with_capacity(HEAD_BYTES + plain.len() / 3);
    packed.extend_from_slice(&MAGIC);
    packed.extend_from_slice(&(records.len() as u32).to_le_bytes());
    packed.extend_from_slice(&[0; 4]);
    zstd::stream::copy_encode(plain.as_slice(), &mut packed, LEVEL)?;
    let sum = crc32fast::hash(&packed[HEAD_BYTES..]).to_le_bytes();
    packed[12..HEAD_BYTES].copy_from_slice(&sum);
    Ok(packed)
}

type Column<T> = fn(&mut Record) -> &mut T;

/// The columns told as differences, in their order.
const LONG: [Column<u64>; 3] = [|record| &mut record.sequence, |record| &mut record.time_ns, |record| &mut record.request_id];

/// The columns of four bytes, in their order.
const MIDDLE: [Column<u32>; 3] = [|record| &mut record.key_id, |record| &mut record.latency_ns, |record| &mut record.answer_bytes];

/// The columns of two bytes, in their order.
const SHORT: [Column<u16>; 2] = [|record| &mut record.status, |record| &mut record.asset_count];

/// The columns of one byte, in their order.
const SMALL: [Column<u8>; 6] = [
    |record| &mut record.source.0,
    |record| &mut record.cache_tier,
    |record| &mut record.protocol,
    |record| &mut record.state,
    |record| &mut record.code,
    |record| &mut record.flags,
];

/// Read a batch.
///
/// # Errors
/// When the bytes are no batch, of another version, damaged, or larger than a batch may be.
pub fn unpack(packed: &[u8]) -> Result<Batch, PackedError> {
    if packed.len() < HEAD_BYTES || packed[..8] != MAGIC {
        return Err(PackedError("it does not begin with our mark"));
    }
    let count = u32_at(packed, 8) as usize;
    if count == 0 || count > RECORDS_MAX {
        return Err(PackedError("it says to have no record, or too many"));
    }
    if crc32fast::hash(&packed[HEAD_BYTES..]) != u32_at(packed, 12) {
        return Err(PackedError("it does not match its sum"));
    }
    let plain = inflated(&packed[HEAD_BYTES..], count)?;
    let mut rest = Bytes(&plain);
    let batch = read(&mut rest, count)?;
    if !rest.0.is_empty() {
        return Err(PackedError("something follows its last column"));
    }
    if batch.records.windows(2).any(|pair| pair[1].sequence <= pair[0].sequence) || batch.first_sequence() == 0 {
        return Err(PackedError("its sequences do not rise"));
    }
    Ok(batch)
}

fn inflated(bytes: &[u8], count: usize) -> Result<Vec<u8>, PackedError> {
    const DAMAGED: PackedError = PackedError("it cannot be decompressed");
    let most = SHARED_BYTES_MAX + count * RECORD_BYTES_MAX;
    let mut plain = Vec::new();
    let mut decoder = zstd::stream::Decoder::new(bytes).map_err(|_| DAMAGED)?;
    decoder.window_log_max(27).map_err(|_| DAMAGED)?;
    decoder.take(most as u64 + 1).read_to_end(&mut plain).map_err(|_| DAMAGED)?;
    if plain.len() > most { Err(PackedError("it is larger than its records can be")) } else { Ok(plain) }
}

fn read(rest: &mut Bytes<'_>, count: usize) -> Result<Batch, PackedError> {
    let node = rest.text()?;
    let mut boot = [0; 16];
    boot.copy_from_slice(rest.take(16)?);
    let thread = u16_at(rest.take(2)?, 0);
    let sources = u16_at(rest.take(2)?, 0);
    let sources = (0..sources).map(|_| Ok(Source { venue: rest.text()?.into(), tag: rest.text()?.into() })).collect::<Result<_, _>>()?;
    // Every record has a byte in each column at least, so a count beyond the bytes there are is noticed before memory is taken.
    if rest.0.len() < count {
        return Err(TOO_SHORT);
    }
    let mut records = vec![BLANK; count];
    for column in LONG {
        let mut before: u64 = 0;
        for record in &mut records {
            before = before.wrapping_add(rest.difference()? as u64);
            *column(record) = before;
        }
    }
    for column in MIDDLE {
        let bytes = rest.take(count * 4)?;
        records.iter_mut().enumerate().for_each(|(place, record)| *column(record) = u32_at(bytes, place * 4));
    }
    for column in SHORT {
        let bytes = rest.take(count * 2)?;
        records.iter_mut().enumerate().for_each(|(place, record)| *column(record) = u16_at(bytes, place * 2));
    }
    for column in SMALL {
        let bytes = rest.take(count)?;
        records.iter_mut().zip(bytes).for_each(|(record, byte)| *column(record) = *byte);
    }
    for record in &mut records {
        let asset = rest.short()?;
        let place = record.asset.get_mut(..asset.len()).ok_or(PackedError("an asset's name is too long"))?;
        place.copy_from_slice(asset);
    }
    Ok(Batch { node, boot, thread, sources, records })
}

const TOO_SHORT: PackedError = PackedError("it ends too early");

const BLANK: Record = Record {
    sequence: 0,
    time_ns: 0,
    request_id: 0,
    key_id: 0,
    asset: [0; ASSET_BYTES_MAX],
    asset_count: 0,
    latency_ns: 0,
    answer_bytes: 0,
    status: 0,
    source: SourceId(0),
    cache_tier: 0,
    protocol: 0,
    state: 0,
    code: 0,
    flags: 0,
};

fn put_text(out: &mut Vec<u8>, text: &str) {
    let bytes = &text.as_bytes()[..text.len().min(255)];
    out.push(bytes.len() as u8);
    out.extend_from_slice(bytes);
}

fn put_difference(out: &mut Vec<u8>, difference: i64) {
    let mut left = (difference << 1 ^ difference >> 63) as u64;
    while left >= 0x80 {
        out.push(left as u8 | 0x80);
        left >>= 7;
    }
    out.push(left as u8);
}

/// What is left to read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], PackedError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(TOO_SHORT)?;
        self.0 = rest;
        Ok(taken)
    }

    fn short(&mut self) -> Result<&'a [u8], PackedError> {
        let length = self.take(1)?[0];
        self.take(usize::from(length))
    }

    fn text(&mut self) -> Result<String, PackedError> {
        String::from_utf8(self.short()?.to_vec()).map_err(|_| PackedError("a name in it is not text"))
    }

    fn difference(&mut self) -> Result<i64, PackedError> {
        let mut read: u64 = 0;
        for place in 0..10 {
            let byte = self.take(1)?[0];
            read |= u64::from(byte & 0x7f) << (place * 7);
            if byte < 0x80 {
                return Ok((read >> 1) as i64 ^ -((read & 1) as i64));
            }
        }
        Err(PackedError("a number in it is too long"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn batches() -> impl Strategy<Value = Batch> {
        let record = (any::<[u64; 2]>(), any::<[u32; 3]>(), any::<[u16; 2]>(), any::<[u8; 6]>(), "[A-Z0-9]{0,16}", 1..5_u64);
        let sources = proptest::collection::vec(("[a-z]{0,20}", "[a-z:-]{0,28}"), 0..5);
        ("[A-Za-z0-9]{1,64}", any::<[u8; 16]>(), any::<u16>(), sources, proptest::collection::vec(record, 1..200)).prop_map(
            |(node, boot, thread, sources, drawn)| {
                let mut sequence = 0;
                let records = drawn.into_iter().map(|(long, middle, short, small, name, step)| {
                    sequence += step;
                    let mut asset = [0; ASSET_BYTES_MAX];
                    asset[..name.len()].copy_from_slice(name.as_bytes());
                    let [time_ns, request_id] = long;
                    let [key_id, latency_ns, answer_bytes] = middle;
                    let [status, asset_count] = short;
                    let [source, cache_tier, protocol, state, code, flags] = small;
                    let source = SourceId(source);
                    Record {
                        sequence,
                        time_ns,
                        request_id,
                        key_id,
                        asset,
                        asset_count,
                        latency_ns,
                        answer_bytes,
                        status,
                        source,
                        cache_tier,
                        protocol,
                        state,
                        code,
                        flags,
                    } // One field a line would hide that they are all there.
                });
                let records = records.collect();
                let sources = sources.into_iter().map(|(venue, tag)| Source { venue: venue.into(), tag: tag.into() }).collect();
                Batch { node, boot, thread, sources, records }
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(batch in batches()) {
            prop_assert_eq!(unpack(&pack(&batch).unwrap()), Ok(batch));
        }

        #[test]
        fn any_changed_byte_is_noticed(batch in batches(), at: prop::sample::Index, flip in 1..=255_u8) {
            let mut packed = pack(&batch).unwrap();
            let at = at.index(packed.len());
            packed[at] ^= flip;
            prop_assert!(unpack(&packed).is_err());
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..2_000), count in 1..100_u32) {
            let mut packed = MAGIC.to_vec();
            packed.extend_from_slice(&count.to_le_bytes());
            let inner = zstd::encode_all(bytes.as_slice(), 1).unwrap();
            packed.extend_from_slice(&crc32fast::hash(&inner).to_le_bytes());
            packed.extend_from_slice(&inner);
            if let Ok(batch) = unpack(&packed) {
                prop_assert_eq!(batch.records.len(), count as usize);
            }
        }
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        let inner = zstd::encode_all(vec![0_u8; 64 << 20].as_slice(), 1).unwrap();
        let mut packed = MAGIC.to_vec();
        packed.extend_from_slice(&1_u32.to_le_bytes());
        packed.extend_from_slice(&crc32fast::hash(&inner).to_le_bytes());
        packed.extend_from_slice(&inner);
        assert_eq!(unpack(&packed), Err(PackedError("it is larger than its records can be")));
    }
}

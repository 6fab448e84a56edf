//! One usage record: what an answered request leaves behind, in 64 bytes.
//!
//! ```text
//!  0 time_ns u64        16 key_id u32       36 latency_ns u32    44 status u16        48 source u8      51 state u8   54 zero u16
//!  8 request_id u64     20 asset [u8; 16]   40 answer_bytes u32  46 asset_count u16   49 cache_tier u8  52 code u8    56 sequence u32
//!                                                                                     50 protocol u8    53 flags u8   60 mark u32
//! ```
//! All numbers are little-endian. The mark is a CRC-32 of the other 60 bytes and of the segment's salt. It is stored
//! last and is never 0, so a record that a killed process was still writing is told from a whole one.

use crate::sources::SourceId;

/// Bytes of one record.
pub const RECORD_BYTES: usize = 64;

/// Where the mark begins, and so how many bytes it covers.
pub const MARK_AT: usize = 60;

/// The most bytes an asset's name may have.
pub const ASSET_BYTES_MAX: usize = 16;

/// The flag of an answer that was paid for with a unit of the key's month.
pub const CHARGED: u8 = 1;

/// Where `nonce` lies: two bytes that are zero unless the mark would be.
const NONCE_AT: usize = 54;

/// What one answered request is remembered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Unix time of the request by the guarded wall clock.
    pub time_ns: u64,
    /// The request's id as a number; the same that the answer shows in base 32.
    pub request_id: u64,
    /// Whose request it was.
    pub key_id: u32,
    /// The first asset asked for, 16 bytes at most (more are cut off); empty when there was none.
    pub asset: &'a [u8],
    /// How many assets were asked for.
    pub asset_count: u16,
    /// From the request's last byte to the answer's first.
    pub latency_ns: u32,
    /// Bytes of the answer, headers included.
    pub answer_bytes: u32,
    /// The HTTP status, or what it would have been.
    pub status: u16,
    /// The venue and feed of the first price served.
    pub source: SourceId,
    /// A number of `words::CACHE_TIERS`.
    pub cache_tier: u8,
    /// A number of `words::PROTOCOLS`.
    pub protocol: u8,
    /// A number of `words::STATES`.
    pub state: u8,
    /// A number of `words::CODES`.
    pub code: u8,
    /// `CHARGED`, or 0.
    pub flags: u8,
}

/// A record read back: an `Entry` that owns its asset, with its place in the lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// Its number in (node, boot, thread), from 1.
    pub sequence: u64,
    /// See `Entry::time_ns`.
    pub time_ns: u64,
    /// See `Entry::request_id`.
    pub request_id: u64,
    /// See `Entry::key_id`.
    pub key_id: u32,
    /// The asset's bytes, padded with zeros.
    pub asset: [u8; ASSET_BYTES_MAX],
    /// See `Entry::asset_count`.
    pub asset_count: u16,
    /// See `Entry::latency_ns`.
    pub latency_ns: u32,
    /// See `Entry::answer_bytes`.
    pub answer_bytes: u32,
    /// See `Entry::status`.
    pub status: u16,
    /// An index into the segment's dictionary.
    pub source: SourceId,
    /// See `Entry::cache_tier`.
    pub cache_tier: u8,
    /// See `Entry::protocol`.
    pub protocol: u8,
    /// See `Entry::state`.
    pub state: u8,
    /// See `Entry::code`.
    pub code: u8,
    /// See `Entry::flags`.
    pub flags: u8,
}

impl Record {
    /// Return the asset's name without its padding.
    pub fn asset_name(&self) -> &[u8] {
        let end = self.asset.iter().position(|byte| *byte == 0).unwrap_or(ASSET_BYTES_MAX);
        &self.asset[..end]
    }

    /// Return the record as the entry it was made from.
    pub fn entry(&self) -> Entry<'_> {
        Entry {
            time_ns: self.time_ns,
            request_id: self.request_id,
            key_id: self.key_id,
            asset: self.asset_name(),
            asset_count: self.asset_count,
            latency_ns: self.latency_ns,
            answer_bytes: self.answer_bytes,
            status: self.status,
            source: self.source,
            cache_tier: self.cache_tier,
            protocol: self.protocol,
            state: self.state,
            code: self.code,
            flags: self.flags,
        }
    }
}

/// What a record's place in a segment holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// Nothing was ever written here.
    Empty,
    /// Bytes that are no whole record of this place: torn by a kill, or damaged.
    Torn,
    /// A whole record.
    Whole(Record),
}

/// Encode `entry` as the record with `sequence`. The last four bytes are the mark, to be stored last.
#[inline]
pub fn encode(entry: &Entry<'_>, sequence: u64, salt: u32) -> [u8; RECORD_BYTES] {
    let mut bytes = [0_u8; RECORD_BYTES];
    bytes[0..8].copy_from_slice(&entry.time_ns.to_le_bytes());
    bytes[8..16].copy_from_slice(&entry.request_id.to_le_bytes());
    bytes[16..20].copy_from_slice(&entry.key_id.to_le_bytes());
    let length = entry.asset.len().min(ASSET_BYTES_MAX);
    bytes[20..20 + length].copy_from_slice(&entry.asset[..length]);
    bytes[36..40].copy_from_slice(&entry.latency_ns.to_le_bytes());
    bytes[40..44].copy_from_slice(&entry.answer_bytes.to_le_bytes());
    bytes[44..46].copy_from_slice(&entry.status.to_le_bytes());
    bytes[46..48].copy_from_slice(&entry.asset_count.to_le_bytes());
    bytes[48..54].copy_from_slice(&[entry.source.0, entry.cache_tier, entry.protocol, entry.state, entry.code, entry.flags]);
    bytes[56..60].copy_from_slice(&(sequence as u32).to_le_bytes());
    let mut mark = mark_of(&bytes, salt);
    if mark == 0 {
        // Zero means "not written yet". Another nonce gives another sum, and reading checks it without an exception.
        bytes[NONCE_AT] = 1;
        mark = mark_of(&bytes, salt);
    }
    bytes[MARK_AT..].copy_from_slice(&mark.to_le_bytes());
    bytes
}

/// Read the place where the record with `sequence` would stand.
pub fn decode(bytes: &[u8; RECORD_BYTES], sequence: u64, salt: u32) -> Slot {
    let mark = u32_at(bytes, MARK_AT);
    if mark == 0 {
        return if bytes.iter().all(|byte| *byte == 0) { Slot::Empty } else { Slot::Torn };
    }
    if mark != mark_of(bytes, salt) || u32_at(bytes, 56) != sequence as u32 {
        return Slot::Torn;
    }
    let mut asset = [0; ASSET_BYTES_MAX];
    asset.copy_from_slice(&bytes[20..36]);
    Slot::Whole(Record {
        sequence,
        time_ns: u64_at(bytes, 0),
        request_id: u64_at(bytes, 8),
        key_id: u32_at(bytes, 16),
        asset,
        asset_count: u16_at(bytes, 46),
        latency_ns: u32_at(bytes, 36),
        answer_bytes: u32_at(bytes, 40),
        status: u16_at(bytes, 44),
        source: SourceId(bytes[48]),
        cache_tier: bytes[49],
        protocol: bytes[50],
        state: bytes[51],
        code: bytes[52],
        flags: bytes[53],
    })
}

/// Return the CRC-32 of a record's first 60 bytes followed by `salt`. 64 bytes in all: the table's stride, no remainder.
fn mark_of(bytes: &[u8; RECORD_BYTES], salt: u32) -> u32 {
    let mut covered = *bytes;
    covered[MARK_AT..].copy_from_slice(&salt.to_le_bytes());
    crc32fast::hash(&covered)
}

/// Read a little-endian u16. `at + 2` must lie within `bytes`.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

/// Read a little-endian u32. `at + 4` must lie within `bytes`.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// Read a little-endian u64. `at + 8` must lie within `bytes`.
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entries() -> impl Strategy<Value = (Entry<'static>, Vec<u8>)> {
        (any::<[u64; 2]>(), any::<[u32; 3]>(), any::<[u16; 2]>(), any::<[u8; 6]>(), "[A-Z0-9]{0,16}").prop_map(
            |([time_ns, request_id], [key_id, latency_ns, answer_bytes], [asset_count, status], small, asset)| {
                let entry = Entry {
                    time_ns,
                    request_id,
                    key_id,
                    asset: b"",
                    asset_count,
                    latency_ns,
                    answer_bytes,
                    status,
                    source: SourceId(small[0]),
                    cache_tier: small[1],
                    protocol: small[2],
                    state: small[3],
                    code: small[4],
                    flags: small[5],
                };
                (entry, asset.into_bytes())
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded((entry, asset) in entries(), sequence: u64, salt: u32) {
            let entry = Entry { asset: &asset, ..entry };
            let bytes = encode(&entry, sequence, salt);
            prop_assert_ne!(u32_at(&bytes, MARK_AT), 0);
            let Slot::Whole(record) = decode(&bytes, sequence, salt) else { panic!("a whole record was not read as one") };
            prop_assert_eq!(record.sequence, sequence);
            prop_assert_eq!(record.entry(), entry);
        }

        #[test]
        fn any_changed_byte_is_noticed((entry, asset) in entries(), sequence: u64, salt: u32, at in 0..RECORD_BYTES, flip in 1..=255_u8) {
            let mut bytes = encode(&Entry { asset: &asset, ..entry }, sequence, salt);
            bytes[at] ^= flip;
            prop_assert_eq!(decode(&bytes, sequence, salt), Slot::Torn);
        }

        #[test]
        fn a_record_cut_short_by_zeros_is_never_whole((entry, asset) in entries(), sequence: u64, salt: u32, cut in 0..MARK_AT) {
            let mut bytes = encode(&Entry { asset: &asset, ..entry }, sequence, salt);
            bytes[cut..].fill(0);
            prop_assert!(matches!(decode(&bytes, sequence, salt), Slot::Torn | Slot::Empty));
        }

        #[test]
        fn a_record_of_another_place_or_segment_is_not_taken_for_ours((entry, asset) in entries(), sequence: u32, salt: u32, off in 1..1000_u64) {
            let bytes = encode(&Entry { asset: &asset, ..entry }, u64::from(sequence), salt);
            prop_assert_eq!(decode(&bytes, u64::from(sequence) + off, salt), Slot::Torn);
            prop_assert_eq!(decode(&bytes, u64::from(sequence), salt ^ (off as u32)), Slot::Torn);
        }
    }

    #[test]
    fn a_mark_that_would_be_zero_is_avoided() {
        let entry = Entry {
            time_ns: 1,
            request_id: 2,
            key_id: 3,
            asset: b"BTC",
            asset_count: 1,
            latency_ns: 4,
            answer_bytes: 5,
            status: 200,
            source: SourceId(1),
            cache_tier: 1,
            protocol: 1,
            state: 1,
            code: 0,
            flags: 0,
        };
        let plain = encode(&entry, 9, 0);
        let salt = salt_that_gives_zero(&plain);
        assert_eq!(mark_of(&plain, salt), 0);
        let bytes = encode(&entry, 9, salt);
        assert_ne!(u32_at(&bytes, MARK_AT), 0);
        assert!(matches!(decode(&bytes, 9, salt), Slot::Whole(_)));
    }

    /// The sum is linear over the bits of the salt, so the salt that cancels it is found by elimination.
    fn salt_that_gives_zero(bytes: &[u8; RECORD_BYTES]) -> u32 {
        let base = mark_of(bytes, 0);
        let mut rows: Vec<(u32, u32)> = (0..32).map(|bit| (mark_of(bytes, 1 << bit) ^ base, 1 << bit)).collect();
        let (mut left, mut salt) = (base, 0);
        for bit in (0..32).rev() {
            let Some(place) = rows.iter().position(|(sum, _)| sum >> bit & 1 == 1) else { continue };
            let (sum, bits) = rows.swap_remove(place);
            for row in &mut rows {
                if row.0 >> bit & 1 == 1 {
                    *row = (row.0 ^ sum, row.1 ^ bits);
                }
            }
            if left >> bit & 1 == 1 {
                (left, salt) = (left ^ sum, salt ^ bits);
            }
        }
        salt
    }
}

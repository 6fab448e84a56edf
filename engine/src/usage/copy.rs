//! A batch as `PostgreSQL`'s `COPY … (FORMAT binary)` takes it, a stream for each day, and what it adds to each key's counts.
//!
//! Source: <https://www.postgresql.org/docs/15/sql-copy.html>, "Binary Format", read 2026-11-20. A row is the number of its
//! fields (i16), then each field's length (i32) and bytes, big-endian. A time is in microseconds since 2000-01-01.

use std::collections::BTreeMap;

use crate::record::{CHARGED, Record};
use crate::usage::batch::Batch;
use crate::usage::sum::RowSum;

const FIELDS: i16 = 17;
const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
const MICROSECONDS_TO_2000: i64 = 946_684_800_000_000;
const DAY_MICROSECONDS: i64 = 86_400_000_000;

/// By which numbers the database knows a batch's names.
#[derive(Debug, Clone, Default)]
pub struct Numbers {
    /// Of (node, boot, thread).
    pub lane: i32,
    /// Of the node.
    pub node: i16,
    /// Of each of the batch's sources, in their order.
    pub sources: Vec<i16>,
}

/// The rows of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayRows {
    /// Days since 1970-01-01, UTC.
    pub day: i64,
    /// How many.
    pub rows: u64,
    /// The earliest and the latest time of them, Unix microseconds.
    pub between_us: (i64, i64),
    /// The sum of each row's own number, by which it is known later whether the rows are as they were.
    pub sum: i128,
    /// The whole COPY stream, with its head and tail.
    pub stream: Vec<u8>,
}

/// What records add to one key's counts of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// Answers.
    pub requests: i64,
    /// Of them, those paid for with a unit of the month.
    pub charged: i64,
    /// Of them, refusals: every status of 400 and more.
    pub refused: i64,
    /// Bytes of the answers.
    pub answer_bytes: i64,
    /// Unix time of the last, in microseconds.
    pub last_us: i64,
}

/// Encode the records whose sequence lies in none of the `stored` ranges, both ends of which are included.
///
/// Returns the rows by day, and the counts by (key, day), both in order.
pub fn encode(batch: &Batch, numbers: &Numbers, stored: &[(u64, u64)]) -> (Vec<DayRows>, BTreeMap<(u32, i64), Counted>) {
    let mut days: BTreeMap<i64, DayRows> = BTreeMap::new();
    let mut counts: BTreeMap<(u32, i64), Counted> = BTreeMap::new();
    for record in &batch.records {
        if stored.iter().any(|(first, last)| (*first..=*last).contains(&record.sequence)) {
            continue;
        }
        let time_us = (record.time_ns / 1_000) as i64;
        let day = time_us.div_euclid(DAY_MICROSECONDS);
        let rows = days.entry(day).or_insert_with(|| begun(day, time_us, batch.records.len()));
        rows.sum += i128::from(write_row(&mut rows.stream, record, numbers, time_us));
        rows.rows += 1;
        rows.between_us = (rows.between_us.0.min(time_us), rows.between_us.1.max(time_us));
        let counted = counts.entry((record.key_id, day)).or_default();
        counted.requests += 1;
        counted.charged += i64::from(record.flags & CHARGED != 0);
        counted.refused += i64::from(record.status >= 400);
        counted.answer_bytes += i64::from(record.answer_bytes);
        counted.last_us = counted.last_us.max(time_us);
    }
    for rows in days.values_mut() {
        rows.stream.extend_from_slice(&(-1_i16).to_be_bytes());
    }
    (days.into_values().collect(), counts)
}

fn begun(day: i64, time_us: i64, records: usize) -> DayRows {
    let mut stream = Vec::with_capacity(32 + records * 150);
    stream.extend_from_slice(SIGNATURE);
    stream.extend_from_slice(&[0; 8]); // No flags, no extension of the head.
    DayRows { day, rows: 0, between_us: (time_us, time_us), sum: 0, stream }
}

/// Write one row and return its number. The order of the fields is that of `usage/store.py`; a test holds both to it.
fn write_row(out: &mut Vec<u8>, record: &Record, numbers: &Numbers, time_us: i64) -> i64 {
    out.extend_from_slice(&FIELDS.to_be_bytes());
    let mut row = Row { out, sum: RowSum::default() };
    row.long(time_us - MICROSECONDS_TO_2000);
    row.int(record.key_id as i32);
    row.text(record.asset_name());
    row.small(number_of(&numbers.sources, record.source.0));
    row.small(numbers.node);
    row.small(record.status as i16);
    row.small(record.asset_count as i16);
    for small in [record.code, record.state, record.cache_tier, record.protocol, record.flags] {
        row.small(i16::from(small));
    }
    row.long(i64::from(record.latency_ns));
    row.long(i64::from(record.answer_bytes));
    row.long(record.request_id as i64);
    row.int(numbers.lane);
    row.long(record.sequence as i64);
    row.sum.value()
}

/// A row on its way out, and its number so far.
struct Row<'a> {
    out: &'a mut Vec<u8>,
    sum: RowSum,
}

impl Row<'_> {
    #[inline]
    fn long(&mut self, value: i64) {
        put(self.out, value.to_be_bytes());
        self.sum.long(value);
    }

    #[inline]
    fn int(&mut self, value: i32) {
        put(self.out, value.to_be_bytes());
        self.sum.int(value);
    }

    #[inline]
    fn small(&mut self, value: i16) {
        put(self.out, value.to_be_bytes());
        self.sum.int(i32::from(value));
    }

    #[inline]
    fn text(&mut self, value: &[u8]) {
        self.out.extend_from_slice(&(value.len() as i32).to_be_bytes());
        self.out.extend_from_slice(value);
        self.sum.text(value);
    }
}

#[inline]
fn put<const BYTES: usize>(out: &mut Vec<u8>, field: [u8; BYTES]) {
    out.extend_from_slice(&(BYTES as i32).to_be_bytes());
    out.extend_from_slice(&field);
}

/// Return the database's number of a source; 0, which is none, for one that the batch does not name.
fn number_of(sources: &[i16], place: u8) -> i16 {
    sources.get(usize::from(place)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::ASSET_BYTES_MAX;
    use crate::sources::SourceId;

    const NOON_NS: u64 = 1_795_176_000_000_000_000; // 2026-11-20T12:00:00Z

    fn record(sequence: u64, time_ns: u64, key_id: u32, status: u16, flags: u8) -> Record {
        let mut asset = [0; ASSET_BYTES_MAX];
        asset[..3].copy_from_slice(b"BTC");
        Record {
            sequence,
            time_ns,
            request_id: 7,
            key_id,
            asset,
            asset_count: 1,
            latency_ns: 900,
            answer_bytes: 400,
            status,
            source: SourceId(1),
            cache_tier: 1,
            protocol: 1,
            state: 1,
            code: 0,
            flags,
        }
    }

    fn batch(records: Vec<Record>) -> Batch {
        Batch { node: "n".into(), boot: [1; 16], thread: 0, sources: vec![], records }
    }

    #[test]
    fn what_is_stored_already_is_neither_written_nor_counted_again() {
        let batch = batch((1..=10).map(|sequence| record(sequence, NOON_NS, 5, 200, 1)).collect());
        let (days, counts) = encode(&batch, &Numbers::default(), &[(1, 3), (10, 12)]);
        assert_eq!(days.iter().map(|rows| rows.rows).collect::<Vec<_>>(), [6]);
        assert_eq!(counts.values().map(|counted| counted.requests).collect::<Vec<_>>(), [6]);
    }

    #[test]
    fn each_day_has_its_stream_and_each_key_its_counts_of_it() {
        let next = NOON_NS + 43_200_000_000_000; // Midnight belongs to the new day.
        let records =
            vec![record(1, NOON_NS, 5, 200, 1), record(2, next - 1, 5, 429, 0), record(3, next, 5, 200, 1), record(4, NOON_NS, 6, 304, 0)];
        let (days, counts) = encode(&batch(records), &Numbers::default(), &[]);
        let day = (NOON_NS / 86_400_000_000_000) as i64;
        assert_eq!(days.iter().map(|rows| (rows.day, rows.rows)).collect::<Vec<_>>(), [(day, 3), (day + 1, 1)]);
        let between = |first: u64, last: u64| ((first / 1_000) as i64, (last / 1_000) as i64);
        let told: Vec<_> = days.iter().map(|rows| rows.between_us).collect();
        assert_eq!(told, [between(NOON_NS, next - 1), between(next, next)]);
        let told: Vec<_> = counts.iter().map(|(of, counted)| (*of, counted.requests, counted.charged, counted.refused)).collect();
        assert_eq!(told, [((5, day), 2, 1, 1), ((5, day + 1), 1, 1, 0), ((6, day), 1, 0, 0)]);
    }
}

//! Builders for the spool's tests.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use trinity_beast_engine::record::{Entry, Record};
use trinity_beast_engine::sources::{SourceId, Sources};
use trinity_beast_engine::spool::{HEADER_BYTES, Lane, Spool, SpoolConfig, read_segment, segments};

/// A spool's configuration: segments of `records`, never too old.
pub fn config(directory: &Path, boot: u8, records: u64) -> SpoolConfig {
    SpoolConfig {
        directory: Some(directory.to_owned()),
        node: "TestNode".to_owned(),
        boot: [boot; 16],
        lanes: 2,
        segment_bytes: HEADER_BYTES as u64 + records * 64,
        segment_ns: u64::MAX,
    }
}

/// A spool with a configuration of ours and no source known yet.
pub fn open(config: &SpoolConfig) -> Arc<Spool> {
    Spool::open(config, Arc::new(Sources::default())).expect("the spool opens")
}

/// An entry that differs from every other by its `number`.
pub fn entry(number: u64) -> Entry<'static> {
    Entry {
        time_ns: 1_795_160_400_000_000_000 + number,
        request_id: number.wrapping_mul(0x9E37_79B9_7F4A_7C15),
        key_id: 7,
        asset: b"BTC",
        asset_count: 1,
        latency_ns: number as u32,
        answer_bytes: 512,
        status: 200,
        source: SourceId(0),
        cache_tier: 1,
        protocol: 1,
        state: 1,
        code: 0,
        flags: 0,
    }
}

/// Append, waiting for the keeper where it is behind; a sequence is lost for each wait.
pub fn append_patiently(lane: &mut Lane, number: u64) -> u64 {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(sequence) = lane.append(&entry(number)) {
            return sequence;
        }
        assert!(Instant::now() < end, "no room came in 20 seconds");
        std::thread::yield_now();
    }
}

/// Append until a record is lost, there being no room for ever so many.
pub fn lose_a_record(lane: &mut Lane) {
    let lost_before = lane.lost();
    while lane.lost() == lost_before {
        lane.append(&entry(lane.next_sequence()));
        assert!(lane.next_sequence() < 1_000_000, "no record was lost though there is no room");
    }
}

/// Every record in the directory with its boot and thread, in order of the three.
pub fn all_records(directory: &Path) -> Vec<(String, u16, Record)> {
    let listing = segments(directory).expect("the directory is listed");
    assert!(listing.unreadable.is_empty(), "{:?}", listing.unreadable);
    let mut found = Vec::new();
    for segment in listing.segments {
        let contents = read_segment(&segment.path).expect("a listed segment is read");
        assert_eq!(contents.records.len(), segment.records as usize);
        found.extend(contents.records.into_iter().map(|record| (segment.boot.clone(), segment.thread, record)));
    }
    found.sort_by(|one, other| (&one.0, one.1, one.2.sequence).cmp(&(&other.0, other.1, other.2.sequence)));
    found
}

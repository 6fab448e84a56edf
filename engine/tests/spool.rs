//! What the spool promises while its process lives, and after it was killed.

mod support;

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use support::{all_records, append_patiently, config, entry, open};
use trinity_beast_engine::record::Entry;
use trinity_beast_engine::sources::Sources;
use trinity_beast_engine::spool::{HEADER_BYTES, ReadError, SegmentError, Spool, SpoolConfig, parse, read_segment, recover, segments};

fn file_names(directory: &std::path::Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory).unwrap().map(|found| found.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn records_are_readable_at_once_and_after_sealing() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(&config(folder.path(), 1, 100));
    let mut lane = spool.lane(0);
    for number in 1..=10 {
        assert_eq!(lane.append(&entry(number)), Some(number));
    }
    assert_eq!(all_records(folder.path()).len(), 10);
    assert!(!segments(folder.path()).unwrap().segments[0].sealed);

    lane.seal();
    spool.seal_finished().unwrap();
    let listing = segments(folder.path()).unwrap();
    assert_eq!(listing.segments.len(), 1);
    let segment = &listing.segments[0];
    assert!(segment.sealed);
    assert_eq!((segment.records, segment.torn_bytes, segment.first_sequence), (10, 0, 1));
    assert_eq!((segment.node.as_str(), segment.boot.as_str(), segment.thread), ("TestNode", "01".repeat(16).as_str(), 0));
    assert_eq!(segment.created_ns, entry(1).time_ns);
    assert_eq!(segment.file_bytes, HEADER_BYTES as u64 + 640);
    for (place, (_, _, record)) in all_records(folder.path()).iter().enumerate() {
        assert_eq!(record.entry(), entry(place as u64 + 1));
        assert_eq!(record.sequence, place as u64 + 1);
    }
}

#[test]
fn full_segments_are_sealed_and_sequences_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(&config(folder.path(), 1, 8));
    let mut lane = spool.lane(0);
    let kept: Vec<u64> = (1..=30).map(|number| append_patiently(&mut lane, number)).collect();
    lane.seal();
    spool.seal_finished().unwrap();
    let found = all_records(folder.path());
    assert_eq!(found.iter().map(|(_, _, record)| record.sequence).collect::<Vec<_>>(), kept);
    assert_eq!(found.iter().map(|(_, _, record)| record.latency_ns).collect::<Vec<_>>(), (1..=30).collect::<Vec<_>>());
    assert!(segments(folder.path()).unwrap().segments.iter().all(|segment| segment.sealed));
    assert_eq!(lane.next_sequence() - 1, 30 + lane.lost());
}

#[test]
fn an_old_segment_is_sealed_at_its_age_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(&SpoolConfig { segment_ns: 5_000, ..config(folder.path(), 1, 100) });
    let mut lane = spool.lane(0);
    lane.tick(1_000_000);
    append_patiently(&mut lane, 1);
    lane.tick(2_000_000);
    lane.tick(2_004_999);
    spool.seal_finished().unwrap();
    assert!(!segments(folder.path()).unwrap().segments[0].sealed);
    // A segment is not sealed before its successor is ready, which takes the keeper a moment.
    let end = Instant::now() + Duration::from_secs(20);
    while !segments(folder.path()).unwrap().segments[0].sealed {
        assert!(Instant::now() < end, "the old segment was not sealed in 20 seconds");
        lane.tick(2_005_000);
        spool.seal_finished().unwrap();
    }
}

#[test]
fn an_orderly_end_leaves_sealed_segments_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(&config(folder.path(), 1, 8));
    let mut lane = spool.lane(1);
    append_patiently(&mut lane, 1);
    lane.seal();
    drop(lane);
    drop(spool);
    assert_eq!(file_names(folder.path()), [format!("{}-001-00000001.sealed", "01".repeat(16))]);
}

#[test]
fn sources_met_while_a_segment_is_open_are_in_its_dictionary() {
    let folder = tempfile::tempdir().unwrap();
    let sources = Arc::new(Sources::default());
    let coinbase = sources.intern("coinbase", "coinbase-ws");
    let spool = Spool::open(&config(folder.path(), 1, 100), Arc::clone(&sources)).unwrap();
    let mut lane = spool.lane(0);
    lane.append(&Entry { source: coinbase, ..entry(1) }).unwrap();
    let kraken = sources.intern("kraken", "lab:kraken-ws");
    lane.append(&Entry { source: kraken, ..entry(2) }).unwrap();
    lane.append(&Entry { source: coinbase, ..entry(3) }).unwrap();

    let path = &segments(folder.path()).unwrap().segments[0].path;
    let contents = read_segment(path).unwrap();
    let told: Vec<(&str, &str)> = contents
        .records
        .iter()
        .map(|record| &contents.header.sources[usize::from(record.source.0)])
        .map(|source| (&*source.venue, &*source.tag))
        .collect();
    assert_eq!(told, [("coinbase", "coinbase-ws"), ("kraken", "lab:kraken-ws"), ("coinbase", "coinbase-ws")]);
}

#[test]
fn a_full_dictionary_of_the_longest_names_fits() {
    let folder = tempfile::tempdir().unwrap();
    let sources = Arc::new(Sources::default());
    let last = (0..400).map(|n| sources.intern(&format!("{n:0>20}"), &format!("{n:0>28}"))).collect::<Vec<_>>()[254];
    let spool = Spool::open(&config(folder.path(), 1, 100), sources).unwrap();
    let mut lane = spool.lane(0);
    assert_eq!(last.0, 255);
    lane.append(&Entry { source: last, ..entry(1) }).unwrap();
    let contents = read_segment(&segments(folder.path()).unwrap().segments[0].path).unwrap();
    assert_eq!(contents.header.sources.len(), 256);
    assert_eq!(&*contents.header.sources[255].tag, format!("{:0>28}", 254));
    assert_eq!(contents.records[0].source, last);
}

#[test]
fn a_source_nobody_interned_is_recorded_as_none() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(&config(folder.path(), 1, 100));
    let mut lane = spool.lane(0);
    lane.append(&Entry { source: trinity_beast_engine::sources::SourceId(9), ..entry(1) }).unwrap();
    assert_eq!(all_records(folder.path())[0].2.source.0, 0);
}

#[test]
fn a_spool_without_a_directory_keeps_and_loses_nothing() {
    let spool = open(&SpoolConfig { directory: None, ..config(std::path::Path::new("/nowhere"), 1, 8) });
    let mut lane = spool.lane(0);
    for number in 1..=100 {
        assert_eq!(lane.append(&entry(number)), Some(number));
    }
    lane.tick(1);
    lane.seal();
    spool.seal_finished().unwrap();
    assert_eq!(lane.lost(), 0);
    assert!(!spool.keeps_records());
}

#[test]
fn a_configuration_out_of_range_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let good = config(folder.path(), 1, 8);
    for bad in [
        SpoolConfig { node: String::new(), ..good.clone() },
        SpoolConfig { node: "n".repeat(65), ..good.clone() },
        SpoolConfig { segment_bytes: HEADER_BYTES as u64 + 63, ..good.clone() },
        SpoolConfig { segment_bytes: 1 << 40, ..good.clone() },
    ] {
        let error = Spool::open(&bad, Arc::default()).expect_err("it is out of range");
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    }
}

#[test]
fn a_directory_that_is_a_file_is_told_at_opening() {
    let file = tempfile::NamedTempFile::new().unwrap();
    assert!(Spool::open(&config(file.path(), 1, 8), Arc::default()).is_err());
}

#[test]
#[should_panic(expected = "has its writer already")]
fn a_lane_has_one_writer() {
    let spool = open(&SpoolConfig { directory: None, ..config(std::path::Path::new("/nowhere"), 1, 8) });
    let _first = spool.lane(0);
    let _second = spool.lane(0);
}

#[test]
fn recovery_leaves_a_living_writers_files_alone() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(&config(folder.path(), 1, 100));
    let mut lane = spool.lane(0);
    lane.append(&entry(1)).unwrap();
    let recovered = recover(folder.path()).unwrap();
    assert!(recovered.sealed.is_empty() && recovered.unreadable.is_empty() && recovered.removed == 0);
    assert!(recovered.in_use >= 2, "the segment and the other lane's spare at least");
    assert_eq!(lane.append(&entry(2)), Some(2));
    assert_eq!(all_records(folder.path()).len(), 2);
}

#[test]
fn recovery_seals_what_was_left_removes_what_is_empty_and_tells_what_it_cannot_read() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(&config(folder.path(), 1, 100));
    let mut lane = spool.lane(0);
    lane.append(&entry(1)).unwrap();
    drop(lane);
    drop(spool);
    fs::write(folder.path().join("half-made.new"), b"").unwrap();
    fs::write(folder.path().join("foreign.open"), b"SQLite format 3\0 and so on").unwrap();
    fs::write(folder.path().join("notes.txt"), b"not ours").unwrap();

    let recovered = recover(folder.path()).unwrap();
    assert_eq!(recovered.sealed.len(), 1);
    assert_eq!(recovered.removed, 1);
    assert_eq!(recovered.unreadable.len(), 1);
    assert!(recovered.unreadable[0].1.contains("does not begin with our mark"), "{:?}", recovered.unreadable);
    let contents = read_segment(&recovered.sealed[0]).unwrap();
    assert!(contents.header.seal.is_some_and(|seal| seal.recovered && seal.whole == 1));
    assert!(folder.path().join("foreign.open").exists() && folder.path().join("notes.txt").exists());
    assert!(recover(folder.path()).unwrap().sealed.is_empty(), "a second recovery finds nothing to do");
}

/// The steps of sealing, each with a kill behind it: every one must be finished by recovery, with the same records.
#[test]
fn a_kill_between_any_two_steps_of_sealing_is_recovered() {
    for step in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let spool = open(&config(folder.path(), 1, 100));
        let mut lane = spool.lane(0);
        (1..=5).for_each(|number| assert!(lane.append(&entry(number)).is_some()));
        lane.seal();
        drop((lane, spool));
        let sealed = &segments(folder.path()).unwrap().segments[0].path;
        // Undo the steps behind the kill: the name, then the cut, then the seal.
        let left = sealed.with_extension("open");
        fs::rename(sealed, &left).unwrap();
        if step < 2 {
            let file = fs::OpenOptions::new().write(true).open(&left).unwrap();
            file.set_len(HEADER_BYTES as u64 + 6400).unwrap();
            if step < 1 {
                std::os::unix::fs::FileExt::write_all_at(&file, &[0; 64], 192).unwrap();
            }
        }
        let recovered = recover(folder.path()).unwrap();
        assert_eq!(recovered.sealed, std::slice::from_ref(sealed), "step {step}");
        assert_eq!(all_records(folder.path()).len(), 5, "step {step}");
        assert_eq!(segments(folder.path()).unwrap().segments[0].torn_bytes, 0);
    }
}

#[derive(Debug, Clone)]
enum Step {
    Append(u8),
    Seal,
    Tick,
    Kill,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![6 => (1..20_u8).prop_map(Step::Append), 1 => Just(Step::Seal), 1 => Just(Step::Tick), 1 => Just(Step::Kill)];
    prop::collection::vec(step, 1..24)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_appends_seals_and_kills_keeps_exactly_what_was_appended(steps in steps()) {
        let folder = tempfile::tempdir().unwrap();
        let (mut boot, mut number, mut now_ns) = (1_u8, 0_u64, 0_u64);
        let mut expected = Vec::new();
        let start = |boot| {
            let spool = open(&SpoolConfig { segment_ns: 10, ..config(folder.path(), boot, 8) });
            let lane = spool.lane(0);
            (spool, lane)
        };
        let (mut spool, mut lane) = start(boot);
        for step in steps {
            match step {
                Step::Append(count) => for _ in 0..count {
                    number += 1;
                    let due = lane.next_sequence();
                    if let Some(sequence) = lane.append(&entry(number)) {
                        prop_assert_eq!(sequence, due);
                        expected.push((boot, sequence, number as u32));
                    }
                },
                Step::Seal => lane.seal(),
                Step::Tick => { now_ns += 7; lane.tick(now_ns); }
                Step::Kill => {
                    drop((lane, spool));
                    recover(folder.path()).unwrap();
                    boot += 1;
                    (spool, lane) = start(boot);
                }
            }
        }
        drop((lane, spool));
        let recovered = recover(folder.path()).unwrap();
        prop_assert!(recovered.unreadable.is_empty());
        let found: Vec<(u8, u64, u32)> = all_records(folder.path())
            .iter()
            .map(|(boot, _, record)| (u8::from_str_radix(&boot[..2], 16).unwrap(), record.sequence, record.latency_ns))
            .collect();
        prop_assert_eq!(found, expected);
        prop_assert!(file_names(folder.path()).iter().all(|name| name.ends_with(".sealed")));
    }

    #[test]
    fn any_bytes_behind_a_good_header_are_read_without_a_panic(at in 0..HEADER_BYTES + 640, noise in prop::collection::vec(any::<u8>(), 1..200)) {
        let mut bytes = five_records();
        bytes.resize(bytes.len().max(at + noise.len()), 0);
        bytes[at..at + noise.len()].copy_from_slice(&noise);
        if let Ok(contents) = parse(&bytes) {
            prop_assert!(contents.records.iter().all(|record| record.entry() == entry(record.sequence)));
        }
    }
}

/// The bytes of a segment with five records, sealed.
fn five_records() -> Vec<u8> {
    static BYTES: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    BYTES
        .get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            let sources = Arc::new(Sources::default());
            sources.intern("coinbase", "coinbase-ws");
            let spool = Spool::open(&config(folder.path(), 1, 8), sources).unwrap();
            let mut lane = spool.lane(0);
            (1..=5).for_each(|number| assert!(lane.append(&entry(number)).is_some()));
            lane.seal();
            spool.seal_finished().unwrap();
            fs::read(&segments(folder.path()).unwrap().segments[0].path).unwrap()
        })
        .clone()
}

#[test]
fn any_changed_byte_of_any_record_is_noticed_and_costs_that_record_only() {
    let whole = parse(&five_records()).unwrap();
    for at in HEADER_BYTES..five_records().len() {
        let mut bytes = five_records();
        bytes[at] ^= 0x10;
        let contents = parse(&bytes).unwrap();
        let hit = (at - HEADER_BYTES) / 64;
        let mut expected = whole.records.clone();
        expected.remove(hit);
        assert_eq!(contents.records, expected, "byte {at}");
        assert_eq!(contents.torn_bytes, 64, "byte {at}");
    }
}

#[test]
fn any_changed_byte_of_the_header_is_noticed_or_lies_where_nothing_is() {
    let whole = parse(&five_records()).unwrap();
    let mut unnoticed = Vec::new();
    for at in 0..HEADER_BYTES {
        let mut bytes = five_records();
        bytes[at] ^= 0x10;
        match parse(&bytes) {
            Ok(contents) => {
                assert_eq!(contents, whole, "byte {at}");
                unnoticed.push(at);
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    // The marks of shipping to come, what fills two entries up to a multiple of four, the dictionary's free room.
    let free = |at: &usize| (256..512).contains(at) || (518..520).contains(at) || *at >= 545;
    assert_eq!(unnoticed.iter().find(|at| !free(at)), None);
}

#[test]
fn any_truncation_gives_a_prefix() {
    let bytes = five_records();
    let whole = parse(&bytes).unwrap();
    for length in 0..bytes.len() {
        match parse(&bytes[..length]) {
            Ok(contents) => {
                let kept = (length - HEADER_BYTES) / 64;
                assert_eq!(contents.records, whole.records[..kept], "{length} bytes");
                assert_eq!(contents.torn_bytes, (5 - kept as u64) * 64, "{length} bytes");
            }
            Err(error) => {
                assert!(length < HEADER_BYTES);
                assert!(matches!(error, SegmentError::TooShort(told) if told == length));
            }
        }
    }
}

#[test]
fn foreign_and_future_files_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sealed");
    fs::write(&path, vec![b'x'; HEADER_BYTES]).unwrap();
    assert!(matches!(read_segment(&path), Err(ReadError::Format(SegmentError::Foreign))));
    let mut future = five_records();
    future[8] = 2;
    fs::write(&path, &future).unwrap();
    assert!(matches!(read_segment(&path), Err(ReadError::Format(SegmentError::Version(2)))));
    assert!(matches!(read_segment(folder.path()), Err(ReadError::Io(_))), "a directory is no file");
    assert!(matches!(read_segment(&folder.path().join("none")), Err(ReadError::Io(_))));
    assert_eq!(segments(folder.path()).unwrap().unreadable.len(), 1);
}

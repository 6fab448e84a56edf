//! A limit on file sizes acts as a full disk does, also for a user who may not mount one: records are lost, counted, and kept again.
//!
//! One test alone in this file: the limit is the whole process's.

mod support;

use std::time::{Duration, Instant};

use support::{all_records, append_patiently, config, entry, lose_a_record, open};
use trinity_beast_engine::spool::{HEADER_BYTES, SpoolConfig};

const SEGMENT_BYTES: u64 = HEADER_BYTES as u64 + 1_000 * 64;

/// The most bytes a file may have, for this process. A normal user may lower the soft limit and raise it again.
fn limit_file_bytes(bytes: Option<u64>) {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls get a pointer to a whole rlimit of ours; ignoring the signal sets no handler.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_FSIZE, &raw mut limit), 0);
        limit.rlim_cur = bytes.unwrap_or(limit.rlim_max);
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit), 0);
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
}

#[test]
fn without_room_records_are_lost_and_counted_until_there_is_some() {
    let folder = tempfile::tempdir().unwrap();
    limit_file_bytes(Some(SEGMENT_BYTES - 1));
    let spool = open(&SpoolConfig { segment_bytes: SEGMENT_BYTES, ..config(folder.path(), 1, 1) });
    let mut lane = spool.lane(0);
    assert_eq!(lane.append(&entry(1)), None);
    assert_eq!((lane.lost(), lane.next_sequence()), (1, 2));
    wait_until(|| spool.troubles().1.is_some());

    limit_file_bytes(None);
    let first = append_patiently(&mut lane, 100);
    assert_eq!(first, lane.lost() + 1, "every lost record has used up its sequence");

    // A disk that fills while a segment is in use: the segment takes its records, then they are lost.
    limit_file_bytes(Some(SEGMENT_BYTES - 1));
    lose_a_record(&mut lane);
    let lost = lane.lost();
    limit_file_bytes(None);
    let next = append_patiently(&mut lane, 200);
    lane.seal();
    spool.seal_finished().unwrap();
    assert!(lane.lost() >= lost);

    let found = all_records(folder.path());
    assert_eq!(found.len() as u64 + lane.lost(), lane.next_sequence() - 1, "kept and lost are all there were");
    assert!(found.iter().any(|(_, _, record)| record.sequence == first && record.latency_ns == 100));
    assert!(found.iter().any(|(_, _, record)| record.sequence == next && record.latency_ns == 200));
    let newest = trinity_beast_engine::spool::segments(folder.path()).unwrap().segments.pop().unwrap();
    assert_eq!(newest.lost_before, lane.lost());
}

fn wait_until(mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < end, "it did not come about in 20 seconds");
        std::thread::yield_now();
    }
}

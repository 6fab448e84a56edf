//! A spool that has grown to its bound keeps what it has, loses the newest records, counted, and goes on when there is room.

mod support;

use support::{all_records, append_patiently, config, entry, lose_a_record, open};
use trinity_beast_engine::spool::{HEADER_BYTES, Lane, SpoolConfig};

const RECORDS: u64 = 1_000;
const SEGMENT_BYTES: u64 = HEADER_BYTES as u64 + RECORDS * 64;

fn append_or_lose(lane: &mut Lane) {
    if lane.append(&entry(lane.next_sequence())).is_none() {
        std::thread::yield_now();
    }
}

#[test]
fn past_its_bound_the_oldest_are_kept_and_the_newest_lost_until_something_is_shipped() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(&SpoolConfig { segment_bytes: SEGMENT_BYTES, ..config(folder.path(), 1, RECORDS) });
    spool.bound(6 * SEGMENT_BYTES);
    let mut lane = spool.lane(0);
    let first = append_patiently(&mut lane, 1);
    // The keeper makes files while there is room, the lane fills them.
    while spool.troubles().1.is_none() {
        append_or_lose(&mut lane);
    }
    lose_a_record(&mut lane);
    spool.seal_finished().unwrap();

    let kept = all_records(folder.path());
    assert_eq!(kept.first().unwrap().2.sequence, first, "the oldest is kept");
    assert_eq!(kept.len() as u64 + lane.lost(), lane.next_sequence() - 1, "what is not kept is counted");
    // Two files of the other lane stand ready too, so six are the bound and two more what was held when it was set.
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).collect();
    assert!(files.iter().sum::<u64>() <= 8 * SEGMENT_BYTES, "{files:?}");
    assert!(spool.troubles().1.unwrap().contains("bound"));

    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "sealed") {
            std::fs::remove_file(path).unwrap();
        }
    }
    append_patiently(&mut lane, 2);
}

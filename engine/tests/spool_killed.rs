//! A process killed with -9 at any moment leaves every record it has told of.

mod support;

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::FromRawFd;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::{all_records, config, entry, open};
use trinity_beast_engine::spool::{HEADER_BYTES, SpoolConfig, recover};

const DIRECTORY: &str = "SPOOL_TEST_DIRECTORY";
const ROUNDS: u8 = 20;

/// The child: appends without pause and tells each sequence after it was appended, until it is killed.
#[test]
#[ignore = "run by its parent test only"]
fn child_appends_until_killed() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let boot = std::env::var("SPOOL_TEST_BOOT").unwrap().parse().unwrap();
    let spool =
        open(&SpoolConfig { segment_bytes: HEADER_BYTES as u64 + 64 * 500, segment_ns: 2_000_000, ..config(directory.as_ref(), boot, 8) });
    let mut lane = spool.lane(0);
    // SAFETY: descriptor 1 is this process's own output, and nothing else here writes to it.
    let mut told = unsafe { File::from_raw_fd(1) };
    let start = Instant::now();
    for number in 1.. {
        if let Some(sequence) = lane.append(&entry(number)) {
            told.write_all(&[sequence.to_le_bytes(), number.to_le_bytes()].concat()).unwrap();
        }
        if number % 64 == 0 {
            lane.tick(start.elapsed().as_nanos() as u64);
        }
    }
}

#[test]
fn every_record_told_of_before_a_kill_is_there_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut told = Vec::new();
    for boot in 1..=ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "child_appends_until_killed", "--nocapture", "--test-threads=1", "--quiet"])
            .env(DIRECTORY, folder.path())
            .env("SPOOL_TEST_BOOT", boot.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = child.stdout.take().unwrap();
        let mut bytes = skip_banner(&mut output);
        // From the first record on to some thousands of them: the moment differs each round.
        let enough = 1 + usize::from(boot) * 237 * 16;
        let mut chunk = [0; 4096];
        while bytes.len() < enough {
            let count = output.read(&mut chunk).unwrap();
            assert!(count > 0, "the child ended by itself");
            bytes.extend_from_slice(&chunk[..count]);
        }
        child.kill().unwrap();
        output.read_to_end(&mut bytes).unwrap();
        child.wait().unwrap();
        told.extend(bytes.chunks_exact(16).map(|pair| {
            let (sequence, number) = pair.split_at(8);
            (boot, u64::from_le_bytes(sequence.try_into().unwrap()), u64::from_le_bytes(number.try_into().unwrap()))
        }));
        let recovered = recover_when_released(folder.path());
        assert!(recovered.unreadable.is_empty(), "{:?}", recovered.unreadable);
    }
    let found: std::collections::HashMap<(u8, u64), u64> = all_records(folder.path())
        .into_iter()
        .map(|(boot, _, record)| ((u8::from_str_radix(&boot[..2], 16).unwrap(), record.sequence), u64::from(record.latency_ns)))
        .collect();
    assert!(told.len() > 10_000);
    for (boot, sequence, number) in told {
        assert_eq!(found.get(&(boot, sequence)), Some(&number), "boot {boot}, sequence {sequence}");
    }
}

/// Read up to the byte before the first sequence, past what the test harness prints of itself.
fn skip_banner(output: &mut impl Read) -> Vec<u8> {
    let mut seen = Vec::new();
    let first: Vec<u8> = [1_u64.to_le_bytes(), 1_u64.to_le_bytes()].concat();
    let mut byte = [0];
    while !seen.ends_with(&first) {
        assert_eq!(output.read(&mut byte).unwrap(), 1, "the child ended before its first record");
        seen.push(byte[0]);
        assert!(seen.len() < 10_000, "the child's first record was not seen");
    }
    first
}

/// The kernel lets go of a killed process's locks a moment after its end is told.
fn recover_when_released(directory: &std::path::Path) -> trinity_beast_engine::spool::Recovered {
    let end = Instant::now() + Duration::from_secs(10);
    let mut all = recover(directory).unwrap();
    while all.in_use > 0 {
        assert!(Instant::now() < end, "files of a killed process stay locked");
        let more = recover(directory).unwrap();
        all.sealed.extend(more.sealed);
        all.unreadable.extend(more.unreadable);
        all.in_use = more.in_use;
    }
    all
}

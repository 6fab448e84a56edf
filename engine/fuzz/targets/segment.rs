//! The segment reader: what a killed process, a torn disk or a stranger's file may look like.
//!
//! Bytes drawn at random never get past the sums of a header, so the input is a list of changes to a whole segment, each
//! `place (2 bytes) length (1 byte) bytes`, after two bytes that say how much of the file is left and whether the sums are
//! mended after the changes. The raw input is read as a file too.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use trinity_beast_engine::record::{Entry, RECORD_BYTES, Slot, decode, encode};
use trinity_beast_engine::sources::SourceId;
use trinity_beast_engine::spool::{HEADER_BYTES, Identity, VERSION, parse, read_header};

const CAPACITY: u32 = 24;
const RECORDS: usize = 16;
const FIRST_SEQUENCE: u64 = 41;
/// The parts of a header that end with their own sum.
const PARTS: [std::ops::Range<usize>; 3] = [0..128, 128..192, 192..256];

/// A whole segment, put together from the format's description rather than by the code that writes them.
static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let identity = Identity { node: "BeastMain".to_owned(), boot: [7; 16], thread: 3, number: 2, capacity: CAPACITY };
    let mut file = vec![0; HEADER_BYTES + CAPACITY as usize * RECORD_BYTES];
    let parts: [(usize, &[u8]); 12] = [
        (0, b"TBSPOOL\n"),
        (8, &VERSION.to_le_bytes()),
        (10, &(HEADER_BYTES as u16).to_le_bytes()),
        (12, &(RECORD_BYTES as u16).to_le_bytes()),
        (14, &identity.thread.to_le_bytes()),
        (16, &identity.boot),
        (32, &identity.capacity.to_le_bytes()),
        (36, &identity.number.to_le_bytes()),
        (40, &[9]),
        (44, identity.node.as_bytes()),
        (128, &FIRST_SEQUENCE.to_le_bytes()),
        (136, &1_795_160_400_000_000_000_u64.to_le_bytes()),
    ];
    for (at, bytes) in parts {
        file[at..at + bytes.len()].copy_from_slice(bytes);
    }
    for place in 0..RECORDS {
        let sequence = FIRST_SEQUENCE + place as u64;
        let at = HEADER_BYTES + place * RECORD_BYTES;
        file[at..at + RECORD_BYTES].copy_from_slice(&encode(&entry(sequence), sequence, identity.salt()));
    }
    mend_sums(&mut file);
    let contents = parse(&file).expect("the segment before any change is whole");
    assert_eq!((contents.records.len(), contents.torn_bytes, &contents.header.identity), (RECORDS, 0, &identity));
    file
});

fn entry(number: u64) -> Entry<'static> {
    Entry {
        time_ns: 1_795_160_400_000_000_000 + number,
        request_id: number,
        key_id: 7,
        asset: b"BTC",
        asset_count: 1,
        latency_ns: 7_000,
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

fn mend_sums(file: &mut [u8]) {
    for part in PARTS {
        let Some(part) = file.get_mut(part) else { return };
        let (body, sum) = part.split_at_mut(part.len() - 4);
        if body.iter().any(|byte| *byte != 0) {
            sum.copy_from_slice(&crc32fast::hash(body).max(1).to_le_bytes());
        }
    }
}

fn changed(input: &[u8]) -> Vec<u8> {
    let mut file = WHOLE.clone();
    let [kept, mended, changes @ ..] = input else { return file };
    let mut rest = changes;
    while let [low, high, length, after @ ..] = rest {
        let bytes = &after[..usize::from(*length).min(after.len())];
        let at = usize::from(u16::from_le_bytes([*low, *high])) % file.len();
        let end = (at + bytes.len()).min(file.len());
        file[at..end].copy_from_slice(&bytes[..end - at]);
        rest = &after[bytes.len()..];
    }
    if mended & 1 == 1 {
        mend_sums(&mut file);
    }
    let cut = file.len() * usize::from(*kept) / 255;
    file.truncate(cut);
    file
}

/// Whether a record's last four bytes are the sum of the others and the salt: reckoned here, not by the code on trial.
fn is_marked(record: &[u8; RECORD_BYTES], salt: u32) -> bool {
    let (body, mark) = record.split_at(RECORD_BYTES - 4);
    let mut sum = crc32fast::Hasher::new();
    sum.update(body);
    sum.update(&salt.to_le_bytes());
    mark == sum.finalize().to_le_bytes()
}

fn read(file: &[u8]) {
    let Ok(contents) = parse(file) else { return };
    assert_eq!(read_header(file).as_ref(), Ok(&contents.header), "a header reads the same alone");
    let Some(start) = contents.header.start else {
        assert!(contents.records.is_empty(), "records without a first sequence");
        return;
    };
    let salt = contents.header.identity.salt();
    let mut last = None;
    for record in &contents.records {
        assert!(last < Some(record.sequence), "records come in order and once");
        last = Some(record.sequence);
        let at = HEADER_BYTES + (record.sequence - start.first_sequence) as usize * RECORD_BYTES;
        let bytes: &[u8; RECORD_BYTES] = file[at..at + RECORD_BYTES].try_into().expect("a record lies within the file");
        assert!(is_marked(bytes, salt), "every record given out vouches for itself");
        assert_eq!(decode(bytes, record.sequence, salt), Slot::Whole(*record), "a record reads the same alone");
    }
    assert!(contents.torn_bytes % RECORD_BYTES as u64 == 0);
}

fuzz_target!(|input: &[u8]| {
    read(input);
    read(&changed(input));
});

//! A disk truly full costs records, counted, and kills nothing; when room returns, records are kept again.

mod support;

use std::path::Path;
use std::process::Command;

use support::{all_records, append_patiently, config, lose_a_record, open};
use trinity_beast_engine::spool::{HEADER_BYTES, SpoolConfig};

const RECORDS: u64 = 1_000;
const SEGMENT_BYTES: u64 = HEADER_BYTES as u64 + RECORDS * 64;

/// A file system of one megabyte, unmounted when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mut command = Command::new("mount");
        let told = command.args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(folder.path()).output();
        match told {
            Ok(output) if output.status.success() => Ok(Self(folder)),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.path()).status();
    }
}

#[test]
fn a_disk_truly_full_never_kills_and_takes_records_again_when_freed() {
    let disk = match SmallDisk::mount() {
        Ok(disk) => disk,
        Err(reason) => {
            eprintln!("skipped: mounting a small disk needs root: {reason}");
            return;
        }
    };
    // 800 kB of ballast and two lanes' spares leave room for no third segment.
    std::fs::write(disk.path().join("ballast"), vec![1; 800 << 10]).unwrap();
    let spool = open(&SpoolConfig { segment_bytes: SEGMENT_BYTES, ..config(disk.path(), 1, 1) });
    let mut lane = spool.lane(0);
    lose_a_record(&mut lane);
    assert!(lane.next_sequence() > RECORDS, "the room that was reserved was used to its end");
    std::fs::remove_file(disk.path().join("ballast")).unwrap();
    append_patiently(&mut lane, 1);
    lane.seal();
    spool.seal_finished().unwrap();
    assert_eq!(all_records(disk.path()).len() as u64 + lane.lost(), lane.next_sequence() - 1);
}

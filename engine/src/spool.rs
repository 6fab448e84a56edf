//! The usage spool: records in memory-mapped files, written before an answer leaves and kept through kill -9.
//!
//! A `Lane` is one thread's writer. Behind it the keeper makes files ready ahead of need and seals full or old ones;
//! no lane ever waits for it. Without a file ready a record is lost and counted, and the answer goes out all the same.
//! `recover` seals what a killed process left. Records are known for ever by (node, boot, thread, sequence).
//!
//! A kill of the process loses nothing that was appended. A loss of power may lose what was not yet sealed: at most the
//! last `segment_ns` and the time the disk takes; records that reached the disk are still told from those that did not.

mod disk;
mod keeper;
mod lane;
mod mapped;
mod read;
mod recover;
mod segment;

use std::io;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, Thread};
use std::time::Duration;

pub use lane::Lane;
pub use read::{Listing, ReadError, Segment, read_segment, segments};
pub use recover::{Recovered, recover};
pub use segment::{
    CAPACITY_MAX, Contents, HEADER_BYTES, Header, Identity, NODE_BYTES_MAX, Seal, SegmentError, Start, VERSION, parse, read_header,
};

use crate::record::RECORD_BYTES;
use crate::sources::Sources;

/// The ending of a file that is still being made ready.
const UNREADY: &str = "new";

/// The ending of a spare or of the segment being written.
const OPEN: &str = "open";

/// The ending of a segment that is complete and on disk.
const SEALED: &str = "sealed";

/// How long `seal_finished` waits at most.
const SEAL_WAIT_MOST: Duration = Duration::from_secs(30);

/// What a spool is made of.
#[derive(Debug, Clone)]
pub struct SpoolConfig {
    /// Where segments lie; made when it is not there. None keeps no records.
    pub directory: Option<PathBuf>,
    /// The node's name, 1 to 64 bytes.
    pub node: String,
    /// Drawn at random at each start.
    pub boot: [u8; 16],
    /// How many writers there are.
    pub lanes: u16,
    /// Bytes of a full segment, header included: room for one record at least, 1 GiB at most.
    pub segment_bytes: u64,
    /// After how long in use a segment is sealed though not full.
    pub segment_ns: u64,
}

/// The lanes of one node and the keeper behind them.
#[derive(Debug)]
pub struct Spool {
    shared: Arc<keeper::Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Spool {
    /// Prepare a spool; every lane has its first segment ready, unless the disk is full.
    ///
    /// # Errors
    /// When the directory cannot be made or written, or the configuration is out of range. A full disk is none: the
    /// spool starts without room, loses records and counts them until there is some.
    pub fn open(config: &SpoolConfig, sources: Arc<Sources>) -> io::Result<Arc<Self>> {
        let capacity = capacity_of(config)?;
        let shared = Arc::new(keeper::Shared::new(config, capacity, sources));
        let Some(directory) = &config.directory else { return Ok(Arc::new(Self { shared, threads: Mutex::default() })) };
        disk::make_directory(directory)?;
        match shared.make_spares() {
            Err(error) if !is_want_of_room(&error) => return Err(error),
            _ => {}
        }
        // From here on a failing start of a thread drops the spool, which stops the other one.
        let spool = Self { shared, threads: Mutex::default() };
        let maker = spool.start("spool-maker", keeper::run_maker)?;
        let sealer = spool.start("spool-sealer", keeper::run_sealer)?;
        // Set before any lane exists, so that no lane's wake is missed.
        let _ = (spool.shared.maker.set(maker), spool.shared.sealer.set(sealer));
        Ok(Arc::new(spool))
    }

    fn start(&self, name: &str, run: fn(&keeper::Shared)) -> io::Result<Thread> {
        let shared = Arc::clone(&self.shared);
        let handle = std::thread::Builder::new().name(name.to_owned()).spawn(move || run(&shared))?;
        let thread = handle.thread().clone();
        self.keepers().push(handle);
        Ok(thread)
    }

    /// Return lane `n`, once: two writers of one lane would give a sequence twice.
    ///
    /// # Panics
    /// When there is no such lane, or it was given before.
    pub fn lane(&self, n: u16) -> Lane {
        let before = self.shared.lanes[usize::from(n)].taken.swap(true, Ordering::AcqRel);
        assert!(!before, "lane {n} has its writer already");
        Lane::new(Arc::clone(&self.shared), usize::from(n))
    }

    /// Wait until every segment that lanes have handed over is on disk under its sealed name, 30 seconds at most.
    ///
    /// # Errors
    /// When the disk refuses or takes longer. The records stay in their open files and are tried again.
    pub fn seal_finished(&self) -> io::Result<()> {
        if self.keepers().is_empty() { Ok(()) } else { self.shared.wait_sealed(SEAL_WAIT_MOST) }
    }

    /// Return how many finished segments could not be sealed yet, and the error that stands in the keeper's way.
    pub fn troubles(&self) -> (u64, Option<String>) {
        self.shared.troubles()
    }

    /// Seal a segment that is not full so long after it came into use, those in use included.
    pub fn seal_after(&self, segment_ns: u64) {
        self.shared.segment_ns.store(segment_ns, Ordering::Relaxed);
    }

    /// Keep the directory's files below `bytes_max` in all: past it no new one is made, and what lanes have no room for is
    /// lost and counted, the newest records first. Each lane may hold two files more at the moment the bound is set.
    pub fn bound(&self, bytes_max: u64) {
        self.shared.bound(bytes_max);
    }

    /// Return where segments lie.
    pub fn directory(&self) -> Option<&PathBuf> {
        self.shared.directory.as_ref()
    }

    /// Return the name of this start of the node.
    pub fn boot(&self) -> [u8; 16] {
        self.shared.boot
    }

    /// Whether records are kept at all.
    pub fn keeps_records(&self) -> bool {
        self.shared.directory.is_some()
    }
}

impl Spool {
    /// Seal what was handed over, end the keeper and remove the spares. What lanes still hold stays open on disk, and
    /// what they are given once that is full is lost, and counted. May be called twice.
    pub fn close(&self) {
        self.shared.stop();
        let threads = std::mem::take(&mut *self.keepers());
        // Not by way of `stop` alone: a thread whose sibling could not start is not known there.
        for thread in &threads {
            thread.thread().unpark();
        }
        for thread in threads {
            // A keeper thread that panicked has said so on stderr; its files are recovered at the next start.
            let _ = thread.join();
        }
        self.shared.remove_spares();
    }

    fn keepers(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.close();
    }
}

fn capacity_of(config: &SpoolConfig) -> io::Result<u32> {
    let refused = |sentence: &str| Err(io::Error::new(io::ErrorKind::InvalidInput, sentence));
    if config.node.is_empty() || config.node.len() > NODE_BYTES_MAX {
        return refused("the node's name must have 1 to 64 bytes");
    }
    let capacity = config.segment_bytes.saturating_sub(HEADER_BYTES as u64) / RECORD_BYTES as u64;
    match u32::try_from(capacity) {
        Ok(capacity) if (1..=CAPACITY_MAX).contains(&capacity) => Ok(capacity),
        _ => refused("segment_bytes must have room for the header and one record, and be at most 1 GiB"),
    }
}

fn is_want_of_room(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOSPC | libc::EDQUOT | libc::EFBIG))
}

//! Who does the waiting: one thread makes spares, one seals. A lane only pushes to and pops from bounded queues.
//!
//! They are two threads because a slow sync must not keep a lane from its next spare.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::Duration;

use crossbeam_queue::ArrayQueue;

use super::disk;
use super::mapped::{Finished, Mapped};
use super::segment::{HEADER_BYTES, Identity};
use crate::record::RECORD_BYTES;
use crate::sources::Sources;

/// The most spares a lane may have: one at rest, two while it fills segments.
const SPARES_MAX: usize = 2;

/// How many finished segments of a lane may wait for the disk before it gets no new spare.
const UNSEALED_PER_LANE_MAX: usize = 32;

/// How many segments that could not be sealed are tried again. Past it they wait for the next start's recovery.
const UNSEALED_MAX: usize = 1_024;

const BACKOFF_LEAST: Duration = Duration::from_millis(50);
const BACKOFF_MOST: Duration = Duration::from_secs(3);

/// What one lane and the keeper pass to each other.
#[derive(Debug)]
pub(super) struct LaneQueues {
    spares: ArrayQueue<Mapped>,
    finished: ArrayQueue<Mapped>,
    wanted: AtomicU8,
    numbers: AtomicU32,
    pub(super) taken: AtomicBool,
}

/// What all lanes and both keeper threads share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) directory: Option<PathBuf>,
    pub(super) node: String,
    pub(super) boot: [u8; 16],
    pub(super) capacity: u32,
    pub(super) segment_ns: AtomicU64,
    bytes_max: AtomicU64,
    pub(super) sources: Arc<Sources>,
    pub(super) lanes: Vec<LaneQueues>,
    stopping: AtomicBool,
    pub(super) maker: OnceLock<Thread>,
    pub(super) sealer: OnceLock<Thread>,
    handed: AtomicU64,
    progress: Mutex<Progress>,
    moved: Condvar,
}

/// How far the keeper has come.
#[derive(Debug, Default)]
struct Progress {
    tried: u64,
    unsealed: u64,
    seal_error: Option<String>,
    make_error: Option<String>,
}

impl Shared {
    pub(super) fn new(config: &super::SpoolConfig, capacity: u32, sources: Arc<Sources>) -> Self {
        let lane = |_| LaneQueues {
            spares: ArrayQueue::new(SPARES_MAX),
            finished: ArrayQueue::new(UNSEALED_PER_LANE_MAX + SPARES_MAX + 1),
            wanted: AtomicU8::new(1),
            numbers: AtomicU32::new(0),
            taken: AtomicBool::new(false),
        };
        Self {
            directory: config.directory.clone(),
            node: config.node.clone(),
            boot: config.boot,
            capacity,
            segment_ns: config.segment_ns.into(),
            bytes_max: AtomicU64::new(u64::MAX),
            sources,
            lanes: (0..config.lanes).map(lane).collect(),
            stopping: AtomicBool::new(false),
            maker: OnceLock::new(),
            sealer: OnceLock::new(),
            handed: AtomicU64::new(0),
            progress: Mutex::default(),
            moved: Condvar::new(),
        }
    }

    /// Give a lane its next segment, if one is ready. Waits for nothing.
    pub(super) fn take_spare(&self, lane: usize) -> Option<Mapped> {
        let spare = self.lanes[lane].spares.pop();
        if spare.is_some() {
            wake(&self.maker);
        }
        spare
    }

    /// Whether a lane could go on in another segment.
    pub(super) fn has_spare(&self, lane: usize) -> bool {
        !self.lanes[lane].spares.is_empty()
    }

    /// Take a segment to be sealed. Waits for nothing; gives it back if the disk is so far behind that none can be taken.
    pub(super) fn hand_over(&self, lane: usize, segment: Mapped) -> Result<(), Mapped> {
        let queues = &self.lanes[lane];
        // A lane that fills its segments will soon want another; one that is sealed by age has time.
        let wanted = if segment.has_room() { 1 } else { SPARES_MAX as u8 };
        queues.wanted.store(wanted, Ordering::Relaxed);
        self.handed.fetch_add(1, Ordering::AcqRel);
        let pushed = queues.finished.push(segment);
        if pushed.is_err() {
            self.handed.fetch_sub(1, Ordering::AcqRel);
        }
        wake(&self.sealer);
        pushed
    }

    /// Wait until every segment handed over so far was sealed or has failed.
    pub(super) fn wait_sealed(&self, most: Duration) -> io::Result<()> {
        let target = self.handed.load(Ordering::Acquire);
        wake(&self.sealer);
        let guard = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let (progress, waited) =
            self.moved.wait_timeout_while(guard, most, |progress| progress.tried < target).unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the spool's segments were not on disk in time"));
        }
        match &progress.seal_error {
            Some(error) if progress.unsealed > 0 => Err(io::Error::other(error.clone())),
            _ => Ok(()),
        }
    }

    /// Return how many finished segments could not be sealed yet, and what stands in the keeper's way.
    pub(super) fn troubles(&self) -> (u64, Option<String>) {
        let progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        (progress.unsealed, progress.make_error.clone().or_else(|| progress.seal_error.clone()))
    }

    /// Make no file from here on that would take the directory past `bytes_max`.
    pub(super) fn bound(&self, bytes_max: u64) {
        self.bytes_max.store(bytes_max, Ordering::Relaxed);
        wake(&self.maker);
    }

    /// Refuse to make one more file when the directory would grow past its bound.
    fn check_bound(&self, directory: &Path) -> io::Result<()> {
        let most = self.bytes_max.load(Ordering::Relaxed);
        let one_more = HEADER_BYTES as u64 + u64::from(self.capacity) * RECORD_BYTES as u64;
        if most == u64::MAX || disk::bytes_in(directory)?.saturating_add(one_more) <= most {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::StorageFull, "the spool has grown to its bound"))
    }

    /// Make one spare for each lane that wants one. Ends at the first failure, which the others would meet too.
    pub(super) fn make_spares(&self) -> io::Result<()> {
        let Some(directory) = &self.directory else { return Ok(()) };
        for (thread, queues) in self.lanes.iter().enumerate() {
            let wanted = usize::from(queues.wanted.load(Ordering::Relaxed));
            while queues.spares.len() < wanted && queues.finished.len() < UNSEALED_PER_LANE_MAX {
                self.check_bound(directory)?;
                let spare = Mapped::create(directory, &self.identity(thread, queues), &self.sources.all())?;
                // There is room: this thread alone pushes, and has just looked.
                let _ = queues.spares.push(spare);
            }
        }
        Ok(())
    }

    fn identity(&self, thread: usize, queues: &LaneQueues) -> Identity {
        Identity {
            node: self.node.clone(),
            boot: self.boot,
            thread: thread as u16,
            number: queues.numbers.fetch_add(1, Ordering::Relaxed) + 1,
            capacity: self.capacity,
        }
    }

    /// Tell both threads to end once nothing waits to be sealed.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        wake(&self.maker);
        wake(&self.sealer);
    }

    /// Remove the spares nobody will use.
    pub(super) fn remove_spares(&self) {
        for queues in &self.lanes {
            while let Some(spare) = queues.spares.pop() {
                // One that cannot be removed holds no record; the next recovery tries again.
                let _ = std::fs::remove_file(&spare.path);
            }
        }
    }

    fn note(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut self.progress.lock().unwrap_or_else(PoisonError::into_inner));
        self.moved.notify_all();
    }
}

fn wake(thread: &OnceLock<Thread>) {
    if let Some(thread) = thread.get() {
        thread.unpark();
    }
}

/// The thread that makes spares. Ends when told to stop.
pub(super) fn run_maker(shared: &Shared) {
    let mut backoff = BACKOFF_LEAST;
    while !shared.stopping.load(Ordering::Acquire) {
        match shared.make_spares() {
            Ok(()) => {
                shared.note(|progress| progress.make_error = None);
                backoff = BACKOFF_LEAST;
                // Woken when a spare is taken; a sealer that was far behind lets us go on by itself.
                std::thread::park_timeout(BACKOFF_MOST);
            }
            Err(error) => {
                shared.note(|progress| progress.make_error = Some(error.to_string()));
                std::thread::park_timeout(backoff);
                backoff = (backoff * 2).min(BACKOFF_MOST);
            }
        }
    }
}

/// The thread that seals. Ends when told to stop and nothing is left that can be sealed.
pub(super) fn run_sealer(shared: &Shared) {
    let mut unsealed = VecDeque::new();
    let mut backoff = BACKOFF_LEAST;
    loop {
        let stopping = shared.stopping.load(Ordering::Acquire);
        seal_again(shared, &mut unsealed);
        let sealed_any = seal_finished(shared, &mut unsealed);
        if stopping && !sealed_any {
            return;
        }
        if sealed_any {
            wake(&shared.maker);
        } else if unsealed.is_empty() {
            backoff = BACKOFF_LEAST;
            std::thread::park();
        } else {
            std::thread::park_timeout(backoff);
            backoff = (backoff * 2).min(BACKOFF_MOST);
        }
    }
}

/// Seal what the lanes have handed over; whether there was anything.
fn seal_finished(shared: &Shared, unsealed: &mut VecDeque<Finished>) -> bool {
    let mut any = false;
    for queues in &shared.lanes {
        while let Some(segment) = queues.finished.pop() {
            any = true;
            let finished = segment.finish();
            let result = finished.seal();
            if result.is_err() && unsealed.len() < UNSEALED_MAX {
                unsealed.push_back(finished);
            }
            shared.note(|progress| {
                progress.tried += 1;
                if let Err(error) = result {
                    progress.unsealed += 1;
                    progress.seal_error = Some(error.to_string());
                }
            });
        }
    }
    any
}

/// Try once more what could not be sealed, as far as it now can be.
fn seal_again(shared: &Shared, unsealed: &mut VecDeque<Finished>) {
    while let Some(finished) = unsealed.front() {
        if let Err(error) = finished.seal() {
            shared.note(|progress| progress.seal_error = Some(error.to_string()));
            return;
        }
        unsealed.pop_front();
        shared.note(|progress| progress.unsealed -= 1);
    }
}

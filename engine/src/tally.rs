//! What each key has spent of its blocks, in a file that outlives the process: a killed node's next life reads it.
//!
//! The file is mapped, so that counting is one addition and a killed process loses none: the pages are the kernel's. A
//! machine that fell may have lost some, and what such a file says is not believed. Every life of a node has its own
//! file, named for it, which stays until what it says has been settled with the store.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use memmap2::{MmapOptions, MmapRaw};

use crate::quota::KeyMonth;
use crate::shared::random_bytes;

/// Keys' months that one life can count in its file. What comes after is counted in memory only, and given back by nobody.
const CELLS: usize = 65_536;
const CELL_BYTES: usize = 32;
const HEADER_BYTES: usize = 64;
const MAGIC: [u8; 8] = *b"TBtally1";
const SUFFIX: &str = "tally";

/// Where one key's month is counted.
#[derive(Debug)]
pub struct Cell(Place);

#[derive(Debug)]
enum Place {
    Memory(AtomicU64),
    Kept { tally: Arc<Kept>, number: usize },
}

impl Cell {
    /// Count.
    #[inline]
    pub fn add(&self, amount: u64) {
        self.count().fetch_add(amount, Relaxed);
    }

    /// Return what was counted.
    pub fn read(&self) -> u64 {
        self.count().load(Relaxed)
    }

    /// Make room for another key's month: what was counted here is settled. Not done by dropping, for a process that ends
    /// drops what was not settled too.
    pub fn release(&self) {
        if let Place::Kept { tally, number } = &self.0 {
            // Who releases it twice gives it back once.
            if tally.word(*number, 0).swap(0, Relaxed) != 0 {
                tally.free.lock().unwrap_or_else(PoisonError::into_inner).push(*number);
            }
        }
    }

    #[inline]
    fn count(&self) -> &AtomicU64 {
        match &self.0 {
            Place::Memory(count) => count,
            Place::Kept { tally, number } => tally.word(*number, 16),
        }
    }
}

/// A mapped file of cells: key u32 and 4 bytes of nothing, the end of its month u64, requests u64, 8 bytes of nothing.
#[derive(Debug)]
struct Kept {
    map: MmapRaw,
    free: Mutex<Vec<usize>>,
}

impl Kept {
    fn word(&self, cell: usize, offset: usize) -> &AtomicU64 {
        assert!(cell < CELLS && offset < CELL_BYTES);
        // SAFETY: the map is as long as the header and all cells, lives as long as `self`, and is aligned to a page, so the
        // word is within it and aligned to 8. Nobody makes a reference to these bytes but as atomics.
        unsafe { AtomicU64::from_ptr(self.map.as_mut_ptr().add(HEADER_BYTES + cell * CELL_BYTES + offset).cast()) }
    }
}

/// A former life of this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerLife {
    /// Its name.
    pub life: String,
    /// What each key's month had spent, or None where that is not to be believed.
    pub spent: Option<Vec<(KeyMonth, u64)>>,
}

/// Where a node's spending is counted. Without a directory: in memory only.
#[derive(Debug, Default)]
pub struct Tally {
    life: String,
    directory: Option<PathBuf>,
    kept: Option<Arc<Kept>>,
}

impl Tally {
    /// Begin a new life in `directory`.
    ///
    /// # Errors
    /// The directory cannot be used, or its disk is full.
    pub fn open(directory: &Path) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let life = format!("{:016x}", u64::from_ne_bytes(random_bytes()?));
        let path = directory.join(&life).with_extension(SUFFIX);
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
        let length = HEADER_BYTES + CELLS * CELL_BYTES;
        allocate(&file, length)?; // A disk that is full says so here, and not by a signal later.
        let map = MmapOptions::new().len(length).map_raw(&file)?;
        let header = [MAGIC.as_slice(), &machine_boot()].concat();
        // SAFETY: the header lies within the map, and nobody else has it yet.
        unsafe { std::ptr::copy_nonoverlapping(header.as_ptr(), map.as_mut_ptr(), header.len().min(HEADER_BYTES)) };
        let free = Mutex::new((0..CELLS).rev().collect());
        Ok(Self { life, directory: Some(directory.to_owned()), kept: Some(Arc::new(Kept { map, free })) })
    }

    /// Return the name of this life; empty where nothing is kept.
    pub fn life(&self) -> &str {
        &self.life
    }

    /// Return a place to count a key's month in, at zero.
    pub fn cell(&self, month: KeyMonth) -> Cell {
        let Some(tally) = &self.kept else { return Cell(Place::Memory(AtomicU64::new(0))) };
        let free = tally.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let Some(number) = free else { return Cell(Place::Memory(AtomicU64::new(0))) };
        tally.word(number, 16).store(0, Relaxed);
        tally.word(number, 8).store(month.1, Relaxed);
        // Last: a cell without a key is none.
        tally.word(number, 0).store(u64::from(month.0), std::sync::atomic::Ordering::Release);
        Cell(Place::Kept { tally: Arc::clone(tally), number })
    }

    /// Return what former lives have left here.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn former(&self) -> io::Result<Vec<FormerLife>> {
        let Some(directory) = &self.directory else { return Ok(Vec::new()) };
        let mut former = Vec::new();
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            let is_tally = path.extension().is_some_and(|suffix| suffix == SUFFIX);
            if let Some(life) = path.file_stem().and_then(|stem| stem.to_str()).filter(|life| is_tally && *life != self.life) {
                former.push(FormerLife { life: life.to_owned(), spent: spent_in(&fs::read(&path)?) });
            }
        }
        Ok(former)
    }

    /// Forget a former life: it was settled.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn forget(&self, life: &str) -> io::Result<()> {
        let Some(directory) = &self.directory else { return Ok(()) };
        let is_name = life.len() == 16 && life.bytes().all(|byte| byte.is_ascii_hexdigit());
        if life == self.life || !is_name {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no former life is called that"));
        }
        match fs::remove_file(directory.join(life).with_extension(SUFFIX)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }
}

/// Read a former life's file; None where it is none of ours, is cut short, or its machine has fallen since.
fn spent_in(bytes: &[u8]) -> Option<Vec<(KeyMonth, u64)>> {
    let boot = machine_boot();
    let header = [MAGIC.as_slice(), &boot].concat();
    if boot.is_empty() || bytes.len() != HEADER_BYTES + CELLS * CELL_BYTES || !bytes.starts_with(&header[..header.len().min(HEADER_BYTES)])
    {
        return None;
    }
    let word = |cell: &[u8], place: usize| u64::from_le_bytes(cell[place..place + 8].try_into().unwrap_or_default());
    let cells = bytes[HEADER_BYTES..].chunks_exact(CELL_BYTES);
    Some(cells.filter(|cell| word(cell, 0) != 0).map(|cell| ((word(cell, 0) as u32, word(cell, 8)), word(cell, 16))).collect())
}

/// Return what the machine calls its life since it was switched on, or nothing where it has no name for it.
fn machine_boot() -> Vec<u8> {
    fs::read("/proc/sys/kernel/random/boot_id").unwrap_or_default()
}

fn allocate(file: &File, length: usize) -> io::Result<()> {
    // SAFETY: the descriptor is open, and the call touches nothing of ours.
    match unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, length as libc::off_t) } {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_life_reads_what_was_spent_and_forgets_it_when_told() {
        let folder = tempfile::tempdir().unwrap();
        let first = Tally::open(folder.path()).unwrap();
        let (cell, other) = (first.cell((7, 1_000)), first.cell((8, 1_000)));
        cell.add(3);
        cell.add(2);
        other.release();
        other.release();
        let again = first.cell((9, 1_000));
        assert_eq!((again.read(), cell.read()), (0, 5));
        drop((cell, again)); // As kill -9 does, or an end in disorder.
        let second = Tally::open(folder.path()).unwrap();
        let spent = Some(vec![((7, 1_000), 5), ((9, 1_000), 0)]);
        assert_eq!(second.former().unwrap(), [FormerLife { life: first.life().to_owned(), spent }]);
        second.forget(first.life()).unwrap();
        second.forget(first.life()).unwrap();
        assert!(second.former().unwrap().is_empty());
        assert!(second.forget(second.life()).is_err() && second.forget("../../etc/passwd").is_err());
    }

    #[test]
    fn a_file_of_another_switching_on_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let tally = Tally::open(folder.path()).unwrap();
        for (name, bytes) in [("0000000000000001", b"?".to_vec()), ("0000000000000002", vec![0; HEADER_BYTES + CELLS * CELL_BYTES])] {
            fs::write(folder.path().join(name).with_extension(SUFFIX), bytes).unwrap();
        }
        assert!(tally.former().unwrap().iter().all(|former| former.spent.is_none()));
    }

    #[test]
    fn without_a_directory_it_counts_in_memory() {
        let tally = Tally::default();
        let cell = tally.cell((7, 1));
        cell.add(2);
        assert_eq!((cell.read(), tally.life(), tally.former().unwrap().len()), (2, "", 0));
    }
}

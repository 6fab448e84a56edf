//! A segment in memory: written by one lane, without a system call.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use memmap2::MmapMut;

use super::disk;
use super::segment::{self, DICTIONARY_AT, HEADER_BYTES, Identity, START, Seal, Start};
use crate::record::{Entry, MARK_AT, RECORD_BYTES, encode};
use crate::sources::{Source, SourceId};

/// A mapped segment file, its blocks reserved and its pages present.
#[derive(Debug)]
pub(super) struct Mapped {
    pub(super) file: File,
    pub(super) path: PathBuf,
    map: MmapMut,
    capacity: u32,
    salt: u32,
    first_sequence: u64,
    used: u32,
    last_ns: u64,
    sources: usize,
    dictionary_end: usize,
}

impl Mapped {
    /// Make a segment ready to be written: created, reserved, locked, mapped, populated, named.
    ///
    /// Until it has its final name nobody may think it holds records, so a kill in here leaves only rubbish to remove.
    pub(super) fn create(directory: &Path, identity: &Identity, known: &[Source]) -> io::Result<Self> {
        let stem = identity.file_stem();
        let unready = directory.join(format!("{stem}.{}", super::UNREADY));
        let file = disk::create_reserved(&unready, identity.file_bytes())?;
        Self::prepare(file, directory.join(format!("{stem}.{}", super::OPEN)), &unready, identity, known).inspect_err(|_| {
            // The first error is the one to tell; what stays is removed by the next recovery.
            let _ = fs::remove_file(&unready);
        })
    }

    fn prepare(file: File, path: PathBuf, unready: &Path, identity: &Identity, known: &[Source]) -> io::Result<Self> {
        let map = disk::map_ready(&file)?;
        let mut mapped = Self {
            file,
            path,
            map,
            capacity: identity.capacity,
            salt: identity.salt(),
            first_sequence: 0,
            used: 0,
            last_ns: 0,
            sources: 0,
            dictionary_end: DICTIONARY_AT,
        };
        segment::write_fixed(&mut mapped.map[..HEADER_BYTES], identity);
        mapped.learn(known);
        fs::rename(unready, &mapped.path)?;
        Ok(mapped)
    }

    /// Say which record comes first. Before any `append`.
    pub(super) fn begin(&mut self, start: &Start) {
        self.first_sequence = start.first_sequence;
        self.store(START.start, &segment::encode_start(start), 60);
    }

    /// Write the next record; whole before its mark is. There must be room.
    #[inline]
    pub(super) fn append(&mut self, entry: &Entry<'_>) -> u64 {
        let sequence = self.first_sequence + u64::from(self.used);
        let at = HEADER_BYTES + self.used as usize * RECORD_BYTES;
        self.store(at, &encode(entry, sequence, self.salt), MARK_AT);
        self.used += 1;
        self.last_ns = entry.time_ns;
        sequence
    }

    /// Write the sources not yet in the dictionary, as far as it has room.
    pub(super) fn learn(&mut self, known: &[Source]) {
        for (number, source) in known.iter().enumerate().skip(self.sources) {
            let (entry, length) = segment::encode_source(number, source);
            if self.dictionary_end + length > HEADER_BYTES || number > usize::from(u8::MAX) {
                return;
            }
            self.store_at_front(self.dictionary_end, &entry[..length]);
            self.dictionary_end += length;
            self.sources += 1;
        }
    }

    /// Whether the dictionary has this source.
    #[inline]
    pub(super) fn knows(&self, source: SourceId) -> bool {
        usize::from(source.0) < self.sources
    }

    /// Whether another record fits.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.used < self.capacity
    }

    /// End writing: unmap, and give what sealing needs.
    pub(super) fn finish(self) -> Finished {
        let seal = Seal { places: self.used, whole: self.used, last_ns: self.last_ns, recovered: false };
        Finished { file: self.file, path: self.path, seal }
    }

    /// Copy `bytes` to `at`, the last four of them — the mark, at `mark_at` — after all others.
    #[inline]
    fn store(&mut self, at: usize, bytes: &[u8; RECORD_BYTES], mark_at: usize) {
        let target = &mut self.map[at..at + RECORD_BYTES];
        target[..mark_at].copy_from_slice(&bytes[..mark_at]);
        store_mark(&mut target[mark_at..], &bytes[mark_at..]);
    }

    /// Copy `bytes` to `at`, the first four of them after all others.
    fn store_at_front(&mut self, at: usize, bytes: &[u8]) {
        let target = &mut self.map[at..at + bytes.len()];
        target[4..].copy_from_slice(&bytes[4..]);
        store_mark(target, bytes);
    }
}

/// Store the four bytes that make what was written before them count.
#[inline]
fn store_mark(target: &mut [u8], mark: &[u8]) {
    let value = u32::from_le_bytes([mark[0], mark[1], mark[2], mark[3]]).to_le();
    debug_assert!(target.as_ptr().addr() % 4 == 0, "marks lie on multiples of four");
    #[allow(clippy::cast_ptr_alignment)]
    let mark = target.as_mut_ptr().cast::<u32>();
    // SAFETY: four bytes of our own mapping, borrowed mutably, at a multiple of four (all offsets are, and a mapping
    // begins with a page). Release keeps the bytes before it before it, so a kill cannot leave a mark without them.
    unsafe { AtomicU32::from_ptr(mark) }.store(value, Ordering::Release);
}

/// A segment that takes no more records and waits to be sealed.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) file: File,
    pub(super) path: PathBuf,
    pub(super) seal: Seal,
}

impl Finished {
    /// Put the segment on disk under its sealed name and return it. May be tried again after an error.
    ///
    /// Each step leaves a file that recovery brings to the same end: the seal, the cut, the sync, the name, its sync.
    pub(super) fn seal(&self) -> io::Result<PathBuf> {
        let sealed = self.path.with_extension(super::SEALED);
        let part = segment::encode_seal(&self.seal);
        std::os::unix::fs::FileExt::write_all_at(&self.file, &part, segment::SEAL.start as u64)?;
        self.file.set_len(HEADER_BYTES as u64 + u64::from(self.seal.places) * RECORD_BYTES as u64)?;
        self.file.sync_all()?;
        match fs::rename(&self.path, &sealed) {
            // Renamed by the attempt before this one, which failed later.
            Err(error) if error.kind() == io::ErrorKind::NotFound && sealed.exists() => {}
            done => done?,
        }
        disk::sync_directory(sealed.parent().unwrap_or(Path::new(".")))?;
        Ok(sealed)
    }
}

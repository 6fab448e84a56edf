//! Looking into a spool directory without touching it.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::segment::{CAPACITY_MAX, Contents, HEADER_BYTES, Header, SegmentError, parse, read_header};
use super::{OPEN, SEALED, disk};
use crate::record::RECORD_BYTES;

/// One spool file and what its header and records say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Where it lies.
    pub path: PathBuf,
    /// The node's name.
    pub node: String,
    /// The node's start, as 32 hexadecimal digits.
    pub boot: String,
    /// The lane.
    pub thread: u16,
    /// The sequence of its first record.
    pub first_sequence: u64,
    /// Whole records.
    pub records: u32,
    /// Bytes that should be records and are not.
    pub torn_bytes: u64,
    /// Whether it is complete and under its final name.
    pub sealed: bool,
    /// The time of its first record.
    pub created_ns: u64,
    /// Records its lane had lost before its first.
    pub lost_before: u64,
    /// Bytes of the file.
    pub file_bytes: u64,
}

/// What a spool directory holds.
#[derive(Debug, Default)]
pub struct Listing {
    /// Every segment with at least one record, oldest first. Spares, which have none, are left out.
    pub segments: Vec<Segment>,
    /// Files named like segments that cannot be read as one, and why.
    pub unreadable: Vec<(PathBuf, ReadError)>,
}

/// Why a segment could not be read.
#[derive(Debug)]
pub enum ReadError {
    /// The file cannot be read.
    Io(io::Error),
    /// It is no segment of a version we know, or damaged.
    Format(SegmentError),
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(error) => error.fmt(out),
            Self::Format(error) => error.fmt(out),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<SegmentError> for ReadError {
    fn from(error: SegmentError) -> Self {
        Self::Format(error)
    }
}

/// Return what is in a spool directory. A segment being written is counted as far as it has come.
///
/// # Errors
/// When the directory cannot be read.
pub fn segments(directory: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let ending = path.extension().and_then(std::ffi::OsStr::to_str);
        if ending != Some(OPEN) && ending != Some(SEALED) {
            continue;
        }
        match describe(&path) {
            Ok(Some(segment)) => listing.segments.push(segment),
            Ok(None) => {}
            Err(error) => listing.unreadable.push((path, error)),
        }
    }
    listing.segments.sort_by(|one, other| (one.created_ns, &one.path).cmp(&(other.created_ns, &other.path)));
    listing.segments.dedup_by(|one, other| one.path == other.path);
    listing.unreadable.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(listing)
}

/// Describe one file; None when it holds nothing or was taken away meanwhile.
fn describe(path: &Path) -> Result<Option<Segment>, ReadError> {
    let sealed_name = path.with_extension(SEALED);
    let (mut file, path) = match disk::open_to_read(path) {
        // Sealed between the directory's listing and now.
        Err(error) if error.kind() == io::ErrorKind::NotFound => match disk::open_to_read(&sealed_name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => (opened?, sealed_name),
        },
        opened => (opened?, path.to_owned()),
    };
    let file_bytes = file.metadata()?.len();
    let mut head = Vec::new();
    file.by_ref().take(HEADER_BYTES as u64).read_to_end(&mut head)?;
    let header = read_header(&head)?;
    let by_header = header.seal.filter(|seal| file_bytes == HEADER_BYTES as u64 + u64::from(seal.places) * RECORD_BYTES as u64);
    let (header, records, torn_bytes) = if let Some(seal) = by_header {
        (header, seal.whole, u64::from(seal.places - seal.whole) * RECORD_BYTES as u64)
    } else {
        let contents = read_open(&mut file)?;
        (contents.header, contents.records.len() as u32, contents.torn_bytes)
    };
    let Header { identity, start, seal, .. } = header;
    if records == 0 && torn_bytes == 0 {
        return Ok(None);
    }
    Ok(Some(Segment {
        node: identity.node.clone(),
        boot: identity.boot_hex(),
        thread: identity.thread,
        first_sequence: start.map_or(0, |start| start.first_sequence),
        records,
        torn_bytes,
        sealed: seal.is_some() && path.extension().is_some_and(|ending| ending == SEALED),
        created_ns: start.map_or(0, |start| start.created_ns),
        lost_before: start.map_or(0, |start| start.lost_before),
        file_bytes,
        path,
    }))
}

/// Read a segment's whole records, sealed or still being written.
///
/// # Errors
/// When the file cannot be read, or is no segment of a version we know.
pub fn read_segment(path: &Path) -> Result<Contents, ReadError> {
    read_open(&mut disk::open_to_read(path)?)
}

/// Read an open file from its beginning.
pub(super) fn read_open(file: &mut File) -> Result<Contents, ReadError> {
    file.seek(SeekFrom::Start(0))?;
    let mut bytes = Vec::new();
    file.by_ref().take(HEADER_BYTES as u64).read_to_end(&mut bytes)?;
    let capacity = u64::from(read_header(&bytes)?.identity.capacity.min(CAPACITY_MAX));
    // A file may be of any length; what lies behind its last place is not read but for the first byte of it.
    file.by_ref().take(capacity * RECORD_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(parse(&bytes)?)
}

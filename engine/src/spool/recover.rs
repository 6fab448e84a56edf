//! What a killed process left: sealed when it holds records, removed when it holds none.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::mapped::Finished;
use super::read::read_open;
use super::segment::{Contents, Seal, places_used};
use super::{OPEN, SEALED, UNREADY, disk};
use crate::record::RECORD_BYTES;

/// What `recover` found and did.
#[derive(Debug, Default)]
pub struct Recovered {
    /// Segments sealed now, oldest first.
    pub sealed: Vec<PathBuf>,
    /// Files removed because no record was ever in them.
    pub removed: usize,
    /// Segments left alone because a living process writes them.
    pub in_use: usize,
    /// Files left as they are because they cannot be read as segments, and why.
    pub unreadable: Vec<(PathBuf, String)>,
}

/// Seal every segment in `directory` whose writer is gone, and remove what holds no record.
///
/// Safe at any time and any number of times, also beside a running spool: a living writer's files are locked. One file
/// that cannot be read or sealed does not keep the others from it; it is told in `unreadable`.
///
/// # Errors
/// When the directory cannot be read or made sure on disk.
pub fn recover(directory: &Path) -> io::Result<Recovered> {
    let mut paths: Vec<PathBuf> = fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    paths.sort();
    let mut recovered = Recovered::default();
    let mut left = Vec::new();
    for path in paths {
        match path.extension().and_then(std::ffi::OsStr::to_str) {
            Some(UNREADY) => remove_unready(path, &mut recovered),
            Some(OPEN) => examine(path, &mut recovered, &mut left),
            _ => {}
        }
    }
    left.sort_by_key(|(created_ns, _)| *created_ns);
    for (_, finished) in left {
        match finished.seal() {
            Ok(path) => recovered.sealed.push(path),
            Err(error) => recovered.unreadable.push((finished.path, error.to_string())),
        }
    }
    if recovered.removed > 0 {
        disk::sync_directory(directory)?;
    }
    Ok(recovered)
}

/// A file that was still being made: it has no records yet, unless its maker lives.
fn remove_unready(path: PathBuf, recovered: &mut Recovered) {
    match disk::open_own(&path).and_then(|file| disk::claim(&file)) {
        Ok(true) => remove(path, recovered),
        Ok(false) => recovered.in_use += 1,
        Err(error) => refuse(path, &error, recovered),
    }
}

fn examine(path: PathBuf, recovered: &mut Recovered, left: &mut Vec<(u64, Finished)>) {
    let file = disk::open_own(&path).and_then(|file| Ok(disk::claim(&file)?.then_some(file)));
    let mut file = match file {
        Ok(Some(file)) => file,
        Ok(None) => return recovered.in_use += 1,
        Err(error) => return refuse(path, &error, recovered),
    };
    match read_open(&mut file) {
        Err(error) => recovered.unreadable.push((path, error.to_string())),
        Ok(contents) if holds_nothing(&contents) => remove(path, recovered),
        Ok(contents) if contents.records.is_empty() => recovered.unreadable.push((path, "no record in it is whole".to_owned())),
        Ok(contents) => {
            let created_ns = contents.header.start.map_or(0, |start| start.created_ns);
            left.push((created_ns, Finished { file, path, seal: seal_for(&contents) }));
        }
    }
}

/// Whether no request was ever answered on this file's account: a kill tears one record at most, before its answer.
fn holds_nothing(contents: &Contents) -> bool {
    contents.records.is_empty() && contents.torn_bytes <= RECORD_BYTES as u64 && contents.header.seal.is_none_or(|seal| seal.places == 0)
}

/// The seal that was being written when the process was killed, else one that keeps all up to the last whole record.
fn seal_for(contents: &Contents) -> Seal {
    contents.header.seal.unwrap_or_else(|| Seal {
        places: places_used(contents),
        whole: contents.records.len() as u32,
        last_ns: contents.records.last().map_or(0, |record| record.time_ns),
        recovered: true,
    })
}

fn remove(path: PathBuf, recovered: &mut Recovered) {
    match fs::remove_file(&path) {
        Ok(()) => recovered.removed += 1,
        Err(error) => refuse(path, &error, recovered),
    }
}

/// Note a file that could not be dealt with; one that is gone was dealt with by its owner.
fn refuse(path: PathBuf, error: &io::Error, recovered: &mut Recovered) {
    let sealed_meanwhile = error.kind() == io::ErrorKind::NotFound && !path.exists() || path.with_extension(SEALED).exists();
    if !sealed_meanwhile {
        recovered.unreadable.push((path, error.to_string()));
    }
}

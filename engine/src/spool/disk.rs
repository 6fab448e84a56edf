//! The file system's part of the spool: making room, making sure, and telling whose a file is.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use memmap2::MmapMut;

const PAGE_BYTES: usize = 4096;

/// Make the directory when it is not there, readable to us alone.
pub(super) fn make_directory(directory: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

/// Create a file that did not exist, lock it, and give it `bytes` of zeros that no full disk can take back.
pub(super) fn create_reserved(path: &Path, bytes: u64) -> io::Result<File> {
    let options = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).custom_flags(libc::O_NOFOLLOW).clone();
    let file = options.open(path)?;
    let made = claim(&file).and_then(|_| reserve(&file, bytes));
    if let Err(error) = made {
        // The first error is the one to tell; a file that cannot be removed is removed by the next recovery.
        let _ = fs::remove_file(path);
        return Err(error);
    }
    Ok(file)
}

/// Open a file for reading and writing, not following a link.
pub(super) fn open_own(path: &Path) -> io::Result<File> {
    only_a_file(OpenOptions::new().read(true).write(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)?)
}

/// Open a file for reading.
pub(super) fn open_to_read(path: &Path) -> io::Result<File> {
    only_a_file(OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)?)
}

/// Turn away a pipe or device, at which reading would wait.
fn only_a_file(file: File) -> io::Result<File> {
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::new(io::ErrorKind::InvalidInput, "not a plain file")) }
}

/// Take the file's lock; whether we have it. A living writer holds it, and a kill lets go of it.
pub(super) fn claim(file: &File) -> io::Result<bool> {
    // SAFETY: the descriptor is open for as long as `file` is borrowed; flock touches no memory.
    if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } == 0 {
        return Ok(true);
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::EWOULDBLOCK) => Ok(false),
        // A file system without locks: nobody else's either.
        Some(libc::ENOLCK | libc::EOPNOTSUPP) => Ok(true),
        _ => Err(error),
    }
}

/// Reserve blocks, so that "no space" is told here and not by a signal at a write into the mapping.
fn reserve(file: &File, bytes: u64) -> io::Result<()> {
    let length = libc::off_t::try_from(bytes).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    loop {
        // SAFETY: the descriptor is open for as long as `file` is borrowed; fallocate touches no memory of ours.
        if unsafe { libc::fallocate(file.as_raw_fd(), 0, 0, length) } == 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EINTR) => {}
            Some(libc::EOPNOTSUPP | libc::ENOSYS) => return write_zeros(file, bytes),
            _ => return Err(error),
        }
    }
}

/// Reserve blocks on a file system that cannot do it without writing.
fn write_zeros(mut file: &File, bytes: u64) -> io::Result<()> {
    io::copy(&mut io::Read::take(io::repeat(0), bytes), &mut file)?;
    Ok(())
}

/// Map a file whose blocks are reserved, with every page present and writable at once.
pub(super) fn map_ready(file: &File) -> io::Result<MmapMut> {
    // SAFETY: the file is locked by us and has our name; only another program's mischief could shorten it under us.
    let mut map = unsafe { memmap2::MmapOptions::new().map_mut(file)? };
    // SAFETY: the range is exactly the mapping's; populating changes no byte of it.
    let populated = unsafe { libc::madvise(map.as_mut_ptr().cast(), map.len(), libc::MADV_POPULATE_WRITE) };
    if populated != 0 {
        let error = io::Error::last_os_error();
        // Kernels before 5.14 do not know the advice. Anything else is the disk's word that these pages cannot be.
        if error.raw_os_error() != Some(libc::EINVAL) {
            return Err(error);
        }
        for page in map.chunks_mut(PAGE_BYTES) {
            // SAFETY: a byte of the page, valid and ours alone; volatile, or the compiler would see nothing change.
            unsafe { std::ptr::write_volatile(page.as_mut_ptr(), 0) };
        }
    }
    Ok(map)
}

/// Make sure that what was created, renamed or removed in a directory stays so.
pub(super) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Return how many bytes the files of a directory have in all; what lies in folders below it is not counted.
pub(super) fn bytes_in(directory: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(directory)? {
        match entry?.metadata() {
            Ok(about) if about.is_file() => bytes += about.len(),
            Ok(_) => {}
            // Shipped and removed since it was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

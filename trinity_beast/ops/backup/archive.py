"""The archive: one tar, each member compressed, a manifest of their checksums, and a seal over all that comes before it."""

import hashlib
import os
import re
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import zstandard

from trinity_beast.ops.backup.errors import BackupDamaged, BackupFailed, BackupThere
from trinity_beast.ops.backup.model import Manifest, Member, Progress, manifest_of

MANIFEST, SEAL = "manifest.json", "seal"
COMPRESSED = ".zst"
BLOCK = tarfile.BLOCKSIZE
END = bytes(2 * BLOCK)
BLOCKS_AT_END = 4
"""The header of the seal, the seal, and two empty ones."""
CHUNK_BYTES = 1 << 20
MANIFEST_BYTES_MAX = 64 << 20
LEVEL = 3
NAME = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]{0,79}/){0,4}[A-Za-z0-9_-][A-Za-z0-9._-]{0,89}", re.ASCII)
"""What a member may be called. No name leads out of the folder it is restored to."""


class ArchiveWriter:
    """Writes members one after the other. What is written before `finish` is no archive."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.members: dict[str, Member] = {}

    def add(self, name: str, chunks: Iterable[bytes]) -> None:
        """Add a member, compressed. Its length need not be known before."""
        compressor = zstandard.ZstdCompressor(level=LEVEL).compressobj()

        def packed() -> Iterator[bytes]:
            for chunk in chunks:
                yield compressor.compress(chunk)
            yield compressor.flush()

        self._add(name + COMPRESSED, packed())

    def finish(self, manifest: Manifest, progress: Progress) -> int:
        """Add the manifest and the seal, see all of it safely on disk, and return how many bytes it takes."""
        self._add(MANIFEST, [manifest.packed()])
        sealed_to = self._file.tell()
        self._add(SEAL, [_digest(self._file, sealed_to, "Checking", progress).encode()])
        self._file.write(END)
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def _add(self, name: str, chunks: Iterable[bytes]) -> None:
        assert NAME.fullmatch(name), "we give our members names we would take"
        header_at, digest, length = self._file.tell(), hashlib.sha256(), 0
        self._file.write(bytes(BLOCK))
        for chunk in chunks:
            digest.update(chunk)
            length += self._file.write(chunk)
        self._file.write(bytes(-length % BLOCK))
        end = self._file.tell()
        self._file.seek(header_at)
        self._file.write(_header(name, length))
        self._file.seek(end)
        self.members[name] = Member(length, digest.hexdigest())


class Archive:
    """An archive that was read whole and found to be as it was written."""

    def __init__(self, file: IO[bytes], progress: Progress) -> None:
        """Read all of `file`.

        Raises:
            BackupDamaged: it is not whole, not as it was written, or none of ours.
        """
        self._file = file
        try:
            self._places = _places(file)
            self.manifest = self._checked(progress)
        except (tarfile.TarError, ValueError, KeyError, EOFError) as error:
            raise BackupDamaged(reason=str(error) or type(error).__name__) from error

    def names(self, folder: str = "") -> list[str]:
        """Return the members below a folder, without what says that they are compressed."""
        listed = [name.removesuffix(COMPRESSED) for name in self.manifest.members if name.endswith(COMPRESSED)]
        return [name for name in listed if name.startswith(folder)]

    def chunks(self, name: str) -> Iterator[bytes]:
        """Return what a member held when it was added.

        Raises:
            BackupDamaged: it cannot be unpacked.
        """
        at, length = self._places[name + COMPRESSED]
        self._file.seek(at)
        opener = zstandard.ZstdDecompressor().decompressobj()
        try:
            while length:
                packed = self._file.read(min(CHUNK_BYTES, length))
                length -= len(packed)
                yield opener.decompress(packed)
        except zstandard.ZstdError as error:
            raise BackupDamaged(reason=f"{name}: {error}") from error

    def _checked(self, progress: Progress) -> Manifest:
        names = list(self._places)
        if names[-2:] != [MANIFEST, SEAL]:
            raise ValueError("it ends before its manifest; it is no backup, or not all of one")
        sealed_to = self._places[SEAL][0] - BLOCK
        digest = _digest(self._file, sealed_to, "Checking the archive", progress).encode()
        # All of the end is compared, for no seal is over it.
        if self._file.read(BLOCKS_AT_END * BLOCK + 1) != _header(SEAL, len(digest)) + digest.ljust(BLOCK, b"\0") + END:
            raise ValueError("its bytes are not those that were written")
        at, length = self._places[MANIFEST]
        if length > MANIFEST_BYTES_MAX:
            raise ValueError("its manifest is too large")
        self._file.seek(at)
        manifest = manifest_of(self._file.read(length))
        listed = {name: each.stored_bytes for name, each in manifest.members.items()}
        if listed != {name: length for name, (_, length) in self._places.items() if name not in (MANIFEST, SEAL)}:
            raise ValueError("it does not hold what its manifest lists")
        return manifest


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """Give a file that appears as `path` when the block ends well, whole and on disk, and never otherwise.

    It has no name before, where the file system can do that; a killed program leaves nothing behind then.

    Raises:
        BackupThere: there is something called so.
        BackupFailed: it cannot be written.
    """
    if path.exists() or path.is_symlink():
        raise BackupThere(path=str(path))
    try:
        with _unnamed(path.parent) as (file, name):
            yield file
            file.flush()
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                # Only with a folder given does it follow the link by which a file without a name is reached.
                os.link(name, path.name, dst_dir_fd=folder, follow_symlinks=True)
                os.fsync(folder)
            finally:
                os.close(folder)
    except FileExistsError:
        raise BackupThere(path=str(path)) from None
    except OSError as error:
        raise BackupFailed(reason=f"{path}: {error.strerror or error}") from error


@contextmanager
def _unnamed(folder: Path) -> Iterator[tuple[IO[bytes], Path]]:
    try:
        descriptor = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except (OSError, AttributeError):
        draft = folder / f".backup-{os.getpid()}.part"
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "w+b") as file:
                yield file, draft
        finally:
            draft.unlink(missing_ok=True)
        return
    with os.fdopen(descriptor, "w+b") as file:
        yield file, Path(f"/proc/self/fd/{file.fileno()}")


def _header(name: str, length: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.mode = length, 0o600
    return member.tobuf(tarfile.GNU_FORMAT)


def _places(file: IO[bytes]) -> dict[str, tuple[int, int]]:
    """Return where each member's bytes begin and how many there are, in order."""
    file.seek(0)
    places: dict[str, tuple[int, int]] = {}
    with tarfile.open(fileobj=file, mode="r:") as tar:
        for member in tar:
            if not member.isreg() or not NAME.fullmatch(member.name) or ".." in member.name or member.name in places:
                raise ValueError(f"it holds a member that no backup has: {member.name[:80]!r}")
            places[member.name] = member.offset_data, member.size
    return places


def _digest(file: IO[bytes], length: int, phase: str, progress: Progress) -> str:
    """Return the SHA-256 of the first `length` bytes, leaving the file at their end."""
    file.flush()
    file.seek(0)
    digest, done = hashlib.sha256(), 0
    while done < length:
        chunk = file.read(min(CHUNK_BYTES, length - done))
        if not chunk:
            raise ValueError("it ends too soon")
        digest.update(chunk)
        done += len(chunk)
        progress(phase, done, length)
    return digest.hexdigest()

"""The segments that wait to be stored: as the engine sealed them, or compressed while the database is away."""

import itertools
import os
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

from trinity_beast import engine
from trinity_beast.usage.model import Backlog, UnreadableFile

SEALED, PACKED, HALF_PACKED = ".sealed", ".packed", ".packing"
SET_ASIDE = "set-aside"
"""The folder, below the spool, of files that cannot be read."""
WHY = ".why"
_LENGTH = struct.Struct("<I")
_FRAME_HEAD = struct.Struct("<8sI")
"""How a packed batch begins: its mark, and how many records it has (`engine/src/usage/packed.rs`)."""
HEADER_BYTES, RECORD_BYTES = 16_384, 64
"""Of a segment (`engine/src/spool/segment.rs`)."""


class Waiting:
    """The files of one spool directory that are whole and not stored yet. Every call reads or writes the disk."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._packed_records: dict[str, int] = {}

    def paths(self) -> list[Path]:
        """Return the waiting files, those of one lane in their order. The same records may be in two, after a kill."""
        try:
            found = [path for path in self._directory.iterdir() if path.suffix in (SEALED, PACKED)]
        except FileNotFoundError:
            return []
        return sorted(found, key=lambda path: path.name)

    def batches(self, path: Path, *, records_max: int) -> list[engine.UsageBatch]:
        """Return a file's records in batches.

        Raises:
            FileNotFoundError: it has been stored meanwhile.
            OSError: it cannot be read.
            ValueError: it is damaged, or a newer program's.
        """
        if path.suffix == SEALED:
            return engine.UsageBatch.of_segment(str(path), records_max=records_max)
        return [engine.UsageBatch.unpacked(packed) for packed in _frames(path.read_bytes())]

    def stored(self, path: Path) -> None:
        """Remove a file whose every record is stored."""
        path.unlink(missing_ok=True)

    def set_aside(self, path: Path, reason: str) -> Path:
        """Move a file that cannot be read out of the way, and write beside it why; return where it lies now."""
        folder = self._directory / SET_ASIDE
        folder.mkdir(mode=0o700, exist_ok=True)
        aside = folder / path.name
        aside.with_name(aside.name + WHY).write_text(reason + "\n", encoding="utf-8")
        path.rename(aside)
        return aside

    def compress(self, path: Path, *, records_max: int) -> Path:
        """Put a compressed file in a sealed one's place: whole on disk before the other goes.

        A kill in between leaves both; what both hold is stored once all the same.

        Raises:
            OSError, ValueError: as `batches`; the sealed file stays.
        """
        half, packed = path.with_suffix(HALF_PACKED), path.with_suffix(PACKED)
        with half.open("wb") as file:
            for batch in self.batches(path, records_max=records_max):
                frame = batch.packed()
                file.write(_LENGTH.pack(len(frame)) + frame)
            file.flush()
            os.fsync(file.fileno())
        told = path.stat()
        os.utime(half, ns=(told.st_atime_ns, told.st_mtime_ns))  # It waits since then, not since now.
        half.rename(packed)
        _sync(self._directory)
        path.unlink()
        return packed

    def tidy(self) -> None:
        """Remove what a killed process left half compressed; its sealed file is there still."""
        for half in self._directory.glob("*" + HALF_PACKED):
            half.unlink(missing_ok=True)

    def backlog(self, paths: Sequence[Path]) -> Backlog:
        """Return what these files are in all; one that is stored meanwhile counts for nothing."""
        found = [(path, told) for path in paths if (told := _stat(path)) is not None]
        records = [self._records_in(path, told.st_size) for path, told in found]
        self._packed_records = {path.name: count for (path, _), count in zip(found, records, strict=True) if path.suffix == PACKED}
        oldest_ns = min((told.st_mtime_ns for _, told in found), default=None)
        return Backlog(len(found), sum(told.st_size for _, told in found), sum(records), oldest_ns)

    def unreadable(self) -> list[UnreadableFile]:
        """Return the files that were set aside, each with the reason."""
        folder = self._directory / SET_ASIDE
        if not folder.is_dir():
            return []
        whys = sorted(folder.glob("*" + WHY))
        return [UnreadableFile(str(why.with_suffix("")), why.read_text(encoding="utf-8").strip()) for why in whys]

    def _records_in(self, path: Path, file_bytes: int) -> int:
        if path.suffix == SEALED:
            return max(0, file_bytes - HEADER_BYTES) // RECORD_BYTES
        known = self._packed_records.get(path.name)
        return _packed_records(path) if known is None else known


def in_turns(paths: Sequence[Path]) -> Sequence[Path]:
    """Return `paths` so that lanes take turns, each in its own order: two files of one lane at once would wait for each other."""
    lanes: dict[str, list[Path]] = {}
    for path in paths:
        lanes.setdefault(path.name.rpartition("-")[0], []).append(path)
    return [path for turn in itertools.zip_longest(*lanes.values()) for path in turn if path is not None]


def _frames(packed: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(packed):
        if len(packed) - at < _LENGTH.size:
            raise ValueError("the file ends within a length")
        (length,) = _LENGTH.unpack_from(packed, at)
        at += _LENGTH.size
        if length > len(packed) - at:
            raise ValueError("the file ends within a batch")
        yield packed[at : at + length]
        at += length


def _packed_records(path: Path) -> int:
    """Return how many records a compressed file has, by the heads of its batches; what cannot be read counts for nothing."""
    records = 0
    try:
        with path.open("rb") as file:
            while length := file.read(_LENGTH.size):
                (frame_bytes,) = _LENGTH.unpack(length)
                _, count = _FRAME_HEAD.unpack(file.read(_FRAME_HEAD.size))
                records += count
                file.seek(frame_bytes - _FRAME_HEAD.size, os.SEEK_CUR)
    except (OSError, struct.error):
        return records
    return records


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""The segments that wait to be stored: as the engine sealed them, or compressed while the database is away."""

import itertools
import os
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

from trinity_beast import engine

SEALED, PACKED, HALF_PACKED = ".sealed", ".packed", ".packing"
SET_ASIDE = "set-aside"
"""The folder, below the spool, of files that cannot be read."""
_LENGTH = struct.Struct("<I")


class Waiting:
    """The files of one spool directory that are whole and not stored yet. Every call reads or writes the disk."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

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
        aside.with_name(aside.name + ".why").write_text(reason + "\n", encoding="utf-8")
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
        half.rename(packed)
        _sync(self._directory)
        path.unlink()
        return packed

    def tidy(self) -> None:
        """Remove what a killed process left half compressed; its sealed file is there still."""
        for half in self._directory.glob("*" + HALF_PACKED):
            half.unlink(missing_ok=True)

    def bytes_waiting(self) -> int:
        """Return how many bytes of disk the waiting files take."""
        return sum(path.stat().st_size for path in self.paths() if path.exists())


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


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""An answer made smaller on its way, without waiting for its end."""

import zlib
from typing import Protocol

import zstandard

from trinity_beast.reports.accepted import Coding

GZIP_LEVEL, ZSTD_LEVEL = 5, 3
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


class Packing(Protocol):
    """Takes the bytes of an answer as they come."""

    def add(self, data: bytes, *, is_urgent: bool = False) -> bytes:
        """Take some bytes and return what is to be sent by now: all that was taken, where it is urgent."""
        ...

    def end(self) -> bytes:
        """Return the rest."""
        ...


class Plain:
    """Sends what it takes."""

    def add(self, data: bytes, *, is_urgent: bool = False) -> bytes:  # noqa: ARG002 - Everything is sent at once.
        """Return what was given."""
        return data

    def end(self) -> bytes:
        """Return nothing."""
        return b""


class Gzip:
    """By RFC 1952, which everybody reads."""

    def __init__(self) -> None:
        self._packer = zlib.compressobj(GZIP_LEVEL, wbits=_GZIP_WINDOW)

    def add(self, data: bytes, *, is_urgent: bool = False) -> bytes:
        """Take some bytes."""
        packed = self._packer.compress(data)
        return packed + self._packer.flush(zlib.Z_SYNC_FLUSH) if is_urgent else packed

    def end(self) -> bytes:
        """Return the rest."""
        return self._packer.flush()


class Zstd:
    """By RFC 8878: smaller and in a third of the time. Its window stays within what every reader must have."""

    def __init__(self) -> None:
        self._packer = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compressobj()

    def add(self, data: bytes, *, is_urgent: bool = False) -> bytes:
        """Take some bytes."""
        packed = self._packer.compress(data)
        return packed + self._packer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK) if is_urgent else packed

    def end(self) -> bytes:
        """Return the rest."""
        return self._packer.flush()


def packing_of(coding: Coding) -> Packing:
    """Return what packs by a coding."""
    match coding:
        case Coding.ZSTD:
            return Zstd()
        case Coding.GZIP:
            return Gzip()
        case Coding.IDENTITY:
            return Plain()

"""Spool segments written by hand from the page that describes them, not by the engine: what it reads, it must not have written."""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HEADER_BYTES = 16_384
BOOT = bytes(range(16))


@dataclass(frozen=True)
class Written:
    """One record to be written; the numbers of words are those of `engine/src/words.rs`."""

    time_ns: int = 1_795_160_400_101_000_500
    request_id: int = 0
    key_id: int = 7
    asset: bytes = b"BTC"
    latency_ns: int = 7_500
    answer_bytes: int = 512
    status: int = 200
    asset_count: int = 1
    source: int = 1
    cache_tier: int = 1
    protocol: int = 2
    state: int = 1
    code: int = 0
    flags: int = 0


@dataclass(frozen=True)
class Layout:
    """Whose segment it is, and which part of its life it is in."""

    node: bytes = b"BeastMain"
    boot: bytes = BOOT
    thread: int = 3
    number: int = 1
    first_sequence: int = 41
    lost_before: int = 2
    capacity: int = 100
    sealed: bool = True
    version: int = 1

    def segment(self, records: Sequence[Written], *, created_ns: int | None = None) -> bytes:
        """Return the file's bytes."""
        salt = zlib.crc32(self.boot + struct.pack("<H", self.thread))
        body = b"".join(_record(record, self.first_sequence + place, salt) for place, record in enumerate(records))
        first_ns = created_ns or (records[0].time_ns if records else 0)
        header = _fixed(self) + _with_sum(struct.pack("<QQQ", self.first_sequence, first_ns, self.lost_before), 64)
        seal = struct.pack("<IIIBxxxQ", 1, len(records), len(records), 0, records[-1].time_ns if records else 0)
        header += _with_sum(seal, 64) if self.sealed else bytes(64)
        header = header.ljust(512, b"\0") + _source(0, b"", b"") + _source(1, b"coinbase", b"lab:coinbase-ws")
        free = 0 if self.sealed else (self.capacity - len(records)) * 64
        return header.ljust(HEADER_BYTES, b"\0") + body + bytes(free)

    def write(self, directory: Path, records: Sequence[Written], *, created_ns: int | None = None) -> Path:
        """Write the file under its name and return its path."""
        ending = "sealed" if self.sealed else "open"
        path = directory / f"{self.boot.hex()}-{self.thread:03}-{self.number:08}.{ending}"
        path.write_bytes(self.segment(records, created_ns=created_ns))
        return path


def _fixed(layout: Layout) -> bytes:
    sizes = struct.pack("<8sHHHH", b"TBSPOOL\n", layout.version, HEADER_BYTES, 64, layout.thread)
    numbers = struct.pack("<16sIIB3x", layout.boot, layout.capacity, layout.number, len(layout.node))
    return _with_sum(sizes + numbers + layout.node, 128)


def _with_sum(part: bytes, length: int) -> bytes:
    body = part.ljust(length - 4, b"\0")
    return body + struct.pack("<I", zlib.crc32(body))


def _source(number: int, venue: bytes, tag: bytes) -> bytes:
    names = bytes([len(venue), len(tag)]) + venue + tag
    entry = struct.pack("<I", zlib.crc32(bytes([number]) + names)) + names
    return entry + bytes(-len(entry) % 4)


def _record(record: Written, sequence: int, salt: int) -> bytes:
    words = (record.source, record.cache_tier, record.protocol, record.state, record.code, record.flags)
    covered = struct.pack("<QQI16s", record.time_ns, record.request_id, record.key_id, record.asset)
    covered += struct.pack("<IIHH6BHI", record.latency_ns, record.answer_bytes, record.status, record.asset_count, *words, 0, sequence)
    return covered + struct.pack("<I", zlib.crc32(covered + struct.pack("<I", salt)))

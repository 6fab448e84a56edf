"""What the spool holds, as this program speaks of it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple


class Span(NamedTuple):
    """A row of sequences, both ends included."""

    first: int
    last: int


class LaneNumbers(NamedTuple):
    """By which numbers rows name their lane and node."""

    lane_id: int
    node_id: int


class StoredDay(NamedTuple):
    """What of one day a batch has just stored: how many rows, and between which times."""

    day: date
    records: int
    first_at: datetime
    last_at: datetime


class LaneDay(NamedTuple):
    """What is stored of one lane and UTC day: how many rows, and the sum of their numbers (see `engine.UsageRows.sums`)."""

    day: date
    records: int
    row_sum: int


class UsedDay(NamedTuple):
    """What answers of one UTC day add to a key's counts: of all `requests`, how many were charged, and how many refused."""

    key_id: int
    day: date
    requests: int
    charged: int
    refused: int
    answer_bytes: int
    last_used_at: datetime


class BatchName(NamedTuple):
    """Which records a batch holds. Whatever is called so, it holds the same ones for ever."""

    node: str
    boot: str
    thread: int
    span: Span


@dataclass(frozen=True, slots=True)
class PackedBatch:
    """A batch as bytes, and whose records it holds."""

    node: str
    boot: str
    thread: int
    span: Span
    records: int
    packed: bytes

    @property
    def name(self) -> BatchName:
        """Return which records it holds."""
        return BatchName(self.node, self.boot, self.thread, self.span)


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a batch: so many records are new in the database, so many were there before."""

    records: int
    known: int


@dataclass(frozen=True, slots=True)
class Carried:
    """A batch that needs no more care: stored, with so many of its records new, or else set aside for a person."""

    records: int
    is_set_aside: bool = False


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits on disk to be stored: files that are whole, what they take and hold, and since when the oldest waits."""

    files: int = 0
    bytes: int = 0
    records: int = 0
    oldest_ns: int | None = None
    """Unix time at which it was sealed; None where nothing waits."""


@dataclass(frozen=True, slots=True)
class SegmentFile:
    """One segment: its file, and what its header and records say.

    Records are known for ever by (node, boot, thread, sequence); this segment's begin at `first_sequence` and have no
    gap. The thread had lost `lost_before` by then, each with its sequence. `torn_bytes` should be records and are not:
    written by a process while it was killed, or damaged since.
    """

    path: str
    node: str
    boot: str
    thread: int
    first_sequence: int
    records: int
    torn_bytes: int
    sealed: bool
    created_ns: int
    file_bytes: int
    lost_before: int


@dataclass(frozen=True, slots=True)
class UnreadableFile:
    """A file named like a segment that cannot be read as one."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class SpoolListing:
    """A spool directory at one moment: segments oldest first, and what could not be read."""

    directory: str
    segments: tuple[SegmentFile, ...]
    unreadable: tuple[UnreadableFile, ...]

    @property
    def records(self) -> int:
        """Return how many whole records there are."""
        return sum(segment.records for segment in self.segments)

    @property
    def file_bytes(self) -> int:
        """Return how many bytes the segments take."""
        return sum(segment.file_bytes for segment in self.segments)


@dataclass(frozen=True, slots=True)
class UsageRecord:
    """One answered request.

    `asset` is the first of `asset_count`; it, `venue`, `source`, `cache_tier` and `state` are empty where nothing was
    served. `latency_ns` runs from the request's last byte to the answer's first.
    """

    node: str
    boot: str
    thread: int
    sequence: int
    time_ns: int
    request_id: str
    key_id: int
    asset: str
    asset_count: int
    venue: str
    source: str
    cache_tier: str
    state: str
    code: str
    status: int
    protocol: str
    latency_ns: int
    answer_bytes: int
    flags: int

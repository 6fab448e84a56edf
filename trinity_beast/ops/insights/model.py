"""What PostgreSQL tells of itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Statement:
    """One kind of statement, its values left out, and what all of its kind have cost since counting began."""

    statement: str
    calls: int
    total_ms: float
    mean_ms: float
    rows: int
    buffer_hit_ratio: float | None


@dataclass(frozen=True, slots=True)
class TableUse:
    """A table, its partitions together: how large it is, and how it is read. Rows are as the server reckons them."""

    table: str
    partitions: int
    live_rows: int
    dead_rows: int
    bytes: int
    whole_scans: int
    rows_read_whole: int
    index_scans: int
    last_analyzed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Partitioned:
    """A table that is cut into parts: how many, by name the first and the last."""

    table: str
    partitions: int
    first: str | None
    last: str | None
    bytes: int


@dataclass(frozen=True, slots=True)
class Insight:
    """All of it. `statements` None: they are not counted, and `statements_missing` says why."""

    server_version: str
    database_bytes: int
    buffer_hit_ratio: float | None
    counted_since: datetime | None
    statements: Sequence[Statement] | None
    statements_missing: str
    tables: Sequence[TableUse]
    partitioned: Sequence[Partitioned]

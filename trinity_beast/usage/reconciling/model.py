"""What is compared, and what may differ."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from trinity_beast.usage.model import Span


class Kind(StrEnum):
    """What differs from what."""

    SEQUENCE_GAP = "sequence_gap"
    """Sequences of a lane that were used and are neither stored nor on the spool nor set aside: lost, or in a spool that was not read."""
    COUNTER = "counter"
    """The engine has counted other than its lanes have sequences."""
    NOTE = "note"
    """A lane's stored sequences are other than the rows noted of it by day: some could be stored twice, or never."""
    ROW_MISSING = "row_missing"
    ROW_DOUBLED = "row_doubled"
    ROW_UNNOTED = "row_unnoted"
    """Rows of sequences that no batch is known to have stored."""
    ROW_ALTERED = "row_altered"
    """As many rows as were stored of a lane and day, and not the same."""
    KEY_COUNTER = "key_counter"
    """A key's counters of a day are other than its rows."""
    SUMS = "sums"
    """The sums of a day by key, asset, source … are other than the rows that were summed up."""
    PENDING = "pending"
    """What is noted to be summed up is other than the rows it names."""
    SET_ASIDE = "set_aside"
    """A batch the database refused: it is kept, and counted nowhere."""
    UNREADABLE = "unreadable"
    """A file of the spool that cannot be read."""


class LaneName(NamedTuple):
    """A lane, by the names every record bears."""

    node: str
    boot: str
    thread: int


class LaneDayRows(NamedTuple):
    """Rows of a lane and day: how many, and the sum of their numbers."""

    records: int
    row_sum: int


class KeyDay(NamedTuple):
    """A key's requests of a day."""

    requests: int
    charged: int
    refused: int
    answer_bytes: int
    last_used_us: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it must be. What does not concern it is None or empty.

    `expected` and `found` are numbers of records, or what `what` names. `spans` are sequences, both ends included.
    """

    kind: Kind
    node: str = ""
    boot: str = ""
    thread: int | None = None
    key_id: int | None = None
    day: date | None = None
    spans: tuple[Span, ...] = ()
    what: str = ""
    expected: int | None = None
    found: int | None = None


@dataclass(frozen=True, slots=True)
class Sought:
    """What is compared: everything, or one UTC day, or the lanes of one node."""

    day: date | None = None
    node: str = ""


@dataclass(frozen=True, slots=True)
class EngineCount:
    """What a running engine has counted of its own start."""

    node: str
    boot: str
    recorded: int
    lost: int
    threads: int


@dataclass(slots=True)
class OnSpool:
    """What lies in spool directories at one moment, by lane, and what cannot be read."""

    spans: dict[LaneName, list[Span]] = field(default_factory=dict)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    files: int = 0
    nodes: set[str] = field(default_factory=set)

    @property
    def records(self) -> int:
        """How many sequences wait there."""
        return sum(span.last - span.first + 1 for spans in self.spans.values() for span in spans)


@dataclass(slots=True)
class StoredLane:
    """A lane as the database knows it."""

    name: LaneName
    lane_id: int
    spans: list[Span]
    noted: dict[date, LaneDayRows] = field(default_factory=dict)
    rows: dict[date, LaneDayRows] = field(default_factory=dict)


@dataclass(slots=True)
class InDatabase:
    """What one snapshot of the database says."""

    lanes: list[StoredLane] = field(default_factory=list)
    set_aside: list[tuple[LaneName, Span, int, str]] = field(default_factory=list)
    days: list[date] = field(default_factory=list)
    """The days whose rows were compared."""
    dropped: set[date] = field(default_factory=set)
    """Days whose rows retention has dropped: nothing is left to compare."""
    key_days: dict[tuple[int, date], KeyDay] = field(default_factory=dict)
    row_key_days: dict[tuple[int, date], KeyDay] = field(default_factory=dict)
    sums_off: list[Difference] = field(default_factory=list)
    rows: int = 0
    row_spans: dict[int, list[Span]] = field(default_factory=dict)
    """Of lanes whose rows differ: which sequences there are, each once."""
    doubled: dict[int, list[tuple[Span, int]]] = field(default_factory=dict)
    """Of such lanes: which there are more than once, and how many rows too many."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a comparison came to."""

    differences: tuple[Difference, ...]
    nodes: tuple[str, ...]
    """Whose spools were read."""
    lanes: int
    days: tuple[date, ...]
    rows: int
    waiting: int
    """Records still on their way, on the spools that were read."""

    @property
    def is_even(self) -> bool:
        """Whether nothing differs."""
        return not self.differences

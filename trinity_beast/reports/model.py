"""The reports there are, what their tables hold, and who asks for one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

Cell = str | int | bool | None
Row = Sequence[Cell]


class Kind(StrEnum):
    """Which report."""

    USAGE = "usage"
    SUMMARY = "summary"
    BY_ASSET = "by-asset"
    BY_SOURCE = "by-source"
    DAILY = "daily"
    REPORTS = "reports"

    @property
    def is_listing(self) -> bool:
        """Whether it tells row by row, in pages, rather than in sums."""
        return self in {Kind.USAGE, Kind.REPORTS}


class Form(StrEnum):
    """In which form a report is told."""

    JSON = "json"
    CSV = "csv"
    TSV = "tsv"
    TEXT = "text"


class ColumnKind(StrEnum):
    """What a column holds. A time is told in UTC, to the microsecond."""

    TEXT = "text"
    NUMBER = "number"
    TIME = "time"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it is called, what it holds, and in a sentence what that means."""

    name: str
    kind: ColumnKind
    about: str


def _text(name: str, about: str) -> Column:
    return Column(name, ColumnKind.TEXT, about)


def _number(name: str, about: str) -> Column:
    return Column(name, ColumnKind.NUMBER, about)


_SUMS = (
    _number("requests", "Answers, whatever was answered."),
    _number("charged", "Those paid for with a unit of the month."),
    _number("refused", "Those with a status of 400 or more."),
    _number("answer_bytes", "Bytes of all answers, headers included."),
    _number("latency_ns_p50", "So fast were half of them: from a request's last byte to its answer's first."),
    _number("latency_ns_p95", "So fast were 95 of 100."),
    _number("latency_ns_p99", "So fast were 99 of 100."),
)

COLUMNS: Mapping[Kind, tuple[Column, ...]] = {
    Kind.USAGE: (
        Column("time", ColumnKind.TIME, "When it was answered."),
        _text("request_id", "The answer's `X-Request-Id`, where it was one of ours."),
        _number("key_id", "The key that asked."),
        _text("asset", "What was asked for, the first of several."),
        _number("asset_count", "How many assets were asked for."),
        _text("venue", "The exchange whose price was told."),
        _text("source", "The price's source tag."),
        _text("cache_tier", "Where the price came from: `memory`, `valkey` or `rest`."),
        _text("state", "What the price was worth."),
        _number("status", "The HTTP status, or over UDP what it would have been."),
        _text("code", "The answer's code."),
        _text("protocol", "`http`, `udp`, `push` or `cli`."),
        Column("charged", ColumnKind.FLAG, "Whether a unit of the month was paid for it."),
        _number("latency_ns", "From the request's last byte to the answer's first."),
        _number("answer_bytes", "The answer's bytes, headers included."),
        _text("node", "The node that answered."),
        _number("lane", "With `sequence`, the record's name for ever."),
        _number("sequence", "Counts a lane's records."),
    ),
    Kind.SUMMARY: (_text("dimension", "By what this line is told apart; `all` is the sum."), _text("value", "Its value there."), *_SUMS),
    Kind.BY_ASSET: (_text("asset", "The asset asked for, the first of several."), *_SUMS),
    Kind.BY_SOURCE: (_text("source", "The source tag of the prices; empty where none was served."), *_SUMS),
    Kind.DAILY: (_text("day", "The day, by the calendar of `zone`."), *_SUMS),
    Kind.REPORTS: (
        Column("time", ColumnKind.TIME, "When the report was asked for."),
        _text("request_id", "Its `X-Request-Id`."),
        _number("key_id", "The key that asked; 0 for an operator."),
        _text("report", "Which report."),
        _text("format", "In which form."),
        _text("filters", "What it was asked with."),
        _number("status", "The HTTP status; 0 while it is being told, or where its telling was cut."),
        _text("code", "The answer's code; empty while it is being told."),
        _text("protocol", "`http` or `udp`."),
        Column("charged", ColumnKind.FLAG, "Whether it counts towards the month's reports."),
        _number("rows", "Rows told."),
        _number("answer_bytes", "Bytes of the body as it was sent."),
        _number("latency_ns", "From the request to the end of its answer."),
        _text("node", "The node that answered."),
    ),
}
"""The columns of every report, in their order, in whatever form."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: a key with those whose use it may see, or an operator, who may see all.

    `quota` is how many reports the key may have a month; None is no bound.
    """

    key_id: int
    owned: tuple[int, ...] | None
    quota: int | None = None

    @property
    def scope(self) -> str:
        """Return a name for what they may see, for a cursor to be bound to."""
        return "operator" if self.owned is None else f"key {self.key_id}"


OPERATOR = Asker(0, None)


@dataclass(frozen=True, slots=True)
class Head:
    """What is told of a report before its rows."""

    kind: Kind
    since: datetime
    until: datetime
    zone: str
    filters: Mapping[str, str]
    store: str
    complete_until: datetime
    next_cursor: str | None = None
    month_count: int | None = None
    """How many reports this one makes in its month, where it is counted."""
    etag: str | None = None

    @property
    def columns(self) -> tuple[Column, ...]:
        """Return what its rows hold."""
        return COLUMNS[self.kind]


@dataclass(frozen=True, slots=True)
class Opening:
    """A report that is about to be told: by which key, and what is noted of it. `is_counted` counts it towards the month."""

    key_id: int
    time: datetime
    request_id: str
    report: str
    format: str
    filters: str
    protocol: str
    node: str
    is_counted: bool
    quota: int | None


@dataclass(frozen=True, slots=True)
class Begun:
    """A report that was noted. `month_count` None: it was not counted, because it is not, or because nothing was left."""

    report_log_id: int
    day_count: int | None
    month_count: int | None


@dataclass(frozen=True, slots=True)
class Ended:
    """How the telling of a report ended."""

    status: int
    code: str
    rows: int
    answer_bytes: int
    latency_ns: int

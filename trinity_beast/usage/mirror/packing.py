"""Usage rows as the commands that put them into Valkey, in its own words. Pure.

Packed here rather than by the client: of a row there are eighteen fields, and most of the time would go into their packing.
Source: https://valkey.io/topics/protocol/, read 2026-11-20: an array of bulk strings.
"""

from collections.abc import Sequence
from dataclasses import dataclass

FIELDS = (
    "time", "request_id", "key_id", "asset", "asset_count", "venue", "source", "cache_tier", "state", "status", "code", "protocol",
    "charged", "latency_ns", "answer_bytes", "node", "lane", "sequence",
)  # fmt: skip
"""The eighteen fields of a row's hash, in the order in which the database tells them."""
PREFIX = "usage_logs:"
INDEX = "usage_logs:index"
"""Every row by its time: the name the documents give it."""
INDEXES = "usage_logs:indexes"
"""The names of the indexes by key and by asset, so that each can be pruned."""
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [(one + other).encode() for one in _CROCKFORD for other in _CROCKFORD]
_UNESCAPED = {b"\\t": b"\t", b"\\n": b"\n", b"\\r": b"\r", b"\\\\": b"\\", b"\\b": b"\b", b"\\f": b"\f", b"\\v": b"\v"}


def _word(text: str) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(text), text.encode())


_HSET = b"*%d\r\n" % (2 + 2 * len(FIELDS)) + _word("HSET") + b"$%d\r\n%b\r\n" + b"".join(_word(name) + b"$%d\r\n%b\r\n" for name in FIELDS)
_EXPIRE = b"*3\r\n" + _word("PEXPIREAT") + b"$%d\r\n%b\r\n$%d\r\n%d\r\n"
_ROW = _HSET + _EXPIRE


@dataclass(frozen=True, slots=True)
class Row:
    """One row as the database told it: its time, and its eighteen fields."""

    time_us: int
    lane: int
    sequence: int
    fields: tuple[bytes, ...]

    @property
    def name(self) -> bytes:
        """Return the row's name for ever, its lane and sequence."""
        return b"%d-%d" % (self.lane, self.sequence)


def row_of(line: bytes) -> Row:
    """Return a row from a line of COPY: its time in µs, then the fields, the request's id as a number."""
    first, *fields = line.split(b"\t")
    if b"\\" in line:
        fields = [_unescaped(field) for field in fields]
    assert len(fields) == len(FIELDS), "the statement tells as many columns as there are fields"
    fields[1] = _request_id(int(fields[1]))
    return Row(int(first), int(fields[16]), int(fields[17]), tuple(fields))


def index_names(row: Row) -> tuple[bytes, bytes]:
    """Return the names of the indexes that hold a row, beside the one by time: of its key, and of its asset."""
    return b"usage_logs:key:" + row.fields[2], b"usage_logs:asset:" + row.fields[3]


def packed(rows: Sequence[Row], *, kept_us: int) -> tuple[bytes, int]:
    """Return the commands that put rows there, and how many answers they have. A row goes `kept_us` after its own time."""
    parts: list[bytes] = []
    indexes: dict[bytes, list[bytes]] = {INDEX.encode(): []}
    last_ms: dict[bytes, int] = {}
    for row in rows:
        name = row.name
        key = b"usage_logs:" + name
        gone_ms = (row.time_us + kept_us) // 1_000
        values: list[object] = [len(key), key]
        for field in row.fields:
            values += (len(field), field)
        parts.append(_ROW % (*values, len(key), key, len(str(gone_ms)), gone_ms))
        entry = b"$%d\r\n%d\r\n$%d\r\n%b\r\n" % (len(str(row.time_us)), row.time_us, len(name), name)
        for index in (INDEX.encode(), *index_names(row)):
            indexes.setdefault(index, []).append(entry)
            last_ms[index] = max(last_ms.get(index, 0), gone_ms)
    names = [index for index in indexes if index != INDEX.encode()]
    if names:
        parts.append(b"*%d\r\n" % (2 + len(names)) + _word("SADD") + b"".join(_bulk(each) for each in (INDEXES.encode(), *names)))
    for index, entries in indexes.items():
        parts.append(b"*%d\r\n" % (2 + 2 * len(entries)) + _word("ZADD") + _bulk(index) + b"".join(entries))
    return b"".join(parts), 2 * len(rows) + len(indexes) + bool(names)


def _request_id(number: int) -> bytes:
    """Return a request's id as callers were told it: 60 bits in 12 characters of Crockford's base 32."""
    pairs = [_PAIRS[number >> shift & 1023] for shift in (50, 40, 30, 20, 10, 0)]
    return b"".join(pairs)


def _bulk(word: bytes) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(word), word)


def _unescaped(field: bytes) -> bytes:
    if b"\\" not in field:
        return field
    told, rest = b"", field
    while (at := rest.find(b"\\")) >= 0:
        told += rest[:at] + _UNESCAPED.get(rest[at : at + 2], rest[at + 1 : at + 2])
        rest = rest[at + 2 :]
    return told + rest

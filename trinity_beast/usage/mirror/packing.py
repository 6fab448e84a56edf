"""Usage rows as the commands that put them into Valkey, in its own words. Pure.

Packed here, and before that by the database, rather than by the client: of a row there are eighteen fields, and most of the
time would go into their packing, and into reading an answer to each command.
Source: https://valkey.io/topics/protocol/, read 2026-11-20: an array of bulk strings.
"""

from collections.abc import Sequence
from typing import NamedTuple

FIELDS = (
    "time", "request_id", "key_id", "asset", "asset_count", "venue", "source", "cache_tier", "state", "status", "code", "protocol",
    "charged", "latency_ns", "answer_bytes", "node", "lane", "sequence",
)  # fmt: skip
"""The eighteen fields of a row's hash."""
PACKED_BY_DATABASE = FIELDS[2:]
INDEX = "usage_logs:index"
"""Every row by its time: the name the documents give it."""
INDEXES = "usage_logs:indexes"
"""The names of the indexes by key and by asset, so that each can be pruned."""
ROWS_A_CALL = 100
"""So many rows are put there in one go, which takes about a millisecond: longer nobody else waits."""
_ARGUMENTS = len(FIELDS) + 1
_SCRIPT = (
    f"for i, key in ipairs(KEYS) do local a = (i - 1) * {_ARGUMENTS} "
    "redis.call('HSET', key, " + ", ".join(f"'{name}', ARGV[a + {place}]" for place, name in enumerate(FIELDS, 1)) + ") "
    f"redis.call('PEXPIREAT', key, ARGV[a + {_ARGUMENTS}]) end return #KEYS"
)
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [one + other for one in _CROCKFORD for other in _CROCKFORD]


class Row(NamedTuple):
    """One row as the database tells it; `rest` are the fields after the request's id, packed as words."""

    time_us: int
    lane: int
    sequence: int
    key_id: int
    asset: str
    request_id: int
    time: str
    rest: str


def word(text: str) -> str:
    """Return a text as Valkey's protocol has it: its length in bytes, then itself."""
    return f"${len(text.encode())}\r\n{text}\r\n"


def packed(rows: Sequence[Row], *, kept_us: int) -> tuple[bytes, int]:
    """Return the commands that put rows there, and how many answers they have. A row goes `kept_us` after its own time."""
    commands = [_call(rows[first : first + ROWS_A_CALL], kept_us) for first in range(0, len(rows), ROWS_A_CALL)]
    entries: list[str] = []
    indexes: dict[str, list[str]] = {}
    for row in rows:
        name, score = f"{row.lane}-{row.sequence}", str(row.time_us)
        entry = f"${len(score)}\r\n{score}\r\n${len(name)}\r\n{name}\r\n"
        entries.append(entry)
        indexes.setdefault(f"usage_logs:key:{row.key_id}", []).append(entry)
        indexes.setdefault(f"usage_logs:asset:{row.asset}", []).append(entry)
    commands.append(f"*{2 + len(indexes)}\r\n{word('SADD')}{word(INDEXES)}{''.join([word(name) for name in indexes])}")
    commands += [_added(name, listed) for name, listed in {INDEX: entries, **indexes}.items()]
    return "".join(commands).encode(), len(commands)


def _call(rows: Sequence[Row], kept_us: int) -> str:
    keys, arguments = [], []
    for time_us, lane, sequence, _, _, request_id, time, rest in rows:
        key, gone_ms = f"usage_logs:{lane}-{sequence}", str((time_us + kept_us) // 1_000)
        keys.append(f"${len(key)}\r\n{key}\r\n")
        told = f"${len(time)}\r\n{time}\r\n$12\r\n{_request_id(request_id)}\r\n{rest}"
        arguments.append(f"{told}${len(gone_ms)}\r\n{gone_ms}\r\n")
    head = f"*{3 + len(rows) * (1 + _ARGUMENTS)}\r\n{word('EVAL')}{word(_SCRIPT)}{word(str(len(rows)))}"
    return head + "".join(keys) + "".join(arguments)


def _added(index: str, entries: Sequence[str]) -> str:
    return f"*{2 + 2 * len(entries)}\r\n{word('ZADD')}{word(index)}{''.join(entries)}"


def _request_id(number: int) -> str:
    """Return a request's id as callers were told it: 60 bits in 12 characters of Crockford's base 32."""
    pairs = _PAIRS
    return (
        f"{pairs[number >> 50 & 1023]}{pairs[number >> 40 & 1023]}{pairs[number >> 30 & 1023]}"
        f"{pairs[number >> 20 & 1023]}{pairs[number >> 10 & 1023]}{pairs[number & 1023]}"
    )

"""Which commands of Valkey may be asked at a console, what of their arguments are keys, and what nobody may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trinity_beast.ops.consoles.errors import CacheCommandRefused, CacheKeyRefused

SECRET_PREFIXES = ("apikey:",)
"""What lies under these is named after digests of customers' keys: neither the names nor the values are for a person."""

ARGUMENTS_MAX = 32
ARGUMENT_CHARACTERS_MAX = 1_000
COUNT_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Allowed:
    """One command: how many arguments it takes, which of them are keys, and which asks how large its answer will be."""

    least: int
    most: int
    keys: str = "first"
    """`first`, `all`, or `none`."""
    changes: bool = False
    measure: str = ""
    """A command that tells, of the same key, how much there is to tell."""
    options: Mapping[str, int] | None = None
    """The words that may stand behind the arguments, each with the most its number may be; 0: it is no number."""


_SCAN: Mapping[str, int] = {"MATCH": 0, "COUNT": COUNT_MAX}
ALLOWED: Mapping[str, Allowed] = {
    "PING": Allowed(0, 0, "none"),
    "TIME": Allowed(0, 0, "none"),
    "DBSIZE": Allowed(0, 0, "none"),
    "INFO": Allowed(0, 1, "none"),
    "SCAN": Allowed(1, 7, "none", options={**_SCAN, "TYPE": 0}),
    "TYPE": Allowed(1, 1),
    "TTL": Allowed(1, 1),
    "PTTL": Allowed(1, 1),
    "EXISTS": Allowed(1, ARGUMENTS_MAX, "all"),
    "GET": Allowed(1, 1, measure="STRLEN"),
    "MGET": Allowed(1, ARGUMENTS_MAX, "all"),
    "STRLEN": Allowed(1, 1),
    "HGET": Allowed(2, 2),
    "HMGET": Allowed(2, ARGUMENTS_MAX),
    "HLEN": Allowed(1, 1),
    "HGETALL": Allowed(1, 1, measure="HLEN"),
    "HSCAN": Allowed(2, 6, options=_SCAN),
    "LLEN": Allowed(1, 1),
    "LINDEX": Allowed(2, 2),
    "SCARD": Allowed(1, 1),
    "SISMEMBER": Allowed(2, 2),
    "SMEMBERS": Allowed(1, 1, measure="SCARD"),
    "SSCAN": Allowed(2, 6, options=_SCAN),
    "ZCARD": Allowed(1, 1),
    "ZSCORE": Allowed(2, 2),
    "ZSCAN": Allowed(2, 6, options=_SCAN),
    "XLEN": Allowed(1, 1),
    "DEL": Allowed(1, ARGUMENTS_MAX, "all", changes=True),
    "UNLINK": Allowed(1, ARGUMENTS_MAX, "all", changes=True),
    "EXPIRE": Allowed(2, 2, changes=True),
}
"""Nothing that writes a value: what the nodes share is written by them alone, and removed here at most."""

MEASURED_MOST: Mapping[str, int] = {"STRLEN": 1_000_000, "HLEN": 10_000, "SCARD": 10_000}


def expect_allowed(command: Sequence[str], *, may_change: bool) -> Allowed:
    """Return what is known of a command that may be asked.

    Raises:
        CacheCommandRefused: it may not, or not so.
        CacheKeyRefused: it is about something secret.
    """
    name, arguments = command[0].upper(), command[1:]
    allowed = ALLOWED.get(name)
    if allowed is None:
        raise CacheCommandRefused(command=name[:40], reason=f"is none of {', '.join(ALLOWED)}")
    if allowed.changes and not may_change:
        raise CacheCommandRefused(command=name, reason="changes something, which has to be asked for (`write`)")
    if not allowed.least <= len(arguments) <= allowed.most:
        told = allowed.least if allowed.least == allowed.most else f"{allowed.least} to {allowed.most}"
        raise CacheCommandRefused(command=name, reason=f"takes {told} arguments, not {len(arguments)}")
    for key in _keys(allowed, arguments):
        _expect_open(key)
    _expect_options(name, allowed, arguments)
    return allowed


def shown(name: str, answer: Any) -> Any:
    """Return an answer as it is told: text where it is text, secret names left out without a word of how many there were."""
    if name.upper() == "SCAN" and isinstance(answer, list) and len(answer) == 2 and isinstance(answer[1], list):
        # A count of what was left out would tell, pattern by pattern, what the names are.
        return [_text(answer[0]), [_text(key) for key in answer[1] if not _is_secret(key)]]
    return _text(answer)


def _keys(allowed: Allowed, arguments: Sequence[str]) -> Sequence[str]:
    return {"first": arguments[:1], "all": arguments, "none": ()}[allowed.keys]


def _expect_open(key: str) -> None:
    if key.startswith(SECRET_PREFIXES):
        raise CacheKeyRefused(prefix=next(prefix for prefix in SECRET_PREFIXES if key.startswith(prefix)))


def _expect_options(name: str, allowed: Allowed, arguments: Sequence[str]) -> None:
    if allowed.options is None:
        return
    given = arguments[allowed.least :]
    for word, value in zip(given[::2], [*given[1::2], None] if len(given) % 2 else given[1::2], strict=False):
        most = allowed.options.get(word.upper())
        if most is None or value is None:
            raise CacheCommandRefused(command=name, reason=f"knows {', '.join(allowed.options)}, each with a value")
        if most and not (value.isascii() and value.isdigit() and 1 <= int(value[:9]) <= most):
            raise CacheCommandRefused(command=name, reason=f"takes a {word.upper()} of 1 to {most}")


def _is_secret(key: Any) -> bool:
    return isinstance(key, bytes) and key.startswith(tuple(prefix.encode() for prefix in SECRET_PREFIXES))


def _text(answer: Any) -> Any:
    if isinstance(answer, list):
        return [_text(each) for each in answer]
    if isinstance(answer, bytes):
        return answer.decode("utf-8", "backslashreplace")
    return answer

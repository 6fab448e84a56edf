"""Exchange times: from what a venue writes to Unix nanoseconds, by decimal arithmetic, never through a float."""

import re
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from functools import lru_cache

from trinity_beast.feeds.grammar.digits import DigitsRefused, plain

SECOND_NS = 1_000_000_000
EARLIEST_NS = 1_230_940_800 * SECOND_NS  # 2009-01-03. Kraken's dead symbols say 1970; seconds read as milliseconds do as well.
LATEST_NS = 4_102_444_800 * SECOND_NS  # 2100-01-01. Milliseconds read as seconds lie far beyond it.
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MINUTE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2})")
_REST = re.compile(r":([0-9]{2})(?:\.([0-9]{1,9}))?([Zz]|[+-][0-9]{2}:[0-9]{2})")
_POWERS: tuple[int, ...] = tuple(int(10**power) for power in range(10))
_UNIX = re.compile(r"([0-9]{1,22})(?:\.([0-9]{1,30}))?")


class TimeFormat(StrEnum):
    """How a venue writes a time."""

    RFC3339 = "rfc3339"
    UNIX_S = "unix_s"
    UNIX_MS = "unix_ms"
    UNIX_US = "unix_us"
    UNIX_NS = "unix_ns"


class TimeRefused(ValueError):
    """A time cannot be read, or lies before 2009 or after 2100."""


TimeReader = Callable[[object], int]


def time_reader(time_format: TimeFormat) -> TimeReader:
    """Return the function that reads times of this format. It raises TimeRefused."""
    if time_format is TimeFormat.RFC3339:
        return from_rfc3339
    decimals = {TimeFormat.UNIX_S: 9, TimeFormat.UNIX_MS: 6, TimeFormat.UNIX_US: 3, TimeFormat.UNIX_NS: 0}[time_format]
    return _unix_reader(decimals)


def from_rfc3339(value: object) -> int:
    """Return the Unix nanoseconds of `2026-08-09T21:05:51.426861Z`: 0 to 9 decimals, `Z` or an offset.

    Raises:
        TimeRefused: it is none, or out of range.
    """
    if not isinstance(value, str):
        raise TimeRefused(value)
    fraction = value[20:-1]
    if value[19:20] == "." and value[-1] == "Z" and len(fraction) <= 9 and fraction.isdecimal() and value.isascii():
        seconds = value[17:19]
        if value[16] == ":" and seconds.isdecimal() and seconds < "60":
            time_ns = _minute_ns(value[:16]) + int(seconds) * SECOND_NS + int(fraction) * _POWERS[9 - len(fraction)]
            if EARLIEST_NS <= time_ns < LATEST_NS:
                return time_ns
    return _in_range(_minute_ns(value[:16]) + _rest_ns(value[16:]))


@lru_cache(maxsize=256)
def _minute_ns(text: str) -> int:
    found = _MINUTE.fullmatch(text)
    if found is None:
        raise TimeRefused(text)
    year, month, day, hour, minute = map(int, found.groups())
    if hour > 23 or minute > 59:
        raise TimeRefused(text)
    try:
        days = date(year, month, day).toordinal() - _EPOCH_DAY
    except ValueError as error:
        raise TimeRefused(text) from error
    return ((days * 24 + hour) * 60 + minute) * 60 * SECOND_NS


def _rest_ns(text: str) -> int:
    found = _REST.fullmatch(text)
    if found is None:
        raise TimeRefused(text)
    seconds, fraction, zone = found.groups()
    if int(seconds) > 60:  # 60 is a leap second; it counts as the first of the next minute, as POSIX has it.
        raise TimeRefused(text)
    time_ns = int(seconds) * SECOND_NS + int((fraction or "").ljust(9, "0"))
    return time_ns - _zone_ns(zone)


def _zone_ns(zone: str) -> int:
    if zone in "Zz":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 23 or minutes > 59:
        raise TimeRefused(zone)
    return (-1 if zone[0] == "-" else 1) * (hours * 60 + minutes) * 60 * SECOND_NS


def _unix_reader(decimals: int) -> TimeReader:
    scale = int(10**decimals)
    earliest, latest = EARLIEST_NS // scale, LATEST_NS // scale

    def read(value: object) -> int:
        if type(value) is int:
            if earliest <= value < latest:
                return value * scale
            raise TimeRefused(value)
        if not isinstance(value, str):
            raise TimeRefused(value)
        found = _UNIX.fullmatch(value) or _UNIX.fullmatch(_written_out(value))
        if found is None:
            raise TimeRefused(value)
        whole, fraction = found.groups()
        # What lies below a nanosecond is cut, not rounded: a trade must not move ahead of its own time.
        return _in_range(int(whole) * scale + int((fraction or "")[:decimals].ljust(decimals, "0") or "0"))

    return read


def _written_out(text: str) -> str:
    try:
        return plain(text)
    except DigitsRefused as error:
        raise TimeRefused(text) from error


def _in_range(time_ns: int) -> int:
    if not EARLIEST_NS <= time_ns < LATEST_NS:
        raise TimeRefused(time_ns)
    return time_ns

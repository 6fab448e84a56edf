"""The names of requests: unique on a node, in the order of time."""

import re

from trinity_beast.clock import Clock

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ECHOABLE = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_SEQUENCE_BITS = 12
_LANE_BITS = 6
_PYTHON_LANE = (1 << _LANE_BITS) - 1


class RequestIds:
    """Makes ids of 60 bits, told as 12 characters of Crockford's base 32: milliseconds, lane, count within the millisecond.

    The engine's threads make theirs by the same rule in lanes of their own; the last lane is Python's, so no two meet.
    One object serves the whole process.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock, self._last = clock, 0

    def next(self) -> str:
        """Return the next id. When a millisecond is used up, the next one is begun early."""
        self._last = max(self._clock.time_ns() // 1_000_000 << _SEQUENCE_BITS, self._last + 1)
        milliseconds, sequence = self._last >> _SEQUENCE_BITS, self._last & (1 << _SEQUENCE_BITS) - 1
        number = milliseconds << _SEQUENCE_BITS + _LANE_BITS | _PYTHON_LANE << _SEQUENCE_BITS | sequence
        return "".join(_CROCKFORD[number >> shift & 31] for shift in range(55, -5, -5))


def echoed(asked: bytes | None) -> str | None:
    """Return the caller's own id where it is 1 to 64 of A-Z, a-z, 0-9, `.`, `_` and `-`."""
    return asked.decode("ascii") if asked is not None and _ECHOABLE.fullmatch(asked) else None

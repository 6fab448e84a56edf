"""When to try again: longer each time, drawn at random, and never so often that a venue bans us."""

import random
from collections import deque

from trinity_beast.feeds.moment import SECOND_NS, nanoseconds
from trinity_beast.feeds.parameters import Knobs

WINDOW_NS = 600 * SECOND_NS


class Attempts:
    """All connections tried to one venue in the last ten minutes, by whichever of its lines."""

    def __init__(self, knobs: Knobs) -> None:
        self._knobs = knobs
        self._tried: deque[int] = deque()

    def tried(self, now_ns: int) -> None:
        """Note an attempt."""
        self._tried.append(now_ns)

    def free_at_ns(self, now_ns: int) -> int:
        """Return the monotonic time from which another attempt is allowed."""
        while self._tried and self._tried[0] <= now_ns - WINDOW_NS:
            self._tried.popleft()
        over = len(self._tried) - self._knobs.attempts_per_10_minutes.value
        return now_ns if over < 0 else self._tried[over] + WINDOW_NS


class Backoff:
    """The wait before the next attempt: drawn evenly between nothing and a bound that doubles with each failure.

    Only proof of life, a live row or a heartbeat, puts it back to the beginning; that a connection stood, or was
    acked, is none. The whole range is drawn from, so that a dropped venue does not see every node return at once.
    """

    def __init__(self, attempts: Attempts, dice: random.Random, knobs: Knobs, *, seconds_min: float) -> None:
        self._attempts, self._dice, self._knobs, self._seconds_min = attempts, dice, knobs, seconds_min
        self._last_ns: int | None = None
        self.failures = 0

    def proved(self) -> None:
        """Begin anew: the venue lives."""
        self.failures = 0

    def tried(self, now_ns: int) -> None:
        """Note an attempt."""
        self._last_ns = now_ns
        self._attempts.tried(now_ns)

    def failed(self, now_ns: int) -> int:
        """Note a failure or a loss and return the monotonic time of the next attempt."""
        longest = min(self._knobs.backoff_seconds.value * 2.0 ** min(self.failures, 30), self._knobs.backoff_seconds_max.value)
        self.failures += 1
        return self.earliest(now_ns, self._dice.uniform(0, longest))

    def earliest(self, now_ns: int, seconds: float = 0.0) -> int:
        """Return when an attempt may be made that would be made `seconds` from now, were there no other bounds."""
        spaced_ns = now_ns if self._last_ns is None else self._last_ns + nanoseconds(self._seconds_min)
        return max(now_ns + nanoseconds(seconds), spaced_ns, self._attempts.free_at_ns(now_ns))

"""Counting requests against a venue's published limits."""

from collections import deque

from trinity_beast.lab.model import SECOND_NS


class Pace:
    """At most `per_second` of something in any second, counted for each `who` apart."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._seen: dict[object, deque[int]] = {}

    def allows(self, who: object, now_ns: int) -> bool:
        """Count one and tell whether it is within the limit. A refused one does not count."""
        seen = self._seen.setdefault(who, deque(maxlen=self._per_second))
        if len(seen) == self._per_second and now_ns - seen[0] < SECOND_NS:
            return False
        seen.append(now_ns)
        return True

    def forget(self, who: object) -> None:
        """Drop what was counted for `who`."""
        self._seen.pop(who, None)

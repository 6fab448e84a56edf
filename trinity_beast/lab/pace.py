"""Counting requests against a venue's published limits."""

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto

from trinity_beast.lab.model import SECOND_NS


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` of something in any `seconds`.

    A venue that bans lets nothing pass for `ban_seconds` once somebody was refused more than `patience` times in a row.
    """

    count: int
    seconds: float = 1.0
    ban_seconds: float = 0.0
    patience: int = 0


class Verdict(Enum):
    """What becomes of one request."""

    ALLOWED = auto()
    LIMITED = auto()
    BANNED = auto()


@dataclass(slots=True)
class _Visitor:
    seen: deque[int]
    refusals: int = 0
    banned_until_ns: int = 0


class Pace:
    """Keeps a `Limit`, counted for each `who` apart."""

    def __init__(self, limit: Limit) -> None:
        self._limit, self._window_ns = limit, round(limit.seconds * SECOND_NS)
        self._visitors: dict[object, _Visitor] = {}

    def judge(self, who: object, now_ns: int) -> Verdict:
        """Count one and tell what becomes of it. A refused one does not count."""
        visitor = self._visitors.setdefault(who, _Visitor(deque(maxlen=self._limit.count)))
        if now_ns < visitor.banned_until_ns:
            return Verdict.BANNED
        seen = visitor.seen
        if len(seen) < self._limit.count or now_ns - seen[0] >= self._window_ns:
            seen.append(now_ns)
            visitor.refusals = 0
            return Verdict.ALLOWED
        visitor.refusals += 1
        if self._limit.ban_seconds and visitor.refusals > self._limit.patience:
            visitor.banned_until_ns = now_ns + round(self._limit.ban_seconds * SECOND_NS)
            return Verdict.BANNED
        return Verdict.LIMITED

    def allows(self, who: object, now_ns: int) -> bool:
        """Count one and tell whether it is within the limit."""
        return self.judge(who, now_ns) is Verdict.ALLOWED

    def is_banned(self, who: object, now_ns: int) -> bool:
        """Tell whether nothing of `who` passes now, without counting."""
        visitor = self._visitors.get(who)
        return visitor is not None and now_ns < visitor.banned_until_ns

    def forget(self, who: object) -> None:
        """Drop what was counted for `who`."""
        self._visitors.pop(who, None)

    def wait_seconds(self, who: object, now_ns: int) -> int:
        """Return in how many whole seconds the next one of `who` will be within the limit."""
        visitor = self._visitors.get(who)
        if visitor is None or not visitor.seen:
            return 0
        free_ns = visitor.seen[0] + self._window_ns if len(visitor.seen) == self._limit.count else 0
        return max(-((now_ns - max(free_ns, visitor.banned_until_ns)) // SECOND_NS), 0)

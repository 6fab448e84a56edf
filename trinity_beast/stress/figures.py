"""Counts and latencies: added up over clients without losing anything, and read as percentiles."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import TypeVar

Key = TypeVar("Key", int, str)
Recorded = tuple[tuple[int, int], ...]
"""Nanoseconds and how many took so long, the shortest first. Every client tells times apart at the same marks."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of the requests of one step, by one client or by all."""

    seconds: float = 0.0
    good: int = 0
    codes: Mapping[str, int] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)
    late: int = 0
    reconnected: int = 0
    answer_bytes: int = 0
    processor_seconds: float = 0.0
    latencies: Recorded = ()
    lags: Recorded = ()

    @property
    def asked(self) -> int:
        """Requests that were due, each once."""
        return sum(self.codes.values()) + sum(self.failures.values())


def merged(found: Iterable[Found]) -> Found:
    """Return what several clients found in the same stretch of time, as one would have found it."""
    return reduce(_added, found, Found())


def _added(one: Found, other: Found) -> Found:
    return Found(
        seconds=max(one.seconds, other.seconds),
        good=one.good + other.good,
        codes=_summed(one.codes, other.codes),
        failures=_summed(one.failures, other.failures),
        late=one.late + other.late,
        reconnected=one.reconnected + other.reconnected,
        answer_bytes=one.answer_bytes + other.answer_bytes,
        processor_seconds=one.processor_seconds + other.processor_seconds,
        latencies=tuple(sorted(_summed(dict(one.latencies), dict(other.latencies)).items())),
        lags=tuple(sorted(_summed(dict(one.lags), dict(other.lags)).items())),
    )


def _summed(one: Mapping[Key, int], other: Mapping[Key, int]) -> dict[Key, int]:
    return dict(Counter(one) + Counter(other))


def percentiles(recorded: Recorded, shares: Sequence[float]) -> list[int]:
    """Return, for each share from 0 to 1 in rising order, the shortest time that so large a part did not exceed; 0 for none."""
    whole, reached, at, found = sum(count for _, count in recorded), 0, -1, list[int]()
    for share in shares:
        # At least one must lie below: share 0 is the shortest of all.
        wanted = min(whole, max(1, -int(-share * whole // 1)))
        while at < len(recorded) - 1 and reached < wanted:
            at += 1
            reached += recorded[at][1]
        found.append(recorded[at][0] if whole else 0)
    return found


def mean(recorded: Recorded) -> float:
    """Return the mean; 0 of none."""
    count = sum(count for _, count in recorded)
    return sum(time * count for time, count in recorded) / count if count else 0.0

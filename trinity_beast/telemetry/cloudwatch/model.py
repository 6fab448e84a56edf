"""What is read of a node's services, and what becomes of it. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from trinity_beast.cloud import Figure
from trinity_beast.telemetry.latency import Histogram

R = TypeVar("R")
NODE = "Node"


@dataclass(frozen=True, slots=True)
class PriceReading:
    """What the price service has counted since its start, or since its counters were reset."""

    counters: Mapping[str, int] = field(default_factory=dict)
    latencies: Histogram = field(default_factory=Histogram)
    venues_switched: int = 0
    by_asset: Mapping[str, int] = field(default_factory=dict)
    by_source: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReportReading:
    """What the report service has counted since its start: requests, and reports told by (report, form)."""

    requests: int = 0
    told: Mapping[tuple[str, str], int] = field(default_factory=dict)
    latencies: Histogram = field(default_factory=Histogram)


class Account(Generic[R]):
    """What of a service was told so far. Each thing counted is in the figures of one round, and of one only."""

    def __init__(self, namespace: str, read: Callable[[], R], tell: Callable[[R, R, datetime], list[Figure]]) -> None:
        """Begin with what is counted by now: nobody is told of what was before."""
        self.namespace, self._read, self._tell = namespace, read, tell
        self._before = read()

    def due(self, at: datetime) -> list[Figure]:
        """Return the figures of what came since the last call."""
        before, self._before = self._before, self._read()
        return self._tell(before, self._before, at)


def added(now: int, before: int) -> int:
    """Return what a counter counted in between; all it has where it was reset, and so has less."""
    return now - before if now >= before else now

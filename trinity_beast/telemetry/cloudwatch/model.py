"""What is read of a node's services, and what becomes of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from trinity_beast.cloud import Figure
from trinity_beast.telemetry.latency import Histogram

R = TypeVar("R")
R_in = TypeVar("R_in", contravariant=True)
R_out = TypeVar("R_out", covariant=True)
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


class Reads(Protocol[R_out]):
    """Reads what a service has counted."""

    def __call__(self) -> R_out:
        """Return it as it is now."""
        ...


class Tells(Protocol[R_in]):
    """Makes figures of what came between two readings."""

    def __call__(self, before: R_in, now: R_in, *, at: datetime, node: str) -> list[Figure]:
        """Return them."""
        ...


class Account(Generic[R]):
    """What of a service was told so far. Each thing counted is in the figures of one round, and of one only."""

    def __init__(self, namespace: str, read: Reads[R], tell: Tells[R], *, node: str) -> None:
        """Begin with what is counted by now: nobody is told of what was before."""
        self.namespace, self._read, self._tell, self._node = namespace, read, tell, node
        self._before = read()

    def due(self, at: datetime) -> list[Figure]:
        """Return the figures of what came since the last call."""
        before, self._before = self._before, self._read()
        return self._tell(before, self._before, at=at, node=self._node)


def added(now: int, before: int) -> int:
    """Return what a counter counted in between; all it has where it was reset, and so has less."""
    return now - before if now >= before else now

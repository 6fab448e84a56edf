"""What an operator does with counters: see them, of this node and of all, and begin them anew."""

from dataclasses import dataclass
from datetime import datetime

from trinity_beast.audit import Audit, Signature
from trinity_beast.clock import Clock
from trinity_beast.ops.cluster.model import Snapshot, View
from trinity_beast.ops.cluster.service import ClusterView
from trinity_beast.ops.cluster.statistics import Itself, Reset, Statistics

MILLISECOND_NS = 1_000_000


@dataclass(frozen=True, slots=True)
class Glance:
    """A view of the cluster, when it was taken, and how long it took to ask."""

    view: View
    at: datetime
    milliseconds: float


class Counting:
    """The counters of this node, and its view of the others."""

    def __init__(self, statistics: Statistics, view: ClusterView, audit: Audit, clock: Clock) -> None:
        self._statistics, self._view, self._audit, self._clock = statistics, view, audit, clock

    @property
    def itself(self) -> Itself:
        """Return who this node is."""
        return self._statistics.itself

    def stats(self) -> tuple[Snapshot, datetime]:
        """Return this node's figures as of now, and since when they are counted."""
        return self._statistics.snapshot(), self._statistics.since

    async def glance(self) -> Glance:
        """Return the cluster as it stands."""
        began_ns = self._clock.monotonic_ns()
        view = await self._view.look()
        return Glance(view, self._clock.now(), (self._clock.monotonic_ns() - began_ns) / MILLISECOND_NS)

    async def reset(self, by: Signature) -> Reset:
        """Begin counting anew, once that is written in the trail.

        Raises:
            DependencyAway: the trail cannot be written; the counts go on as they were.
        """
        snapshot = self._statistics.snapshot()
        facts = {"boot": snapshot.boot, "seconds": snapshot.since_reset.seconds, "requests": _requests(snapshot)}
        await self._audit.keep(by, "counters", self.itself.node, facts)
        return self._statistics.reset()


def _requests(snapshot: Snapshot) -> int:
    return sum(snapshot.since_reset.counters.get(name, 0) for name in ("tcp_requests", "udp_requests", "lrs_requests"))

"""What this node tells of itself: its counters since it started, since they were last begun anew, and lately."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from trinity_beast.clock import Clock
from trinity_beast.ops.cluster.model import Process, Snapshot
from trinity_beast.telemetry import ProcessFacts, Stretch, passed, process_facts, whole
from trinity_beast.web import timestamp_of

LOOKS_KEPT = 4
"""Lately is since the oldest of so many looks: with one every three seconds, nine to twelve seconds."""
SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Itself:
    """Who this node is, for as long as it runs."""

    node: str
    node_id: str
    region: str
    server_type: str
    version: str
    boot: str


@dataclass(frozen=True, slots=True)
class Reset:
    """When counting was begun anew, and how long it had gone on before."""

    at: datetime
    after: Stretch


@dataclass(frozen=True, slots=True)
class _Look:
    at_ns: int
    counters: Mapping[str, int]
    cpu_seconds: float


class Statistics:
    """A node in figures. Counters only rise: to begin anew is to remember where they stood, so nobody who collects them sees a fall."""

    def __init__(
        self,
        itself: Itself,
        counted: Callable[[], Mapping[str, int]],
        clock: Clock,
        *,
        feeds: Callable[[], Mapping[str, str]] = dict,
        parameters_version: Callable[[], int] = int,
        latency: Callable[[], Mapping[str, str]] = dict,
        process: Callable[[], ProcessFacts] = process_facts,
    ) -> None:
        """Tell of `itself` by what is `counted`. `feeds` tells how each venue stands, `latency` the histograms by way, as text."""
        self.itself = itself
        self._counted, self._clock, self._process = counted, clock, process
        self._feeds, self._version, self._latency = feeds, parameters_version, latency
        self._started_ns, self._started_at = clock.monotonic_ns(), clock.now()
        self._reset_ns, self._reset_at, self._reset_counters = self._started_ns, self._started_at, whole({})
        self._looks: deque[_Look] = deque([_Look(self._started_ns, whole(counted()), process().cpu_seconds)], maxlen=LOOKS_KEPT)

    @property
    def since(self) -> datetime:
        """Return when counting was last begun anew, or the node started."""
        return self._reset_at

    def reset(self) -> Reset:
        """Begin the counts and rates anew; what only rises for ever goes on."""
        now_ns, counters = self._clock.monotonic_ns(), whole(self._counted())
        after = self._stretch(self._reset_ns, self._reset_counters, now_ns, counters)
        self._reset_ns, self._reset_at, self._reset_counters = now_ns, self._clock.now(), counters
        return Reset(self._reset_at, after)

    def look(self) -> None:
        """Remember how things stand now, so that what is told as lately goes on from here in a while."""
        self._looks.append(_Look(self._clock.monotonic_ns(), whole(self._counted()), self._process().cpu_seconds))

    def snapshot(self, *, kept_seconds: float = 0.0) -> Snapshot:
        """Return everything as of now, for whoever keeps it so long."""
        itself, facts, now_ns, totals = self.itself, self._process(), self._clock.monotonic_ns(), whole(self._counted())
        oldest = self._looks[0]
        lately = self._stretch(oldest.at_ns, oldest.counters, now_ns, totals)
        used = max(0.0, facts.cpu_seconds - oldest.cpu_seconds)
        return Snapshot(
            cluster_node=itself.node,
            node_id=itself.node_id,
            region=itself.region,
            server_type=itself.server_type,
            version=itself.version,
            boot=itself.boot,
            started_at=timestamp_of(self._started_at),
            published_at=timestamp_of(self._clock.now()),
            up_seconds=round((now_ns - self._started_ns) / SECOND_NS, 3),
            parameters_version=self._version(),
            feeds=dict(self._feeds()),
            process=Process(
                pid=facts.pid,
                memory_bytes=facts.memory_bytes,
                threads=facts.threads,
                open_files=facts.open_files,
                cpu_percent=round(100 * used / lately.seconds, 1) if lately.seconds > 0 else 0.0,
            ),
            totals=totals,
            since_reset=self._stretch(self._reset_ns, self._reset_counters, now_ns, totals),
            lately=lately,
            latency=dict(self._latency()),
            kept_ms=round(kept_seconds * 1_000),
        )

    @staticmethod
    def _stretch(from_ns: int, before: Mapping[str, int], now_ns: int, now: Mapping[str, int]) -> Stretch:
        return Stretch(round((now_ns - from_ns) / SECOND_NS, 6), passed(before, now))

"""Everything of a cluster at a glance, from one node, in one round trip."""

from collections.abc import Callable, Mapping, Sequence

from trinity_beast.clock import Clock
from trinity_beast.ops.cluster.model import (
    NODES,
    STATS,
    Found,
    Known,
    Snapshot,
    Summed,
    View,
    expected_of,
    latencies_of,
    missing_of,
    registry_of,
    remembered,
    snapshot_of,
    twins_of,
)
from trinity_beast.ops.cluster.parameters import EXPIRY_SECONDS, REMEMBERED_SECONDS
from trinity_beast.ops.cluster.publishing import MILLION, StatsPublisher
from trinity_beast.ops.cluster.statistics import Statistics
from trinity_beast.parameters import Reading, Readings
from trinity_beast.storage import Command, DependencyAway, Valkey
from trinity_beast.telemetry import Tally, derived_of, merged, tally_of, together, whole

WITHIN_SECONDS = 1.0
NO_CACHE = "there is no shared cache (CACHE_URL is empty), so no node can see another"


class ClusterView:
    """The nodes, as each last told of itself."""

    def __init__(
        self,
        statistics: Statistics,
        publisher: StatsPublisher,
        cache: Valkey | None,
        clock: Clock,
        readings: Readings,
        *,
        nodes_expected: Reading[int],
        neighbours: Callable[[], Mapping[str, str]],
    ) -> None:
        """See the nodes in `cache`. `neighbours` are the nodes alive by the database, name by id, as they were last seen."""
        self._statistics, self._publisher, self._cache, self._clock = statistics, publisher, cache, clock
        self._nodes_expected, self._neighbours = nodes_expected, neighbours
        self._expiry, self._remembered = readings.of(EXPIRY_SECONDS), readings.of(REMEMBERED_SECONDS)

    async def look(self) -> View:
        """Return the cluster as it stands. Where the shared cache cannot be asked that is this node alone, and why."""
        if self._cache is None:
            return self._alone(NO_CACHE)
        try:
            return await self._seen(self._cache)
        except DependencyAway as error:
            return self._alone(f"the shared cache is away ({error.facts.get('reason', error.code)})")

    async def _seen(self, cache: Valkey) -> View:
        known = self._publisher.known
        asked = self._names(known)
        held, found = await self._asked(cache, asked)
        registry = remembered(held, known, now_ms=self._clock.time_ns() // MILLION, kept_ms=round(self._remembered.value * 1_000))
        if new := sorted(set(self._names(registry)) - set(asked)):
            # A node that came since this one last heard: only then is there a second round trip.
            _, more = await self._asked(cache, new)
            found = {**found, **more}
        found[self._statistics.itself.node] = Found(self._statistics.snapshot(), 0.0)
        expected = expected_of(registry, self._neighbours())
        missing = missing_of(expected, found)
        return View(
            found=[found[name] for name in sorted(found)],
            missing=missing,
            unseen=(),
            twins=twins_of(registry, within_ms=round(self._expiry.value * 1_000)),
            nodes_expected=max(self._nodes_expected.value, len(found) + len(missing)),
        )

    async def _asked(self, cache: Valkey, names: Sequence[str]) -> tuple[dict[str, Known], dict[str, Found]]:
        keys = [STATS + name for name in names]
        commands: list[Command] = [("HGETALL", NODES), ("MGET", *keys), *[("PTTL", key) for key in keys]]
        answers = await cache.pipeline(commands, leaves_out_refused=True, within_seconds=WITHIN_SECONDS)
        told = answers[1] if isinstance(answers[1], list) else []
        found = {}
        for name, text, left_ms in zip(names, told, answers[2:], strict=False):
            snapshot = snapshot_of(text)
            if snapshot is not None and snapshot.cluster_node == name:
                found[name] = Found(snapshot, _age_seconds(snapshot, left_ms))
        return registry_of(answers[0]), found

    def _alone(self, trouble: str) -> View:
        own = self._statistics.itself.node
        names = sorted({*expected_of(self._publisher.known, self._neighbours()), own} - {own})
        return View(
            found=[Found(self._statistics.snapshot(), 0.0)],
            missing=(),
            unseen=names,
            twins=(),
            nodes_expected=max(self._nodes_expected.value, 1 + len(names)),
            trouble=trouble,
        )

    def _names(self, known: Mapping[str, Known]) -> list[str]:
        return sorted({*expected_of(known, self._neighbours()), self._statistics.itself.node})


def summed(snapshots: Sequence[Snapshot]) -> Summed:
    """Return nodes together, every share reckoned anew from the sums."""
    counted = together(tally_of(one.since_reset) for one in snapshots)
    totals = together(Tally(1, whole(one.totals)) for one in snapshots)
    lately = together(tally_of(one.lately) for one in snapshots)
    told = [latencies_of(one) for one in snapshots]
    latency = {way: merged(one[way] for one in told if way in one) for way in sorted({way for one in told for way in one})}
    return Summed(counted, totals.counters, derived_of(counted), derived_of(lately), latency)


def _age_seconds(snapshot: Snapshot, left_ms: object) -> float:
    """Return how long ago a node told, by what is left of the time its word is kept."""
    return max(0, snapshot.kept_ms - left_ms) / 1_000 if isinstance(left_ms, int) and left_ms >= 0 else 0.0

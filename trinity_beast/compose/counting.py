"""What a node tells the others of itself, and what it knows of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from trinity_beast.access import NODES_EXPECTED
from trinity_beast.access.routes import Operated
from trinity_beast.audit import Audit
from trinity_beast.compose.ground import Ground
from trinity_beast.ops import ClusterView, Counting, Itself, Statistics, StatsPublisher
from trinity_beast.ops.cluster.routes import cluster_routes
from trinity_beast.telemetry import Histogram, encoded
from trinity_beast.version import VERSION
from trinity_beast.web import Router


@dataclass(frozen=True, slots=True)
class Counted:
    """A node's statistics, built; nothing runs yet."""

    counting: Counting
    publisher: StatsPublisher
    """What tells them to the shared cache. A part."""

    def routes(self, operator: Operated) -> list[Router]:
        """Return what operators ask of counters and nodes."""
        return [cluster_routes(self.counting, operator=operator)]


def counted_of(
    on: Ground,
    *,
    boot: str,
    counters: Callable[[], Mapping[str, int]] = dict,
    latencies: Callable[[], Mapping[str, Histogram]] = dict,
    feeds: Callable[[], Mapping[str, str]] = dict,
    neighbours: Callable[[], Mapping[str, str]] = dict,
) -> Counted:
    """Return the statistics of this life of the node; a node without an engine counts nothing, and is told of all the same."""
    settings, readings = on.settings, on.readings
    itself = Itself(settings.node, on.node_id, settings.region, settings.mode.value, VERSION, boot)
    statistics = Statistics(
        itself,
        counters,
        on.clock,
        feeds=feeds,
        parameters_version=lambda: on.knobs.watch.version,
        latency=lambda: {way: encoded(histogram) for way, histogram in latencies().items()},
    )
    publisher = StatsPublisher(statistics, on.cache, on.clock, readings)
    view = ClusterView(
        statistics, publisher, on.cache, on.clock, readings, nodes_expected=readings.of(NODES_EXPECTED), neighbours=neighbours
    )  # fmt: skip
    return Counted(Counting(statistics, view, Audit(on.database), on.clock), publisher)

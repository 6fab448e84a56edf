"""Nodes of a cluster without the processes around them: their figures, their word to the cache, their view."""

from dataclasses import dataclass

from tests.support.clock import ManualClock
from trinity_beast.access import NODES_EXPECTED
from trinity_beast.ops import ClusterView, Itself, Statistics, StatsPublisher
from trinity_beast.parameters import Readings
from trinity_beast.storage import Valkey
from trinity_beast.telemetry import ProcessFacts


@dataclass
class ANode:
    """One node, joined as `compose/` does."""

    counters: dict[str, int]
    neighbours: dict[str, str]
    readings: Readings
    statistics: Statistics
    publisher: StatsPublisher
    view: ClusterView
    looks: list[int]
    """When its figures were looked at."""
    latency: dict[str, str]
    """Its histograms, as text."""


def a_node(name: str, cache: Valkey | None, clock: ManualClock, *, node_id: str = "") -> ANode:
    """A node of this name on `cache`; its id is the name in small letters unless it is given."""
    counters: dict[str, int] = {}
    neighbours: dict[str, str] = {}
    looks: list[int] = []
    latency: dict[str, str] = {}

    def process() -> ProcessFacts:
        looks.append(clock.monotonic_ns())
        return ProcessFacts(123, 50_000_000, 9, 40, clock.monotonic_ns() / 2e9)

    readings = Readings()
    itself = Itself(name, node_id or name.lower(), "local", "APP_SERVER", "0.1.0", f"boot of {name}")
    statistics = Statistics(
        itself,
        lambda: counters,
        clock,
        feeds=lambda: {"kraken": "live", "okx": "waiting"},
        parameters_version=lambda: 7,
        latency=lambda: latency,
        process=process,
    )
    publisher = StatsPublisher(statistics, cache, clock, readings)
    view = ClusterView(
        statistics, publisher, cache, clock, readings, nodes_expected=readings.of(NODES_EXPECTED), neighbours=lambda: neighbours
    )  # fmt: skip
    return ANode(counters, neighbours, readings, statistics, publisher, view, looks, latency)

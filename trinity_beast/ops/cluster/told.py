"""What operators are told of nodes and their counters."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, Field

from trinity_beast.ops.cluster.model import Found, Gone, Snapshot, Summed, View, latencies_of
from trinity_beast.ops.cluster.service import summed
from trinity_beast.ops.cluster.statistics import Reset
from trinity_beast.telemetry import Derived, Histogram, derived_of, figures, tally_of, whole
from trinity_beast.web import timestamp_of

MOMENT_MS_MAX = 253_402_300_799_000
"""The last moment a timestamp can tell; what another node told may be anything."""


class DerivedTold(BaseModel):
    """What counters come to. A share is null where there was nothing to share out."""

    requests: int
    requests_per_second: float
    tcp_requests_per_second: float
    udp_requests_per_second: float
    lrs_requests_per_second: float
    memory_hit_percent: float | None = Field(description="Of prices looked up, those the node had in memory.")
    cache_hit_percent: float | None = Field(description="Of prices looked up, those in memory or the shared cache.")
    cache_miss_percent: float | None
    udp_dropped_percent: float | None = Field(description="Of datagrams received, those given no answer.")
    work_dropped_percent: float | None
    limited_percent: float | None = Field(description="Of requests, those refused for their rate or the month's quota.")
    usage_lost_percent: float | None


class ProcessTold(BaseModel):
    """What a node takes of its machine."""

    pid: int
    memory_bytes: int
    threads: int
    open_files: int
    cpu_percent: float = Field(description="Of one processor, lately.")


class LatencyTold(BaseModel):
    """How long answers took since the start, in microseconds; null where there was none."""

    answers: int
    mean_us: float | None
    p50_us: float | None
    p90_us: float | None
    p99_us: float | None
    p999_us: float | None
    max_us: float | None


class CountedTold(BaseModel):
    """The 24 counters and what they come to. `counters` begin at the last reset, `totals` at the node's start."""

    seconds: float = Field(description="How long `counters` have been counted.")
    counters: dict[str, int]
    totals: dict[str, int]
    derived: DerivedTold
    lately: DerivedTold = Field(description="The same over the last seconds.")
    lately_seconds: float


class StressStatsTold(CountedTold):
    """One node's counters."""

    cluster_node: str
    region: str
    boot: str
    since: str = Field(description="When counting was last begun anew, or the node started.")
    up_seconds: float


class NodeStatsTold(CountedTold):
    """One node, as it last told of itself."""

    cluster_node: str
    node_id: str
    region: str
    server_type: str
    version: str
    boot: str = Field(description="The name of this life of the node.")
    started_at: str
    published_at: str
    age_seconds: float = Field(description="How long ago it told this, by the clock of the shared cache.")
    up_seconds: float
    parameters_version: int
    feeds: dict[str, str] = Field(description="How each exchange's feed stands there.")
    process: ProcessTold
    latency: dict[str, LatencyTold] = Field(description="By way: `http` and `udp` by the engine, `handed` by Python.")


class MissingNodeTold(BaseModel):
    """A node that is expected and has not told anything of late."""

    cluster_node: str
    server_type: str
    last_seen_at: str | None = Field(description="By its own clock; null where it never told anything.")
    missing_seconds: float | None


class AggregatedTold(BaseModel):
    """All nodes found, together: counters added up, rates and shares reckoned anew from the sums."""

    nodes: int
    counters: dict[str, int]
    totals: dict[str, int]
    derived: DerivedTold
    lately: DerivedTold
    latency: dict[str, LatencyTold] = Field(description="Of all nodes' histograms added up.")


class ClusterTold(BaseModel):
    """The cluster. Where `trouble` says why only this node can be seen, others are `unseen`, which is not missing."""

    region: str
    nodes_found: int
    nodes_expected: int
    missing: list[MissingNodeTold]
    never_seen: int = Field(description="How many more nodes `nodes_expected` tells of than anybody has a name for.")
    unseen: list[str]
    twins: list[str] = Field(description="Names that two living nodes share: each hides the other.")
    trouble: str
    per_node: list[NodeStatsTold]
    aggregated: AggregatedTold
    milliseconds: float = Field(description="How long it took to ask.")


class ResetTold(BaseModel):
    """Counting was begun anew: when, and what had been counted until then."""

    cluster_node: str
    at: str
    seconds: float
    counters: dict[str, int]


def stress_stats_told(snapshot: Snapshot, since: datetime) -> StressStatsTold:
    """Return one node's counters as they are told."""
    return StressStatsTold(
        **_counted(snapshot),
        cluster_node=snapshot.cluster_node,
        region=snapshot.region,
        boot=snapshot.boot,
        since=timestamp_of(since),
        up_seconds=snapshot.up_seconds,
    )


def reset_told(node: str, reset: Reset) -> ResetTold:
    """Return a reset as it is told."""
    return ResetTold(cluster_node=node, at=timestamp_of(reset.at), seconds=reset.after.seconds, counters=dict(reset.after.counters))


def cluster_told(view: View, *, region: str, now: datetime, milliseconds: float) -> ClusterTold:
    """Return the cluster as it is told."""
    named = len(view.found) + len(view.missing) + len(view.unseen)
    return ClusterTold(
        region=region,
        nodes_found=len(view.found),
        nodes_expected=view.nodes_expected,
        missing=[_missing(each, now) for each in view.missing],
        never_seen=max(0, view.nodes_expected - named),
        unseen=list(view.unseen),
        twins=list(view.twins),
        trouble=view.trouble,
        per_node=[_node(each) for each in view.found],
        aggregated=_aggregated(summed([each.snapshot for each in view.found])),
        milliseconds=round(milliseconds, 3),
    )


def _counted(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "seconds": snapshot.since_reset.seconds,
        "counters": whole(snapshot.since_reset.counters),
        "totals": whole(snapshot.totals),
        "derived": _derived(derived_of(tally_of(snapshot.since_reset))),
        "lately": _derived(derived_of(tally_of(snapshot.lately))),
        "lately_seconds": snapshot.lately.seconds,
    }


def _node(found: Found) -> NodeStatsTold:
    one, process = found.snapshot, found.snapshot.process
    return NodeStatsTold(
        **_counted(one),
        cluster_node=one.cluster_node,
        node_id=one.node_id,
        region=one.region,
        server_type=one.server_type,
        version=one.version,
        boot=one.boot,
        started_at=one.started_at,
        published_at=one.published_at,
        age_seconds=round(found.age_seconds, 3),
        up_seconds=one.up_seconds,
        parameters_version=one.parameters_version,
        feeds=dict(one.feeds),
        process=ProcessTold(
            pid=process.pid,
            memory_bytes=process.memory_bytes,
            threads=process.threads,
            open_files=process.open_files,
            cpu_percent=process.cpu_percent,
        ),
        latency=_latency(latencies_of(one)),
    )


def _missing(gone: Gone, now: datetime) -> MissingNodeTold:
    seen_ms = gone.last_seen_at_ms
    seen_at = datetime.fromtimestamp(seen_ms / 1_000, UTC) if seen_ms is not None and 0 < seen_ms <= MOMENT_MS_MAX else None
    return MissingNodeTold(
        cluster_node=gone.cluster_node,
        server_type=gone.server_type,
        last_seen_at=None if seen_at is None else timestamp_of(seen_at),
        missing_seconds=None if seen_at is None else round(max(0.0, (now - seen_at).total_seconds()), 3),
    )


def _aggregated(summed_up: Summed) -> AggregatedTold:
    return AggregatedTold(
        nodes=summed_up.counted.nodes,
        counters=dict(summed_up.counted.counters),
        totals=dict(summed_up.totals),
        derived=_derived(summed_up.derived),
        lately=_derived(summed_up.lately),
        latency=_latency(summed_up.latency),
    )


def _latency(told: Mapping[str, Histogram]) -> dict[str, LatencyTold]:
    return {way: LatencyTold.model_validate(figures(histogram), from_attributes=True) for way, histogram in told.items()}


def _derived(derived: Derived) -> DerivedTold:
    return DerivedTold.model_validate(derived, from_attributes=True)

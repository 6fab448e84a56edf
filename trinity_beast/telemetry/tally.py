"""What counters come to: sums over any number of nodes, and shares reckoned from the sums, never from other shares. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from trinity_beast.telemetry.catalog import CONTRACT
from trinity_beast.telemetry.metric import Kind

GAUGES = frozenset(name for name, metric in CONTRACT.items() if metric.kind is Kind.GAUGE)
"""Those of the 24 that tell how things stand, and not how often something happened."""
REQUESTS = ("tcp_requests", "udp_requests", "lrs_requests")
_LOOKUPS = ("syncmap_hits", "elasticache_hits", "cache_misses")
DECIMALS = 3


@dataclass(frozen=True, slots=True)
class Stretch:
    """What was counted within so many seconds. A gauge is as it stands at their end."""

    seconds: float
    counters: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Tally:
    """What nodes counted together, each within its own time. Tallies add up in any order and grouping; the empty one adds nothing."""

    nodes: int = 0
    counters: Mapping[str, int] = field(default_factory=dict)
    per_second: Mapping[str, float] = field(default_factory=dict)
    """Requests a second by protocol: what rates have in common with counts is that they may be added."""


@dataclass(frozen=True, slots=True)
class Derived:
    """What a tally says. A share of nothing is None: no request is no hit ratio of zero."""

    requests: int
    requests_per_second: float
    tcp_requests_per_second: float
    udp_requests_per_second: float
    lrs_requests_per_second: float
    memory_hit_percent: float | None
    cache_hit_percent: float | None
    cache_miss_percent: float | None
    udp_dropped_percent: float | None
    work_dropped_percent: float | None
    limited_percent: float | None
    usage_lost_percent: float | None


def whole(counted: Mapping[str, int]) -> dict[str, int]:
    """Return the 24 of the contract, in their order; one that is not counted is 0."""
    return {name: counted.get(name, 0) for name in CONTRACT}


def passed(before: Mapping[str, int], now: Mapping[str, int]) -> dict[str, int]:
    """Return what was counted between two readings; gauges are those of the second. What began anew in between counts from nothing."""
    return {name: value if name in GAUGES or value < before.get(name, 0) else value - before.get(name, 0) for name, value in now.items()}


def tally_of(span: Stretch) -> Tally:
    """Return one node's tally."""
    seconds = span.seconds
    rates = {name: span.counters.get(name, 0) / seconds if seconds > 0 else 0.0 for name in REQUESTS}
    return Tally(1, whole(span.counters), rates)


def together(tallies: Iterable[Tally]) -> Tally:
    """Return what nodes counted together; of gauges, such as open connections, the sum too."""
    nodes, counters, rates = 0, dict.fromkeys(CONTRACT, 0), dict.fromkeys(REQUESTS, 0.0)
    for tally in tallies:
        nodes += tally.nodes
        for name, value in tally.counters.items():
            counters[name] = counters.get(name, 0) + value
        for name, rate in tally.per_second.items():
            rates[name] = rates.get(name, 0.0) + rate
    return Tally(nodes, counters, rates)


def derived_of(tally: Tally) -> Derived:
    """Return the rates and shares of a tally, reckoned from its sums."""
    counted, rates = tally.counters, tally.per_second
    requests = sum(counted.get(name, 0) for name in REQUESTS)
    memory, shared, missed = (counted.get(name, 0) for name in _LOOKUPS)
    recorded, lost = counted.get("usage_recorded", 0), counted.get("usage_lost", 0)
    return Derived(
        requests=requests,
        requests_per_second=round(sum(rates.get(name, 0.0) for name in REQUESTS), DECIMALS),
        tcp_requests_per_second=round(rates.get("tcp_requests", 0.0), DECIMALS),
        udp_requests_per_second=round(rates.get("udp_requests", 0.0), DECIMALS),
        lrs_requests_per_second=round(rates.get("lrs_requests", 0.0), DECIMALS),
        memory_hit_percent=_percent(memory, memory + shared + missed),
        cache_hit_percent=_percent(memory + shared, memory + shared + missed),
        cache_miss_percent=_percent(missed, memory + shared + missed),
        udp_dropped_percent=_percent(counted.get("udp_packets_dropped", 0), counted.get("udp_packets_received", 0)),
        work_dropped_percent=_percent(counted.get("bg_work_dropped", 0), counted.get("bg_work_submitted", 0)),
        limited_percent=_percent(counted.get("rate_limited", 0) + counted.get("quota_refused", 0), requests),
        usage_lost_percent=_percent(lost, recorded + lost),
    )


def _percent(part: int, of: int) -> float | None:
    return round(100 * part / of, DECIMALS) if of > 0 else None

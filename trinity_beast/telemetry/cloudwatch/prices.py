"""The figures of `TrinityBeast/LPO`. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime

from trinity_beast.cloud import Figure
from trinity_beast.telemetry.cloudwatch.model import Account, PriceReading, added
from trinity_beast.telemetry.cloudwatch.shapes import counted, shared, spread, timed

NAMESPACE = "TrinityBeast/LPO"
UNSERVED = ("prices_stale", "prices_unavailable", "shed", "handed_refused", "questions_timed_out", "questions_refused")
"""What could not be served though its caller did nothing wrong: answered with a status of 500 and more, and counted."""
RUNTIME: Mapping[str, str] = {
    "TcpRequests": "tcp_requests",
    "UdpRequests": "udp_requests",
    "UdpPacketsDropped": "udp_packets_dropped",
    "BgWorkDropped": "bg_work_dropped",
    "DbWaitCount": "db_wait_count",
    "UsageLost": "usage_lost",
}
"""Six of the counters, by their name there."""


def price_account(read: Callable[[], PriceReading], *, node: str, series_most: Callable[[], int]) -> Account[PriceReading]:
    """Return what is told of the price service; `series_most` bounds how many assets and sources are told apart."""

    def tell(before: PriceReading, now: PriceReading, at: datetime) -> list[Figure]:
        return price_figures(before, now, at=at, node=node, series_most=series_most())

    return Account(NAMESPACE, read, tell)


def price_figures(before: PriceReading, now: PriceReading, *, at: datetime, node: str, series_most: int) -> list[Figure]:
    """Return the figures of what came between two readings."""
    came = {name: added(count, before.counters.get(name, 0)) for name, count in now.counters.items()}

    def sum_of(*names: str) -> int:
        return sum(came.get(name, 0) for name in names)

    return [
        counted("Requests", sum_of("tcp_requests", "udp_requests"), at=at, node=node),
        counted("ErrorCount", sum_of(*UNSERVED), at=at, node=node),
        counted("SourceFailover", added(now.venues_switched, before.venues_switched), at=at, node=node),
        *[counted(name, sum_of(counter), at=at, node=node) for name, counter in RUNTIME.items()],
        *shared("CacheHitRate", sum_of("syncmap_hits", "elasticache_hits"), sum_of("cache_misses"), at=at, node=node),
        *timed("AvgLatencyMs", now.latencies.since(before.latencies), at=at, node=node),
        *spread("RequestsByAsset", "Asset", before.by_asset, now.by_asset, most=series_most, at=at, node=node),
        *spread("RequestsBySource", "Source", before.by_source, now.by_source, most=series_most, at=at, node=node),
    ]

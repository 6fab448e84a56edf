"""The sixteen profiles that come with the program, as data.

The direct ones are for finding the ceiling of a node that clients reach without a balancer between: the governor sheds
nothing. Those through a balancer (ALB for TCP, NLB for UDP) are for seeing what production does: it does.
"""

from collections.abc import Mapping
from typing import Any

from trinity_beast.parameters.profiles import Profile

PRODUCTION, PRICE_STRESS, REPORT_STRESS, COMBINED = "production", "lpo-stress", "lrs-stress", "combined"

_GOVERNED = {"adaptive_enabled": True, "adaptive_max_concurrent": 6_000}
_UNGOVERNED = {"adaptive_enabled": False, "adaptive_max_concurrent": 1_000_000}
_DATAGRAMS_BOUND = {"udp_max_concurrent_lpo": 3_000}
_DATAGRAMS_FREE = {"udp_max_concurrent_lpo": 1_000_000}

# As many idle connections to the database as may be open: a pool that closes and opens again is what made answers wait.
# Pools of the shared cache are multiples of three.
_QUICK_CACHE = {"cache_dial_timeout_ms": 500, "cache_read_timeout_ms": 500, "cache_write_timeout_ms": 500}
_PRODUCTION_POOLS = {"db_max_open_conns": 150, "db_max_idle_conns": 150, "cache_pool_size": 300, "cache_min_idle_conns": 60, **_QUICK_CACHE}
_REPORT_POOLS = {
    "db_max_open_conns": 180, "db_max_idle_conns": 180, "cache_read_timeout_ms": 1_000,
    "reports_at_once_max": 99, "reports_at_once_per_key_max": 99,
}  # fmt: skip
_REPORTS_BOUND = {"udp_max_concurrent_lrs": 3_000}
_REPORTS_FREE = {"udp_max_concurrent_lrs": 10_000}
_IMPATIENT = {"http_idle_timeout_seconds": 300.0, "http_read_timeout_seconds": 5.0, "http_write_timeout_seconds": 5.0}
_KEPT_ALIVE = {**_IMPATIENT, "http_connections_max": 100_000, "http_connections_per_address_max": 100_000}

_QUIET = {"log_level": "error"}
_STRESS = {
    **_PRODUCTION_POOLS, **_QUIET, "cache_ttl_seconds": 300.0,
    "usage_ship_ms": 1_000, "usage_batch_records": 100_000, "usage_shipments_max": 3, "sqs_flush_ms": 50, "sqs_buffer_size": 1_000_000,
}  # fmt: skip
_PRICES = {**_STRESS, "cache_flush_seconds": 60.0}
_REPORTS = {**_STRESS, **_REPORT_POOLS}
_COMBINED = {**_PRICES, **_REPORT_POOLS}


def _profile(name: str, group: str, description: str, *values: Mapping[str, Any]) -> Profile:
    merged: dict[str, Any] = {}
    for each in values:
        merged |= each
    return Profile(name, description, merged, group=group)


PROFILES: Mapping[str, Profile] = {
    profile.name: profile
    for profile in (
        _profile(
            "demo", PRODUCTION, "A small machine that shows what it does: few connections, prices shared every few seconds.",
            {
                "cache_flush_seconds": 5.0, "adaptive_enabled": True, "adaptive_max_concurrent": 600, "usage_shipments_max": 1,
                "db_max_open_conns": 15, "db_max_idle_conns": 15, "cache_pool_size": 6, "cache_min_idle_conns": 0,
            },
        ),
        _profile(
            "debug", PRODUCTION, "Everything told and nothing hurried: parameters looked at and prices shared every few seconds.",
            {
                "log_level": "debug", "cache_ttl_seconds": 9.0, "cache_flush_seconds": 3.0, "parameter_refresh_seconds": 6.0,
                "db_max_open_conns": 12, "db_max_idle_conns": 12, "cache_pool_size": 6, "cache_min_idle_conns": 0,
                "cache_read_timeout_ms": 1_000, "cache_dial_timeout_ms": 3_000,
            },
        ),
        _profile(
            "fresh-price", PRODUCTION, "What production runs: prices no older than they must be, full pools, the governor on.",
            _PRODUCTION_POOLS, _QUIET, _GOVERNED, {"cache_ttl_seconds": 13.0, "stale_after_seconds": 60},
        ),
        _profile(
            "stress", PRICE_STRESS, "Prices under a load that production never sees, over TCP and UDP.",
            _PRICES, _UNGOVERNED, _DATAGRAMS_FREE, _KEPT_ALIVE,
        ),
        _profile("tcp-direct", PRICE_STRESS, "Prices over TCP, straight to the node.", _PRICES, _UNGOVERNED, _KEPT_ALIVE),
        _profile("tcp-alb", PRICE_STRESS, "Prices over TCP through the balancer.", _PRICES, _GOVERNED, _IMPATIENT),
        _profile("udp-direct", PRICE_STRESS, "Prices over UDP, straight to the node.", _PRICES, _UNGOVERNED, _DATAGRAMS_FREE),
        _profile("udp-nlb", PRICE_STRESS, "Prices over UDP through the balancer.", _PRICES, _GOVERNED, _DATAGRAMS_BOUND),
        _profile("lrs-direct", REPORT_STRESS, "Reports over TCP, straight to the node.", _REPORTS, _UNGOVERNED, _KEPT_ALIVE),
        _profile("lrs-alb", REPORT_STRESS, "Reports over TCP through the balancer.", _REPORTS, _GOVERNED, _IMPATIENT),
        _profile("lrs-udp-direct", REPORT_STRESS, "Reports over UDP, straight to the node.", _REPORTS, _UNGOVERNED, _REPORTS_FREE),
        _profile("lrs-udp-nlb", REPORT_STRESS, "Reports over UDP through the balancer.", _REPORTS, _GOVERNED, _REPORTS_BOUND),
        _profile(
            "combined-direct", COMBINED, "Prices and reports at once over TCP, straight to the node.",
            _COMBINED, _UNGOVERNED, _KEPT_ALIVE,
        ),
        _profile(
            "combined-alb", COMBINED, "Prices and reports at once over TCP through the balancer.",
            _COMBINED, _GOVERNED, _IMPATIENT,
        ),
        _profile(
            "combined-udp-direct", COMBINED, "Prices and reports at once over UDP, straight to the node.",
            _COMBINED, _UNGOVERNED, _DATAGRAMS_FREE, _REPORTS_FREE,
        ),
        _profile(
            "combined-udp-nlb", COMBINED, "Prices and reports at once over UDP through the balancer.",
            _COMBINED, _GOVERNED, _DATAGRAMS_BOUND, _REPORTS_BOUND,
        ),
    )
}  # fmt: skip

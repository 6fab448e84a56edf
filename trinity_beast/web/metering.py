"""One record for each answer Python gives to a known key, by the rules of the engine."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

Count = Callable[[str, int], None]
"""Counts so many by the name of a counter. `telemetry.Counters.add` is one."""

STATES: Mapping[str, str] = {"PRICE_STALE": "stale", "PRICE_UNAVAILABLE": "unavailable"}
"""What a price was worth, by the code that refused it."""

_COUNTERS: Mapping[str, tuple[str, ...]] = {
    "PRICE_STALE": ("prices_stale",),
    "PRICE_UNAVAILABLE": ("prices_unavailable", "cache_misses"),
    "ASSET_UNKNOWN": ("cache_misses",),
}


def counters_of(code: str) -> tuple[str, ...]:
    """Return what is counted of a price refused with `code`. Refusals of a key are counted where the key is spent."""
    return _COUNTERS.get(code, ())


class Meter(Protocol):
    """Where answered requests are recorded. `engine.Spool` keeps this."""

    def record(
        self,
        *,
        key_id: int,
        asset: str,
        asset_count: int,
        source: str,
        venue: str,
        cache_tier: str,
        state: str,
        code: str,
        status: int,
        protocol: str,
        latency_ns: int,
        answer_bytes: int,
        charged: bool,
        request_id: str,
    ) -> int:
        """Record an answer that is about to leave and return its sequence number (0: lost, and counted).

        `request_id` is the one the answer bears, or would bear had its caller given it no name of its own.
        """
        ...


def _nothing() -> None:
    """Cost nothing."""


def _any_number(_assets: int) -> None:
    """Allow it."""


@dataclass(slots=True)
class Usage:
    """What a route knows of the answer it gives; the edge adds what only it knows and records it once.

    `charge` is called once the route has something to tell, before it tells it: only what is served is paid for. `name_assets`
    is called with how many assets a request names, before any is looked up, and refuses what the key's tier does not include.
    """

    key_id: int
    charge: Callable[[], None] = _nothing
    name_assets: Callable[[int], None] = _any_number
    is_charged: bool = False
    asset: str = ""
    asset_count: int = 0
    source: str = ""
    venue: str = ""
    cache_tier: str = ""
    state: str = ""

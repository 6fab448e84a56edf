"""One record for each answer Python gives to a known key, by the rules of the engine."""

from dataclasses import dataclass
from typing import Protocol


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
    ) -> int:
        """Record an answer that is about to leave and return its sequence number (0: lost, and counted)."""
        ...


@dataclass(slots=True)
class Usage:
    """What a route knows of the answer it gives; the edge adds what only it knows and records it once."""

    key_id: int
    asset: str = ""
    asset_count: int = 0
    source: str = ""
    venue: str = ""
    cache_tier: str = ""
    state: str = ""

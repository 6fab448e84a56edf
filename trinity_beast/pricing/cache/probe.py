"""How the second tier fares, for the node's health."""

from dataclasses import asdict

from trinity_beast.pricing.cache.tier import CacheTier
from trinity_beast.storage import Valkey
from trinity_beast.telemetry import Finding, Probe, cache_probe


def cache_tier_probe(cache: Valkey, tier: CacheTier) -> Probe:
    """Return a probe that asks the cache for as little as can be asked, and tells what came of the tier."""
    reached = cache_probe(cache)

    async def probe() -> Finding:
        found = await reached()
        refused = {f"refused_{reason.value}": count for reason, count in tier.refused.items() if count}
        return Finding(found.is_ok, found.reason, {**found.facts, **asdict(tier.counts), **refused})

    return probe

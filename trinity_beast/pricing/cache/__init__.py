"""The second cache tier: prices shared with the other nodes through Valkey."""

from trinity_beast.pricing.cache.probe import cache_tier_probe
from trinity_beast.pricing.cache.shelf import Shelf
from trinity_beast.pricing.cache.tier import CacheTier

__all__ = ["CacheTier", "Shelf", "cache_tier_probe"]

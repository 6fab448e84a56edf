"""Tiers as data: listed, saved, removed, each change kept with who made it and why."""

from trinity_beast.access.tiers.rules import WantedTier, tier_mistakes
from trinity_beast.access.tiers.service import SavedTier, Tiers

__all__ = ["SavedTier", "Tiers", "WantedTier", "tier_mistakes"]

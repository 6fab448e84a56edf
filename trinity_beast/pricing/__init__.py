"""The book of prices: which trade answers for which asset, and whether it is young enough. Its face."""

from trinity_beast.pricing.book import BookOfPrices
from trinity_beast.pricing.cache import CacheTier, Shelf, cache_tier_probe
from trinity_beast.pricing.catching import Catching
from trinity_beast.pricing.demand import Demand
from trinity_beast.pricing.errands import Errands
from trinity_beast.pricing.errors import AssetUnknown, PriceStale, PriceUnavailable
from trinity_beast.pricing.model import Missing, Price, PriceList
from trinity_beast.pricing.parameters import STALE_AFTER_SECONDS
from trinity_beast.pricing.service import Prices
from trinity_beast.pricing.smoke import Smoke
from trinity_beast.pricing.tallies import Tallies
from trinity_beast.pricing.watch import Watch

__all__ = [
    "STALE_AFTER_SECONDS",
    "AssetUnknown",
    "BookOfPrices",
    "CacheTier",
    "Catching",
    "Demand",
    "Errands",
    "Missing",
    "Price",
    "PriceList",
    "PriceStale",
    "PriceUnavailable",
    "Prices",
    "Shelf",
    "Smoke",
    "Tallies",
    "Watch",
    "cache_tier_probe",
]

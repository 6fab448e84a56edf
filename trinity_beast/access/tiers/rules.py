"""Which values of a tier make sense."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from trinity_beast.access.features import feature_mistakes
from trinity_beast.errors import Mistake

NAME = re.compile(r"[a-z][a-z0-9_]{1,29}")
RATE_LEAST, RATE_MOST = Decimal("0.001"), Decimal(1_000_000)
BURST_MOST = 1_000_000
QUOTA_MOST = 2**53
CACHE_SECONDS_LEAST, CACHE_SECONDS_MOST = 1, 86_400


@dataclass(frozen=True, slots=True)
class WantedTier:
    """A tier as somebody wants it. A quota of None is no bound."""

    name: str
    rate_per_second: Decimal
    burst: int
    monthly_quota: int | None
    report_quota: int | None
    features: Mapping[str, object]
    key_cache_seconds: int
    unlimited: bool = False


def tier_mistakes(wanted: WantedTier) -> list[Mistake]:
    """Return everything that makes no sense, so that all of it can be mended at once."""
    found = []
    if not NAME.fullmatch(wanted.name):
        found.append(Mistake("tier", f"{wanted.name!r} is no name of a tier", "Say 2 to 30 small letters, digits or underscores."))
    rate = wanted.rate_per_second
    if not (rate.is_finite() and RATE_LEAST <= rate <= RATE_MOST and rate == round(rate, 3)):
        fix = f"Say {RATE_LEAST} to {RATE_MOST} requests a second, in thousandths."
        found.append(Mistake("rate_per_second", f"rate_per_second is {rate}", fix))
    if not 1 <= wanted.burst <= BURST_MOST:
        found.append(Mistake("burst", f"burst is {wanted.burst}", f"Say 1 to {BURST_MOST} requests at once."))
    for name, quota in (("monthly_quota", wanted.monthly_quota), ("report_quota", wanted.report_quota)):
        if quota is not None and not 0 <= quota <= QUOTA_MOST:
            found.append(Mistake(name, f"{name} is {quota}", f"Say 0 to {QUOTA_MOST} a month, or null for no bound."))
    if not CACHE_SECONDS_LEAST <= wanted.key_cache_seconds <= CACHE_SECONDS_MOST:
        fix = f"Say {CACHE_SECONDS_LEAST} to {CACHE_SECONDS_MOST} seconds."
        found.append(Mistake("key_cache_seconds", f"key_cache_seconds is {wanted.key_cache_seconds}", fix))
    return found + feature_mistakes(wanted.features)

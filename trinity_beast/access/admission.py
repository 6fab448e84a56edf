"""Who is let in, and with what."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TypeVar, assert_never

from trinity_beast.access.errors import KeyExpired, KeyInvalid, KeyRevoked
from trinity_beast.access.model import Grant, Key, KeyState, Kind, Refused, Tier
from trinity_beast.access.months import month_of, next_month

REMEMBER_INVALID_SECONDS = 30.0
REMEMBER_ENDED_SECONDS = 300.0

URL_KEY_RATE_MAX = Decimal(2)
URL_KEY_BURST_MAX = 10


def admission(key: Key | None, tier: Tier | None, *, now: datetime) -> Grant | Refused:
    """Decide what a key is told at `now`. None means that no key has the digest asked about."""
    if key is None or tier is None:
        return Refused(KeyInvalid.code, REMEMBER_INVALID_SECONDS)
    state = key.state(now)
    match state:
        case KeyState.REVOKED:
            return Refused(KeyRevoked.code, REMEMBER_ENDED_SECONDS)
        case KeyState.EXPIRED:
            return Refused(KeyExpired.code, REMEMBER_ENDED_SECONDS)
        case KeyState.LIVE | KeyState.RETIRING:
            return _grant(key, tier, now)
        case _:
            assert_never(state)


def _grant(key: Key, tier: Tier, now: datetime) -> Grant:
    own = key.restrictions
    rate = _least(tier.rate_per_second, own.rate_per_second)
    burst = _least(tier.burst, own.burst)
    if key.kind is Kind.URL:
        # A key in an address is read by proxies, logs and whoever looks at the sheet: little is lost with it.
        rate, burst = min(rate, URL_KEY_RATE_MAX), min(burst, URL_KEY_BURST_MAX)
    quota = tier.monthly_quota if own.monthly_quota is None else _least(own.monthly_quota, tier.monthly_quota)
    return Grant(
        key_id=key.key_id,
        tier=tier.name,
        rate_per_second=float(rate),
        burst=burst,
        quota=quota,
        quota_left=quota_left(key, quota, now=now),
        quota_resets_at=next_month(now),
        ends_at=key.ends_at,
        # Whoever gives a key limits of its own, or lets it travel in addresses, means them, whatever the tier may do.
        unlimited=tier.unlimited and not own.has_limits and key.kind is not Kind.URL,
        udp=tier.features.udp,
        in_url=key.kind.may_travel_in_url,
        cache_seconds=tier.key_cache_seconds,
        account_id=key.account_id,
        account_quota=tier.monthly_quota if key.account_id is not None else None,
        kind=key.kind,
        features=tier.features,
        restrictions=own,
        created_at=key.created_at,
        report_quota=None if tier.unlimited else tier.report_quota,
    )


def in_month_of(grant: Grant, now: datetime) -> Grant:
    """Return a grant as it stands in the month of `now`: where its own has ended, with a month that is whole."""
    if now < grant.quota_resets_at:
        return grant
    return replace(grant, quota_left=grant.quota or 0, quota_resets_at=next_month(now))


Limit = TypeVar("Limit", int, Decimal)


def _least(limit: Limit, other: Limit | None) -> Limit:
    return limit if other is None else min(limit, other)


def quota_left(key: Key, quota: int | None, *, now: datetime) -> int:
    """Return how many requests of `quota` the key has left this month; what it used in an older month is forgotten."""
    if quota is None:
        return 0
    used = key.quota_used if key.quota_month == month_of(now) else 0
    return max(0, quota - used)

"""How keys, tiers, accounts and their history are told, to programs over HTTP and in `--json` alike."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from trinity_beast.access.model import Account, IssuedKey, Key, Tier
from trinity_beast.access.months import month_of
from trinity_beast.audit import Entry
from trinity_beast.web import timestamp_of


class KeyTold(BaseModel):
    """A key as an operator sees it: everything but its secret, which exists nowhere."""

    key_id: int
    public_id: str
    account_id: int | None
    kind: str
    tier: str
    name: str
    state: str
    created_at: str
    ends_at: str | None
    revoked_at: str | None
    successor_id: int | None
    last_used_at: str | None = Field(description="When it was used last, to the minute.")
    quota_used: int = Field(description="Requests of this month, as far as they were written.")
    rate_per_second: float | None = Field(description="Its own, below its tier's; null: the tier's. So with burst and quota.")
    burst: int | None
    monthly_quota: int | None
    scopes: list[str] | None = Field(description="What it is for; null: all its tier includes.")
    networks: list[str] = Field(description="Where it may be used from; empty: anywhere.")
    origins: list[str] = Field(description="Whose pages may use it; empty: anybody's.")
    on_leak: str = Field(description="What becomes of it when it is found where it should not be: revoke or notify.")
    leaked_at: str | None


class ShownKeyTold(KeyTold):
    """One key, and its version."""

    version: int = Field(description="What a change expects that is to overwrite nobody else's.")


class IssuedKeyTold(KeyTold):
    """A key just made."""

    secret: str = Field(description="Told this once; it is stored nowhere.")


class TierTold(BaseModel):
    """A tier."""

    tier: str
    rate_per_second: float
    burst: int
    monthly_quota: int | None
    report_quota: int | None
    unlimited: bool
    features: dict[str, object]
    key_cache_seconds: int
    version: int


class AccountTold(BaseModel):
    """An account and how many keys it has."""

    account_id: int
    public_id: str
    name: str
    created_at: str
    keys: int


class EntryTold(BaseModel):
    """One change: who, when, why, and what differed."""

    entry_id: int
    at: str
    by: str
    reason: str
    action: str
    kind: str
    subject: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def key_told(key: Key, now: datetime) -> KeyTold:
    """Return a key as it is told at `now`."""
    return KeyTold(**_key(key, now))


def shown_told(key: Key, version: int, now: datetime) -> ShownKeyTold:
    """Return one key as it is told at `now`, with its version."""
    return ShownKeyTold(**_key(key, now), version=version)


def issued_told(issued: IssuedKey, now: datetime) -> IssuedKeyTold:
    """Return a key just made, its secret with it."""
    return IssuedKeyTold(**_key(issued.key, now), secret=issued.secret)


def tier_told(tier: Tier) -> TierTold:
    """Return a tier as it is told."""
    return TierTold(
        tier=tier.name,
        rate_per_second=float(tier.rate_per_second),
        burst=tier.burst,
        monthly_quota=tier.monthly_quota,
        report_quota=tier.report_quota,
        unlimited=tier.unlimited,
        features=tier.features.as_json(),
        key_cache_seconds=tier.key_cache_seconds,
        version=tier.version,
    )


def account_told(account: Account) -> AccountTold:
    """Return an account as it is told."""
    return AccountTold(
        account_id=account.account_id,
        public_id=account.public_id,
        name=account.name,
        created_at=timestamp_of(account.created_at),
        keys=account.keys,
    )


def entry_told(entry: Entry) -> EntryTold:
    """Return a change as it is told."""
    return EntryTold(
        entry_id=entry.entry_id,
        at=timestamp_of(entry.at),
        by=entry.by,
        reason=entry.reason,
        action=entry.action,
        kind=entry.kind,
        subject=entry.subject,
        before=_plain(entry.before),
        after=_plain(entry.after),
    )


def _key(key: Key, now: datetime) -> dict[str, Any]:
    own = key.restrictions
    return {
        "key_id": key.key_id,
        "public_id": key.public_id,
        "account_id": key.account_id,
        "kind": key.kind.value,
        "tier": key.tier,
        "name": key.name,
        "state": key.state(now).value,
        "created_at": timestamp_of(key.created_at),
        "ends_at": _moment(key.ends_at),
        "revoked_at": _moment(key.revoked_at),
        "successor_id": key.successor_id,
        "last_used_at": _moment(key.last_used_at),
        "quota_used": key.quota_used if key.quota_month == month_of(now) else 0,
        "rate_per_second": None if own.rate_per_second is None else float(own.rate_per_second),
        "burst": own.burst,
        "monthly_quota": own.monthly_quota,
        "scopes": None if own.scopes is None else sorted(scope.value for scope in own.scopes),
        "networks": list(own.networks),
        "origins": list(own.origins),
        "on_leak": key.on_leak.value,
        "leaked_at": _moment(key.leaked_at),
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else timestamp_of(moment)


def _plain(values: Mapping[str, object] | None) -> dict[str, Any] | None:
    return None if values is None else dict(values)

"""The nouns of access: keys, tiers, and what a key is told at the door."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from trinity_beast.access.features import ALL_FEATURES, Features
from trinity_beast.access.restrictions import NO_RESTRICTIONS, Restrictions, Scope, TierLimits


class Kind(StrEnum):
    """What a key is for. It stands in the secret, so that whoever finds one knows what they hold."""

    LIVE = "live"
    TEST = "test"
    DEMO = "demo"
    URL = "url"

    @property
    def may_travel_in_url(self) -> bool:
        """Whether a key of this kind may stand in an address, where it ends up in logs and histories."""
        return self in {Kind.DEMO, Kind.URL}


class KeyState(StrEnum):
    """How a key fares at one moment."""

    LIVE = "live"
    RETIRING = "retiring"
    EXPIRED = "expired"
    REVOKED = "revoked"


class OnLeak(StrEnum):
    """What becomes of a key that somebody found where it should not be."""

    REVOKE = "revoke"
    NOTIFY = "notify"


@dataclass(frozen=True, slots=True)
class Tier:
    """What a subscription allows: requests a second, how far ahead, how many a month, and what besides."""

    name: str
    rate_per_second: Decimal
    burst: int
    monthly_quota: int | None
    report_quota: int | None
    unlimited: bool
    features: Features
    key_cache_seconds: int
    version: int = 1

    @property
    def limits(self) -> TierLimits:
        """What no key of the tier may go beyond."""
        return TierLimits(self.rate_per_second, self.burst, self.monthly_quota)


@dataclass(frozen=True, slots=True)
class Account:
    """Whoever owns keys. Its keys share what is counted by account."""

    account_id: int
    public_id: str
    name: str
    created_at: datetime
    keys: int = 0


@dataclass(frozen=True, slots=True)
class Key:
    """A key as we keep it: everything but the secret, of which only `digest` exists."""

    key_id: int
    public_id: str
    digest: bytes
    kind: Kind
    tier: str
    name: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    retiring_at: datetime | None = None
    successor_id: int | None = None
    last_used_at: datetime | None = None
    quota_month: date | None = None
    quota_used: int = 0
    account_id: int | None = None
    restrictions: Restrictions = NO_RESTRICTIONS
    on_leak: OnLeak = OnLeak.REVOKE
    leaked_at: datetime | None = None

    @property
    def ends_at(self) -> datetime | None:
        """When the key stops answering by itself, if ever."""
        return min((end for end in (self.expires_at, self.retiring_at) if end is not None), default=None)

    def state(self, now: datetime) -> KeyState:
        """Return how the key fares at `now`; at the very moment of its end it has ended."""
        if self.revoked_at is not None:
            return KeyState.REVOKED
        if self.ends_at is not None and now >= self.ends_at:
            return KeyState.EXPIRED
        return KeyState.RETIRING if self.retiring_at is not None else KeyState.LIVE


@dataclass(frozen=True, slots=True)
class KeyCensus:
    """How old keys are, and how many want a look: `idle` ones live and were not used for 90 days, `ending` ones end within 30."""

    live: int
    ended: int
    leaked: int
    idle: int
    ending: int
    oldest_at: datetime | None
    """When the oldest key that lives was made."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key about to be kept; the store gives it its number."""

    public_id: str
    digest: bytes
    kind: Kind
    tier: str
    name: str
    created_at: datetime
    expires_at: datetime | None = None
    account_id: int | None = None
    restrictions: Restrictions = NO_RESTRICTIONS
    on_leak: OnLeak = OnLeak.REVOKE
    quota_month: date | None = None
    quota_used: int = 0


@dataclass(frozen=True, slots=True)
class KeyFilter:
    """Which keys are wanted, those after `after_id` by number. Empty means all."""

    account_id: int | None = None
    tier: str = ""
    after_id: int = 0
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key just made. `secret` exists in this value and nowhere else."""

    key: Key
    secret: str

    def __repr__(self) -> str:
        return f"IssuedKey(key_id={self.key.key_id})"  # A secret must not reach a log by way of a repr.


@dataclass(frozen=True, slots=True)
class Grant:
    """What one key may do, as the engine is told it."""

    key_id: int
    tier: str
    rate_per_second: float
    burst: int
    quota: int | None
    quota_left: int
    quota_resets_at: datetime
    ends_at: datetime | None
    unlimited: bool
    udp: bool
    in_url: bool
    cache_seconds: int
    account_id: int | None = None
    kind: Kind = Kind.LIVE
    features: Features = ALL_FEATURES
    restrictions: Restrictions = NO_RESTRICTIONS
    created_at: datetime | None = None
    report_quota: int | None = None
    """How many reports a month, or None without a bound."""
    account_quota: int | None = None
    """What all keys of the account may ask together in a month."""
    in_blocks: bool = False
    """What is left of the month is handed to the engine in blocks; `quota_left` is what the store thought."""

    def allows(self, scope: Scope) -> bool:
        """Whether the key may be used for this. One that travels in addresses is for prices alone, whatever was made of it."""
        return self.restrictions.allows(scope) and (self.kind is not Kind.URL or scope is Scope.PRICES)


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a key is not let in, and how long that may be believed without looking again."""

    code: str
    remember_seconds: float


@dataclass(frozen=True, slots=True)
class Change:
    """A key, or every key of a tier, that somebody has changed. Exactly one of the two is given."""

    digest: bytes | None = None
    tier: str | None = None
    changed_at: datetime | None = None

"""What is asked over the admin API of keys and tiers. A misspelt name is refused, and nothing is bent into another type."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from trinity_beast.access.model import Kind, OnLeak
from trinity_beast.access.restrictions import Restrictions, Scope
from trinity_beast.access.service import OVERLAP_MAX, Wanted
from trinity_beast.access.tiers import WantedTier
from trinity_beast.audit import Signature
from trinity_beast.web import NUMBER_MAX

Reason = Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$", description="Why; kept with the change.")]
KeyNamed = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_]+$", description="The key's number or its public id.")]
TierNamed = Annotated[str, Field(min_length=1, max_length=30, pattern=r"^[a-z0-9_]+$")]
Name = Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")]
Place = Annotated[str, Field(max_length=300, pattern=r"^[^\x00]*$")]
ScopeNamed = Annotated[Scope, Field(strict=False)]
Quota = Annotated[int | None, Field(ge=-NUMBER_MAX, le=NUMBER_MAX)]
Rate = Annotated[float | None, Field(allow_inf_nan=False, ge=-1e9, le=1e9)]
Expected = Annotated[
    int | None, Field(ge=0, le=NUMBER_MAX, description="The version this change was made to; 409 when it is another by now. 0: none yet.")
]
Count = Annotated[int, Field(ge=-(2**31), lt=2**31)]


class Body(BaseModel):
    """What is sent. A misspelt name is refused, not ignored; nothing is bent into another type."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: Reason = ""

    def signed(self, who: object) -> Signature:
        """Return who makes this change and why."""
        return Signature(str(who), self.reason)


class RestrictionsAsked(Body):
    """What a key is to be kept to; what is left out is the tier's, or anywhere."""

    rate_per_second: Rate = None
    burst: Count | None = None
    monthly_quota: Quota = None
    scopes: list[ScopeNamed] | None = Field(default=None, max_length=20)
    networks: list[Place] = Field(default_factory=list, max_length=1_000)
    origins: list[Place] = Field(default_factory=list, max_length=1_000)

    def restrictions(self) -> Restrictions:
        """Return what is asked, to be judged by the rules."""
        return Restrictions(
            None if self.rate_per_second is None else Decimal(str(self.rate_per_second)),
            self.burst,
            self.monthly_quota,
            None if self.scopes is None else frozenset(self.scopes),
            tuple(self.networks),
            tuple(self.origins),
        )


class IssueKey(RestrictionsAsked):
    """A key to be made."""

    tier: TierNamed
    name: Name
    kind: str = Field(default="live", pattern="^(live|test|url)$", description="live, test, or url for one that may stand in an address.")
    account: str = Field(default="", max_length=40, pattern=r"^[A-Za-z0-9_]*$", description="Whose it is: number or public id.")
    expires_at: str | None = Field(default=None, max_length=40, description="When it ends, such as 2027-01-31T12:00:00Z.")
    on_leak: str = Field(default="revoke", pattern="^(revoke|notify)$")

    def wanted(self) -> Wanted:
        """Return what is asked.

        Raises:
            ValueError: the expiry is no time.
        """
        expires_at = None if self.expires_at is None else _moment(self.expires_at)
        kind, on_leak = Kind(self.kind), OnLeak(self.on_leak)
        return Wanted(self.tier, self.name, kind, expires_at, self.account, self.restrictions(), on_leak)


class RestrictKey(RestrictionsAsked):
    """What a key is to be kept to from now on, and nothing else."""

    key: KeyNamed
    expected_version: Expected = None
    on_leak: str | None = Field(default=None, pattern="^(revoke|notify)$", description="Left out, as it is.")


class RotateKey(Body):
    """A key to be replaced."""

    key: KeyNamed
    overlap_seconds: int = Field(default=86_400, ge=0, le=int(OVERLAP_MAX.total_seconds()), description="How long the old one answers.")

    @property
    def overlap(self) -> timedelta:
        """Return how long both answer."""
        return timedelta(seconds=self.overlap_seconds)


class OneKey(Body):
    """A key that is meant."""

    key: KeyNamed


class OpenAccount(Body):
    """An account to be opened."""

    name: Name


class SaveTier(Body):
    """A whole tier, new or changed."""

    tier: TierNamed
    rate_per_second: Annotated[float, Field(allow_inf_nan=False, ge=-1e9, le=1e9)]
    burst: Count
    monthly_quota: Quota = Field(description="Requests a month; null: no bound.")
    report_quota: Quota = Field(description="Reports a month; null: no bound.")
    features: dict[Annotated[str, Field(max_length=60)], bool | int] = Field(max_length=50)
    key_cache_seconds: Count
    unlimited: bool = Field(default=False, description="Neither rate nor quota bind.")
    expected_version: Expected = None

    def wanted(self) -> WantedTier:
        """Return what is asked."""
        return WantedTier(
            self.tier,
            Decimal(str(self.rate_per_second)),
            self.burst,
            self.monthly_quota,
            self.report_quota,
            self.features,
            self.key_cache_seconds,
            self.unlimited,
        )


class OneTier(Body):
    """A tier that is meant."""

    tier: TierNamed


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

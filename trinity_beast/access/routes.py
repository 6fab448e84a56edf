"""A caller's key over HTTP: what lets a route's callers in, and what a key is told of itself."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from trinity_beast.access.callers import SECOND_NS, Callers, KeyStanding
from trinity_beast.access.errors import KeyExpired, KeyInvalid, KeyMissing, KeyRevoked, TierForbids
from trinity_beast.access.operators import Operator, Operators
from trinity_beast.storage import DependencyAway
from trinity_beast.web import Caller, Credentials, Usage, current, refusals, timestamp_of

Admitted = Callable[[Caller], Awaitable[Usage]]
"""A dependency that lets a caller in, takes one token, and returns what will be recorded and paid."""

Operated = Callable[[Request], Awaitable[Operator]]
"""A dependency that lets operators in, and nobody else."""


class KeyTold(BaseModel):
    """A key's limits and use, as its owner sees them."""

    tier: str | None = Field(description="The tier, where it is known here.")
    rate_per_second: float
    burst: int = Field(description="How many requests may come at once.")
    burst_left: int
    quota: int | None = Field(description="Requests a month; null without a bound.")
    quota_left: int | None
    quota_used: int | None
    quota_resets_at: str | None
    expires_at: str | None
    unlimited: bool
    udp: bool | None = Field(description="Whether the key answers over UDP, where it is known here.")
    in_url: bool | None = Field(description="Whether the key may stand in a URL, where it is known here.")


def admission(callers: Callers) -> Admitted:
    """Return the dependency that routes behind a key declare."""

    async def admitted(caller: Caller) -> Usage:
        passage = await callers.admit(caller.secret, in_url=caller.in_url)
        asked = current()
        asked.headers.extend(passage.headers)
        usage = Usage(key_id=passage.key_id, charge=partial(_charge, callers, caller))
        if passage.key_id:
            asked.usage = usage
        if passage.refusal is not None:
            raise passage.refusal
        return usage

    return admitted


def operation(operators: Operators) -> Operated:
    """Return the dependency that every route under `/admin` declares."""

    async def operator(request: Request) -> Operator:
        # Only from this header: an admin key in an address would stay in histories and in the logs of proxies.
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        address = request.client.host if request.client else ""
        given = secret.strip() if scheme.lower() == "bearer" else None
        # Headers are handed on as Latin-1; a name is written in UTF-8.
        name = request.headers.get("x-operator", "").encode("latin-1").decode("utf-8", "replace")
        return operators.admit(given, address=address, name=name)

    return operator


def _charge(callers: Callers, caller: Credentials) -> None:
    """Spend a unit of the caller's month, and tell the limits as they are after it."""
    charged = callers.charge(caller.secret or "")
    asked, told_anew = current(), {name for name, _ in charged.headers}
    asked.headers[:] = [header for header in asked.headers if header[0] not in told_anew] + list(charged.headers)
    if charged.refusal is not None:
        raise charged.refusal
    if asked.usage is not None:
        asked.usage.is_charged = True


def key_routes(callers: Callers) -> APIRouter:
    """Return the route a key's owner asks about it."""
    router = APIRouter(tags=["key"])

    @router.get("/key", responses=refusals(KeyMissing, KeyInvalid, KeyRevoked, KeyExpired, TierForbids, DependencyAway))
    async def own_limits(caller: Caller) -> KeyTold:
        """Tell the key's limits and what is left of them. Free and uncounted."""
        standing = await callers.standing(caller.secret, in_url=caller.in_url)
        current().headers.extend(standing.limits.headers)
        return _told(standing)

    return router


def _told(standing: KeyStanding) -> KeyTold:
    limits, grant = standing.limits, standing.grant
    has_quota = limits.quota is not None and limits.quota_left is not None
    return KeyTold(
        tier=grant.tier if grant else None,
        rate_per_second=limits.rate_per_second,
        burst=limits.burst,
        burst_left=limits.tokens_left,
        quota=limits.quota,
        quota_left=limits.quota_left,
        quota_used=(limits.quota or 0) - (limits.quota_left or 0) if has_quota else None,
        quota_resets_at=timestamp_of(datetime.fromtimestamp(limits.quota_resets_at_ns // SECOND_NS, UTC)) if has_quota else None,
        expires_at=timestamp_of(grant.ends_at) if grant and grant.ends_at else None,
        unlimited=limits.unlimited,
        udp=grant.udp if grant else None,
        in_url=grant.in_url if grant else None,
    )

"""A caller's key over HTTP: what lets a route's callers in, and what a key is told of itself."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time
from functools import partial

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field

from trinity_beast.access.callers import SECOND_NS, Approach, Callers, KeyStanding
from trinity_beast.access.calls import Call, Calls
from trinity_beast.access.errors import KeyExpired, KeyForbids, KeyInvalid, KeyMissing, KeyRevoked, KeyTriesSpent, TierForbids
from trinity_beast.access.model import Grant
from trinity_beast.access.months import month_of
from trinity_beast.access.operators import Operator, Operators
from trinity_beast.access.projection import projection
from trinity_beast.access.restrictions import Scope
from trinity_beast.access.windows import windows
from trinity_beast.storage import DependencyAway
from trinity_beast.web import Asked, Caller, Credentials, Guard, RequestInvalid, Usage, current, refusals, timestamp_of

Admitted = Callable[[Caller], Awaitable[Usage]]
"""A dependency that lets a caller in, takes one token, and returns what will be recorded and paid."""

OPERATORS = "/admin/"
"""Where what is theirs begins."""
PATH_CHARACTERS_MAX = 200
_LET_IN = "trinity_beast.operator"

Operated = Callable[[Request], Awaitable[Operator]]
"""A dependency that lets operators in, and nobody else."""


class WindowTold(BaseModel):
    """One of a key's limits and what is left of it, exact to the last request of this node."""

    name: str = Field(description="As `RateLimit` names it: `burst`, or `month`.")
    limit: int
    used: int
    left: int
    window_seconds: int = Field(description="`burst`: until an empty bucket is full. `month`: how long this month is.")
    more_in_seconds: int = Field(description="Until there is more; 0 where nothing is used.")


class MonthToldAhead(BaseModel):
    """How the month ends if the key goes on as it has since the month, or the key, began."""

    used_by_end: int
    spent_at: str | None = Field(description="When the month's requests will be used up; null where they last.")


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
    kind: str | None = Field(description="`live`, `test`, `demo` or `url`, where it is known here.")
    scopes: list[str] | None = Field(description="What the key is for; null where it is for whatever its tier includes.")
    features: dict[str, object] | None = Field(description="What the tier includes, where it is known here.")
    windows: list[WindowTold]
    projection: MonthToldAhead | None = Field(description="Null without a monthly bound.")


def admission(callers: Callers, scope: Scope = Scope.PRICES) -> Admitted:
    """Return the dependency that routes behind a key declare: for what a key must be let in there."""

    async def admitted(caller: Caller) -> Usage:
        came = Approach(caller.in_url, caller.address, caller.origin, caller.is_read)
        passage = await callers.admit(caller.secret, came, scope=scope)
        asked = current()
        asked.headers.extend(passage.headers)
        usage = Usage(key_id=passage.key_id, charge=partial(_charge, callers, caller), name_assets=partial(_expect_batch, passage.grant))
        if passage.key_id:
            asked.usage = usage
        if passage.refusal is not None:
            raise passage.refusal
        return usage

    return admitted


def operation(operators: Operators) -> Operated:
    """Return the dependency that every route under `/admin` declares."""

    async def operator(request: Request) -> Operator:
        who = request.scope.get(_LET_IN)
        if not isinstance(who, Operator):
            who = _admitted(operators, request)
        _expect_known_names(request)
        return who

    return operator


def guarding(operators: Operators, calls: Calls) -> Guard:
    """Return what sees every request first: nobody but operators goes on to what is theirs, and each call is accounted for.

    Before the body is read, so that nobody without the key has us read it; and whether or not there is such an address, so that
    only operators learn that.
    """

    def guard(request: Request) -> None:
        if not str(request.scope["path"]).startswith(OPERATORS):
            return
        asked, nobody = current(), f"nobody ({request.client.host if request.client else ''})"
        asked.on_answered = partial(_note_call, calls, asked, request, nobody)
        who = request.scope[_LET_IN] = _admitted(operators, request)
        asked.on_answered = partial(_note_call, calls, asked, request, str(who))

    return guard


def _admitted(operators: Operators, request: Request) -> Operator:
    # Only from this header: an admin key in an address would stay in histories and in the logs of proxies.
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    address = request.client.host if request.client else ""
    given = secret.strip() if scheme.lower() == "bearer" else None
    # Headers are handed on as Latin-1; a name is written in UTF-8.
    name = request.headers.get("x-operator", "").encode("latin-1").decode("utf-8", "replace")
    return operators.admit(given, address=address, name=name)


def _note_call(calls: Calls, asked: Asked, request: Request, by: str, status: int) -> None:
    path = "".join(each if each.isprintable() else "?" for each in str(request.scope["path"])[:PATH_CHARACTERS_MAX])
    is_let_in = _LET_IN in request.scope
    milliseconds = round(asked.latency_ns / 1_000_000, 3)
    now, code = asked.clock.now(), asked.code
    calls.note(Call(now, by, asked.method, path, code, status, asked.request_id, milliseconds, is_let_in, asked.changes))


def _expect_known_names(request: Request) -> None:
    """Refuse what a route has no name for: passed over, a misspelt one would have it do something else than was asked."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or route.openapi_extra:  # One that describes its names itself reads them itself.
        return
    known = {field.alias for field in route.dependant.query_params}
    for name in request.query_params:
        if name not in known:
            raise RequestInvalid(reason=f"{name[:40]} is no parameter here", location=f"query.{name[:40]}")


def _charge(callers: Callers, caller: Credentials) -> None:
    """Spend a unit of the caller's month, and tell the limits as they are after it."""
    charged = callers.charge(caller.secret or "")
    asked, told_anew = current(), {name for name, _ in charged.headers}
    asked.headers[:] = [header for header in asked.headers if header[0] not in told_anew] + list(charged.headers)
    if charged.refusal is not None:
        raise charged.refusal
    if asked.usage is not None:
        asked.usage.is_charged = True


def _expect_batch(grant: Grant | None, assets: int) -> None:
    """Refuse more assets at once than the key's tier includes."""
    if grant is not None and assets > grant.features.batch_assets_max:
        raise TierForbids(tier=grant.tier, feature=f"more than {grant.features.batch_assets_max} assets in one request")


def key_routes(callers: Callers) -> APIRouter:
    """Return the route a key's owner asks about it."""
    router = APIRouter(tags=["key"])

    told_no = refusals(KeyMissing, KeyInvalid, KeyRevoked, KeyExpired, KeyTriesSpent, TierForbids, KeyForbids, DependencyAway)

    @router.get("/key", responses=told_no)
    async def own_limits(caller: Caller) -> KeyTold:
        """Tell the key's limits and what is left of them. Free and uncounted."""
        standing = await callers.standing(caller.secret, Approach(caller.in_url, caller.address, caller.origin, caller.is_read))
        current().headers.extend(standing.limits.headers)
        return _told(standing, current().clock.now())

    return router


def _ahead(standing: KeyStanding, now: datetime) -> MonthToldAhead | None:
    limits, grant = standing.limits, standing.grant
    if limits.quota is None or limits.quota_left is None or limits.unlimited:
        return None
    ends_at = datetime.fromtimestamp(limits.quota_resets_at_ns // SECOND_NS, UTC)
    since = datetime.combine(month_of(now), time.min, UTC)
    if grant is not None and grant.created_at is not None:
        since = max(since, grant.created_at)
    ahead = projection(limits.quota - limits.quota_left, limits.quota, since=since, now=now, ends_at=ends_at)
    return MonthToldAhead(used_by_end=ahead.used, spent_at=timestamp_of(ahead.spent_at) if ahead.spent_at else None)


def _told(standing: KeyStanding, now: datetime) -> KeyTold:
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
        kind=grant.kind.value if grant else None,
        scopes=sorted(grant.restrictions.scopes) if grant and grant.restrictions.scopes is not None else None,
        features=grant.features.as_json() if grant else None,
        windows=[
            WindowTold(
                name=window.name,
                limit=window.limit,
                used=window.used,
                left=window.left,
                window_seconds=window.window_seconds,
                more_in_seconds=window.more_in_seconds,
            )
            for window in windows(limits.headers)
        ],
        projection=_ahead(standing, now),
    )

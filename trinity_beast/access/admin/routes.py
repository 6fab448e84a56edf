"""Keys, accounts and the trail over HTTP, for operators."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from trinity_beast.access.accounts import Accounts
from trinity_beast.access.asked import IssueKey, OneKey, OpenAccount, RestrictKey, RotateKey
from trinity_beast.access.errors import (
    ADMIN_REFUSALS,
    AccountUnknown,
    KeyExpiryInvalid,
    KeyNameInvalid,
    KeyRestrictionsInvalid,
    KeyUnknown,
    TierUnknown,
)
from trinity_beast.access.model import KeyFilter, OnLeak
from trinity_beast.access.operators import Operator
from trinity_beast.access.service import Keys
from trinity_beast.access.told import (
    AccountTold,
    EntryTold,
    IssuedKeyTold,
    KeyTold,
    ShownKeyTold,
    account_told,
    entry_told,
    issued_told,
    key_told,
    shown_told,
)
from trinity_beast.audit import Audit, Sought
from trinity_beast.clock import Clock
from trinity_beast.errors import ChangedMeanwhile
from trinity_beast.storage import DependencyAway
from trinity_beast.web import NUMBER_MAX, RequestInvalid, current, refusals

PAGE_MAX = 1_000
_ANYWHERE = (*ADMIN_REFUSALS, DependencyAway)
OneKeyAsked = Annotated[str, Query(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_]+$", description="Number or public id.")]


class KeysTold(BaseModel):
    """Keys; `next_after` asks for those after them, and is null at the end."""

    keys: list[KeyTold]
    next_after: int | None


class AccountsTold(BaseModel):
    """Every account."""

    accounts: list[AccountTold]


class TrailTold(BaseModel):
    """Changes, the newest first; `next_before` asks for those before them, and is null at the end."""

    entries: list[EntryTold]
    next_before: int | None


class Invalidated(BaseModel):
    """A key every node of this database was told to look up anew."""

    key_id: int
    public_id: str


def key_admin_routes(
    keys: Keys, accounts: Accounts, *, operator: Callable[..., Awaitable[Operator]], clock: Clock
) -> APIRouter:  # fmt: skip
    """Return the routes for keys and accounts. `operator` lets operators in."""
    router = APIRouter(prefix="/admin", tags=["keys"])
    _reading_routes(router, keys, accounts, operator, clock)
    _changing_routes(router, keys, accounts, operator, clock)
    return router


def trail_routes(audit: Audit, *, operator: Callable[..., Awaitable[Operator]]) -> APIRouter:
    """Return the route that tells who changed what."""
    router = APIRouter(prefix="/admin", tags=["trail"])

    @router.get("/audit", responses=refusals(*_ANYWHERE))
    async def trail(
        _who: Annotated[Operator, Depends(operator)],
        kind: Annotated[str, Query(max_length=40, pattern=r"^[a-z_]*$", description="Only of this kind: key, tier, account …")] = "",
        subject: Annotated[str, Query(max_length=100, description="Only changes of this one.")] = "",
        before: Annotated[int | None, Query(ge=1, le=NUMBER_MAX, description="Only entries below this one.")] = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
    ) -> TrailTold:
        """List changes, the newest first: who, when, why, and what differed."""
        if "\x00" in subject:
            raise RequestInvalid(reason="subject holds a zero byte", location="query.subject")
        entries = await audit.entries(Sought(kind, subject, before, limit))
        return TrailTold(
            entries=[entry_told(entry) for entry in entries], next_before=entries[-1].entry_id if len(entries) == limit else None
        )

    return router


def _reading_routes(
    router: APIRouter, keys: Keys, accounts: Accounts, operator: Callable[..., Awaitable[Operator]], clock: Clock
) -> None:  # fmt: skip
    @router.get("/keys", responses=refusals(*_ANYWHERE, AccountUnknown))
    async def list_keys(
        _who: Annotated[Operator, Depends(operator)],
        account: Annotated[str, Query(max_length=40, pattern=r"^[A-Za-z0-9_]*$", description="Only this account's.")] = "",
        tier: Annotated[str, Query(max_length=30, pattern=r"^[a-z0-9_]*$", description="Only this tier's.")] = "",
        after: Annotated[int, Query(ge=0, lt=2**31, description="Only keys numbered above this.")] = 0,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100,
    ) -> KeysTold:
        """List keys by number, a page at a time, ended ones too."""
        account_id = await accounts.account_id_of(account) if account else None
        found = await keys.listing(KeyFilter(account_id, tier, after, limit))
        now = clock.now()
        return KeysTold(keys=[key_told(key, now) for key in found], next_after=found[-1].key_id if len(found) == limit else None)

    @router.get("/keys/show", responses=refusals(*_ANYWHERE, KeyUnknown))
    async def show_key(_who: Annotated[Operator, Depends(operator)], key: OneKeyAsked) -> ShownKeyTold:
        """Tell everything about one key; its secret is not kept and cannot be told."""
        found = await keys.key(await keys.named(key))
        return shown_told(found, await keys.version_of(found), clock.now())

    @router.get("/accounts", responses=refusals(*_ANYWHERE))
    async def list_accounts(_who: Annotated[Operator, Depends(operator)]) -> AccountsTold:
        """List every account and how many keys it has."""
        return AccountsTold(accounts=[account_told(account) for account in await accounts.listing()])


def _changing_routes(
    router: APIRouter, keys: Keys, accounts: Accounts, operator: Callable[..., Awaitable[Operator]], clock: Clock
) -> None:  # fmt: skip
    @router.post(
        "/keys/issue",
        status_code=201,
        responses=refusals(*_ANYWHERE, TierUnknown, AccountUnknown, KeyNameInvalid, KeyExpiryInvalid, KeyRestrictionsInvalid),
    )
    async def issue_key(who: Annotated[Operator, Depends(operator)], body: IssueKey) -> IssuedKeyTold:
        """Make a key. Its secret is in this answer and is never told again."""
        try:
            wanted = body.wanted()
        except ValueError as error:
            raise RequestInvalid(reason=str(error), location="body.expires_at") from error
        _keep_nowhere()
        return issued_told(await keys.make(wanted, body.signed(who)), clock.now())

    @router.post("/keys/rotate", status_code=201, responses=refusals(*_ANYWHERE, KeyUnknown))
    async def rotate_key(who: Annotated[Operator, Depends(operator)], body: RotateKey) -> IssuedKeyTold:
        """Replace a key by one like it. The old one answers for the overlap; the new secret is in this answer alone."""
        _keep_nowhere()
        issued = await keys.rotate(await keys.named(body.key), overlap=body.overlap, by=body.signed(who))
        return issued_told(issued, clock.now())

    @router.post("/keys/restrict", responses=refusals(*_ANYWHERE, KeyUnknown, KeyRestrictionsInvalid, ChangedMeanwhile))
    async def restrict_key(who: Annotated[Operator, Depends(operator)], body: RestrictKey) -> ShownKeyTold:
        """Keep a key to these limits, uses, networks and origins and no others, everywhere within a second."""
        on_leak = None if body.on_leak is None else OnLeak(body.on_leak)
        key_id = await keys.named(body.key)
        expected = body.expected_version
        key = await keys.restrict(key_id, body.restrictions(), on_leak=on_leak, by=body.signed(who), expected_version=expected)
        return shown_told(key, await keys.version_of(key), clock.now())

    @router.post("/keys/revoke", responses=refusals(*_ANYWHERE, KeyUnknown))
    async def revoke_key(who: Annotated[Operator, Depends(operator)], body: OneKey) -> KeyTold:
        """End a key at once; every node refuses it within a second. Revoking twice changes nothing."""
        return key_told(await keys.revoke(await keys.named(body.key), by=body.signed(who)), clock.now())

    @router.post("/invalidate-key", responses=refusals(*_ANYWHERE, KeyUnknown))
    async def invalidate_key(_who: Annotated[Operator, Depends(operator)], body: OneKey) -> Invalidated:
        """Have every node look a key up anew, whatever it holds of it. Nothing about the key is changed."""
        key = await keys.key(await keys.named(body.key))
        await keys.announce(key)
        return Invalidated(key_id=key.key_id, public_id=key.public_id)

    @router.post("/accounts/open", status_code=201, responses=refusals(*_ANYWHERE, KeyNameInvalid))
    async def open_account(who: Annotated[Operator, Depends(operator)], body: OpenAccount) -> AccountTold:
        """Open an account, which may have several keys."""
        return account_told(await accounts.open(body.name, body.signed(who)))


def _keep_nowhere() -> None:
    """Have the answer kept by no cache on its way: it holds a secret."""
    current().headers.append(("Cache-Control", "no-store"))

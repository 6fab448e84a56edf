"""Tiers over HTTP, for operators."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from trinity_beast.access.asked import OneTier, SaveTier
from trinity_beast.access.errors import ADMIN_REFUSALS, TierChanged, TierInUse, TierInvalid, TierUnknown
from trinity_beast.access.operators import Operator
from trinity_beast.access.tiers.service import Tiers
from trinity_beast.access.told import EntryTold, TierTold, entry_told, tier_told
from trinity_beast.storage import DependencyAway
from trinity_beast.web import NUMBER_MAX, refusals

_ANYWHERE = (*ADMIN_REFUSALS, DependencyAway)
OneTierAsked = Annotated[str, Query(min_length=1, max_length=30, pattern=r"^[a-z0-9_]+$")]


class TiersTold(BaseModel):
    """Every tier, the slowest first."""

    tiers: list[TierTold]


class SavedTold(TierTold):
    """A tier as it is now, and whether saving it changed anything."""

    is_changed: bool


class HistoryTold(BaseModel):
    """A tier's changes, the newest first."""

    tier: str
    entries: list[EntryTold]


class Removed(BaseModel):
    """A tier that is no more."""

    tier: str


def tier_routes(tiers: Tiers, *, operator: Callable[..., Awaitable[Operator]]) -> APIRouter:
    """Return the routes for tiers. `operator` lets operators in."""
    router = APIRouter(prefix="/admin/tiers", tags=["tiers"])

    @router.get("", responses=refusals(*_ANYWHERE))
    async def list_tiers(_who: Annotated[Operator, Depends(operator)]) -> TiersTold:
        """List every tier: its limits, its features, how long its keys are believed without a look."""
        return TiersTold(tiers=[tier_told(tier) for tier in await tiers.listing()])

    @router.get("/show", responses=refusals(*_ANYWHERE, TierUnknown))
    async def show_tier(_who: Annotated[Operator, Depends(operator)], tier: OneTierAsked) -> TierTold:
        """Tell one tier."""
        return tier_told(await tiers.tier(tier))

    @router.post("/save", responses=refusals(*_ANYWHERE, TierInvalid, TierChanged))
    async def save_tier(who: Annotated[Operator, Depends(operator)], body: SaveTier) -> SavedTold:
        """Save a whole tier, new or changed. Its keys have it within a second, on every node; what they spent stays spent."""
        saved = await tiers.save(body.wanted(), body.signed(who), expected_version=body.expected_version)
        return SavedTold(**tier_told(saved.tier).model_dump(), is_changed=saved.is_changed)

    @router.post("/remove", responses=refusals(*_ANYWHERE, TierUnknown, TierInUse))
    async def remove_tier(who: Annotated[Operator, Depends(operator)], body: OneTier) -> Removed:
        """Remove a tier that no key has, ended ones included."""
        await tiers.remove(body.tier, body.signed(who))
        return Removed(tier=body.tier)

    @router.get("/history", responses=refusals(*_ANYWHERE))
    async def tier_history(
        _who: Annotated[Operator, Depends(operator)],
        tier: OneTierAsked,
        before: Annotated[int | None, Query(ge=1, le=NUMBER_MAX, description="Only entries below this one.")] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> HistoryTold:
        """List a tier's changes, the newest first: who, when, why, what it was before and after. A removed one has its history too."""
        return HistoryTold(tier=tier, entries=[entry_told(entry) for entry in await tiers.history(tier, before=before, limit=limit)])

    return router

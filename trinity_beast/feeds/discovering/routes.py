"""Discovery and sync over HTTP, for operators."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from trinity_beast.access import ADMIN_REFUSALS, Operator
from trinity_beast.errors import ChangedMeanwhile
from trinity_beast.feeds.asked import ID_MAX, VenueName
from trinity_beast.feeds.auditing.export import candidates_csv
from trinity_beast.feeds.discovering.service import Discovery
from trinity_beast.feeds.discovering.sync import FromAudit, FromList, Syncer
from trinity_beast.feeds.discovering.told import FoundTold, SyncedTold, found_told, synced_told
from trinity_beast.feeds.errors import (
    AuditUnfinished,
    AuditUnknown,
    MapRowsInvalid,
    PlanChanged,
    VenueAway,
    VenueUnknown,
    VenueUnlisted,
)
from trinity_beast.storage import DependencyAway
from trinity_beast.web import refusals, told_as
from trinity_beast.words import Venue

CANDIDATES_MAX = 1_000
ROWS_MAX = 1_000
CSV = "text/csv; charset=utf-8; header=present"
_ANYWHERE = (*ADMIN_REFUSALS, DependencyAway)
_LIST_REFUSALS = (VenueUnknown, VenueUnlisted, VenueAway)

OneVenue = Annotated[str, Query(max_length=20, pattern="^[a-z0-9]+$", examples=["kraken"])]
OneQuote = Annotated[str, Query(max_length=8, pattern="^[A-Z0-9]*$", description="Only markets priced in this.")]
Limit = Annotated[int, Query(ge=1, le=CANDIDATES_MAX)]
AssetName = Annotated[str, Field(max_length=16, pattern=r"^[A-Z0-9]+$")]


class RowNamed(BaseModel):
    """A row of the map by its asset and venue."""

    model_config = ConfigDict(extra="forbid", strict=True)

    asset: AssetName
    venue: VenueName


class SyncWanted(BaseModel):
    """What the map is to be brought in line with: an audit's proposals, or an exchange's list. Nothing is changed without `plan`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    audit: int | None = Field(default=None, ge=1, le=ID_MAX, description="The audit whose proposals are meant.")
    accept: list[RowNamed] | None = Field(default=None, min_length=1, max_length=ROWS_MAX, description="These rows' alone; all left out.")
    venue: VenueName | None = Field(default=None, description="The exchange whose list is meant.")
    add: int = Field(default=0, ge=0, le=ROWS_MAX, description="As new rows, so many of its most traded assets nobody has mapped.")
    assets: list[AssetName] = Field(default_factory=list, max_length=ROWS_MAX, description="As new rows, these assets.")
    quote: str = Field(default="", max_length=8, pattern="^[A-Z0-9]*$", description="New rows priced in this alone.")
    prewarm: bool = Field(default=False, description="Whether feeds hold new rows from the start.")
    retire: bool = Field(default=False, description="Switch off what is gone and has no replacement. Nothing is ever deleted.")
    apply: bool = Field(default=False, description="Make the changes; needs `plan`.")
    plan: str | None = Field(default=None, max_length=32, description="The `plan` of the preview, so that only what was shown is made.")

    @model_validator(mode="after")
    def _of_one_kind(self) -> "SyncWanted":
        if (self.audit is None) == (self.venue is None):
            raise ValueError("give an audit or a venue, and not both")
        if self.apply and self.plan is None:
            raise ValueError("to apply, give the plan that a preview showed")
        return self

    def source(self) -> FromAudit | FromList:
        """Return what is meant."""
        if self.audit is not None:
            accepted = None if self.accept is None else frozenset((row.asset, row.venue) for row in self.accept)
            return FromAudit(self.audit, accepted, self.retire)
        return FromList(Venue(self.venue or ""), self.add, tuple(self.assets), self.quote, self.prewarm, self.retire)


def discovery_routes(discovery: Discovery, syncer: Syncer, *, operator: Callable[..., Awaitable[Operator]]) -> APIRouter:
    """Return the routes for discovery and sync. `operator` lets operators in."""
    router = APIRouter(prefix="/admin/eam", tags=["discovery"])

    @router.get("/discover", responses=refusals(*_ANYWHERE, *_LIST_REFUSALS))
    async def discover(
        _who: Annotated[Operator, Depends(operator)], venue: OneVenue, quote: OneQuote = "", limit: Limit = 50
    ) -> FoundTold:  # fmt: skip
        """Rank what an exchange trades and the map does not have there, by what was traded in 24 h, in dollars."""
        return found_told(await discovery.find(Venue(venue), quote=quote, limit=limit))

    @router.get(
        "/discover/export",
        response_class=Response,
        responses={**told_as("text/csv", "What was found, under a heading."), **refusals(*_ANYWHERE, *_LIST_REFUSALS)},
    )
    async def export(
        _who: Annotated[Operator, Depends(operator)], venue: OneVenue, quote: OneQuote = "", limit: Limit = CANDIDATES_MAX
    ) -> Response:  # fmt: skip
        """Give the same as CSV, made so that a spreadsheet takes none of it for a formula."""
        found = found_told(await discovery.find(Venue(venue), quote=quote, limit=limit))
        name = f'attachment; filename="discovery-{venue}.csv"'
        text = candidates_csv([one.model_dump() for one in found.candidates])
        return Response(text, media_type=CSV, headers={"Content-Disposition": name, "X-Content-Type-Options": "nosniff"})

    @router.post(
        "/sync",
        responses=refusals(*_ANYWHERE, *_LIST_REFUSALS, AuditUnknown, AuditUnfinished, PlanChanged, MapRowsInvalid, ChangedMeanwhile),
    )
    async def sync(who: Annotated[Operator, Depends(operator)], body: SyncWanted) -> SyncedTold:
        """Bring the asset map in line with an audit's proposals or an exchange's list: shown first, then made all or none."""
        if body.apply and body.plan is not None:
            return synced_told(await syncer.apply(body.source(), plan=body.plan, by=str(who)))
        return synced_told(await syncer.preview(body.source()))

    return router

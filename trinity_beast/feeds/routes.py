"""The feeds and the asset map over HTTP, for operators."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from trinity_beast.access import ADMIN_REFUSALS, Operator
from trinity_beast.clock import Clock
from trinity_beast.errors import ChangedMeanwhile
from trinity_beast.feeds.asked import RollBack, SaveAssets, SaveFeed, ToggleAsset, ToggleFeed, TryFeed, after_of, cursor_of, kept_frames
from trinity_beast.feeds.editing import AssetEditor, Change, FeedEditor, MapFilter, Saved
from trinity_beast.feeds.errors import (
    FeedTryFailed,
    MapRowsInvalid,
    MapRowUnknown,
    ReasonMissing,
    VenueUnknown,
    VersionUnknown,
)
from trinity_beast.feeds.grammar import RowInvalid
from trinity_beast.feeds.moment import Moment
from trinity_beast.feeds.rest import RestStatus
from trinity_beast.feeds.told import (
    FeedListed,
    MapRowTold,
    SavedTold,
    StatusTold,
    TriedTold,
    VersionTold,
    feed_listed,
    feed_told,
    map_row_told,
    status_told,
    tried_told,
    version_told,
)
from trinity_beast.storage import DependencyAway
from trinity_beast.web import refusals

PAGE_MAX = 1_000
HISTORY_MAX = 200
_ANYWHERE = (*ADMIN_REFUSALS, DependencyAway)

OneVenue = Annotated[str, Query(max_length=20, pattern="^[a-z0-9]+$")]
OnlyVenue = Annotated[str, Query(max_length=20, pattern="^[a-z0-9]*$", description="Only this exchange's.")]
OnlyAsset = Annotated[str, Query(max_length=16, pattern="^[A-Z0-9]*$", description="Only this asset's.")]


class FeedsTold(BaseModel):
    """Every feed row."""

    feeds: list[FeedListed]


class StatusesTold(BaseModel):
    """Every feed of this node, and what the parts behind the feeds have counted and how they stand, by part."""

    feeds: list[StatusTold]
    counted: dict[str, dict[str, int]]
    standing: dict[str, dict[str, int]]


class Behind(Protocol):
    """Who stands behind the feeds. `pricing.Tallies` is one."""

    def counted(self) -> Mapping[str, Mapping[str, int]]:
        """Return what was counted, by part."""
        ...

    def standing(self) -> Mapping[str, Mapping[str, int]]:
        """Return how it stands now, by part."""
        ...


class HistoryTold(BaseModel):
    """A venue's versions, newest first."""

    venue: str
    versions: list[VersionTold]


class AssetsTold(BaseModel):
    """Rows of the asset map; `next_cursor` asks for those after them, and is null at the end."""

    assets: list[MapRowTold]
    next_cursor: str | None = None


def feed_routes(
    editor: FeedEditor,
    *,
    operator: Callable[..., Awaitable[Operator]],
    clock: Clock,
    rest: Callable[[], Sequence[RestStatus]],
    behind: Behind,
) -> APIRouter:
    """Return the routes for feed rows. `operator` lets operators in, `rest` tells how the venues' REST sides stand."""
    router = APIRouter(prefix="/admin", tags=["feeds"])

    @router.get("/exchange-feeds", responses=refusals(*_ANYWHERE))
    async def list_feeds(_who: Annotated[Operator, Depends(operator)]) -> FeedsTold:
        """List every exchange: its row and version, how many assets are mapped to it, how its feed runs on this node."""
        return FeedsTold(feeds=[feed_listed(listing) for listing in await editor.listing()])

    @router.get("/feed-status", responses=refusals(*ADMIN_REFUSALS))
    async def feed_status(_who: Annotated[Operator, Depends(operator)]) -> StatusesTold:
        """Tell how every feed of this node runs: each symbol's standing and last trade, REST's budget, and everything counted."""
        looked = {status.venue: status for status in rest()}
        return StatusesTold(
            feeds=[status_told(status, looked.get(status.venue)) for status in editor.statuses()],
            counted={part: dict(counts) for part, counts in behind.counted().items()},
            standing={part: dict(counts) for part, counts in behind.standing().items()},
        )

    @router.post("/exchange-feeds/save", responses=refusals(*_ANYWHERE, ChangedMeanwhile, ReasonMissing, RowInvalid, FeedTryFailed))
    async def save_feed(who: Annotated[Operator, Depends(operator)], body: SaveFeed) -> SavedTold:
        """Save a whole row, new or changed. One that is on and speaks otherwise is tried first, for some seconds."""
        change = Change(str(who), body.reason, body.expected_version, is_forced=body.force)
        return _saved(await editor.save(body.row, change))

    @router.post(
        "/exchange-feeds/toggle",
        responses=refusals(*_ANYWHERE, VenueUnknown, ChangedMeanwhile, ReasonMissing, RowInvalid, FeedTryFailed),
    )
    async def toggle_feed(who: Annotated[Operator, Depends(operator)], body: ToggleFeed) -> SavedTold:
        """Switch an exchange on or off. One that is switched on is tried first."""
        change = Change(str(who), body.reason, body.expected_version, is_forced=body.force)
        return _saved(await editor.switch(body.venue, change, enabled=body.enabled))

    @router.post("/exchange-feeds/try", responses=refusals(*_ANYWHERE, RowInvalid))
    async def try_feed(_who: Annotated[Operator, Depends(operator)], body: TryFeed) -> TriedTold:
        """Try a row beside the running feed and change nothing; what is wrong with it is told with the evidence."""
        frames = kept_frames(body.frames, Moment(clock.time_ns(), clock.monotonic_ns()))
        return tried_told(await editor.try_out(body.row, frames=frames, seconds=body.seconds))

    @router.get("/exchange-feeds/history", responses=refusals(*_ANYWHERE, VenueUnknown))
    async def history(
        _who: Annotated[Operator, Depends(operator)],
        venue: OneVenue,
        before: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Only versions below this one.")] = None,
        limit: Annotated[int, Query(ge=1, le=HISTORY_MAX)] = 50,
    ) -> HistoryTold:
        """List the forms a row has had, newest first: who changed it, when, why, and what it was before and after."""
        versions = await editor.history(venue, before=before, limit=limit)
        return HistoryTold(venue=venue, versions=[version_told(version) for version in versions])

    @router.post("/exchange-feeds/rollback", responses=refusals(*_ANYWHERE, VenueUnknown, VersionUnknown, ChangedMeanwhile, RowInvalid))
    async def roll_back(who: Annotated[Operator, Depends(operator)], body: RollBack) -> SavedTold:
        """Bring a row back to what it was at a version, at once. This is a new version too."""
        return _saved(await editor.roll_back(body.venue, Change(str(who), body.reason, body.expected_version), to=body.to))

    return router


def asset_routes(editor: AssetEditor, *, operator: Callable[..., Awaitable[Operator]]) -> APIRouter:
    """Return the routes for the asset map. `operator` lets operators in."""
    router = APIRouter(prefix="/admin/exchange-assets", tags=["assets"])

    @router.get("", responses=refusals(*_ANYWHERE))
    async def list_assets(
        _who: Annotated[Operator, Depends(operator)],
        venue: OnlyVenue = "",
        asset: OnlyAsset = "",
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100,
        cursor: Annotated[str | None, Query(max_length=100)] = None,
    ) -> AssetsTold:
        """List rows of the asset map by asset and venue, a page at a time."""
        page = await editor.listing(MapFilter(venue, asset, after_of(cursor), limit))
        return AssetsTold(assets=[map_row_told(row) for row in page.rows], next_cursor=cursor_of(page.next_after))

    @router.post("/save", responses=refusals(*_ANYWHERE, MapRowsInvalid, ChangedMeanwhile))
    async def save_assets(who: Annotated[Operator, Depends(operator)], body: SaveAssets) -> AssetsTold:
        """Save rows, new or changed: all of them, or none. Every mistake is named by its row's place in the batch."""
        rows = await editor.save([row.wanted() for row in body.assets], by=str(who))
        return AssetsTold(assets=[map_row_told(row) for row in rows])

    @router.post("/toggle", responses=refusals(*_ANYWHERE, MapRowUnknown, ChangedMeanwhile))
    async def toggle_asset(who: Annotated[Operator, Depends(operator)], body: ToggleAsset) -> MapRowTold:
        """Set `enabled`, `prewarm` or both on one row."""
        row = await editor.switch(
            body.id, enabled=body.enabled, prewarm=body.prewarm, expected_version=body.expected_version, by=str(who)
        )  # fmt: skip
        return map_row_told(row)

    return router


def _saved(saved: Saved) -> SavedTold:
    tried = tried_told(saved.tried) if saved.tried is not None else None
    return SavedTold(**feed_told(saved.stored).model_dump(), tried=tried)

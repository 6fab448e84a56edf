"""Changes of the asset map: batches saved whole or not at all, and one row's switches."""

from collections.abc import Sequence

from trinity_beast.errors import ChangedMeanwhile, Mistake
from trinity_beast.feeds import store as feed_store
from trinity_beast.feeds.editing import store
from trinity_beast.feeds.editing.mapping import conflicts_of, flaw_mistake, mistakes_of
from trinity_beast.feeds.editing.model import MapFilter, MapPage, MapRow, WantedMapRow
from trinity_beast.feeds.errors import MapRowsInvalid, MapRowUnknown
from trinity_beast.feeds.model import MappedAsset
from trinity_beast.feeds.trying import RestTrial
from trinity_beast.log import get_log
from trinity_beast.storage import Database
from trinity_beast.words import Asset, Symbol, Venue

_log = get_log("feeds")


class AssetEditor:
    """The asset map for whoever looks after it. What is saved is in use within a second, on every node."""

    def __init__(self, database: Database, *, rest_trial: RestTrial | None = None) -> None:
        """Take what looks at a changed row's symbol before it is used; without it rows are taken as they are."""
        self._database, self._rest_trial = database, rest_trial

    async def listing(self, wanted: MapFilter) -> MapPage:
        """Return a page of rows, by asset and venue."""
        async with self._database.transaction() as tx:
            rows = await store.map_rows(tx, wanted)
        shown = rows[: wanted.limit]
        goes_on = len(rows) > len(shown)
        return MapPage(tuple(shown), (shown[-1].asset, shown[-1].venue) if goes_on else None)

    async def save(self, rows: Sequence[WantedMapRow], *, by: str) -> list[MapRow]:
        """Save all rows or none, and return them as they are stored.

        A row that is on and new, or prices otherwise than the stored one, is looked at by its venue's REST first.

        Raises:
            MapRowsInvalid: listing every mistake, each by its row's index.
            ChangedMeanwhile: a row is no longer at the version it was read at.
        """
        keys = [(row.asset, row.venue) for row in rows]
        await self._try_out(rows)
        async with self._database.transaction() as tx:
            await store.hold_map(tx)
            if mistakes := mistakes_of(rows, {feed.venue for feed in await store.feeds(tx)}):
                raise MapRowsInvalid(mistakes)
            stored = await store.map_rows_of(tx, keys, locked=True)
            _refuse_conflicts(rows, stored)
            await store.write_map_rows(tx, rows)
            saved = {(row.asset, row.venue): row for row in await store.map_rows_of(tx, keys)}
        _log.info("asset map saved", by=by, rows=len(rows))
        return [saved[key] for key in keys]

    async def _try_out(self, rows: Sequence[WantedMapRow]) -> None:
        """Raise MapRowsInvalid when a venue's REST speaks against a row. No transaction is open meanwhile."""
        if self._rest_trial is None:
            return
        async with self._database.transaction() as tx:
            feeds, asset_map = await feed_store.feed_rows(tx), await feed_store.asset_map(tx)
        if mistakes_of(rows, {str(feed["venue"]) for feed in feeds}):
            return  # What is wrong with them is told below, before anybody is asked.
        used = {(row.asset, row.venue, row.symbol, row.quote) for row in asset_map if row.enabled}
        changed = [
            (index, MappedAsset(Asset(row.asset), Venue(row.venue), Symbol(row.symbol), row.quote))
            for index, row in enumerate(rows)
            if row.enabled and (row.asset, row.venue, row.symbol, row.quote) not in used
        ]
        found = await self._rest_trial.map_rows(changed, feeds, asset_map) if changed else []
        if found:
            raise MapRowsInvalid([flaw_mistake(index, rows[index], flaw) for index, flaw in found])

    async def switch(
        self, row_id: int, *, enabled: bool | None, prewarm: bool | None, expected_version: int | None, by: str
    ) -> MapRow:  # fmt: skip
        """Set `enabled`, `prewarm` or both on one row; None leaves as it is.

        Raises:
            MapRowUnknown: there is no row of that id.
            ChangedMeanwhile: it is no longer at `expected_version`.
        """
        switches = {name: value for name, value in (("enabled", enabled), ("prewarm", prewarm)) if value is not None}
        async with self._database.transaction() as tx:
            await store.hold_map(tx)
            row = await store.map_row(tx, row_id)
            if row is None:
                raise MapRowUnknown(row=row_id)
            if expected_version is not None and expected_version != row.version:
                raise ChangedMeanwhile(row=_named(row.asset, row.venue), expected_version=expected_version, version=row.version)
            if switches:
                await store.switch_map_row(tx, row_id, switches)
            changed = await store.map_row(tx, row_id)
        assert changed is not None, "nobody else deletes a row while the map is held"
        _log.info("asset map row switched", by=by, asset=row.asset, venue=row.venue, **switches)
        return changed


def _refuse_conflicts(rows: Sequence[WantedMapRow], stored: Sequence[MapRow]) -> None:
    conflicts = list(conflicts_of(rows, {(row.asset, row.venue): row.version for row in stored}))
    if not conflicts:
        return
    _, row, version = conflicts[0]
    mistakes = [
        Mistake(
            f"assets.{index}.expected_version",
            f"Row {index}, {_named(row.asset, row.venue)}, is at version {version} and not at {row.expected_version}.",
            "Read it again and make your change to what it is now.",
            {"index": index, "version": version},
        )
        for index, row, version in conflicts
    ]
    raise ChangedMeanwhile(mistakes, row=_named(row.asset, row.venue), expected_version=row.expected_version or 0, version=version)


def _named(asset: str, venue: str) -> str:
    return f"{asset} at {venue}"

"""Changes of feed rows: read whole, tried first, kept with who and why, undone in one call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from trinity_beast.errors import ChangedMeanwhile
from trinity_beast.feeds import store as feed_store
from trinity_beast.feeds.editing import store
from trinity_beast.feeds.editing.model import Change, FeedListing, StoredFeed, Version
from trinity_beast.feeds.errors import FeedTryFailed, ReasonMissing, VenueUnknown, VersionUnknown
from trinity_beast.feeds.grammar import FeedRow, RowInvalid, parse_row, rendered
from trinity_beast.feeds.grammar.rest import RestRules
from trinity_beast.feeds.kept_frames import KeptFrame
from trinity_beast.feeds.model import FeedStatus, MappedAsset
from trinity_beast.feeds.trying import RestTrial, Trial, TryReport
from trinity_beast.log import get_log
from trinity_beast.storage import Database

_log = get_log("feeds")


@dataclass(frozen=True, slots=True)
class Saved:
    """A row as it is stored now, and what its try showed; None where nothing had to be tried."""

    stored: StoredFeed
    tried: TryReport | None


class FeedEditor:
    """The feed rows for whoever looks after them. What is saved is in use within a second, on every node."""

    def __init__(
        self, database: Database, trial: Trial, statuses: Callable[[], Sequence[FeedStatus]], *, rest_trial: RestTrial | None = None
    ) -> None:
        """Take what tries a row, what tells how the feeds of this node stand, and what looks REST rules through."""
        self._database, self._trial, self._statuses, self._rest_trial = database, trial, statuses, rest_trial

    async def listing(self) -> list[FeedListing]:
        """Return every feed row, with what is mapped to it and how it runs here."""
        async with self._database.transaction() as tx:
            stored, counts = await store.feeds(tx), await store.mapped_counts(tx)
        statuses = {str(status.venue): status for status in self._statuses()}
        return [_listed(feed, counts.get(feed.venue, (0, 0, 0)), statuses) for feed in stored]

    def statuses(self) -> Sequence[FeedStatus]:
        """Return how each feed of this node stands, symbol by symbol."""
        return self._statuses()

    async def try_out(
        self, values: Mapping[str, object], *, frames: Sequence[KeptFrame] = (), seconds: float | None = None
    ) -> TryReport:  # fmt: skip
        """Try a row and change nothing.

        Raises:
            RowInvalid: it breaks the grammar; every mistake is listed.
        """
        row = replace(parse_row(values), enabled=True)  # It is tried as if it were on, whether or not it is to be.
        async with self._database.transaction() as tx:
            asset_map = await feed_store.asset_map(tx)
        tried = await self._trial.run(row, asset_map, frames=frames, seconds=seconds)
        return await self._looked_through(row, asset_map, tried)

    async def save(self, values: Mapping[str, object], change: Change) -> Saved:
        """Save a whole row, new or changed.

        A row that is on and speaks otherwise than the stored one is tried first, and so are other REST rules.
        `change.is_forced` saves it all the same.

        Raises:
            RowInvalid: it breaks the grammar; every mistake is listed.
            FeedTryFailed: it was tried and does not do; the evidence is listed.
            ReasonMissing: it is to be forced, and no reason is given.
            ChangedMeanwhile: it is not at the version expected, or was changed during the try.
        """
        row = parse_row(values)
        _expect_reason(change)
        stored, asset_map = await self._read(row.venue)
        _expect(row.venue, change.expected_version, stored)
        tried = None
        if must_be_tried(row, stored):
            tried = await self._trial.run(row, asset_map)
        if self._rest_trial is not None and must_be_looked_through(row, stored):
            tried = await self._looked_through(row, asset_map, tried)
        if tried is not None and not tried.passed and not change.is_forced:
            raise FeedTryFailed([flaw.mistake() for flaw in tried.flaws], venue=row.venue)
        seen = replace(change, expected_version=stored.version if stored else 0)
        return Saved(await self._write(row, seen, tried), tried)

    async def switch(self, venue: str, change: Change, *, enabled: bool | None = None) -> Saved:
        """Switch a feed on or off, or over where `enabled` is None. One that is switched on is tried first.

        Raises:
            VenueUnknown: there is no such row.
            RowInvalid, FeedTryFailed, ReasonMissing, ChangedMeanwhile: as for `save`.
        """
        _expect_reason(change)
        stored, _ = await self._read(venue)
        if stored is None:
            raise VenueUnknown(venue=venue)
        is_on = bool(stored.values["enabled"])
        wanted = not is_on if enabled is None else enabled
        expected = stored.version if change.expected_version is None else change.expected_version
        told = replace(change, reason=change.reason or f"switched {'on' if wanted else 'off'}", expected_version=expected)
        if wanted == is_on:
            _expect(venue, change.expected_version, stored)
            return Saved(stored, None)
        return await self.save({**stored.values, "enabled": wanted}, told)

    async def history(self, venue: str, *, before: int | None = None, limit: int = 50) -> list[Version]:
        """Return a venue's versions, newest first, those below `before` where it is given.

        Raises:
            VenueUnknown: the venue never had a row.
        """
        async with self._database.transaction() as tx:
            versions = await store.versions(tx, venue, before=before, limit=limit)
            if not versions and not await store.newest_version(tx, venue):
                raise VenueUnknown(venue=venue)
        return versions

    async def roll_back(self, venue: str, change: Change, *, to: int | None = None) -> Saved:
        """Bring a row back to what it was at version `to`, or before its last change. It was in use, so it is not tried again.

        Raises:
            VenueUnknown: the venue never had a row.
            VersionUnknown: it was never in that version, or had no form then.
            RowInvalid: what it was breaks the grammar of today.
            ChangedMeanwhile: it is not at the version expected.
        """
        stored, _ = await self._read(venue)
        async with self._database.transaction() as tx:
            newest = await store.newest_version(tx, venue)
            if not newest:
                raise VenueUnknown(venue=venue)
            wanted = newest - 1 if to is None else to
            version = await store.version(tx, venue, wanted)
        if version is None or version.after is None:
            raise VersionUnknown(venue=venue, version=wanted, newest=newest)
        _expect(venue, change.expected_version, stored)
        told = replace(change, reason=change.reason or f"back to version {wanted}", expected_version=stored.version if stored else 0)
        return Saved(await self._write(parse_row(version.after), told, None), None)

    async def _looked_through(self, row: FeedRow, asset_map: Sequence[MappedAsset], tried: TryReport | None) -> TryReport:
        """Return what came of a try with what came of its REST rules, unless what is wrong is known already."""
        told = tried or TryReport(row.venue, row.endpoint, 0.0, 0, "not connected", (), {}, ())
        if self._rest_trial is None or not told.passed:
            return told
        found = await self._rest_trial.rules(row, asset_map)
        looks = tuple(each.look for each in found.looked)
        return replace(told, flaws=(*told.flaws, *found.flaws), notes=(*told.notes, *found.notes), looks=looks)

    async def _read(self, venue: str) -> tuple[StoredFeed | None, Sequence[MappedAsset]]:
        async with self._database.transaction() as tx:
            return await store.feed(tx, venue), await feed_store.asset_map(tx)

    async def _write(self, row: FeedRow, change: Change, tried: TryReport | None) -> StoredFeed:
        async with self._database.transaction() as tx:
            await store.hold_venue(tx, row.venue)
            _expect(row.venue, change.expected_version, await store.feed(tx, row.venue, locked=True))
            await store.write_feed(tx, rendered(row), change, tried.evidence() if tried else None)
            stored = await store.feed(tx, row.venue)
        assert stored is not None, "it was written in this transaction"
        _log.info("feed row saved", venue=row.venue, version=stored.version, by=change.by, reason=change.reason, forced=change.is_forced)
        return stored


def must_be_tried(row: FeedRow, stored: StoredFeed | None) -> bool:
    """Return whether a row would put something unproven to use: it is on, and was off, unreadable, or spoke otherwise."""
    if not row.enabled:
        return False
    old = _readable(stored)
    return old is None or replace(old, display_name=row.display_name, rest_rules=row.rest_rules) != row


def must_be_looked_through(row: FeedRow, stored: StoredFeed | None) -> bool:
    """Return whether a row would put other REST rules to use: it is on, and has some that it had not."""
    old = _readable(stored)
    return row.enabled and row.rest_rules != RestRules() and (old is None or old.rest_rules != row.rest_rules)


def _readable(stored: StoredFeed | None) -> FeedRow | None:
    try:
        return parse_row(stored.values) if stored is not None else None
    except RowInvalid:
        return None


def _expect_reason(change: Change) -> None:
    if change.is_forced and not change.reason:
        raise ReasonMissing


def _expect(venue: str, expected_version: int | None, stored: StoredFeed | None) -> None:
    version = stored.version if stored is not None else 0
    if expected_version is not None and expected_version != version:
        raise ChangedMeanwhile(row=f"The feed row of {venue}", expected_version=expected_version, version=version)


def _listed(stored: StoredFeed, counts: tuple[int, int, int], statuses: Mapping[str, FeedStatus]) -> FeedListing:
    try:
        parse_row(stored.values)
        invalid = None
    except RowInvalid as error:
        invalid = error
    return FeedListing(stored, *counts, statuses.get(stored.venue), invalid)

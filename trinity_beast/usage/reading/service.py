"""What can be asked of stored usage. What is asked in one look is told from one moment, however long its telling takes."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Any

from trinity_beast.storage import Database
from trinity_beast.usage.reading import store
from trinity_beast.usage.reading.model import CHARGED, NOTHING, Counted, Dimension, Names, Place, Sought, Totals, UsageRow, request_id_of
from trinity_beast.usage.reading.seen import Seen, seen_of

SETTLED_AFTER = timedelta(seconds=15)
"""A node seals what it answered within five seconds and ships it at once: what is older is stored, unless the node is away."""
SUMMARY = (
    Dimension.ASSET,
    Dimension.SOURCE,
    Dimension.STATUS,
    Dimension.PROTOCOL,
    Dimension.CACHE_TIER,
    Dimension.CODE,
)


class Look:
    """One moment of the database. Nothing that is stored while it is looked at is seen."""

    def __init__(self, tx: store.Moment, names: Names, taken_at: datetime) -> None:
        self._tx, self._names = tx, names
        self.taken_at = taken_at

    async def seen(self) -> Seen:
        """Return which records are there now, for a later look that shall tell no others."""
        return seen_of(await store.lanes(self._tx), self.taken_at)

    async def still_tells(self, seen: Seen) -> bool:
        """Whether it can still be told which records were there when `seen` was taken."""
        return seen.holds_at(await store.lanes(self._tx))

    async def complete_until(self) -> datetime:
        """Return the moment up to which every answer is stored, as far as can be told from here."""
        return self.taken_at - SETTLED_AFTER

    async def stamp(self, sought: Sought) -> tuple[object, ...]:
        """Return what differs as soon as an answer is added to, or dropped from, the days sought."""
        return await store.stamp(self._tx, sought)

    async def rows(
        self, sought: Sought, *, newest_first: bool = False, after: Place | None = None, at_once: int = store.ROWS_AT_ONCE
    ) -> AsyncGenerator[list[UsageRow], None]:
        """Go through the rows in the order of their places, `at_once` at a time. Close it where it is left early."""
        parts = store.rows(self._tx, sought, self._names, newest_first=newest_first, after=after, at_once=at_once)
        async with aclosing(parts):
            async for part in parts:
                yield [_row(raw, self._names) for raw in part]

    async def totals(self, sought: Sought, dimensions: Sequence[Dimension] = SUMMARY) -> list[Totals]:
        """Return what the answers come to: all of them first, then by each dimension, the most asked for first.

        Counts and bytes are exact, percentiles within 1.1 per cent of the answer at their rank (`usage/summary`).
        """
        return await store.totals(self._tx, sought, self._names, dimensions)

    async def days(self, sought: Sought, wanted: Sequence[date]) -> list[Counted]:
        """Return what the answers of each of these days in UTC come to, as `totals` does."""
        found = await store.days(self._tx, sought, self._names)
        return [found.get(day, NOTHING) for day in wanted]

    async def periods(self, sought: Sought, starts: Sequence[datetime]) -> list[Counted]:
        """Return what the answers of each period come to, all of it exact, from the rows.

        Each ends where the next starts, the last with what is sought. `starts` rise, and none of what is sought lies before the first.
        """
        found = await store.periods(self._tx, sought, self._names, starts)
        return [found.get(place, NOTHING) for place in range(len(starts))]


class UsageReader:
    """Looks at stored usage."""

    def __init__(self, database: Database) -> None:
        """Read from `database`, which is one for reading: a look may last as long as its transactions may."""
        self._database = database

    @asynccontextmanager
    async def look(self) -> AsyncIterator[Look]:
        """Look at one moment.

        Raises:
            DependencyAway: the database is, or was too slow.
        """
        async with self._database.transaction() as tx:
            await store.see_one_moment(tx)
            yield Look(tx, await store.names(tx), await store.database_now(tx))


def _row(raw: Any, names: Names) -> UsageRow:
    (time, request_id, key_id, asset, asset_count, source_id, tier, state, status, code, protocol, flags, latency_ns, answer_bytes,
     node_id, lane_id, sequence) = raw  # fmt: skip
    venue, source = names.sources.get(source_id, ("", "?"))
    word = names.words.get
    return UsageRow(
        time,
        request_id_of(request_id),
        key_id,
        asset,
        asset_count,
        venue,
        source,
        word(("cache_tier", tier), "?"),
        word(("state", state), "?"),
        status,
        word(("code", code), "?"),
        word(("protocol", protocol), "?"),
        bool(flags & CHARGED),
        latency_ns,
        answer_bytes,
        names.nodes.get(node_id, "?"),
        lane_id,
        sequence,
    )

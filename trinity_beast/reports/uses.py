"""What is noted of reports: how many a key had, and which were asked for."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from functools import partial

from trinity_beast.clock import Clock
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings
from trinity_beast.reports import parameters, store
from trinity_beast.reports.cursor import Cursor
from trinity_beast.reports.errors import ReportQuotaSpent
from trinity_beast.reports.formats import told_time
from trinity_beast.reports.listing import Page
from trinity_beast.reports.model import Begun, Ended, Opening, Row
from trinity_beast.storage import Database, DependencyAway

PRUNED_AT_ONCE = 10_000
_log = get_log("reports")


class Uses:
    """Counts and notes reports, and tells which there were."""

    def __init__(self, database: Database, clock: Clock, readings: Readings) -> None:
        self._database, self._clock = database, clock
        self._kept_days = readings.of(parameters.KEPT_DAYS)

    async def begin(self, opening: Opening) -> Begun:
        """Count a report towards its month and note it.

        Raises:
            ReportQuotaSpent: nothing is left of the month; that is noted too.
        """
        begun = await self._database.directly(partial(store.begin, opening=opening))
        if opening.is_counted and begun.month_count is None:
            raise ReportQuotaSpent(reports=opening.quota)
        return begun

    async def end(self, begun: Begun, ended: Ended) -> None:
        """Note how a report ended. What cannot be noted any more is logged: the answer has left."""
        try:
            async with self._database.transaction() as tx:
                await store.end(tx, begun.report_log_id, ended)
        except DependencyAway as error:
            _log.warning("report's end not noted", error=error, report_log_id=begun.report_log_id)

    async def give_back(self, begun: Begun, opening: Opening) -> None:
        """Count a report no more: it could not be told, and only what is told is counted."""
        if begun.month_count is None:
            return
        try:
            async with self._database.transaction() as tx:
                await store.give_back(tx, begun.report_log_id, opening)
        except DependencyAway as error:
            _log.warning("report not given back", error=error, report_log_id=begun.report_log_id)

    async def page(
        self, since: datetime, until: datetime, key_ids: Sequence[int] | None, most: int, cursor: Cursor | None, *, newest_first: bool
    ) -> Page:  # fmt: skip
        """Return a page of the reports that were asked for. Those asked for since its first page are left out."""
        rows: list[tuple[int, Row]] = []
        after, until_id = cursor.after if cursor else (None, None)
        async with self._database.transaction() as tx:
            until_id = await store.newest_id(tx) if until_id is None else until_id
            uses = store.uses(tx, since, until, key_ids, newest_first=newest_first, after=after, until_id=until_id)
            async with aclosing(uses) as parts:
                async for part in parts:
                    rows += part
                    if len(rows) > most:
                        break
        told = [_told(row) for _, row in rows[:most]]
        if len(rows) <= most:
            return Page(told, None)
        begun_at = cursor.begun_at if cursor else self._clock.now()
        return Page(told, Cursor(begun_at, since, until, (rows[most - 1][0], until_id), (0, (), 0)))

    async def every(
        self, since: datetime, until: datetime, key_ids: Sequence[int] | None, *, newest_first: bool
    ) -> AsyncGenerator[list[Row], None]:  # fmt: skip
        """Go through the reports that were asked for, some at a time."""
        async with self._database.transaction() as tx:
            uses = store.uses(tx, since, until, key_ids, newest_first=newest_first, after=None, until_id=None)
            async with aclosing(uses) as parts:
                async for part in parts:
                    yield [_told(row) for _, row in part]

    async def prune(self) -> int:
        """Forget what was asked for longer ago than it is kept; return how much that was."""
        before, pruned = self._clock.now() - timedelta(days=self._kept_days.value), 0
        while True:
            async with self._database.transaction() as tx:
                done = await store.prune(tx, before, most=PRUNED_AT_ONCE)
            pruned += done
            if done < PRUNED_AT_ONCE:
                return pruned


def _told(row: Row) -> Row:
    time, *rest = row
    assert isinstance(time, datetime), "the first column is a time"
    return (told_time(time), *rest)

"""Summing usage up by day, again and again, each row once."""

from datetime import date

from trinity_beast.log import get_log
from trinity_beast.storage import Database
from trinity_beast.usage.days import store
from trinity_beast.usage.days.model import DayDifference, Rolled

RECORDS_MAX = 1_000_000
"""How many rows one transaction sums up: some seconds' work, so that a kill costs little."""
CHANGES_MAX = 2_000

_log = get_log("usage")


class Days:
    """The sums by day. Any number may be at work at once, in one process or many: each change is taken by one of them.

    A change is noted in the transaction that stores its rows and dropped in the one that adds them to their day. Hence at
    every instant sums and pending rows together are the rows, whatever was killed; no reader waits for anything here.
    """

    def __init__(self, database: Database, *, records_max: int = RECORDS_MAX) -> None:
        self._database, self._records_max = database, records_max

    async def roll_up(self) -> Rolled:
        """Sum up all that is pending, the oldest first.

        Raises:
            DependencyAway: the database is not there; what was summed up until then is.
        """
        records, days, left, unsound = 0, set[date](), list[date](), list[date]()
        while (day := await self._next(left)) is not None:
            try:
                rows = await self._step(day)
            except _RowsMissing:
                _log.error("usage not summed up", day=str(day), reason="changes name rows that are not there")
                unsound.append(day)
                rows = None
            if rows is None:
                left.append(day)  # What is pending of it is taken by another, or cannot be summed up.
                continue
            records += rows
            days.add(day)
        async with self._database.transaction() as tx:
            complete_until = await store.note_complete(tx)
        return Rolled(records, len(days), complete_until, tuple(unsound))

    async def _next(self, left: list[date]) -> date | None:
        async with self._database.transaction() as tx:
            return await store.oldest_day(tx, but=left)

    async def _step(self, day: date) -> int | None:
        """Sum up some changes of a day, and return how many rows; None where others have taken what is pending."""
        async with self._database.transaction() as tx:
            await store.hold_day(tx, day)
            pending = await store.take(tx, day, records_max=self._records_max, changes_max=CHANGES_MAX)
            if pending is None:
                return None
            rows = await store.add_to_day(tx, pending) if await store.has_rows(tx, day) else 0
            if pending.records not in {None, rows}:
                raise _RowsMissing
            return rows

    async def rebuild(self, day: date) -> int | None:
        """Replace a day's sums by those of its rows, and return how many rows; None where not all of them are there any more.

        Raises:
            DependencyAway: the database is not there; the day's sums are what they were.
        """
        async with self._database.transaction() as tx:
            await store.hold_day(tx, day, alone=True)
            if not await store.has_every_row(tx, day):
                return None
            return await store.sum_up_anew(tx, day)

    async def differences(self, since: date) -> list[DayDifference]:
        """Return the days from `since` on whose sums, with what is pending, are not what the counts of keys say.

        Raises:
            DependencyAway: the database is not there.
        """
        async with self._database.transaction() as tx:
            return await store.differences(tx, since)

    async def mend(self, since: date) -> list[DayDifference]:
        """Sum every day that differs up anew, as far as its rows are there; return those that differed.

        Raises:
            DependencyAway: the database is not there.
        """
        found = await self.differences(since)
        for difference in found:
            rows = await self.rebuild(difference.day)
            _log.error(
                "usage sums differed", day=str(difference.day), counted=difference.counted, summed_up=difference.summed_up, rows_now=rows
            )  # fmt: skip
        return found


class _RowsMissing(Exception):
    """Undoes a step whose changes name more or fewer rows than there are."""

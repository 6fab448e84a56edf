"""Making the days to come and dropping those whose time is over."""

from dataclasses import dataclass
from datetime import date, timedelta

from trinity_beast.clock import Clock
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings
from trinity_beast.storage import Database, DependencyAway
from trinity_beast.usage import parameters
from trinity_beast.usage.days import DayDifference, Days
from trinity_beast.usage.days.store import drop_sums
from trinity_beast.usage.partitions import store

_log = get_log("usage")


@dataclass(frozen=True, slots=True)
class Dropped:
    """Which days were dropped, which were due and are kept because not every row is in their sums, and how many sums went."""

    days: tuple[date, ...]
    kept: tuple[date, ...]
    sums: int


class Partitions:
    """Keeps a place for the rows of each day, in UTC, from `usage_kept_days` ago to `usage_days_ahead` ahead."""

    def __init__(self, database: Database, days: Days, clock: Clock, readings: Readings) -> None:
        self._database, self._days, self._clock = database, days, clock
        self._kept_days = readings.of(parameters.KEPT_DAYS)
        self._sums_kept_days = readings.of(parameters.SUMS_KEPT_DAYS)
        self._ahead = readings.of(parameters.DAYS_AHEAD)

    async def make_ahead(self) -> int:
        """Make the days there ought to be and are not; return how many.

        Raises:
            DependencyAway: the database is away, or too busy with the table; the writer makes what it needs itself.
        """
        async with self._database.transaction() as tx:
            there = await store.days(tx)
        wanted = [self._today + timedelta(days=ahead) for ahead in range(self._ahead.value + 1)]
        missing = [day for day in wanted if day not in there]
        for day in missing:
            async with self._database.transaction() as tx:
                await store.make(tx, day)
        return len(missing)

    async def make_ahead_if_possible(self) -> None:
        """Make what is missing, as a node starts; a database that is too busy just then keeps no node from starting."""
        try:
            await self.make_ahead()
        except DependencyAway as error:
            _log.warning("usage days not made ahead", error=error)

    async def drop_old(self) -> Dropped:
        """Drop every day whose time is over, but none with a row that is in no sum; and sums whose time is over.

        Raises:
            DependencyAway: the database is away. What was begun is gone on with the next time.
        """
        async with self._database.transaction() as tx:
            old = {day: how for day, how in (await store.days(tx)).items() if day < self._first_kept}
        if old:
            await self._days.roll_up()
        gone, kept = list[date](), list[date]()
        for day, (is_attached, is_leaving) in old.items():
            is_gone = await self._drop(day, is_attached=is_attached, is_leaving=is_leaving)
            (gone if is_gone else kept).append(day)
            if not is_gone:
                _log.error("usage day not dropped", day=str(day), reason="not every row of it is in its sums, or somebody holds it")
        sums_kept = max(self._sums_kept_days.value, self._kept_days.value)
        async with self._database.transaction() as tx:
            sums = await drop_sums(tx, self._today - timedelta(days=sums_kept - 1))
        return Dropped(tuple(gone), tuple(kept), sums)

    async def keep(self) -> Dropped:
        """Do both."""
        await self.make_ahead()
        return await self.drop_old()

    async def mend(self) -> list[DayDifference]:
        """Compare the sums of the days whose rows are kept with the counts of keys, and sum up anew what differs; return that.

        Raises:
            DependencyAway: the database is away.
        """
        return await self._days.mend(self._first_kept)

    @property
    def _first_kept(self) -> date:
        return self._today - timedelta(days=self._kept_days.value - 1)

    @property
    def _today(self) -> date:
        return self._clock.now().date()

    async def _drop(self, day: date, *, is_attached: bool, is_leaving: bool) -> bool:
        async with self._database.transaction() as tx:
            if not await store.is_summed_up(tx, day):
                return False
        try:
            if is_attached:
                async with self._database.statements() as alone:
                    await store.detach(alone, day, is_leaving=is_leaving)
            async with self._database.transaction() as tx:
                await store.lock_day(tx, day)
                # A late row may have come since; with the day locked, none can come any more.
                if not await store.is_summed_up(tx, day):
                    return False
                await store.drop(tx, day)
        except DependencyAway as error:
            _log.warning("usage day not dropped yet", day=str(day), error=error)
            return False
        return True

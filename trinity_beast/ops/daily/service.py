"""Makes the daily dashboard and keeps it for a day."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.jobs import Job
from trinity_beast.log import get_log
from trinity_beast.ops.daily import store
from trinity_beast.ops.daily.model import Dashboard, Section
from trinity_beast.ops.daily.parameters import KEPT_HOURS, SECTION_SECONDS
from trinity_beast.ops.errors import DashboardUnknown
from trinity_beast.ops.standing.model import Line
from trinity_beast.parameters import Readings
from trinity_beast.storage import Database, DependencyAway

BY_ITSELF = "by itself"
DASHBOARDS_MAX = 1_000
TOLD_CHARACTERS_MAX = 2_000
HOURLY = "0 * * * *"
Look = Callable[[], Awaitable[Sequence[Line]]]
"""Looks at one part of the system."""
_log = get_log("ops")


class Daily:
    """Looks at every part at once, each within its time; a part that cannot be looked at costs its own section and no other."""

    def __init__(self, database: Database, clock: Clock, readings: Readings, *, node: str) -> None:
        self._database, self._node, self._clock = database, node, clock
        self._looks: dict[str, Look] = {}
        self._kept_hours, self._seconds = readings.of(KEPT_HOURS), readings.of(SECTION_SECONDS)

    def look_at(self, name: str, look: Look) -> None:
        """Look at this too from now on, after what came before."""
        self._looks[name] = look

    async def make(self, by: str) -> Dashboard:
        """Look at everything now, and keep what was found as far as the database can be reached."""
        found = await asyncio.gather(*(self._section(name, look) for name, look in self._looks.items()))
        dashboard = Dashboard(self._clock.now(), self._node, by, found)
        try:
            async with self._database.transaction() as tx:
                await store.keep(tx, dashboard)
                oldest = dashboard.made_at - timedelta(hours=self._kept_hours.value)
                await store.drop(tx, before=oldest, but=DASHBOARDS_MAX)
        except DependencyAway as error:
            _log.warning("daily dashboard not kept", error=error)
        return dashboard

    async def kept(self, at: datetime | None = None) -> Dashboard:
        """Return the last dashboard that was made by `at`, or by now.

        Raises:
            DashboardUnknown: none is kept that is so old.
            DependencyAway: the database is away.
        """
        async with self._database.transaction() as tx:
            found = await store.newest(tx, until=at or self._clock.now())
        if found is None:
            raise DashboardUnknown(hours=self._kept_hours.value)
        return found

    def job(self) -> Job:
        """Return the work of making one every hour."""

        async def work() -> None:
            await self.make(BY_ITSELF)

        return Job("ops.daily", "Makes the daily dashboard, so that it can be told how things stood.", work, cron=HOURLY, seconds_max=60.0)

    async def _section(self, name: str, look: Look) -> Section:
        within_seconds = self._seconds.value
        try:
            async with asyncio.timeout(within_seconds):
                lines = await look()
        except TimeoutError:
            lines = [Line(name, "weak", f"not told within {within_seconds:g} s")]
        except TrinityError as error:
            lines = [Line(name, "weak", f"cannot be looked at: {error.code}")]
        except Exception as error:
            _log.error("daily section failed", error=error, section=name)
            lines = [Line(name, "weak", f"could not be looked at ({type(error).__name__})")]
        return Section(name, [Line(line.what, line.standing, line.told[:TOLD_CHARACTERS_MAX]) for line in lines])

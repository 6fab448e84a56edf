"""The database pool's figures among the counters."""

import asyncio

from trinity_beast.clock import Clock
from trinity_beast.storage import Database
from trinity_beast.telemetry.counters import Counters

EVERY_SECONDS = 1.0


class PoolGauges:
    """Copies the pool's gauges into the counters once a second, so that whoever reads the counters finds all 24."""

    name = "pool gauges"

    def __init__(self, database: Database, counters: Counters, clock: Clock) -> None:
        self._database, self._counters, self._clock = database, counters, clock
        self._task: asyncio.Task[None] | None = None
        self._waits = 0

    async def start(self) -> None:
        """Copy from here on."""
        self._task = asyncio.create_task(self._copy_for_ever())

    async def stop(self) -> None:
        """Copy no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _copy_for_ever(self) -> None:
        while True:
            gauges = self._database.gauges()
            self._counters.set("db_open_conns", gauges.db_open_conns)
            self._counters.set("db_in_use_conns", gauges.db_in_use_conns)
            self._counters.add("db_wait_count", gauges.db_wait_count - self._waits)
            self._waits = gauges.db_wait_count
            await self._clock.sleep(EVERY_SECONDS)

"""Hears that a feed row or the asset map was changed, by whichever process, and puts the change to use."""

import asyncio
from collections.abc import Awaitable, Callable

from trinity_beast.clock import Clock, pause
from trinity_beast.feeds.narrowing import narrowed
from trinity_beast.feeds.parameters import FEED_LOOK_SECONDS, PREWARM_ASSETS
from trinity_beast.feeds.service import FeedTables
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings
from trinity_beast.storage import DependencyAway, Notices

CHANNEL = "exchange_feeds"
_log = get_log("feeds")


class FeedChanges:
    """Listens to the database's notices, and looks every few seconds as the floor, should a notice be lost.

    `on_change` is given the whole of both tables whenever they differ from what it was given last. A row that breaks the
    grammar is reported once, and the venue's last good row stays in use.
    """

    name = "feed_changes"

    def __init__(
        self,
        read: Callable[[], Awaitable[FeedTables]],
        notices: Notices,
        on_change: Callable[[FeedTables], Awaitable[None]],
        clock: Clock,
        *,
        known: FeedTables,
        readings: Readings | None = None,
    ) -> None:
        """Take how the tables are read (`read_tables`, perhaps readdressed), and what is in use already."""
        readings = readings or Readings()
        self._every, self._prewarm = readings.of(FEED_LOOK_SECONDS), readings.of(PREWARM_ASSETS)
        self._readings, self._prewarmed = readings, ""
        self._read, self._notices, self._on_change, self._clock = read, notices, on_change, clock
        self._known = known
        self._stirred = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.looks = 0

    async def start(self) -> None:
        """Watch from here on."""
        self._readings.follow(self._turned)
        hearing = self._notices.hear(lambda _: self._stirred.set(), on_open=self._stirred.set)
        self._tasks = [asyncio.create_task(hearing), asyncio.create_task(self._look_for_ever())]

    async def stop(self) -> None:
        """Stop watching."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _look_for_ever(self) -> None:
        was_away = False
        while True:
            await pause(self._clock, self._every.value, until=self._stirred)
            self._stirred.clear()
            try:
                found = narrowed(await self._read(), self._prewarm.value)
                was_away = False
            except DependencyAway as error:
                if not was_away:
                    _log.warning("feed changes not seen", error=error)
                was_away = True
                continue
            await self._take(found)
            self.looks += 1

    def _turned(self) -> None:
        if self._prewarm.value != self._prewarmed:
            self._prewarmed = self._prewarm.value
            self._stirred.set()

    async def _take(self, found: FeedTables) -> None:
        for error in found.invalid:
            if str(error) not in map(str, self._known.invalid):
                _log.error("feed row refused", error=error, venue=error.venue)
        broken = {error.venue for error in found.invalid}
        kept = tuple(row for row in self._known.rows if row.venue in broken)
        found = FeedTables(tuple(sorted((*found.rows, *kept), key=lambda row: row.venue)), found.asset_map, found.invalid)
        if (found.rows, found.asset_map) != (self._known.rows, self._known.asset_map):
            _log.info("feed tables changed", rows=len(found.rows), assets=len(found.asset_map))
            await self._on_change(found)
        self._known = found

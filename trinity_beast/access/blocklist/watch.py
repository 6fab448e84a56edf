"""Keeps a node's engine to the blocklist, whoever changed it and wherever."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from trinity_beast.access.blocklist.model import Standing
from trinity_beast.access.blocklist.network import Network
from trinity_beast.access.blocklist.service import Blocklist
from trinity_beast.access.parameters import BLOCKLIST_LOOK_SECONDS
from trinity_beast.clock import Clock, pause
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings
from trinity_beast.storage import DependencyAway, Notices

CHANNEL = "blocklist"
WHOLE_LOOK_EVERY = 20
"""After so many looks at changes comes one at the whole list: a row deleted by hand leaves no change behind."""

_log = get_log("access")


class Bouncer(Protocol):
    """Who refuses addresses at the door. `engine.Blocklist` is one."""

    def block(self, network: str, *, seconds: float | None) -> None:
        """Refuse a network for so long; until it is lifted where `seconds` is None."""
        ...

    def unblock(self, network: str) -> bool:
        """Lift a block; whether there was one."""
        ...


class BlocklistWatch:
    """Listens to the database's notices, and looks for changes every few seconds as the floor, should a notice be lost.

    The whole list is read at the start, before anybody is let in, at each notice, and whenever a lost line stands again; in
    between only what was changed. While the store is away what stands goes on standing until its end.
    """

    name = "blocklist"

    def __init__(self, blocklist: Blocklist, notices: Notices, bouncer: Bouncer, clock: Clock, *, readings: Readings | None = None) -> None:
        self._every = (readings or Readings()).of(BLOCKLIST_LOOK_SECONDS)
        self._blocklist, self._notices, self._bouncer, self._clock = blocklist, notices, bouncer, clock
        self._heard = asyncio.Event()
        self._looked_at: datetime | None = None
        self._looks_at_changes = 0
        self._blocked: dict[Network, Standing] = {}
        self._was_away = False
        self._tasks: list[asyncio.Task[None]] = []
        self.looks = 0

    async def start(self) -> None:
        """Read the list, and watch from here on."""
        await self._look()
        hearing = self._notices.hear(lambda _: self._heard.set(), on_open=self._heard.set)
        self._tasks = [asyncio.create_task(hearing), asyncio.create_task(self._look_for_ever())]

    async def stop(self) -> None:
        """Stop watching."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _look_for_ever(self) -> None:
        while True:
            if await self._next_look_is_whole():
                self._looked_at = None
            await self._look()

    async def _look(self) -> None:
        since, self._looked_at = self._looked_at, None  # Should this look fail, the next is at all of it.
        try:
            standings, looked_at = await self._blocklist.standings(since)
        except DependencyAway as error:
            if not self._was_away:
                _log.warning("blocklist not read", error=error)
            self._was_away = True
            return
        except Exception as error:
            # Without this loop a lost notice would never be made good; what went wrong once may go right the next time.
            _log.error("blocklist not read", error=error)
            return
        self._was_away = False
        self._apply(standings, is_whole=since is None)
        self._looked_at = looked_at
        self._looks_at_changes = 0 if since is None else self._looks_at_changes + 1
        self.looks += 1

    def _apply(self, standings: Sequence[Standing], *, is_whole: bool) -> None:
        now, told = self._clock.now(), {standing.network: standing for standing in standings}
        for network, standing in told.items():
            if standing.ends_after(now) and self._blocked.get(network) != standing:
                self._bouncer.block(str(network), seconds=standing.seconds_left(now))
        looked_at = self._blocked if is_whole else self._blocked.keys() & told
        for network in looked_at:
            if network not in told or not told[network].ends_after(now):
                self._bouncer.unblock(str(network))
        kept = told if is_whole else self._blocked | told
        self._blocked = {network: standing for network, standing in kept.items() if standing.ends_after(now)}

    async def _next_look_is_whole(self) -> bool:
        await pause(self._clock, self._every.value, until=self._heard)
        was_heard = self._heard.is_set()
        self._heard.clear()
        return was_heard or self._looks_at_changes >= WHOLE_LOOK_EVERY

"""Keeps connections to the shared cache open before they are needed."""

import asyncio
from collections.abc import Callable

from trinity_beast.clock import Clock, pause
from trinity_beast.storage.errors import DependencyAway
from trinity_beast.storage.valkey import Valkey

LOOK_EVERY_SECONDS = 5.0


class WarmLines:
    """Sees every few seconds that so many connections stand. A `Part`."""

    name = "warm cache lines"

    def __init__(self, cache: Valkey, wanted: Callable[[], int], clock: Clock) -> None:
        self._cache, self._wanted, self._clock = cache, wanted, clock
        self._task: asyncio.Task[None] | None = None
        self._stirred = asyncio.Event()

    async def start(self) -> None:
        """Open them, and look after them from here on. A cache that is away keeps nobody from starting."""
        await self.look()
        self._task = asyncio.create_task(self._look_for_ever(), name=self.name)

    async def stop(self) -> None:
        """Look after them no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def stir(self) -> None:
        """Look again now."""
        self._stirred.set()

    async def look(self) -> None:
        """Open what is missing."""
        wanted = self._wanted()
        try:
            if wanted:
                await self._cache.warm(wanted)
        except DependencyAway:  # The cache itself has said so, and counts it.
            return

    async def _look_for_ever(self) -> None:
        while True:
            await pause(self._clock, LOOK_EVERY_SECONDS, until=self._stirred)
            self._stirred.clear()
            await self.look()

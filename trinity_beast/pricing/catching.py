"""The rhythm in which pricing hears of what was taken in its place."""

import asyncio

from trinity_beast.clock import Clock
from trinity_beast.log import get_log
from trinity_beast.pricing.service import Prices

CATCH_UP_SECONDS = 0.1
"""How late a turned parameter, or a choice between venues that only a trade taken in our place has brought about, may come."""
AT_ONCE = 4
"""How many symbols are caught up with before sockets are looked at again."""
_log = get_log("pricing")


class Catching:
    """Catches up, again and again. A `Part`. Whoever judges by what was heard catches up first, and does not rely on this."""

    name = "intake"

    def __init__(self, prices: Prices, clock: Clock) -> None:
        self._prices, self._clock = prices, clock
        self._driving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Catch up from here on."""
        self._driving = asyncio.get_running_loop().create_task(self._drive(), name="intake")
        self._driving.add_done_callback(_driven)

    async def stop(self) -> None:
        """Catch up no more."""
        if self._driving is not None:
            self._driving.cancel()
            await asyncio.gather(self._driving, return_exceptions=True)

    async def _drive(self) -> None:
        while True:
            await self._clock.sleep(CATCH_UP_SECONDS)
            self._prices.turn()
            while self._prices.hear(AT_ONCE):
                await self._clock.sleep(0)  # Frames that came meanwhile go first.


def _driven(driving: asyncio.Task[None]) -> None:
    """Say so when it ends by itself: a venue that came back would answer again only once somebody looked."""
    if not driving.cancelled() and (error := driving.exception()) is not None:
        _log.error("intake failed", error=error)

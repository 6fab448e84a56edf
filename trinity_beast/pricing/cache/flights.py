"""Looks that are shared: those who want one asset at the same time wait for one look, those of one moment go together."""

import asyncio
from collections.abc import Awaitable, Callable, Collection

from trinity_beast.words import Asset


class Flights:
    """Looks under way, by asset. There are never more than there are assets."""

    def __init__(self, fly: Callable[[Collection[Asset]], Awaitable[None]]) -> None:
        self._fly = fly
        self._flights: dict[Asset, asyncio.Task[None]] = {}
        self._boarding: list[Asset] = []

    def flight_for(self, asset: Asset, *, may_start: bool) -> asyncio.Task[None] | None:
        """Return the look that will bring `asset`: one under way, the one that is about to start, or None where none may."""
        flight = self._flights.get(asset)
        if flight is not None or not may_start:
            return flight
        if not self._boarding:
            flight = asyncio.get_running_loop().create_task(self._leave(), name="cache tier fetch")
        else:
            flight = self._flights[self._boarding[0]]
        self._boarding.append(asset)
        self._flights[asset] = flight
        return flight

    async def stop(self) -> None:
        """Wait for every look to end; each is bounded."""
        await asyncio.gather(*self._flights.values(), return_exceptions=True)

    async def _leave(self) -> None:
        boarded, self._boarding = self._boarding, []  # By now all who asked in the same moment have come.
        try:
            await self._fly(boarded)
        finally:
            for asset in boarded:
                del self._flights[asset]

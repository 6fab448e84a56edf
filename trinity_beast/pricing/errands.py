"""Errands for datagrams: prices that no feed holds are fetched while the datagram waits in the engine."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from trinity_beast.log import get_log
from trinity_beast.pricing.demand import Demand
from trinity_beast.pricing.errors import AssetUnknown, PriceStale, PriceUnavailable

_log = get_log("pricing")


class WantedPrices(Protocol):
    """Datagrams that wait in the engine for prices to be fetched. `engine.Wanted` is one."""

    def fileno(self) -> int:
        """Return a descriptor that is readable while datagrams wait."""
        ...

    def take(self) -> Sequence[tuple[int, Sequence[str]]]:
        """Return (ticket, assets) of all datagrams that wait and clear the descriptor."""
        ...

    def answer(self, ticket: int) -> None:
        """Let the waiting datagram go on; a stale ticket is ignored."""
        ...


class Errands:
    """Fetches what datagrams wait for, each asset once however many ask, and lets each go on when all of its own are there. A `Part`.

    The engine bounds how many wait and for how long; an asset is fetched within the time a look may take.
    """

    name = "errands"

    def __init__(self, wanted: WantedPrices, demand: Demand) -> None:
        self._wanted, self._demand = wanted, demand
        self._missing: dict[int, set[str]] = {}
        self._tickets: dict[str, list[int]] = {}
        self._fetching: set[asyncio.Task[None]] = set()
        self.datagrams = self.fetched = 0

    async def start(self) -> None:
        """Fetch from here on."""
        asyncio.get_running_loop().add_reader(self._wanted.fileno(), self._hear)

    async def stop(self) -> None:
        """Fetch no more; whoever waits is told what there is."""
        asyncio.get_running_loop().remove_reader(self._wanted.fileno())
        for task in self._fetching:
            task.cancel()
        await asyncio.gather(*self._fetching, return_exceptions=True)
        for ticket in list(self._missing):
            self._let_go(ticket)

    def _hear(self) -> None:
        for ticket, assets in self._wanted.take():
            self.datagrams += 1
            self._missing[ticket] = set(assets)
            for asset in assets:
                is_under_way = asset in self._tickets
                self._tickets.setdefault(asset, []).append(ticket)
                if not is_under_way:
                    self._fetch(asset)

    def _fetch(self, asset: str) -> None:
        task = asyncio.get_running_loop().create_task(self._run(asset), name=f"errand {asset}")
        self._fetching.add(task)
        task.add_done_callback(self._fetching.discard)

    async def _run(self, asset: str) -> None:
        self.fetched += 1
        try:
            await self._demand.read(asset)
        except (AssetUnknown, PriceStale, PriceUnavailable):
            pass  # The engine tells it in its own words.
        except Exception as error:
            # Datagrams wait for this: a fault of ours must cost them an answer without a price, not their time-out.
            _log.error("errand failed", error=error, asset=asset)
        for ticket in self._tickets.pop(asset, ()):
            missing = self._missing.get(ticket, set())
            missing.discard(asset)
            if not missing:
                self._let_go(ticket)

    def _let_go(self, ticket: int) -> None:
        if self._missing.pop(ticket, None) is not None:
            self._wanted.answer(ticket)

"""The keeper of the second tier: writes what changed here, and borrows what the neighbours hold where we hold nothing."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from trinity_beast.clock import Clock
from trinity_beast.feeds import MappedAsset, Moment, Timekeeper
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings
from trinity_beast.pricing.atlas import Atlas
from trinity_beast.pricing.cache import parameters as knobs
from trinity_beast.pricing.cache.ages import loan_of, shared_price
from trinity_beast.pricing.cache.flights import Flights
from trinity_beast.pricing.cache.model import SharedPrice
from trinity_beast.pricing.cache.reading import Misfit, price_read
from trinity_beast.pricing.cache.shelf import PIPELINE_MAX, Shelf
from trinity_beast.pricing.service import Prices
from trinity_beast.pricing.tick import Tick
from trinity_beast.storage import DependencyAway
from trinity_beast.words import Asset, Venue

SECOND_NS = 1_000_000_000
TURN_SECONDS = 0.2
"""How often the keeper sees what is due: what REST told waits no longer to be written."""
FLUSH_AGAIN_SECONDS = 5.0
"""How soon a flush that failed is tried again, where flushes are rarer."""
LOOKED_UP_MAX = 1_000
"""How many symbols are looked up in one turn; the longest not looked up go first."""
_log = get_log("pricing")
Place = tuple[Asset, Venue]
Written = tuple[int, str, str, int]


@dataclass(slots=True)
class TierCounts:
    """What came of the second tier since the start. `outdone`: the neighbours' was younger; `barred`: the key is not ours."""

    flushes: int = 0
    flushes_failed: int = 0
    prices_written: int = 0
    prices_outdone: int = 0
    prices_barred: int = 0
    looks: int = 0
    looks_failed: int = 0
    prices_borrowed: int = 0


class CacheTier:
    """Prices shared with the neighbours. A `Part`. Of what serves, only `fetch` waits for it, and that for a bounded time."""

    name = "cache tier"

    def __init__(self, prices: Prices, shelf: Shelf, *, node: str, clock: Clock, readings: Readings | None = None) -> None:
        readings = readings or Readings()
        self._prices, self._shelf, self._node, self._clock = prices, shelf, node, clock
        self._timekeeper = Timekeeper(clock)
        self._flush_seconds, self._ttl_seconds = readings.of(knobs.CACHE_FLUSH_SECONDS), readings.of(knobs.CACHE_TTL_SECONDS)
        self._retry_seconds = readings.of(knobs.CACHE_RETRY_SECONDS)
        self._read_ms, self._write_ms = readings.of(knobs.CACHE_READ_TIMEOUT_MS), readings.of(knobs.CACHE_WRITE_TIMEOUT_MS)
        self._written: dict[Place, Written] = {}
        self._looked: dict[Place, int] = {}
        self._atlas: Atlas | None = None
        self._rows: list[MappedAsset] = []
        self._expected: list[tuple[MappedAsset, Place]] = []
        self._flights = Flights(self._fetched)
        self._flushed_ns = self._searched_ns = clock.monotonic_ns()
        self._has_failed = False
        self._keeping: asyncio.Task[None] | None = None
        self.counts = TierCounts()
        self.refused = dict.fromkeys(Misfit, 0)

    async def start(self) -> None:
        """Borrow what the neighbours hold, so that a node that has just started serves at once; then keep on."""
        await self.search()
        self._keeping = asyncio.get_running_loop().create_task(self._keep(), name="cache tier")
        self._keeping.add_done_callback(_kept)

    async def stop(self) -> None:
        """Write once more what has changed, so that the neighbours have our last word."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        await self._flights.stop()
        await self.flush()

    async def flush(self) -> None:
        """Write every price of our own that has changed since it was last written."""
        self._flushed_ns = self._clock.monotonic_ns()
        self.counts.flushes += 1
        self._prices.rest_told.clear()
        self._follow_map()
        self._has_failed = not await self._write(self._rows)
        self.counts.flushes_failed += self._has_failed

    async def search(self) -> None:
        """Borrow what the neighbours hold of what we should hold and do not, or have not heard for long."""
        self._searched_ns = self._clock.monotonic_ns()
        self._follow_map()
        await self._borrow(self._missed())

    async def fetch(self, asset: str) -> None:
        """Borrow what the neighbours hold of an asset, for a request that nothing in memory answers.

        Whatever is wrong with the cache, this returns in time and in silence: REST comes next.
        """
        rows = self._prices.atlas.of_asset(asset)
        oldest_ns = self._clock.monotonic_ns() - round(self._retry_seconds.value * SECOND_NS)
        may_start = any(self._looked.get((row.asset, row.venue), oldest_ns) <= oldest_ns for row in rows)
        flight = self._flights.flight_for(Asset(asset), may_start=may_start)
        if flight is not None:
            await asyncio.wait([flight])

    async def _fetched(self, assets: Collection[Asset]) -> None:
        await self._borrow([row for asset in assets for row in self._prices.atlas.of_asset(asset)])

    async def _keep(self) -> None:
        while True:
            await self._clock.sleep(TURN_SECONDS)
            now_ns = self._clock.monotonic_ns()
            pause = min(FLUSH_AGAIN_SECONDS, self._flush_seconds.value) if self._has_failed else self._flush_seconds.value
            if now_ns - self._flushed_ns >= pause * SECOND_NS:
                await self.flush()
            elif self._prices.rest_told:
                told = list(self._prices.rest_told)
                self._prices.rest_told.clear()
                await self._write([row for market in told for row in self._prices.atlas.of_symbol(*market)])
            if now_ns - self._searched_ns >= self._retry_seconds.value * SECOND_NS:
                await self.search()

    def _follow_map(self) -> None:
        """Know every row, and those the feeds should hold; the others are wanted only when somebody asks."""
        atlas = self._prices.atlas
        if atlas is self._atlas:
            return
        self._atlas = atlas
        self._rows = [row for asset in atlas.assets for row in atlas.of_asset(asset)]
        self._expected = [(row, (row.asset, row.venue)) for row in self._rows if atlas.is_held(row.venue, row.symbol)]
        kept = {(row.asset, row.venue) for row in self._rows}
        self._written = {place: written for place, written in self._written.items() if place in kept}
        self._looked = {place: looked_ns for place, looked_ns in self._looked.items() if place in kept}

    def _missed(self) -> list[MappedAsset]:
        """Return the rows to look up: those without a price that may be served, and more rarely those long not heard."""
        now_ns, held, looked = self._clock.monotonic_ns(), self._prices.held, self._looked
        ttl_ns, retry_ns = round(self._ttl_seconds.value * SECOND_NS), round(self._retry_seconds.value * SECOND_NS)
        missed = []
        for row, place in self._expected:
            tick = held(row)
            is_usable = tick is not None and tick.is_usable(now_ns)
            if tick is not None and is_usable and now_ns - tick.proven_ns < ttl_ns:
                continue
            looked_ns = looked.get(place)
            if looked_ns is None or now_ns - looked_ns >= (ttl_ns if is_usable else retry_ns):
                missed.append(row)
        if len(missed) > LOOKED_UP_MAX:
            missed.sort(key=lambda row: looked.get((row.asset, row.venue), 0))
        return missed[:LOOKED_UP_MAX]

    async def _borrow(self, rows: Sequence[MappedAsset]) -> None:
        for at in range(0, len(rows), PIPELINE_MAX):
            part, asked_ns = rows[at : at + PIPELINE_MAX], self._clock.monotonic_ns()
            self._looked |= {(row.asset, row.venue): asked_ns for row in part}
            self.counts.looks += 1
            try:
                time_us, values = await self._shelf.look(part, within_seconds=self._read_ms.value / 1_000)
            except DependencyAway:
                self.counts.looks_failed += 1
                return
            # The cache told its time somewhere on the way; that it did so at once is the older of all opinions.
            time_us += (self._clock.monotonic_ns() - asked_ns) // 1_000
            for row, value in zip(part, values, strict=True):
                if value is not None:
                    self._take(row, value, time_us)

    def _take(self, row: MappedAsset, value: bytes, cache_time_us: int) -> None:
        now = self._timekeeper.now()
        told = price_read(value, row, source_prefix=self._shelf.source_prefix, wall_ns=now.wall_ns)
        if isinstance(told, Misfit):
            if not self.refused[told]:  # Each further one would say the same; the counters go on.
                _log.warning("shared price refused", reason=told.value, asset=row.asset, venue=row.venue)
            self.refused[told] += 1
            return
        loan = loan_of(told, self._prices.bounds, now=now, cache_time_us=cache_time_us)
        if loan is not None and self._prices.on_loan(loan):
            self.counts.prices_borrowed += 1

    async def _write(self, rows: Sequence[MappedAsset]) -> bool:
        """Write what has changed of these rows; whether the cache took it."""
        for at in range(0, len(rows), PIPELINE_MAX):
            changed = [(row, written) for row in rows[at : at + PIPELINE_MAX] if (written := self._changed(row)) is not None]
            try:
                await (self._put(changed) if changed else asyncio.sleep(0))
            except DependencyAway:
                self._written.clear()  # It may come back without its memory: then everything has changed.
                return False
        return True

    def _changed(self, row: MappedAsset) -> Written | None:
        tick = self._prices.held(row)
        if tick is None or tick.trade is None or tick.serves_halted:
            return None
        written = (tick.trade.exchange_time_ns, tick.trade.price, tick.state, tick.usable_until_ns)
        return None if self._written.get((row.asset, row.venue)) == written else written

    async def _put(self, changed: Sequence[tuple[MappedAsset, Written]]) -> None:
        within_seconds = self._write_ms.value / 1_000
        # Ages are told as of a moment of the cache's clock that has gone by: however long the rest takes, none gets younger.
        time_us, now = await self._shelf.time_us(within_seconds=within_seconds), self._timekeeper.now()
        told: list[SharedPrice] = []
        for row, _ in changed:
            tick = self._prices.held(row)
            price = None if tick is None else self._shared(row, tick, now, time_us)
            told += [] if price is None else [price]
        put = await self._shelf.put(told, within_seconds=within_seconds)
        self._written |= {(row.asset, row.venue): written for row, written in changed}
        self.counts.prices_written += put.written
        self.counts.prices_outdone += put.outdone
        self.counts.prices_barred += put.barred

    def _shared(self, row: MappedAsset, tick: Tick, now: Moment, time_us: int) -> SharedPrice | None:
        return shared_price(row, tick, source=self._prices.serving.source_of(tick), node=self._node, now=now, cache_time_us=time_us)


def _kept(keeping: asyncio.Task[None]) -> None:
    """Say so when the keeper ends by itself: neighbours would wait for our prices, and we for theirs."""
    if not keeping.cancelled() and (error := keeping.exception()) is not None:
        _log.error("cache tier failed", error=error)

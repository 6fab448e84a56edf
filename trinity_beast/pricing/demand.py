"""Prices that no feed holds: fetched by REST when somebody asks, kept warm while they are asked for, then forgotten."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace

from trinity_beast.clock import Clock
from trinity_beast.feeds import Looks, MappedAsset, Urgency
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings
from trinity_beast.pricing.errors import AssetUnknown, PriceStale, PriceUnavailable
from trinity_beast.pricing.model import Missing, Price, PriceList
from trinity_beast.pricing.parameters import (
    PROOF_RETRY_SECONDS,
    REST_VENUES_ASKED_MAX,
    WARM_POLL_SECONDS,
    WARM_SECONDS,
    WARM_SYMBOLS_MAX,
)
from trinity_beast.pricing.service import Prices
from trinity_beast.words import Symbol, Venue

SECOND_NS = 1_000_000_000
FetchShared = Callable[[str], Awaitable[None]]
_log = get_log("pricing")


class Demand:
    """Reads for what the engine hands over, and sees to it that there is something to read. A `Part`.

    Once fetched, the engine answers by itself and tells nobody; so an asset is taken from it when `warm_seconds` have
    passed since an ask was last seen here, and the next ask is seen again.
    """

    name = "demand"

    def __init__(
        self, prices: Prices, looks: Looks, *, clock: Clock, readings: Readings | None = None, fetch_shared: FetchShared | None = None
    ) -> None:
        """Take `fetch_shared`, which borrows what the neighbours hold of an asset: asked before any exchange is."""
        readings = readings or Readings()
        self._fetch_shared, self._venues_max = fetch_shared, readings.of(REST_VENUES_ASKED_MAX)
        self._prices, self._looks, self._clock = prices, looks, clock
        self._warm_seconds, self._poll_seconds = readings.of(WARM_SECONDS), readings.of(WARM_POLL_SECONDS)
        self._symbols_max, self._retry_seconds = readings.of(WARM_SYMBOLS_MAX), readings.of(PROOF_RETRY_SECONDS)
        self._asked: dict[tuple[Venue, Symbol], int] = {}
        self._looked: dict[tuple[Venue, Symbol], int] = {}
        self._driving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Keep warm from here on."""
        self._driving = asyncio.get_running_loop().create_task(self._drive(), name="demand")
        self._driving.add_done_callback(_driven)

    async def stop(self) -> None:
        """Keep nothing warm any more."""
        if self._driving is not None:
            self._driving.cancel()
            await asyncio.gather(self._driving, return_exceptions=True)

    @property
    def kept_warm(self) -> int:
        """Return how many symbols are kept warm."""
        return len(self._asked)

    async def read(self, asset: str, *, venue: str | None = None, max_age_ms: int | None = None) -> Price:
        """Return an asset's price now: from memory, else from a neighbour, else by REST. Refusals as of `Prices.read`.

        `cache_tier` says who answered: what REST was just asked for is `rest`, and held in memory from then on.
        """
        try:
            price = self._prices.read(asset, venue=venue, max_age_ms=max_age_ms)
        except (PriceStale, PriceUnavailable):
            try:
                price = await self._lent(asset, venue, max_age_ms)
            except (PriceStale, PriceUnavailable):
                if not await self._fetched(self._cold(asset, venue)[: self._venues_max.value]):
                    raise
                price = self._prices.read(asset, venue=venue, max_age_ms=max_age_ms)
                return replace(price, cache_tier="rest") if price.state == "rest" else price
        rows = self._prices.atlas.of_asset(asset)
        self._note(row for row in rows if row.venue == price.venue and not self._is_held(row))
        return price

    async def _lent(self, asset: str, venue: str | None, max_age_ms: int | None) -> Price:
        """Return an asset's price now, with whatever the neighbours hold of it. Refusals as of `Prices.read`."""
        if self._fetch_shared is not None:
            await self._fetch_shared(asset)
        return self._prices.read(asset, venue=venue, max_age_ms=max_age_ms)

    async def read_many(self, assets: Iterable[str], *, venue: str | None = None, max_age_ms: int | None = None) -> PriceList:
        """Return the prices of many assets, each once and in the order asked; those without one are listed with their reason."""
        names = list(dict.fromkeys(assets))
        found = await asyncio.gather(
            *(self.read(name, venue=venue, max_age_ms=max_age_ms) for name in names), return_exceptions=True
        )  # fmt: skip
        prices, missing = [], []
        for name, told in zip(names, found, strict=True):
            if isinstance(told, Price):
                prices.append(told)
            elif isinstance(told, AssetUnknown | PriceStale | PriceUnavailable):
                missing.append(Missing(name, told.code, dict(told.facts)))
            else:
                raise told
        return PriceList(tuple(prices), tuple(missing))

    def _cold(self, asset: str, venue: str | None = None) -> Sequence[MappedAsset]:
        """Return an asset's rows that no feed holds and REST can tell of, the most trusted first."""
        rows = self._prices.atlas.of_asset(asset)
        return [row for row in rows if venue in {None, row.venue} and not self._is_held(row) and self._looks.can_look(row.venue)]

    def _is_held(self, row: MappedAsset) -> bool:
        return self._prices.atlas.is_held(row.venue, row.symbol)

    def _note(self, rows: Iterable[MappedAsset]) -> None:
        """Note an ask; where too many are kept warm, the one not asked for the longest goes."""
        for row in rows:
            market = row.venue, row.symbol
            self._asked.pop(market, None)
            self._asked[market] = self._clock.monotonic_ns()
        while len(self._asked) > self._symbols_max.value:
            self._forget(next(iter(self._asked)))

    async def _fetched(self, rows: Sequence[MappedAsset]) -> bool:
        """Look at one venue after the other until one of them has a price that can be served; whether anything was looked at."""
        has_looked = False
        for row in rows:
            self._note([row])
            has_looked = await self._look((row.venue, row.symbol), Urgency.CUSTOMER) or has_looked
            if self._prices.tick(row.venue, row.symbol).is_usable(self._clock.monotonic_ns()):
                break
        return has_looked

    async def _look(self, market: tuple[Venue, Symbol], urgency: Urgency) -> bool:
        """Look, unless that was done a moment ago: a market that prints rarely is not asked about by every caller."""
        if not self._looks.can_look(market[0]):
            return False
        now_ns = self._clock.monotonic_ns()
        done_ns = self._looked.get(market)
        if done_ns is not None and now_ns - done_ns < self._retry_seconds.value * SECOND_NS:
            return False
        look = await self._looks.last_trade(*market, urgency)
        if market in self._asked:  # Else it was forgotten meanwhile, and what is published now nobody would take back.
            self._looked[market] = self._clock.monotonic_ns()
            self._prices.on_poll(look)
        return True

    async def _drive(self) -> None:
        while True:
            await self._clock.sleep(self._poll_seconds.value)
            oldest_ns = self._clock.monotonic_ns() - round(self._warm_seconds.value * SECOND_NS)
            for market in [market for market, asked_ns in self._asked.items() if asked_ns <= oldest_ns]:
                self._forget(market)
            # An asset whose feeds have all failed it is wanted too: the next venue in order of trust answers meanwhile.
            for asset in self._prices.prewarmed():
                if not self._prices.is_served(asset):
                    self._note(self._cold(asset)[:1])
            await self._refresh()

    async def _refresh(self) -> None:
        """Look at whatever is kept warm; but where a neighbour has done so in this round already, take it from there."""
        if self._fetch_shared is not None:
            assets = {row.asset for market in self._asked for row in self._prices.atlas.of_symbol(*market)}
            await asyncio.gather(*(self._fetch_shared(asset) for asset in assets))
        recent_ns = self._clock.monotonic_ns() - round(self._poll_seconds.value * SECOND_NS)
        ticks = {market: self._prices.tick(*market) for market in self._asked}
        wanted = [market for market, tick in ticks.items() if tick.cache_tier == "memory" or tick.proven_ns <= recent_ns]
        await asyncio.gather(*(self._look(market, Urgency.PROOF) for market in wanted))

    def _forget(self, market: tuple[Venue, Symbol]) -> None:
        self._asked.pop(market, None)
        self._looked.pop(market, None)
        self._prices.forget(*market)


def _driven(driving: asyncio.Task[None]) -> None:
    """Say so when the keeper ends by itself: what was fetched would go stale while it is asked for."""
    if not driving.cancelled() and (error := driving.exception()) is not None:
        _log.error("demand keeper failed", error=error)

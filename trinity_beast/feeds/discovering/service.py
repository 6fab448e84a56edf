"""Discovery: what an exchange trades that the map does not have there."""

from collections.abc import Sequence
from dataclasses import replace

from trinity_beast.clock import Clock
from trinity_beast.feeds import store as feed_store
from trinity_beast.feeds.auditing.parameters import DISCOVER_SECONDS, VOLUME_KEPT_SECONDS
from trinity_beast.feeds.discovering.model import Found
from trinity_beast.feeds.discovering.ranking import Market, in_dollars, markets_of, ranked, uncovered
from trinity_beast.feeds.errors import VenueAway, VenueUnknown, VenueUnlisted
from trinity_beast.feeds.model import MappedAsset
from trinity_beast.feeds.moment import nanoseconds
from trinity_beast.feeds.rest import Listings, LookFailed, Product, Products
from trinity_beast.parameters import Readings
from trinity_beast.storage import Database
from trinity_beast.words import Symbol, Venue

VOLUMES_KEPT_MAX = 10_000


class Discovery:
    """Reads an exchange's list, within its pace and after everybody else."""

    def __init__(self, database: Database, listings: Listings, *, clock: Clock, readings: Readings | None = None) -> None:
        readings = readings or Readings()
        self._database, self._listings, self._clock = database, listings, clock
        self._seconds, self._kept_seconds = readings.of(DISCOVER_SECONDS), readings.of(VOLUME_KEPT_SECONDS)
        self._volumes: dict[tuple[Venue, Symbol], tuple[int, Product]] = {}

    async def find(self, venue: Venue, *, quote: str = "", limit: int = 50) -> Found:
        """Return the assets a venue trades and the map does not have there, ranked; in one quote alone where it is given.

        Raises:
            VenueUnknown: there is no feed row of that name, or this node does not use it.
            VenueUnlisted: its row names no list.
            VenueAway: its REST gave none.
        """
        async with self._database.transaction() as tx:
            asset_map = await feed_store.asset_map(tx)
        ends_ns = self._clock.monotonic_ns() + nanoseconds(self._seconds.value)
        products = await self._read(venue, ends_ns=ends_ns)
        markets = markets_of(products)
        free = [market for market in uncovered(markets, venue, asset_map) if quote in {"", market.quote}]
        if self._listings.volumes_one_by_one(venue):
            free = await self._with_volumes(venue, free, asset_map, ends_ns=ends_ns)
        candidates = ranked(free, in_dollars(markets), asset_map)
        untold = sum(one.volume is None for one in candidates)
        covered = len({market.asset for market in markets}) - len({market.asset for market in uncovered(markets, venue, asset_map)})
        return Found(venue, len(products), covered, tuple(candidates[:limit]), untold)

    def check(self, venue: Venue) -> None:
        """Return where a venue has a list to be read.

        Raises:
            VenueUnknown, VenueUnlisted: as for `find`.
        """
        if not self._listings.knows(venue):
            raise VenueUnknown(venue=venue)
        if not self._listings.can_list(venue):
            raise VenueUnlisted(venue=venue)

    async def _read(self, venue: Venue, *, ends_ns: int) -> Products:
        self.check(venue)
        try:
            products = await self._listings.products(venue, ends_ns=ends_ns)
            return await self._listings.figures(venue, products, ends_ns=ends_ns, volumes=True)
        except LookFailed as failure:
            raise VenueAway(venue=venue, reason=str(failure)) from failure

    async def _with_volumes(self, venue: Venue, free: Sequence[Market], asset_map: Sequence[MappedAsset], *, ends_ns: int) -> list[Market]:
        """Ask for one market's volume after the other until the time is over: what is mapped elsewhere comes first."""
        mapped = {row.asset for row in asset_map}
        told: dict[Symbol, Product] = {}
        for market in sorted(free, key=lambda market: (market.asset not in mapped, market.product.symbol)):
            symbol = market.product.symbol
            known = self._volumes.get((venue, symbol))
            if known is not None and self._clock.monotonic_ns() - known[0] < nanoseconds(self._kept_seconds.value):
                told[symbol] = replace(market.product, volume=known[1].volume, volume_currency=known[1].volume_currency)
                continue
            try:
                told[symbol] = await self._listings.with_volume(venue, market.product, ends_ns=ends_ns)
            except LookFailed:
                continue  # Once the time is over, each of the rest fails at once; what is known of it is still taken.
            self._keep(venue, told[symbol])
        return [replace(market, product=told.get(market.product.symbol, market.product)) for market in free]

    def _keep(self, venue: Venue, product: Product) -> None:
        self._volumes.pop((venue, product.symbol), None)
        self._volumes[venue, product.symbol] = self._clock.monotonic_ns(), product
        while len(self._volumes) > VOLUMES_KEPT_MAX:
            self._volumes.pop(next(iter(self._volumes)))

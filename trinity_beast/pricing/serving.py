"""Who answers for each asset: of all that venues print the right one, told to the engine's book, and read as callers see it."""

from collections.abc import Callable, Iterable, Sequence

from trinity_beast.feeds import MappedAsset
from trinity_beast.log import get_log
from trinity_beast.pricing.atlas import Atlas
from trinity_beast.pricing.book import BookOfPrices
from trinity_beast.pricing.choice import chosen
from trinity_beast.pricing.errors import PriceStale, PriceUnavailable
from trinity_beast.pricing.freshness import age_ns
from trinity_beast.pricing.model import Price, whole_ms
from trinity_beast.pricing.parameters import SECOND_NS, Bounds
from trinity_beast.pricing.tick import Tick
from trinity_beast.words import Asset, Symbol, Trade, Venue

_log = get_log("pricing")


class Serving:
    """Holds the ticks by venue and symbol, and lets the right one of them answer for each asset of the map.

    `on_switch` is told of a tick that begins or ceases to answer for an asset.
    """

    def __init__(
        self, book: BookOfPrices, asset_map: Iterable[MappedAsset], bounds: Bounds, *, source_prefix: str, on_switch: Callable[[Tick], None]
    ) -> None:  # fmt: skip
        self._book, self.bounds, self.source_prefix, self._on_switch = book, bounds, source_prefix, on_switch
        self.atlas = Atlas(asset_map)
        self.ticks: dict[tuple[Venue, Symbol], Tick] = {}
        self._answering: dict[Asset, Tick] = {}
        self.publishes_refused = self.venues_switched = 0
        self._announce(self.atlas.assets)

    def source_of(self, tick: Tick) -> str:
        """Return the source tag under which a tick is told."""
        return f"{self.source_prefix}{tick.venue}-{'rest' if tick.is_from_rest else 'ws'}"

    def is_answering(self, asset: Asset, tick: Tick) -> bool:
        """Whether it is this tick that answers for an asset."""
        return self._answering.get(asset) is tick

    def is_prewarmed(self, row: MappedAsset) -> bool:
        """Whether a row's asset is held from the start, there or elsewhere."""
        return row.prewarm or self.atlas.is_prewarmed(row.asset)

    def answer(self, asset: Asset, changed: Tick | None, now_ns: int) -> None:
        """Choose who answers for an asset; publish where that is another, or the one that has changed."""
        rows, before = self.atlas.of_asset(asset), self._answering.get(asset)
        tick = changed if changed is not None and len(rows) == 1 else self._chosen(rows, before, now_ns)
        if tick is None or tick.trade is None or (tick is before and tick is not changed):
            return
        if tick is not before:
            self._answering[asset] = tick
            self.venues_switched += before is not None
            for one in (before, tick):
                if one is not None:
                    self._on_switch(one)
        self._publish(next(row for row in rows if (row.venue, row.symbol) == (tick.venue, tick.symbol)), tick, tick.trade)

    def answer_all(self, now_ns: int) -> None:
        """Choose for every asset, and publish all of them."""
        for asset in self.atlas.assets:
            tick = self._chosen(self.atlas.of_asset(asset), self._answering.get(asset), now_ns)
            if tick is not None:
                self.answer(asset, tick, now_ns)

    def forget(self, venue: Venue, symbol: Symbol) -> None:
        """Hold a symbol no more; an asset that only it priced is unknown to the engine from now on, unless some venue prewarms it."""
        tick = self.ticks.pop((venue, symbol), None)
        for row in self.atlas.of_symbol(venue, symbol):
            if tick is not None and self.is_answering(row.asset, tick):
                del self._answering[row.asset]
                if not self.atlas.is_prewarmed(row.asset):
                    self._book.retire(row.asset)

    def use_map(self, asset_map: Iterable[MappedAsset]) -> None:
        """Go by another map from now on: new assets are announced, those that have gone are retired. Nothing is published yet."""
        before, self.atlas = self.atlas, Atlas(asset_map)
        for asset in before.assets:
            if not self.atlas.of_asset(asset) or (before.is_prewarmed(asset) and not self.atlas.is_prewarmed(asset)):
                self._book.retire(asset)
                self._answering.pop(asset, None)
        # A symbol its feed has let go is forgotten: the engine would refuse it as stale and hand no ask over.
        kept = [key for key in self.ticks if self.atlas.of_symbol(*key) and (self.atlas.is_held(*key) or not before.is_held(*key))]
        self.ticks = {key: self.ticks[key] for key in kept}
        self._announce([asset for asset in self.atlas.assets if before.of_asset(asset) != self.atlas.of_asset(asset)])

    def price(self, rows: Sequence[MappedAsset], *, now_ns: int, max_age_ms: int | None = None) -> Price:
        """Return the price of an asset, of the venues that these rows of its name.

        Raises:
            PriceUnavailable: it has not been printed yet.
            PriceStale: what there is, is too old to be served or unproven, or older than `max_age_ms`.
        """
        asset = rows[0].asset
        tick = self._chosen(rows, self._answering.get(asset), now_ns)
        if tick is None or (trade := tick.trade) is None:
            raise PriceUnavailable(asset=asset)
        age = age_ns(trade, now_monotonic_ns=now_ns)
        bounded = max_age_ms is not None and age > max_age_ms * 1_000_000
        if bounded or not tick.is_usable(now_ns):
            bound = {"max_age_ms": max_age_ms} if bounded else {}
            raise PriceStale(asset=asset, age_seconds=age // SECOND_NS, age_ms=whole_ms(age), **bound)
        mapped = next(mapped for mapped in rows if (mapped.venue, mapped.symbol) == (trade.venue, trade.symbol))
        return Price(
            asset=mapped.asset,
            price=trade.price,
            quote=mapped.quote,
            venue=trade.venue,
            source=self.source_of(tick),
            cache_tier=tick.cache_tier,
            state=tick.state,
            exchange_time_ns=trade.exchange_time_ns,
            received_time_ns=trade.received_time_ns,
            age_ns=age,
        )

    def told_state(self, asset: Asset, now_ns: int) -> str:
        """Return the state in which an asset's price is told; `stale` and `unavailable` where there is none to tell."""
        tick = self._answering.get(asset)
        if tick is None:
            return "unavailable"
        return tick.state if tick.is_usable(now_ns) else "stale"

    def state_of(self, venue: Venue, symbol: Symbol, now_ns: int) -> str:
        """Return how sure a venue's symbol is: a price's state, `stale`, `unavailable`, or `on_demand` where no feed holds it."""
        tick = self.ticks.get((venue, symbol))
        if tick is None or tick.trade is None:
            return "unavailable" if self.atlas.is_held(venue, symbol) else "on_demand"
        return tick.state if tick.is_usable(now_ns) else "stale"

    def _chosen(self, rows: Sequence[MappedAsset], before: Tick | None, now_ns: int) -> Tick | None:
        ticks = [tick for row in rows if (tick := self.ticks.get((row.venue, row.symbol))) is not None]
        serving = before if before in ticks else None
        return chosen(ticks, serving, now_ns=now_ns, settle_ns=self.bounds.settle_back_ns)

    def _publish(self, row: MappedAsset, tick: Tick, trade: Trade) -> None:
        try:
            self._book.publish(
                row.asset,
                trade.price,
                row.quote,
                trade.venue,
                self.source_of(tick),
                exchange_time_ns=trade.exchange_time_ns,
                received_monotonic_ns=trade.received_monotonic_ns,
                usable_for_ns=tick.usable_for_ns(),
                state=tick.state,
                cache_tier=tick.cache_tier,
                prewarmed=self.is_prewarmed(row),
            )
        except ValueError as error:
            if not self.publishes_refused:  # Every further trade would say the same; the counter goes on.
                _log.error("price not published", error=error, asset=row.asset, venue=trade.venue)
            self.publishes_refused += 1

    def _announce(self, assets: Iterable[Asset]) -> None:
        """Make prewarmed assets known. The others are offered, so that the engine has the first ask for them fetched (see `Demand`)."""
        for asset in assets:
            if self.atlas.is_prewarmed(asset):
                self._book.announce(asset)
        self._book.offer([asset for asset in self.atlas.assets if not self.atlas.is_prewarmed(asset)])

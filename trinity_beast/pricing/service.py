"""Every asset's price: trades in, the engine's book kept, and the reading of what the engine cannot answer by itself."""

from collections.abc import Callable, Iterable, Sequence

from trinity_beast.clock import Clock
from trinity_beast.feeds import Look, MappedAsset, Timekeeper
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings
from trinity_beast.pricing.atlas import Atlas
from trinity_beast.pricing.book import BookOfPrices
from trinity_beast.pricing.choice import chosen
from trinity_beast.pricing.errors import PriceStale, PriceUnavailable
from trinity_beast.pricing.freshness import age_ns
from trinity_beast.pricing.jumps import Jumps
from trinity_beast.pricing.model import Price, whole_ms
from trinity_beast.pricing.parameters import SECOND_NS, LivenessKnobs
from trinity_beast.pricing.tick import Loan, Tick, Verdict, is_newer
from trinity_beast.words import Asset, Symbol, Trade, Venue

_log = get_log("pricing")


def _cannot(_venue: Venue) -> bool:
    """No venue can be looked at."""
    return False


class Prices:
    """Keeps the newest trade of each venue's symbol, and tells the engine which one answers for each asset.

    `source_prefix` marks every source tag where the market is not the real one: `lab:coinbase-ws`. `can_prove` says
    whether a venue can be looked at by REST, so that silence can be told from a lie (see `Watch`).
    """

    def __init__(
        self,
        book: BookOfPrices,
        asset_map: Iterable[MappedAsset],
        *,
        clock: Clock,
        readings: Readings | None = None,
        source_prefix: str = "",
        can_prove: Callable[[Venue], bool] = _cannot,
    ) -> None:
        self._book, self._clock, self.source_prefix, self._can_prove = book, clock, source_prefix, can_prove
        self._timekeeper = Timekeeper(clock)
        self._knobs = LivenessKnobs(readings or Readings())
        self.bounds = self._knobs.bounds()
        self._ticks: dict[tuple[Venue, Symbol], Tick] = {}
        self._answering: dict[Asset, Tick] = {}
        self._jumps = Jumps()
        self.atlas = Atlas(asset_map)
        self.rest_told: set[tuple[Venue, Symbol]] = set()
        """The symbols whose price REST has told anew, for who shares them with the neighbours to take out."""
        self.trades_unmapped = self.trades_late = self.publishes_refused = self.venues_switched = self.jumps_held = 0
        self._announce(self.atlas.assets)

    def on_trades(self, trades: Sequence[Trade]) -> None:
        """Take in live trades. Of several of one symbol, only the newest is published."""
        self.turn()
        for trade in trades if len(trades) == 1 else {trade.symbol: trade for trade in trades}.values():
            self._take(trade, Tick.heard)

    def on_history(self, trades: Sequence[Trade]) -> None:
        """Take in old trades: they fill a book that is empty or older still, with their true age, and prove no life."""
        for trade in {trade.symbol: trade for trade in sorted(trades, key=lambda trade: trade.exchange_time_ns)}.values():
            self._take(trade, Tick.recalled)

    def on_look(self, tick: Tick, look: Look) -> Verdict:
        """Take in what a look at a symbol of ours told."""
        before = tick.trade, tick.state, tick.usable_until_ns
        trade = None if look.trade is None or self._is_held(look.trade) else look.trade
        verdict = tick.judged(trade, self.bounds, asked_ns=look.asked_ns, now_ns=self._clock.monotonic_ns())
        self.settle(tick, has_changed=before != (tick.trade, tick.state, tick.usable_until_ns))
        self._note_rest(look)
        return verdict

    def on_poll(self, look: Look) -> None:
        """Take in what a look at a symbol told that no feed holds. Unchanged or failed, it refreshes nothing."""
        if look.trade is not None:
            self._take(look.trade, Tick.polled)
            self._note_rest(look)

    def on_loan(self, loan: Loan) -> bool:
        """Take in what a neighbour holds of a symbol of ours; whether it is now what is held here."""
        trade = loan.trade
        if not self.atlas.of_symbol(trade.venue, trade.symbol):
            return False
        tick, now_ns = self.tick(trade.venue, trade.symbol), self._clock.monotonic_ns()
        if (tick.trade is None or is_newer(trade, tick.trade)) and self._is_held(trade):
            return False
        if not tick.lent(loan, self.bounds, now_ns=now_ns):
            return False
        self.settle(tick, has_changed=True)
        return True

    def held(self, row: MappedAsset) -> Tick | None:
        """Return what is held of a row's symbol, or None where nothing was ever heard of it."""
        tick = self._ticks.get((row.venue, row.symbol))
        return None if tick is None or tick.trade is None else tick

    def source_of(self, tick: Tick) -> str:
        """Return the source tag under which a tick is told."""
        return f"{self.source_prefix}{tick.venue}-{'rest' if tick.is_from_rest else 'ws'}"

    def forget(self, venue: Venue, symbol: Symbol) -> None:
        """Hold a symbol no more; an asset that only it priced is unknown to the engine from now on, until it is asked for here."""
        tick = self._ticks.pop((venue, symbol), None)
        for row in self.atlas.of_symbol(venue, symbol):
            if tick is not None and self._answering.get(row.asset) is tick:
                del self._answering[row.asset]
                if not self.atlas.is_prewarmed(row.asset):
                    self._book.retire(row.asset)

    def settle(self, tick: Tick, *, has_changed: bool = False) -> None:
        """Let the right venue answer for each asset that `tick` prices, time having passed or the tick having changed."""
        now_ns = self._clock.monotonic_ns()
        for row in self.atlas.of_symbol(tick.venue, tick.symbol):
            self._answer(row.asset, tick if has_changed else None, now_ns)

    def tick(self, venue: Venue, symbol: Symbol) -> Tick:
        """Return what is held of a symbol, made empty where nothing is."""
        tick = self._ticks.get((venue, symbol))
        if tick is None:
            now = self._timekeeper.now()
            tick = Tick(venue, symbol, now_ns=now.monotonic_ns, wall_ns=now.wall_ns, can_prove=self._can_prove(venue))
            self._ticks[venue, symbol] = tick
        return tick

    def use_map(self, asset_map: Iterable[MappedAsset]) -> None:
        """Price by another map from now on: new assets are announced, those that have gone are retired."""
        before, self.atlas = self.atlas, Atlas(asset_map)
        for asset in before.assets:
            if not self.atlas.of_asset(asset) or (before.is_prewarmed(asset) and not self.atlas.is_prewarmed(asset)):
                self._book.retire(asset)
                self._answering.pop(asset, None)
        # A symbol its feed has let go is forgotten: the engine would refuse it as stale and hand no ask over.
        kept = [key for key in self._ticks if self.atlas.of_symbol(*key) and (self.atlas.is_held(*key) or not before.is_held(*key))]
        self._jumps.keep(kept)
        self._ticks = {key: self._ticks[key] for key in kept}
        self._announce([asset for asset in self.atlas.assets if before.of_asset(asset) != self.atlas.of_asset(asset)])
        self._publish_all()

    def turn(self) -> None:
        """Put parameters that were turned to use: every price goes by them from here on."""
        bounds = self._knobs.bounds()
        if bounds != self.bounds:
            self.bounds = bounds
            for tick in self._ticks.values():
                tick.turned(bounds)
            self._publish_all()

    def read(self, asset: str, *, venue: str | None = None, max_age_ms: int | None = None) -> Price:
        """Return an asset's price now, of one venue where `venue` is given.

        Raises:
            AssetUnknown: no row of the map has it (there); with what looks like it.
            PriceUnavailable: it is known and has not been printed yet.
            PriceStale: what there is, is too old to be served or unproven, or older than `max_age_ms`.
        """
        rows = [mapped for mapped in self.atlas.of_asset(asset) if venue is None or mapped.venue == venue]
        if not rows:
            raise self.atlas.unknown(asset, venue)
        now_ns = self._clock.monotonic_ns()
        tick = self._chosen(rows, self._answering.get(rows[0].asset), now_ns)
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

    def prewarmed(self) -> list[Asset]:
        """Return the assets some venue holds from the start: what `GET /prices` answers with."""
        return [asset for asset in self.atlas.assets if self.atlas.is_prewarmed(asset)]

    def is_served(self, asset: Asset) -> bool:
        """Return whether there is a price that may be served for an asset now."""
        tick = self._answering.get(asset)
        return tick is not None and tick.is_usable(self._clock.monotonic_ns())

    def assets_of(self, venue: str) -> list[Asset]:
        """Return the assets a venue prices, in order."""
        return [asset for asset in self.atlas.assets if any(row.venue == venue for row in self.atlas.of_asset(asset))]

    def _note_rest(self, look: Look) -> None:
        tick = self._ticks.get((look.venue, look.symbol))
        if tick is not None and tick.trade is look.trade:
            self.rest_told.add((look.venue, look.symbol))

    def _take(self, trade: Trade, how: Callable[..., bool]) -> None:
        mapped = self.atlas.of_symbol(trade.venue, trade.symbol)
        if not mapped:
            self.trades_unmapped += 1
            return
        if self._is_held(trade):
            return
        tick = self.tick(trade.venue, trade.symbol)
        if not how(tick, trade, self.bounds):
            self.trades_late += how is not Tick.polled
            return
        for row in mapped:
            self._answer(row.asset, tick, trade.received_monotonic_ns)

    def _is_held(self, trade: Trade) -> bool:
        """Return whether a trade jumps beyond belief; where no other venue prices its assets there is nothing to judge by."""
        own = trade.venue, trade.symbol
        rows = (row for mapped in self.atlas.of_symbol(*own) for row in self.atlas.of_asset(mapped.asset))
        others = [market for row in rows if (market := (row.venue, row.symbol)) != own]
        bounds = self.bounds
        if not others or not self._jumps.is_held(trade, others, percent=bounds.jump_percent, reference_ns=bounds.jump_reference_ns):
            return False
        if not self.jumps_held:  # The counter goes on.
            _log.warning("price held back", venue=trade.venue, symbol=trade.symbol, price=trade.price)
        self.jumps_held += 1
        return True

    def _answer(self, asset: Asset, changed: Tick | None, now_ns: int) -> None:
        """Choose who answers for an asset; publish where that is another, or the one that has changed."""
        rows, before = self.atlas.of_asset(asset), self._answering.get(asset)
        tick = changed if changed is not None and len(rows) == 1 else self._chosen(rows, before, now_ns)
        if tick is None or tick.trade is None or (tick is before and tick is not changed):
            return
        if tick is not before:
            self._answering[asset] = tick
            self.venues_switched += before is not None
        self._publish(next(row for row in rows if (row.venue, row.symbol) == (tick.venue, tick.symbol)), tick, tick.trade)

    def _chosen(self, rows: Sequence[MappedAsset], before: Tick | None, now_ns: int) -> Tick | None:
        ticks = [tick for row in rows if (tick := self._ticks.get((row.venue, row.symbol))) is not None]
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
                prewarmed=row.prewarm or self.atlas.is_prewarmed(row.asset),
            )
        except ValueError as error:
            if not self.publishes_refused:  # Every further trade would say the same; the counter goes on.
                _log.error("price not published", error=error, asset=row.asset, venue=trade.venue)
            self.publishes_refused += 1

    def _publish_all(self) -> None:
        now_ns = self._clock.monotonic_ns()
        for asset in self.atlas.assets:
            tick = self._chosen(self.atlas.of_asset(asset), self._answering.get(asset), now_ns)
            if tick is not None:
                self._answer(asset, tick, now_ns)

    def _announce(self, assets: Iterable[Asset]) -> None:
        """Make prewarmed assets known. The others are not, so that the engine hands the first ask for them over (see `Demand`)."""
        for asset in assets:
            if self.atlas.is_prewarmed(asset):
                self._book.announce(asset)

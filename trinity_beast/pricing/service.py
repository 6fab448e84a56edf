"""Every asset's price: trades in, the engine's book kept, and the reading of what the engine cannot answer by itself."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from trinity_beast.clock import Clock
from trinity_beast.feeds import Look, MappedAsset, Said, Timekeeper
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings
from trinity_beast.pricing.atlas import Atlas
from trinity_beast.pricing.book import BookOfPrices
from trinity_beast.pricing.choice import chosen
from trinity_beast.pricing.errors import PriceStale, PriceUnavailable
from trinity_beast.pricing.freshness import age_ns
from trinity_beast.pricing.intake import News, Slots
from trinity_beast.pricing.jumps import Jumps
from trinity_beast.pricing.likeness import is_newer
from trinity_beast.pricing.model import Price, whole_ms
from trinity_beast.pricing.parameters import SECOND_NS, LivenessKnobs
from trinity_beast.pricing.permits import Permits
from trinity_beast.pricing.phase import Verdict
from trinity_beast.pricing.tick import Loan, Tick
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
        slots: Slots | None = None,
    ) -> None:
        """Take `slots`, which takes ordinary trades in our place and tells of them when asked."""
        self._book, self._clock, self.source_prefix, self._can_prove = book, clock, source_prefix, can_prove
        self._timekeeper = Timekeeper(clock)
        self._knobs = LivenessKnobs(readings or Readings())
        self.bounds = self._knobs.bounds()
        self._permits = Permits(slots)
        self._permits.go_by(self.bounds)
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
        self.hear_of(tick.venue, tick.symbol)
        before = tick.trade, tick.state, tick.usable_until_ns
        trade = None if look.trade is None or self._is_held(look.trade) else look.trade
        now_ns = self._clock.monotonic_ns()
        verdict = tick.judged(trade, self.bounds, asked_ns=look.asked_ns, now_ns=now_ns, is_halted=look.is_halted)
        self.settle(tick, has_changed=before != (tick.trade, tick.state, tick.usable_until_ns))
        self._note_rest(tick, before[0])
        return verdict

    def on_poll(self, look: Look) -> None:
        """Take in what a look at a symbol told that no feed holds. Unchanged or failed, it refreshes nothing."""
        if look.trade is None:
            return
        tick = self._ticks.get((look.venue, look.symbol))
        before = tick.trade if tick is not None else None
        self._take(look.trade, partial(Tick.polled, is_halted=look.is_halted, asked_ns=look.asked_ns), is_poll=True)
        if (tick := self._ticks.get((look.venue, look.symbol))) is not None:
            self._note_rest(tick, before)

    def on_word(self, tick: Tick, said: Said) -> None:
        """Take in what the venue itself says of a symbol, beside trades."""
        self.hear_of(tick.venue, tick.symbol)
        before, now_ns = (tick.state, tick.usable_until_ns), self._clock.monotonic_ns()
        if said.halted_wall_ns is not None or tick.halted_wall_ns is not None:
            tick.told_halted(said.halted_wall_ns, self.bounds, now_ns=now_ns)
        if said.is_missing:
            tick.missed(self.bounds, now_ns=now_ns)
        self.settle(tick, has_changed=tick.trade is not None and before != (tick.state, tick.usable_until_ns))

    def on_loan(self, loan: Loan) -> bool:
        """Take in what a neighbour holds of a symbol of ours; whether it is now what is held here."""
        trade = loan.trade
        if not self.atlas.of_symbol(trade.venue, trade.symbol):
            return False
        self.hear_of(trade.venue, trade.symbol)
        tick, now_ns = self.tick(trade.venue, trade.symbol), self._clock.monotonic_ns()
        if (tick.trade is None or is_newer(trade, tick.trade)) and self._is_held(trade):
            return False
        if not tick.lent(loan, self.bounds, now_ns=now_ns):
            return False
        self.settle(tick, has_changed=True)
        return True

    def held(self, row: MappedAsset) -> Tick | None:
        """Return what is held of a row's symbol, or None where nothing was ever heard of it."""
        self.hear_of(row.venue, row.symbol)
        tick = self._ticks.get((row.venue, row.symbol))
        return None if tick is None or tick.trade is None else tick

    def source_of(self, tick: Tick) -> str:
        """Return the source tag under which a tick is told."""
        return f"{self.source_prefix}{tick.venue}-{'rest' if tick.is_from_rest else 'ws'}"

    def forget(self, venue: Venue, symbol: Symbol) -> None:
        """Hold a symbol no more; an asset that only it priced is unknown to the engine from now on, until it is asked for here."""
        self.hear_of(venue, symbol)
        self._permits.close(venue, symbol)
        tick = self._ticks.pop((venue, symbol), None)
        for row in self.atlas.of_symbol(venue, symbol):
            if tick is not None and self._answering.get(row.asset) is tick:
                del self._answering[row.asset]
                if not self.atlas.is_prewarmed(row.asset):
                    self._book.retire(row.asset)

    def settle(self, tick: Tick, *, has_changed: bool = False) -> None:
        """Let the right venue answer for each asset that `tick` prices, time having passed or the tick having changed."""
        self.hear_of(tick.venue, tick.symbol)
        now_ns = self._clock.monotonic_ns()
        for row in self.atlas.of_symbol(tick.venue, tick.symbol):
            self._answer(row.asset, tick if has_changed else None, now_ns)
        if has_changed:
            self._permit(tick)

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
        self.hear()
        self._permits.close_all()
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
            self.hear()
            self.bounds = bounds
            self._permits.go_by(bounds)
            for tick in self._ticks.values():
                tick.turned(bounds)
            self._publish_all()

    def hear(self, most: int | None = None) -> int:
        """Take in what was taken in our place, of every symbol or of `most`; of how many that was.

        To be done every so often (see `Catching`); whoever judges a symbol hears of it first.
        """
        told = self._permits.news(most)
        for news in told:
            self._heard_of(news)
        return len(told)

    def hear_of(self, venue: Venue, symbol: Symbol) -> None:
        """Take in what was taken of a symbol, and of all that price the same."""
        for news in self._permits.news_of(((venue, symbol), *self.atlas.rivals(venue, symbol))):
            self._heard_of(news)

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
        self.hear_of(rows[0].venue, rows[0].symbol)
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
        """Return whether there is a price that may be served for an asset now, of a venue that trades it."""
        return self.told_state(asset) in {"live", "quiet", "rest"}

    def told_state(self, asset: Asset) -> str:
        """Return the state in which an asset's price is told now; `stale` and `unavailable` where there is none to tell."""
        for row in self.atlas.of_asset(asset)[:1]:
            self.hear_of(row.venue, row.symbol)
        tick = self._answering.get(asset)
        if tick is None:
            return "unavailable"
        return tick.state if tick.is_usable(self._clock.monotonic_ns()) else "stale"

    def states_of(self, venue: str) -> dict[Asset, str]:
        """Return how each asset stands at a venue, in order."""
        rows = [row for asset in self.atlas.assets for row in self.atlas.of_asset(asset) if row.venue == venue]
        return {row.asset: self.state_of(row.venue, row.symbol) for row in rows}

    def state_of(self, venue: Venue, symbol: Symbol) -> str:
        """Return how sure a venue's symbol is now: a price's state, `stale`, `unavailable`, or `on_demand` where no feed holds it."""
        tick = self._ticks.get((venue, symbol))
        if tick is None or tick.trade is None:
            return "unavailable" if self.atlas.is_held(venue, symbol) else "on_demand"
        return tick.state if tick.is_usable(self._clock.monotonic_ns()) else "stale"

    def _note_rest(self, tick: Tick, before: Trade | None) -> None:
        if tick.is_from_rest and tick.trade is not before:
            self.rest_told.add((tick.venue, tick.symbol))

    def _take(self, trade: Trade, how: Callable[..., bool], *, is_poll: bool = False) -> None:
        mapped = self.atlas.of_symbol(trade.venue, trade.symbol)
        if not mapped:
            self.trades_unmapped += 1
            return
        self.hear_of(trade.venue, trade.symbol)
        if self._is_held(trade):
            return
        tick = self.tick(trade.venue, trade.symbol)
        if how(tick, trade, self.bounds):
            for row in mapped:
                self._answer(row.asset, tick, trade.received_monotonic_ns)
        else:
            self.trades_late += not is_poll
        self._permit(tick)  # Also where it was late, for it may have changed what is believed.

    def _heard_of(self, news: News) -> None:
        """Take in the newest of the trades that were taken of a symbol. They were ordinary: none jumped, none was late."""
        venue, symbol = Venue(news.venue), Symbol(news.symbol)
        tick = self._ticks.get((venue, symbol))
        if tick is None:
            return
        trade = Trade(venue, symbol, news.price, news.exchange_time_ns, news.received_time_ns, news.received_monotonic_ns)
        held = replace(trade, received_time_ns=news.told_time_ns, received_monotonic_ns=news.told_monotonic_ns)
        heard_ns = news.received_monotonic_ns
        tick.flowed(held, self.bounds, heard_ns=heard_ns, gaps_heard=news.gaps_heard, long_gap_ns=news.long_gap_ns)
        if self.atlas.rivals(venue, symbol):
            self._jumps.believe(trade)
        for row in self.atlas.of_symbol(venue, symbol):
            self._answer(row.asset, None, trade.received_monotonic_ns)

    def _permit(self, tick: Tick) -> None:
        """Say what may be made of a symbol's next trade without us: as long as it flows, what we would make of it."""
        venue, symbol = tick.venue, tick.symbol
        rows = (row for row in self.atlas.of_symbol(venue, symbol) if self._answering.get(row.asset) is tick)
        self._permits.permit(
            tick,
            ((row.asset, row.quote, self.source_of(tick), self._is_prewarmed(row)) for row in rows),
            self._jumps.believed(venue, symbol),
            self.bounds.jump_percent / 100 if self.atlas.rivals(venue, symbol) else None,
        )

    def _is_prewarmed(self, row: MappedAsset) -> bool:
        return row.prewarm or self.atlas.is_prewarmed(row.asset)

    def _is_held(self, trade: Trade) -> bool:
        """Return whether a trade jumps beyond belief; where no other venue prices its assets there is nothing to judge by."""
        others, bounds = self.atlas.rivals(trade.venue, trade.symbol), self.bounds
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
            for one in (before, tick):
                if one is not None:
                    self._permit(one)
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
                prewarmed=self._is_prewarmed(row),
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
        """Make prewarmed assets known. The others are offered, so that the engine has the first ask for them fetched (see `Demand`)."""
        for asset in assets:
            if self.atlas.is_prewarmed(asset):
                self._book.announce(asset)
        self._book.offer([asset for asset in self.atlas.assets if not self.atlas.is_prewarmed(asset)])

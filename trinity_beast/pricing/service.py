"""Every asset's price: what venues print and say is taken in, and judged; `Serving` has who answers."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from trinity_beast.clock import Clock
from trinity_beast.feeds import Look, MappedAsset, Said, Timekeeper
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings
from trinity_beast.pricing.atlas import Atlas
from trinity_beast.pricing.book import BookOfPrices
from trinity_beast.pricing.intake import News, Slots
from trinity_beast.pricing.jumps import Jumps
from trinity_beast.pricing.likeness import is_newer
from trinity_beast.pricing.model import Price
from trinity_beast.pricing.parameters import Bounds, LivenessKnobs
from trinity_beast.pricing.permits import Permits
from trinity_beast.pricing.phase import Verdict
from trinity_beast.pricing.serving import Serving
from trinity_beast.pricing.tick import Loan, Tick
from trinity_beast.words import Asset, Symbol, Trade, Venue

_log = get_log("pricing")


def _cannot(_venue: Venue) -> bool:
    """No venue can be looked at."""
    return False


class Prices:
    """Takes in the newest trade of each venue's symbol, and has the right one answer for each asset.

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
        self._clock, self._can_prove = clock, can_prove
        self._timekeeper = Timekeeper(clock)
        self._knobs = LivenessKnobs(readings or Readings())
        self._permits = Permits(slots)
        self._permits.go_by(self._knobs.bounds())
        self._jumps = Jumps()
        self.serving = Serving(book, asset_map, self._knobs.bounds(), source_prefix=source_prefix, on_switch=self._permit)
        self.rest_told: set[tuple[Venue, Symbol]] = set()
        """The symbols whose price REST has told anew, for who shares them with the neighbours to take out."""
        self.trades_unmapped = self.trades_late = self.jumps_held = 0

    @property
    def atlas(self) -> Atlas:
        """Return the asset map, as it is read now."""
        return self.serving.atlas

    @property
    def bounds(self) -> Bounds:
        """Return what ages, rhythms and jumps are judged by."""
        return self.serving.bounds

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
        tick = self.serving.ticks.get((look.venue, look.symbol))
        before = tick.trade if tick is not None else None
        self._take(look.trade, partial(Tick.polled, is_halted=look.is_halted, asked_ns=look.asked_ns), is_poll=True)
        if (tick := self.serving.ticks.get((look.venue, look.symbol))) is not None:
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
        tick = self.serving.ticks.get((row.venue, row.symbol))
        return None if tick is None or tick.trade is None else tick

    def forget(self, venue: Venue, symbol: Symbol) -> None:
        """Hold a symbol no more; an asset that only it priced is unknown to the engine from now on, until it is asked for here."""
        self.hear_of(venue, symbol)
        self._permits.close(venue, symbol)
        self.serving.forget(venue, symbol)

    def settle(self, tick: Tick, *, has_changed: bool = False) -> None:
        """Let the right venue answer for each asset that `tick` prices, time having passed or the tick having changed."""
        self.hear_of(tick.venue, tick.symbol)
        now_ns = self._clock.monotonic_ns()
        for row in self.atlas.of_symbol(tick.venue, tick.symbol):
            self.serving.answer(row.asset, tick if has_changed else None, now_ns)
        if has_changed:
            self._permit(tick)

    def tick(self, venue: Venue, symbol: Symbol) -> Tick:
        """Return what is held of a symbol, made empty where nothing is."""
        tick = self.serving.ticks.get((venue, symbol))
        if tick is None:
            now = self._timekeeper.now()
            tick = Tick(venue, symbol, now_ns=now.monotonic_ns, wall_ns=now.wall_ns, can_prove=self._can_prove(venue))
            self.serving.ticks[venue, symbol] = tick
        return tick

    def use_map(self, asset_map: Iterable[MappedAsset]) -> None:
        """Price by another map from now on: new assets are announced, those that have gone are retired."""
        self.hear()
        self._permits.close_all()
        self.serving.use_map(asset_map)
        self._jumps.keep(self.serving.ticks)
        self.serving.answer_all(self._clock.monotonic_ns())

    def turn(self) -> None:
        """Put parameters that were turned to use: every price goes by them from here on."""
        bounds = self._knobs.bounds()
        if bounds != self.bounds:
            self.hear()
            self.serving.bounds = bounds
            self._permits.go_by(bounds)
            for tick in self.serving.ticks.values():
                tick.turned(bounds)
            self.serving.answer_all(self._clock.monotonic_ns())

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
        return self.serving.price(rows, now_ns=self._clock.monotonic_ns(), max_age_ms=max_age_ms)

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
        return self.serving.told_state(asset, self._clock.monotonic_ns())

    def states_of(self, venue: str) -> dict[Asset, str]:
        """Return how each asset stands at a venue, in order."""
        rows = [row for asset in self.atlas.assets for row in self.atlas.of_asset(asset) if row.venue == venue]
        now_ns = self._clock.monotonic_ns()
        return {row.asset: self.serving.state_of(row.venue, row.symbol, now_ns) for row in rows}

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
                self.serving.answer(row.asset, tick, trade.received_monotonic_ns)
        else:
            self.trades_late += not is_poll
        self._permit(tick)  # Also where it was late, for it may have changed what is believed.

    def _heard_of(self, news: News) -> None:
        """Take in the newest of the trades that were taken of a symbol. They were ordinary: none jumped, none was late."""
        venue, symbol = Venue(news.venue), Symbol(news.symbol)
        tick = self.serving.ticks.get((venue, symbol))
        if tick is None:
            return
        trade = Trade(venue, symbol, news.price, news.exchange_time_ns, news.received_time_ns, news.received_monotonic_ns)
        held = replace(trade, received_time_ns=news.told_time_ns, received_monotonic_ns=news.told_monotonic_ns)
        heard_ns = news.received_monotonic_ns
        tick.flowed(held, self.bounds, heard_ns=heard_ns, gaps_heard=news.gaps_heard, long_gap_ns=news.long_gap_ns)
        if self.atlas.rivals(venue, symbol):
            self._jumps.believe(trade)
        for row in self.atlas.of_symbol(venue, symbol):
            self.serving.answer(row.asset, None, trade.received_monotonic_ns)

    def _permit(self, tick: Tick) -> None:
        """Say what may be made of a symbol's next trade without us: as long as it flows, what we would make of it."""
        venue, symbol = tick.venue, tick.symbol
        rows = (row for row in self.atlas.of_symbol(venue, symbol) if self.serving.is_answering(row.asset, tick))
        self._permits.permit(
            tick,
            ((row.asset, row.quote, self.serving.source_of(tick), self.serving.is_prewarmed(row)) for row in rows),
            self._jumps.believed(venue, symbol),
            self.bounds.jump_percent / 100 if self.atlas.rivals(venue, symbol) else None,
        )

    def _is_held(self, trade: Trade) -> bool:
        """Return whether a trade jumps beyond belief; where no other venue prices its assets there is nothing to judge by."""
        others, bounds = self.atlas.rivals(trade.venue, trade.symbol), self.bounds
        if not others or not self._jumps.is_held(trade, others, percent=bounds.jump_percent, reference_ns=bounds.jump_reference_ns):
            return False
        if not self.jumps_held:  # The counter goes on.
            _log.warning("price held back", venue=trade.venue, symbol=trade.symbol, price=trade.price)
        self.jumps_held += 1
        return True

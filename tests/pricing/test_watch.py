"""The watch over a made-up venue: what it costs, and what it does when REST cannot help."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.book import Ledger
from tests.support.clock import ManualClock
from tests.support.feeds import feed_row, mapped, trade
from tests.support.rest import FakeRest, rest_row, ticker
from trinity_beast.feeds import NOTHING, FeedRow, Looks, MappedAsset, Moment, Said
from trinity_beast.parameters import Readings
from trinity_beast.pricing import Prices, Watch
from trinity_beast.words import Symbol, Venue


class Stage:
    """A watch and all it needs, without a socket."""

    def __init__(self, clock: ManualClock, rows: list[FeedRow], assets: list[MappedAsset], **turned: object) -> None:
        readings = Readings()
        self.clock, self.rest, self.book, self.renewed = clock, FakeRest(), Ledger(), list[Symbol]()
        self.asked_ns: int | None = clock.time_ns()
        self.said: dict[tuple[Venue, Symbol], Said] = {}
        self.looks = Looks(rows, opener=self.rest, clock=clock, readings=readings)
        self.prices = Prices(self.book, assets, clock=clock, readings=readings, can_prove=self.looks.can_look)
        self.watch = Watch(
            self.prices,
            self.looks,
            assets,
            asked_ns=lambda *_: self.asked_ns,
            renew=self._renew,
            said_of=lambda *market: self.said.get(market, NOTHING),
            clock=clock,
            readings=readings,
        )
        for name, value in turned.items():
            readings.turn(name, value)

    def _renew(self, venue: Venue, symbol: Symbol) -> bool:
        self.renewed.append(symbol)
        return venue == "coinbase"

    def say(self, asset: str, said: Said) -> None:
        """Let Coinbase say this of an asset's symbol from now on."""
        market = mapped(asset).venue, mapped(asset).symbol
        self.said[market] = said
        self.watch.stir(*market)

    def hear(self, *symbols: str, venue: str = "coinbase") -> None:
        now = Moment(self.clock.time_ns(), self.clock.monotonic_ns())
        self.prices.on_trades([trade(symbol, "1", venue=venue, time_ns=now.wall_ns, received=now) for symbol in symbols])


@asynccontextmanager
async def staged(clock: ManualClock, rows: list[FeedRow], assets: list[MappedAsset], **turned: object) -> AsyncIterator[Stage]:
    stage = Stage(clock, rows, assets, **turned)
    await stage.watch.start()
    try:
        yield stage
    finally:
        await asyncio.gather(stage.watch.stop(), stage.looks.stop())


async def test_a_turn_costs_what_is_due_not_what_there_is(clock: ManualClock) -> None:
    assets = [mapped(f"A{number}") for number in range(2_000)]
    async with staged(clock, [rest_row()], assets) as stage:
        symbols = [str(asset.symbol) for asset in assets]
        for _ in range(40):
            stage.hear(*symbols)
            await clock.let_pass(0.25)
        before = stage.watch.attended
        for _ in range(8):
            stage.hear(*symbols)
            await clock.let_pass(0.25)
        assert stage.watch.attended - before <= len(assets)
        assert len(stage.watch._due) <= len(assets)
        assert not stage.rest.asked


async def test_proofs_under_way_are_bounded(clock: ManualClock) -> None:
    assets = [mapped(f"A{number}") for number in range(100)]
    async with staged(clock, [rest_row(requests_per_second=1_000)], assets, proofs_max=10) as stage:
        stage.rest.held.clear()
        await clock.let_pass(6)
        assert len(stage.watch._looking) == 10
        assert stage.watch.looks_put_off > 0


async def test_a_venue_without_rest_is_never_asked_and_stays_live_until_its_bound(clock: ManualClock) -> None:
    asset = mapped("BTC", venue="htx", symbol="btcusdt")
    async with staged(clock, [feed_row("htx", enabled=True)], [asset]) as stage:
        stage.hear("btcusdt", venue="htx")
        await clock.let_pass(80)
        assert stage.prices.read("BTC").state == "live"
        assert not stage.rest.asked
        assert not stage.renewed


async def test_a_trade_printed_before_the_subscription_is_not_owed_by_it(clock: ManualClock) -> None:
    async with staged(clock, [rest_row()], [mapped("BTC")]) as stage:
        stage.rest.answers["BTC-USD"] = ticker("1", earlier=-5)
        stage.asked_ns = None
        await clock.let_pass(10)
        assert stage.prices.read("BTC").source == "coinbase-rest"
        stage.asked_ns = clock.time_ns()
        await clock.let_pass(20)
        assert not stage.renewed
        stage.rest.answers["BTC-USD"] = ticker("2", earlier=-25)
        await clock.let_pass(30)
        assert stage.renewed == ["BTC-USD"]


async def test_a_symbol_that_left_the_map_is_watched_no_more(clock: ManualClock) -> None:
    async with staged(clock, [rest_row()], [mapped("BTC"), mapped("ETH")]) as stage:
        stage.rest.answers[""] = ticker("1")
        stage.prices.use_map([mapped("ETH")])
        stage.watch.use_map([mapped("ETH")])
        await clock.let_pass(30)
        assert stage.rest.asked
        assert not [url for url in stage.rest.asked if "BTC" in url]


async def test_when_the_first_venue_goes_stale_the_next_answers_though_it_says_nothing_new(clock: ManualClock) -> None:
    assets = [mapped("BTC"), mapped("BTC", venue="htx", symbol="btcusdt")]
    async with staged(clock, [rest_row(), feed_row("htx", enabled=True)], assets) as stage:
        stage.hear("BTC-USD")
        await clock.let_pass(40)
        stage.hear("btcusdt", venue="htx")
        assert stage.book.last("BTC")["venue"] == "coinbase"
        await clock.let_pass(30)
        assert stage.book.last("BTC")["venue"] == "htx"

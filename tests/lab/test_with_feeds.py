"""The product's own feeds at the stand-in, through an ordinary row whose addresses differ."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from itertools import groupby
from pathlib import Path

import pytest

from tests.support.clock import ManualClock
from trinity_beast.feeds import Feeds, FeedState, MappedAsset, parse_row
from trinity_beast.lab import Lab, LabAddresses, MarketTrade, row_for_lab
from trinity_beast.lab.venues.listed import WARM
from trinity_beast.randomness import dice_from
from trinity_beast.words import Symbol, Trade, Venue

COINBASE = Venue("coinbase")
ROWS = Path(__file__).resolve().parents[2] / "migrations" / "versions" / "0002_exchange_feeds.json"
ASSETS = WARM[COINBASE]
SYMBOLS = [Symbol(f"{asset}-USD") for asset in ASSETS]


class Heard:
    """What the feeds said."""

    def __init__(self) -> None:
        self.trades: list[Trade] = []
        self.history: list[Trade] = []

    def take(self, trades: Sequence[Trade]) -> None:
        self.trades.extend(trades)

    def take_history(self, trades: Sequence[Trade]) -> None:
        self.history.extend(trades)

    def of(self, symbol: Symbol) -> list[tuple[int, str]]:
        return [(trade.exchange_time_ns, trade.price) for trade in self.trades if trade.symbol == symbol]


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def feeds(addresses: LabAddresses, clock: ManualClock, heard: Heard) -> AsyncIterator[Feeds]:
    (values,) = [row for row in json.loads(ROWS.read_text()) if row["venue"] == COINBASE]
    row = parse_row(row_for_lab(values, addresses))
    held = [MappedAsset(asset, COINBASE, symbol, "USD") for asset, symbol in zip(ASSETS, SYMBOLS, strict=True)]
    feeds = Feeds([row], held, heard.take, on_history=heard.take_history, clock=clock, dice=dice_from("feeds"))
    await feeds.start()
    async with asyncio.timeout(5):
        while feeds.status()[0].state is not FeedState.LIVE:
            await clock.let_pass(0.05)
    yield feeds
    stopping = asyncio.ensure_future(feeds.stop())
    async with asyncio.timeout(5):
        while not stopping.done():
            await clock.let_pass(0.05)


def _once(trades: Sequence[MarketTrade]) -> list[tuple[int, str]]:
    """Several trades of one moment at one price say one thing."""
    return [said for said, _ in groupby((trade.time_ns, trade.price) for trade in trades)]


def _told(lab: Lab, symbol: Symbol, heard: Heard, *, until_ns: int) -> list[tuple[int, str]]:
    tape = lab.market.tape(COINBASE, symbol)
    assert tape is not None
    first_ns = next((time_ns for time_ns, _ in heard.of(symbol)), until_ns)
    return _once(tape.between(first_ns - 1, until_ns))


async def test_a_feed_hears_every_trade_of_the_market_in_order_and_none_twice(
    feeds: Feeds, lab: Lab, heard: Heard, clock: ManualClock
) -> None:
    await clock.let_pass(30)
    until_ns = clock.time_ns()
    await clock.let_pass(0.5)

    total = 0
    for symbol in SYMBOLS:
        said = [trade for trade in heard.of(symbol) if trade[0] <= until_ns]
        assert said == _told(lab, symbol, heard, until_ns=until_ns), symbol
        total += len(said)
    assert total > 300
    counts = feeds.status()[0].counts
    assert counts["trades_late"] == 0


async def test_history_is_never_heard_as_live(feeds: Feeds, lab: Lab, heard: Heard, clock: ManualClock) -> None:
    began_ns = clock.time_ns()
    await clock.let_pass(5)
    assert len(heard.history) > 100
    assert all(trade.exchange_time_ns >= began_ns - 2 * 10**9 for trade in heard.trades)


@pytest.mark.parametrize(
    "order",
    ["duplicate coinbase", "reorder coinbase", "replay coinbase count=50", "garbage coinbase count=20", "skip-sequence coinbase"],
)
async def test_no_fault_of_the_wire_makes_a_feed_say_what_was_not_traded_or_turn_back(
    feeds: Feeds, lab: Lab, heard: Heard, clock: ManualClock, order: str
) -> None:
    await clock.let_pass(2)
    await lab.fault(order)
    await clock.let_pass(20)
    assert len(heard.trades) > 100
    for symbol in SYMBOLS:
        said, tape = heard.of(symbol), lab.market.tape(COINBASE, symbol)
        assert tape is not None
        true = set(_once(tape.recent(10_000)))
        assert set(said) <= true
        times = [time_ns for time_ns, _ in said]
        assert times == sorted(times)
        assert len(said) == len(set(said)) or len([*groupby(said)]) == len(said)


async def test_times_in_the_future_or_in_1970_are_not_believed(feeds: Feeds, lab: Lab, heard: Heard, clock: ManualClock) -> None:
    await clock.let_pass(2)
    await lab.fault("future-times coinbase BTC-USD")
    await lab.fault("wrong-units coinbase ETH-USD")
    before = len(heard.of(Symbol("BTC-USD"))), len(heard.of(Symbol("ETH-USD")))
    await clock.let_pass(10)
    assert (len(heard.of(Symbol("BTC-USD"))), len(heard.of(Symbol("ETH-USD")))) == before


@pytest.mark.parametrize("order", ["drop coinbase", "drop coinbase code=1001", "cut-frame coinbase", "freeze coinbase for_seconds=25"])
async def test_a_lost_connection_is_made_again_and_trades_go_on(
    feeds: Feeds, lab: Lab, heard: Heard, clock: ManualClock, order: str
) -> None:
    await clock.let_pass(2)
    await lab.fault(order)
    await clock.let_pass(40)
    since_ns = clock.time_ns()
    await clock.let_pass(10)
    assert {trade.symbol for trade in heard.trades if trade.exchange_time_ns > since_ns} >= {"BTC-USD", "ETH-USD", "SOL-USD"}
    times = [time_ns for time_ns, _ in heard.of(Symbol("BTC-USD"))]
    assert times == sorted(times)


async def test_the_rest_rules_of_the_row_lead_to_the_stand_in(addresses: LabAddresses) -> None:
    (values,) = [row for row in json.loads(ROWS.read_text()) if row["venue"] == COINBASE]
    moved = row_for_lab(values, addresses)
    assert "coinbase.com" not in json.dumps(moved)
    assert parse_row(moved).endpoint == addresses.ws_url.rstrip("/")

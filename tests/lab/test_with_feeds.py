"""The product's own feeds at every stand-in, through the ordinary rows with other addresses."""

import json
from itertools import groupby

import pytest

from tests.lab.feeding import Fed, fed
from tests.lab.visitor import played
from tests.support.feeds import DOCUMENTED
from trinity_beast.feeds import parse_row
from trinity_beast.lab import row_for_lab
from trinity_beast.lab.venues import VENUES
from trinity_beast.words import Symbol

FEWEST = {"coinbase": 300, "bitstamp": 250, "bybit": 250, "binance": 250, "htx": 250}
"""How many trades at least are heard in 15 s, where the great coins are among the venue's warm ones; elsewhere fewer."""
OLD_AT_FIRST = {"coinbase": 1000, "cryptocom": 1000, "okx": 10, "htx": 10}
"""How many old trades at least a venue shows on subscribing."""


@pytest.mark.parametrize("venue", VENUES)
async def test_a_feed_hears_every_trade_of_the_market_in_order_none_twice_and_none_old(venue: str) -> None:
    async with fed(venue) as feed:
        settled_ns = feed.clock.time_ns()
        await feed.clock.let_pass(15)
        until_ns = feed.clock.time_ns()
        await feed.clock.let_pass(0.5)

        for symbol in feed.symbols:
            said = [(time_ns, price) for time_ns, price in feed.said(symbol, until_ns=until_ns) if time_ns >= settled_ns]
            assert said == feed.true(symbol, since_ns=settled_ns, until_ns=until_ns), symbol
        assert len(feed.trades) > FEWEST.get(venue, 100)
        assert len(feed.history) >= OLD_AT_FIRST.get(venue, 0)
        asked_ns = settled_ns - 20 * 10**9
        assert all(trade.exchange_time_ns >= asked_ns for trade in feed.trades)
        assert {name: feed.status.counts[name] for name in ("trades_late", "trades_future", "trades_unasked", "refusals")} == {
            "trades_late": 0,
            "trades_future": 0,
            "trades_unasked": 0,
            "refusals": 0,
        }


@pytest.mark.parametrize("venue", ["coinbase", "cryptocom", "okx", "htx"])
async def test_history_is_never_heard_as_live(venue: str) -> None:
    async with fed(venue) as feed:
        began_ns = feed.clock.time_ns()
        await feed.clock.let_pass(5)
        assert len(feed.history) >= OLD_AT_FIRST[venue]
        # A trade counts as old when it is a second older than the asking, which may itself have come a few seconds before.
        assert all(trade.exchange_time_ns >= began_ns - 6 * 10**9 for trade in feed.trades)
        assert all(trade.exchange_time_ns < began_ns for trade in feed.history)


@pytest.mark.parametrize("order", ["duplicate", "reorder", "replay count=50", "garbage count=20", "skip-sequence", "truncate count=5"])
@pytest.mark.parametrize("venue", ["coinbase", "kraken", "okx"])
async def test_no_fault_of_the_wire_makes_a_feed_say_what_was_not_traded_or_turn_back(venue: str, order: str) -> None:
    async with fed(venue) as feed:
        await feed.stage.order(order)
        await feed.clock.let_pass(12)
        assert len(feed.trades) > 50
        for symbol in feed.symbols:
            _is_true_and_in_order(feed, symbol)


def _is_true_and_in_order(feed: Fed, symbol: Symbol) -> None:
    said = feed.said(symbol)
    assert set(said) <= set(feed.true(symbol))
    times = [time_ns for time_ns, _ in said]
    assert times == sorted(times)
    assert len([*groupby(said)]) == len(said)


@pytest.mark.parametrize("venue", ["coinbase", "gemini", "htx"])
async def test_times_in_the_future_or_in_1970_are_not_believed(venue: str) -> None:
    async with fed(venue) as feed:
        one, other = feed.symbols[:2]
        await feed.lab.fault(f"future-times {venue} {one}")
        await feed.lab.fault(f"wrong-units {venue} {other}")
        before = len(feed.said(one)), len(feed.said(other))
        await feed.clock.let_pass(10)
        assert (len(feed.said(one)), len(feed.said(other))) == before


@pytest.mark.parametrize(("order", "seconds"), [("drop", 6), ("drop code=1001", 6), ("cut-frame", 6), ("freeze for_seconds=61", 64)])
@pytest.mark.parametrize("venue", ["coinbase", "gateio", "binance"])
async def test_a_lost_connection_is_made_again_and_trades_go_on(venue: str, order: str, seconds: float) -> None:
    async with fed(venue) as feed:
        await feed.stage.order(order)
        await feed.clock.let_pass(seconds)
        since_ns = feed.clock.time_ns()
        await feed.clock.let_pass(10)
        assert feed.status.counts["connections_opened"] > 1
        heard = {trade.symbol for trade in feed.trades if trade.exchange_time_ns > since_ns}
        assert len(heard) > 10
        times = [time_ns for time_ns, _ in feed.said(feed.symbols[0])]
        assert times == sorted(times)


@pytest.mark.parametrize("venue", ["okx", "bitstamp", "binance"])
async def test_a_planned_end_that_was_announced_costs_no_trade(venue: str) -> None:
    async with fed(venue) as feed:
        since_ns = feed.clock.time_ns()
        await feed.stage.order("planned-end after_seconds=20")
        await feed.clock.let_pass(30)
        until_ns = feed.clock.time_ns()
        await feed.clock.let_pass(0.5)
        assert feed.status.counts["connections_opened"] == 2
        for symbol in feed.symbols:
            said = [(time_ns, price) for time_ns, price in feed.said(symbol, until_ns=until_ns) if time_ns >= since_ns]
            assert said == feed.true(symbol, since_ns=since_ns, until_ns=until_ns), symbol


@pytest.mark.parametrize("venue", ["kraken", "gateio"])
async def test_a_feed_keeps_up_with_a_burst_and_ends_at_the_true_price(venue: str) -> None:
    async with fed(venue) as feed:
        symbol = feed.symbols[0]
        await feed.lab.fault(f"burst {venue} {symbol} per_second=5000 for_seconds=0.5")
        await feed.clock.let_pass(0.5)
        await feed.clock.let_pass(0.2)
        assert len(feed.said(symbol)) > 2000
        assert feed.said(symbol)[-1] == feed.true(symbol)[-1]
        _is_true_and_in_order(feed, symbol)


@pytest.mark.parametrize("venue", VENUES)
async def test_the_rest_rules_of_the_row_lead_to_the_stand_in(venue: str) -> None:
    async with played(venue) as stage:
        moved = row_for_lab(DOCUMENTED[venue], stage.addresses)
        assert "https://" not in json.dumps(moved)
        assert parse_row(moved).endpoint.rstrip("/") == stage.addresses.ws_url.rstrip("/")

"""What holds for every stand-in alike, seen by a client that knows the documents alone."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from tests.lab.dialects import DIALECTS
from tests.lab.visitor import Played, played
from tests.support.clock import ManualClock
from trinity_beast.lab import open_market
from trinity_beast.lab.venues import VENUES
from trinity_beast.lab.venues.listed import GREAT, LISTED, WARM
from trinity_beast.words import Asset, Symbol, Venue

WITH_REST = [venue for venue, dialect in DIALECTS.items() if dialect.rest_last is not None]


@pytest.fixture(params=list(VENUES))
async def venue(request: pytest.FixtureRequest) -> AsyncIterator[Played]:
    async with played(request.param) as stage:
        yield stage


@pytest.fixture(params=WITH_REST)
async def with_rest(request: pytest.FixtureRequest) -> AsyncIterator[Played]:
    async with played(request.param) as stage:
        yield stage


def test_every_venue_has_a_dialect_and_25_assets_that_are_kept_warm() -> None:
    assert set(DIALECTS) == set(VENUES) == set(WARM)
    assert all(len(set(assets)) == 25 for assets in WARM.values())
    assert all(set(GREAT) <= set(assets) for assets in LISTED.values())


async def test_live_trades_are_the_market_s_own_complete_and_in_order(venue: Played) -> None:
    visitor = await venue.visit()
    await visitor.subscribe_to(venue.dialect.btc, venue.dialect.eth)
    since_ns = venue.clock.time_ns()
    rows = visitor.rows(await visitor.later(15.25))
    until_ns = venue.clock.time_ns() - 250_000_000  # What the venue may still be gathering.

    for symbol in (venue.dialect.btc, venue.dialect.eth):
        told = [row for row in rows if row.symbol == symbol and since_ns < row.time_ns <= until_ns]
        assert told == venue.true_rows(symbol, after_ns=since_ns, until_ns=until_ns)
        assert len(told) > 15
    assert {row.symbol for row in rows} == {venue.dialect.btc, venue.dialect.eth}


async def test_who_unsubscribes_hears_nothing_more_of_it(venue: Played) -> None:
    visitor = await venue.visit()
    await visitor.subscribe_to(venue.dialect.btc, venue.dialect.eth)
    await visitor.later(1)
    await visitor.ask(venue.dialect.unsubscribe(venue.dialect.btc))
    await visitor.later(1)
    assert {row.symbol for row in visitor.rows(await visitor.later(5))} == {venue.dialect.eth}


async def test_an_unknown_symbol_is_refused_or_silent_as_documented_and_the_connection_lives_on(venue: Played) -> None:
    visitor = await venue.visit()
    messages = await visitor.subscribe_to(venue.dialect.nope)
    assert any(map(venue.dialect.is_refusal, messages)) is not venue.dialect.is_mute_when_unknown
    await visitor.subscribe_to(venue.dialect.btc)
    rows = visitor.rows(await visitor.later(5))
    assert {row.symbol for row in rows} == {venue.dialect.btc}


async def test_two_clients_hear_the_same(venue: Played) -> None:
    visitors = [await venue.visit(), await venue.visit()]
    for visitor in visitors:
        await visitor.subscribe_to(venue.dialect.btc)
    await visitors[1].later(1)
    since_ns = venue.clock.time_ns()
    await venue.clock.let_pass(5)
    heard = [[row for row in visitor.rows(await visitor.hear()) if row.time_ns > since_ns] for visitor in visitors]
    assert heard[0] == heard[1]
    assert heard[0]


async def test_what_is_no_json_does_not_end_the_connection(venue: Played) -> None:
    visitor = await venue.visit()
    await visitor.send_text("{no")
    await visitor.subscribe_to(venue.dialect.btc)
    assert visitor.rows(await visitor.later(3))


async def test_rest_tells_the_market_s_last_trade_with_its_time(with_rest: Played) -> None:
    await with_rest.clock.let_pass(3)
    price, time_ns = await with_rest.last(with_rest.dialect.eth)
    true = with_rest.tape(with_rest.dialect.eth).last
    assert true is not None
    coarse = 10**9 if with_rest.venue == "bitstamp" else 1_000_000 if with_rest.venue == "gemini" else 1
    assert (price, time_ns) == (true.price, true.time_ns // coarse * coarse)


async def test_the_list_names_the_living_and_the_dead(with_rest: Played) -> None:
    listed = await with_rest.listed()
    assert listed[with_rest.dialect.btc]
    assert listed[with_rest.dialect.eth]
    market = with_rest.lab.market.listings[with_rest.venue]
    dead = {listing.symbol for listing in market if listing.is_delisted}
    assert all(not listed.get(symbol, False) for symbol in dead)
    assert (set(listed) & dead) == (set() if with_rest.venue == "bybit" else dead)


async def test_an_unknown_symbol_has_no_last_trade(with_rest: Played) -> None:
    status, body = await with_rest.get(with_rest.dialect.last_path.replace("SYMBOL", with_rest.dialect.nope))
    refusals = {"kraken": "Unknown asset pair", "okx": "51001", "bybit": "10001", "gateio": "INVALID_CURRENCY_PAIR", "binance": "-1121"}
    assert refusals.get(with_rest.venue, "") in str(body)
    assert status == {"kraken": 200, "okx": 200, "bybit": 200, "gateio": 400, "binance": 400}.get(with_rest.venue, 404)


def test_a_coin_costs_the_same_everywhere_but_for_small_premiums() -> None:
    clock = ManualClock()
    market = open_market(seed=3, assets=[Asset("BTC"), Asset("SOL"), Asset("USDT")])
    market.begin(clock.time_ns())
    market.advance(clock.time_ns() + 20 * 10**9)
    tether = market.tape(Venue("kraken"), Symbol("USDT/USD"))
    assert tether is not None
    for asset in ("BTC", "SOL"):
        prices = [
            Decimal(tape.last_price) * (Decimal(tether.last_price) if listing.quote == "USDT" else 1)
            for venue, listings in market.listings.items()
            for listing in listings
            if listing.asset == asset and (tape := market.tape(venue, listing.symbol)) is not None
        ]
        assert len(prices) == 12, "each venue once, Crypto.com in both quotes"
        assert max(prices) / min(prices) < Decimal("1.002")


def test_two_names_of_one_coin_move_as_one() -> None:
    clock = ManualClock()
    market = open_market(seed=3, assets={Venue("coinbase"): [Asset("RENDER")], Venue("gemini"): [Asset("RNDR")]})
    market.begin(clock.time_ns())
    here, there = market.tape(Venue("coinbase"), Symbol("RENDER-USD")), market.tape(Venue("gemini"), Symbol("rndrusd"))
    assert here is not None
    assert there is not None
    assert abs(Decimal(here.last_price) / Decimal(there.last_price) - 1) < Decimal("0.01")


def test_every_venue_spells_its_warm_assets_as_it_does() -> None:
    listings = {venue: {listing.symbol for listing in kind.listings(WARM[venue])} for venue, kind in VENUES.items()}
    assert {"RENDER-USD", "CGLD-USD"} <= listings[Venue("coinbase")]
    assert {"rndrusd", "aaveusd"} <= listings[Venue("gemini")]
    assert {"NANO/USD", "XTZ/USD"} <= listings[Venue("kraken")]
    assert {"S_USDT", "BNB_USDT"} <= listings[Venue("gateio")]
    assert {"WLD_USDT", "APE_USD", "LDO_USD", "LDO_USDT"} <= listings[Venue("cryptocom")]
    assert {"W-USDT", "TNSR-USDT"} <= listings[Venue("okx")]
    assert {"btcusd"} <= listings[Venue("bitstamp")]
    assert {"BTCUSDT"} <= listings[Venue("bybit")] & listings[Venue("binance")]
    assert {"btcusdt"} <= listings[Venue("htx")]

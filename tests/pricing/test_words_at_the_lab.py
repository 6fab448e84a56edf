"""What venues say of their symbols beside trades, played by the lab over real sockets and real REST."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.support.clock import ManualClock
from tests.support.feeds import mapped
from tests.support.watched import Watched, watched
from trinity_beast.feeds import MappedAsset
from trinity_beast.lab import Market
from trinity_beast.lab.synthetic import SyntheticMarket
from trinity_beast.lab.venues import VENUES
from trinity_beast.words import Asset, Symbol, Venue

SECOND_NS = 1_000_000_000
EXCHANGE = Venue("coinbaseexchange")


def market(venue: Venue, rates: Mapping[str, float], *, seed: int = 7) -> Market:
    """A market in which each asset trades so many times a second."""
    living = [each for each in VENUES[venue].listings([Asset(name) for name in rates]) if not each.is_delisted]
    return SyntheticMarket({venue: [replace(each, trades_per_second=rates[each.asset]) for each in living]}, seed=seed)


def rows(venue: Venue, *assets: str) -> list[MappedAsset]:
    between, quote = {"kraken": "/", "okx": "-"}.get(venue, "-"), "USDT" if venue == "okx" else "USD"
    name = "{}{}" if venue == "gemini" else "{}" + between + "{}"
    symbols = {asset: name.format(asset, quote) for asset in assets}
    return [
        mapped(asset, venue=venue, symbol=symbol.lower() if venue == "gemini" else symbol, quote=quote) for asset, symbol in symbols.items()
    ]


def last_of(stage: Watched, venue: Venue, symbol: str) -> tuple[int, str]:
    tape = stage.lab.market.tape(venue, Symbol(symbol))
    assert tape is not None
    assert tape.last is not None
    return tape.last.time_ns, tape.last.price


async def test_a_quiet_symbol_is_proven_by_heartbeats_alone(clock: ManualClock) -> None:
    rates = {"ETH": 4.0, "BTC": 0.004}
    async with watched(market(EXCHANGE, rates), rows(EXCHANGE, *rates), clock, venue=EXCHANGE, liveness_seconds_max=8.0) as stage:
        await clock.let_pass(40)
        assert (stage.state("ETH"), stage.state("BTC")) == ("live", "quiet")
        assert (stage.book.last("BTC")["exchange_time_ns"], stage.book.told("BTC")[-1]["price"]) == last_of(stage, EXCHANGE, "BTC-USD")
        assert stage.looked(EXCHANGE) == 0
        assert stage.watch.looks_spared >= 2


async def test_a_symbol_whose_heartbeat_moves_without_its_trade_is_found_out_in_seconds(clock: ManualClock) -> None:
    rates = {"ETH": 4.0, "BTC": 0.5}
    async with watched(market(EXCHANGE, rates), rows(EXCHANGE, *rates), clock, venue=EXCHANGE) as stage:
        await clock.let_pass(20)
        await stage.lab.fault("mute coinbaseexchange BTC-USD")
        seconds = 0.0
        async for _ in stage.until(15):
            assert stage.state("ETH") == "live"
            seconds += 0.05 if not stage.counts()["symbols_renewed"] else 0
        assert seconds < 8
        assert stage.state("BTC") == "rest"
        assert stage.counts()["proofs_against"] >= 1
        await stage.lab.fault("clear coinbaseexchange")
        await clock.let_pass(10)
        assert stage.state("BTC") == "live"


async def test_on_a_socket_that_keeps_everything_back_no_price_is_called_quiet(clock: ManualClock) -> None:
    rates = {"ETH": 2.0, "BTC": 2.0}
    async with watched(market(EXCHANGE, rates), rows(EXCHANGE, *rates), clock, venue=EXCHANGE) as stage:
        await clock.let_pass(10)
        await stage.lab.fault("mute coinbaseexchange")
        async for _ in stage.until(30):
            assert {stage.state(asset) for asset in rates} <= {"live", "rest", "stale"}


@pytest.mark.parametrize("venue", ["coinbase", "kraken", "okx", "coinbaseexchange"])
async def test_a_halted_symbol_is_served_with_its_true_age_and_is_live_with_the_next_trade(clock: ManualClock, venue: str) -> None:
    at, rates = Venue(venue), {"ETH": 4.0, "BTC": 4.0}
    assets = rows(at, *rates)
    symbol = next(row.symbol for row in assets if row.asset == "BTC")
    async with watched(market(at, rates), assets, clock, venue=at) as stage:
        await clock.let_pass(15)
        await stage.lab.fault(f"halt {venue} {symbol}")
        await clock.let_pass(0.5)
        states = set()
        async for _ in stage.until(30, every=0.25):
            assert stage.state("ETH") == "live"
            states.add(stage.state("BTC"))
        assert states <= {"live", "halted"}
        assert stage.state("BTC") == "halted"
        told = stage.book.last("BTC")
        assert (told["exchange_time_ns"], told["price"]) == last_of(stage, at, symbol)
        async for _ in stage.until(60, every=0.5):
            assert stage.state("BTC") == "halted"
        await stage.lab.fault(f"clear {venue}")
        await clock.let_pass(5)
        assert stage.state("BTC") == "live"


async def test_a_halted_venue_turns_all_its_symbols_at_once_and_none_is_asked_for_by_rest(clock: ManualClock) -> None:
    kraken, rates = Venue("kraken"), {"ETH": 4.0, "BTC": 1.0}
    async with watched(market(kraken, rates), rows(kraken, *rates), clock, venue=kraken) as stage:
        await clock.let_pass(6)
        looked = stage.looked(kraken)
        await stage.lab.fault("halt kraken")
        await clock.let_pass(0.2)
        assert {stage.state(asset) for asset in rates} == {"halted"}
        async for _ in stage.until(60, every=0.5):
            assert {stage.state(asset) for asset in rates} == {"halted"}
        assert stage.looked(kraken) == looked
        await stage.lab.fault("clear kraken")
        await clock.let_pass(10)
        assert {stage.state(asset) for asset in rates} == {"live"}


async def test_when_the_connection_that_said_so_is_lost_the_halt_is_proven_or_ends(clock: ManualClock) -> None:
    kraken, rates = Venue("kraken"), {"ETH": 4.0}
    async with watched(market(kraken, rates), rows(kraken, *rates), clock, venue=kraken) as stage:
        await clock.let_pass(6)
        await stage.lab.fault("halt kraken")
        await clock.let_pass(1)
        await stage.lab.fault("refuse kraken")
        await stage.lab.fault("rest-status kraken status=500")
        await stage.lab.fault("drop kraken")
        await clock.let_pass(45)
        assert stage.state("ETH") == "stale"


async def test_a_delisted_symbol_is_refused_and_never_called_halted(clock: ManualClock) -> None:
    kraken, rates = Venue("kraken"), {"ETH": 4.0, "BTC": 4.0}
    async with watched(market(kraken, rates), rows(kraken, *rates), clock, venue=kraken) as stage:
        await clock.let_pass(10)
        await stage.lab.fault("delist kraken BTC/USD")
        states = [stage.state("BTC") async for _ in stage.until(40, every=0.5)]
        assert set(states) == {"live", "stale"}
        assert states[-1] == "stale"

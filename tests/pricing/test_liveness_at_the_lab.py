"""Silence and lies, played by the lab over real sockets and real REST."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.support.clock import ManualClock
from tests.support.feeds import mapped
from tests.support.watched import COINBASE, Watched, symbol_of, watched
from trinity_beast.lab import Market
from trinity_beast.lab.synthetic import SyntheticMarket
from trinity_beast.lab.venues.coinbase_rows import listings
from trinity_beast.words import Asset

SECOND_NS = 1_000_000_000
ASSETS = [
    "BTC", "ETH", "SOL", "DOGE", "XRP", "LINK", "DOT", "LTC", "AVAX", "UNI", "PEPE", "XLM", "ETC", "ICP", "RENDER", "BONK", "BCH", "JASMY",
    "AXS", "CHZ", "STORJ", "ZEC", "DASH", "CGLD", "NEAR",
]  # fmt: skip


def market(rates: Mapping[str, float], *, seed: int = 7) -> Market:
    """A market in which each asset trades so many times a second."""
    found = [
        replace(each, trades_per_second=rates[each.asset]) for each in listings([Asset(name) for name in rates]) if not each.is_delisted
    ]
    return SyntheticMarket({COINBASE: found}, seed=seed)


def is_true(stage: Watched, asset: str, told: Mapping[str, object]) -> bool:
    """Whether what was published was really traded at that time and price."""
    tape = stage.lab.market.tape(COINBASE, symbol_of(asset))
    assert tape is not None
    return (told["exchange_time_ns"], told["price"]) in {(trade.time_ns, trade.price) for trade in tape.recent(10_000)}


@pytest.mark.slow
async def test_one_muted_symbol_of_25_leaves_live_within_its_window_is_alone_asked_anew_and_the_others_never_change(
    clock: ManualClock,
) -> None:
    rates = dict.fromkeys(ASSETS, 4.0)
    async with watched(market(rates), [mapped(asset) for asset in ASSETS], clock) as stage:
        await clock.let_pass(12)
        assert {stage.state(asset) for asset in ASSETS} == {"live"}
        await stage.lab.fault("mute coinbase BTC-USD")
        requests, renewed = stage.counts()["requests_sent"], stage.counts()["symbols_renewed"]
        seconds = 0.0
        async for _ in stage.until(20):
            assert {stage.state(asset) for asset in ASSETS[1:]} == {"live"}
            if stage.state("BTC") == "live":
                seconds += 0.05
        assert seconds <= 5.5
        assert stage.state("BTC") == "rest"
        assert stage.book.last("BTC")["source"] == "coinbase-rest"
        assert (stage.counts()["symbols_renewed"] - renewed, stage.counts()["requests_sent"] - requests) == (1, 2)
        assert stage.looked() <= 12
        assert all(is_true(stage, "BTC", told) for told in stage.book.told("BTC") if told["state"] == "rest")

        await stage.lab.fault("clear coinbase")
        await clock.let_pass(3)
        assert stage.state("BTC") == "live"
        assert stage.book.last("BTC")["source"] == "coinbase-ws"
        times = [told["exchange_time_ns"] for told in stage.book.told("BTC")]
        assert times == sorted(times)


async def test_of_two_silent_symbols_the_quiet_one_stays_usable_and_only_the_one_whose_rest_moved_is_asked_anew(clock: ManualClock) -> None:
    rates = {"ETH": 4.0, "STORJ": 0.01, "BTC": 4.0}
    async with watched(market(rates), [mapped(asset) for asset in rates], clock, liveness_seconds_max=8.0) as stage:
        await clock.let_pass(10)
        await stage.lab.fault("mute coinbase BTC-USD")
        await clock.let_pass(15)
        assert (stage.state("ETH"), stage.state("STORJ"), stage.state("BTC")) == ("live", "quiet", "rest")
        quiet = stage.book.last("STORJ")
        assert is_true(stage, "STORJ", quiet)
        assert clock.time_ns() - quiet["exchange_time_ns"] > 20 * SECOND_NS
        assert stage.counts()["symbols_renewed"] == 1
        assert stage.looked() <= 12


async def test_when_rest_fails_too_a_muted_symbol_goes_stale_on_time(clock: ManualClock) -> None:
    rates = {"ETH": 4.0, "BTC": 4.0}
    async with watched(market(rates), [mapped(asset) for asset in rates], clock) as stage:
        await clock.let_pass(10)
        await stage.lab.fault("rest-status coinbase status=500")
        await stage.lab.fault("mute coinbase BTC-USD")
        states = [stage.state("BTC") async for _ in stage.until(17, every=0.5)]
        assert set(states) == {"live", "stale"}
        assert states.index("stale") * 0.5 == pytest.approx(15, abs=1.5)
        assert stage.state("ETH") == "live"
        assert stage.counts()["symbols_renewed"] == 0


async def test_rest_that_repeats_an_old_trade_refreshes_nothing(clock: ManualClock) -> None:
    rates = {"ETH": 4.0, "BTC": 4.0}
    async with watched(market(rates), [mapped(asset) for asset in rates], clock) as stage:
        await clock.let_pass(10)
        await stage.lab.fault("rest-repeats coinbase BTC-USD")
        await clock.let_pass(2)
        await stage.lab.fault("mute coinbase BTC-USD")
        async for _ in stage.until(20, every=0.5):
            assert stage.state("BTC") in {"live", "stale"}
        assert stage.state("BTC") == "stale"

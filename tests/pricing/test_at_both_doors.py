"""What callers are told over HTTP and UDP: the lab's venues, the product's feeds and prices, the real engine."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial

import pytest

from tests.pricing.test_words_at_the_lab import last_of, market, rows
from tests.support.clock import ManualClock
from tests.support.doors import Doors, Told
from tests.support.feeds import mapped
from tests.support.watched import COINBASE, Watched, watched
from trinity_beast.pricing import Demand, Errands
from trinity_beast.words import Venue


@pytest.fixture
def doors(clock: ManualClock) -> Iterator[Doors]:
    doors = Doors(clock)
    yield doors
    doors.close()


@asynccontextmanager
async def errands(stage: Watched, doors: Doors) -> AsyncIterator[Errands]:
    demand = Demand(stage.prices, stage.looks, clock=stage.clock)
    running = Errands(doors.engine.wanted, demand)
    await running.start()
    try:
        yield running
    finally:
        await running.stop()


async def answer(stage: Watched, doors: Doors) -> dict[str, object]:
    """Let time pass until a datagram is answered."""
    async for _ in stage.until(20, every=0.02):
        doors.follow()
        if (told := doors.answered()) is not None:
            return told
    raise AssertionError("no answer")


@pytest.mark.parametrize("venue", ["coinbase", "kraken"])
async def test_a_halted_price_is_told_at_both_doors_with_its_true_age_and_bound(clock: ManualClock, doors: Doors, venue: str) -> None:
    at, rates = Venue(venue), {"BTC": 4.0}
    [row] = rows(at, "BTC")
    async with watched(market(at, rates), [row], clock, venue=at, ledger=partial(Told, doors=doors), halted_seconds_max=60) as stage:
        await clock.let_pass(15)
        assert (doors.over_http("BTC")["state"], doors.over_udp("BTC")["state"]) == ("live", "live")
        await stage.lab.fault(f"halt {venue} {row.symbol}")
        await clock.let_pass(30)
        time_ns, price = last_of(stage, at, row.symbol)
        for told in (doors.over_http("BTC"), doors.over_udp("BTC")):
            assert (told["state"], told["price"]) == ("halted", price)
            assert told["age_ms"] == -(-(clock.time_ns() - time_ns) // 1_000_000)
        assert doors.over_http("BTC", max_age_ms=5_000)["code"] == "PRICE_STALE"
        assert doors.over_udp("BTC", max_age_ms=5_000)["code"] == "PRICE_STALE"
        await clock.let_pass(35)
        assert (doors.over_http("BTC")["code"], doors.over_udp("BTC")["code"]) == ("PRICE_STALE", "PRICE_STALE")
        await stage.lab.fault(f"clear {venue}")
        await clock.let_pass(5)
        assert (doors.over_http("BTC")["state"], doors.over_udp("BTC")["state"]) == ("live", "live")


async def test_an_asset_nobody_holds_is_fetched_for_a_datagram_and_kept_warm(clock: ManualClock, doors: Doors) -> None:
    assets = [mapped("ETH"), mapped("BTC", prewarm=False)]
    async with watched(market(COINBASE, {"ETH": 4.0, "BTC": 1.0}), assets, clock, ledger=partial(Told, doors=doors)) as stage:
        await clock.let_pass(2)
        async with errands(stage, doors) as running:
            for number in range(20):
                doors.send("BTC", id=number)
            told = [await answer(stage, doors) for _ in range(20)]
            assert {each["state"] for each in told} == {"rest"}
            assert {each["id"] for each in told} == set(range(20))
            time_ns, price = last_of(stage, COINBASE, "BTC-USD")
            assert (running.datagrams, running.fetched, stage.looks.counts()[COINBASE]["looks"]) == (20, 1, 1)
            assert doors.over_udp("BTC")["state"] == "rest", "the engine answers by itself from now on"
            assert all(each["price"] == price for each in told) or clock.time_ns() - time_ns < 2 * 10**9


async def test_a_fetch_that_fails_is_unavailable_and_unknown_names_reach_nobody(clock: ManualClock, doors: Doors) -> None:
    assets = [mapped("ETH"), mapped("BTC", prewarm=False)]
    async with watched(market(COINBASE, {"ETH": 4.0, "BTC": 1.0}), assets, clock, ledger=partial(Told, doors=doors)) as stage:
        await stage.lab.fault("rest-status coinbase status=500")
        async with errands(stage, doors) as running:
            doors.send("BTC")
            assert (await answer(stage, doors))["code"] == "PRICE_UNAVAILABLE"
            assert doors.over_udp("NOPE")["code"] == "ASSET_UNKNOWN"
            assert running.datagrams == 1


async def test_rest_that_is_too_slow_costs_the_datagram_its_price_and_not_its_answer(clock: ManualClock, doors: Doors) -> None:
    assets = [mapped("ETH"), mapped("BTC", prewarm=False)]
    async with watched(market(COINBASE, {"ETH": 4.0, "BTC": 1.0}), assets, clock, ledger=partial(Told, doors=doors)) as stage:
        await stage.lab.fault("rest-slow coinbase seconds=60")
        async with errands(stage, doors):
            doors.send("BTC")
            assert (await answer(stage, doors))["code"] == "PRICE_UNAVAILABLE"

"""Two nodes on real sockets and one Valkey, one of them with a muted symbol."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise

from tests.support.clock import ManualClock
from tests.support.feeds import mapped
from tests.support.watched import COINBASE, Watched, symbol_of, watched
from trinity_beast.lab import Market
from trinity_beast.lab.synthetic import SyntheticMarket
from trinity_beast.lab.venues.coinbase_rows import listings
from trinity_beast.parameters import Readings
from trinity_beast.pricing import CacheTier, Shelf
from trinity_beast.storage import Valkey
from trinity_beast.words import Asset

ASSETS = ["BTC", "ETH", "SOL"]


def market() -> Market:
    """A market in which each asset trades twice a second; made again, it is the same one."""
    found = [replace(each, trades_per_second=2.0) for each in listings([Asset(name) for name in ASSETS]) if not each.is_delisted]
    return SyntheticMarket({COINBASE: found}, seed=7)


@asynccontextmanager
async def sharing(cache: Valkey, clock: ManualClock) -> AsyncIterator[Watched]:
    """A node of its own that shares its prices every second."""
    readings = Readings()
    async with watched(market(), [mapped(asset) for asset in ASSETS], clock) as stage:
        tier = CacheTier(stage.prices, Shelf(cache), node="BeastMain", clock=clock, readings=readings)
        for name, value in {"cache_flush_seconds": 1.0, "cache_ttl_seconds": 2.0, "cache_read_timeout_ms": 5_000}.items():
            readings.turn(name, value)
        await tier.start()
        try:
            yield stage
        finally:
            await tier.stop()


async def test_a_muted_symbol_is_served_from_the_neighbour_asked_for_anew_and_ours_again_once_it_is_heard(
    clock: ManualClock, cache: Valkey
) -> None:
    async with sharing(cache, clock) as first, sharing(cache, clock) as second:
        await clock.let_pass(6)
        assert {each["cache_tier"] for asset in ASSETS for each in second.book.told(asset)} == {"memory"}
        await second.lab.fault("mute coinbase BTC-USD")
        heard = len(second.book.told("BTC"))
        async for _ in second.until(12):
            assert second.state("BTC") in {"live", "rest"}  # Never stale, whoever was asked first.
        bridged = second.book.told("BTC")[heard:]
        assert "valkey" in {each["cache_tier"] for each in bridged}
        tape = first.lab.market.tape(COINBASE, symbol_of("BTC"))
        assert tape is not None
        true = {(trade.time_ns, trade.price) for trade in tape.recent(10_000)}
        assert all((each["exchange_time_ns"], each["price"]) in true for each in bridged if each["cache_tier"] == "valkey")
        assert second.counts()["symbols_renewed"] >= 1
        assert {each["cache_tier"] for asset in ASSETS[1:] for each in second.book.told(asset)} == {"memory"}

        await second.lab.fault("clear coinbase")
        await clock.let_pass(4)
        assert (second.book.last("BTC")["cache_tier"], second.book.last("BTC")["source"]) == ("memory", "coinbase-ws")
        times = [each["exchange_time_ns"] for each in second.book.told("BTC")]
        assert all(before <= after for before, after in pairwise(times))

"""What nobody holds from the start: memory, then a neighbour, then REST; and one node's asking serves the others."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

import pytest

from tests.support.book import Ledger
from tests.support.clock import ManualClock
from tests.support.feeds import mapped
from tests.support.rest import FakeRest, rest_row
from tests.support.valkey import ANSWER_SECONDS, ValkeyServerOfATest
from trinity_beast.feeds import Looks
from trinity_beast.parameters import Readings
from trinity_beast.pricing import CacheTier, Demand, Price, Prices, PriceUnavailable, Shelf
from trinity_beast.storage import Valkey

T = TypeVar("T")
ASSETS = [mapped("BTC"), mapped("FIL", prewarm=False)]


class Asked:
    """A node that is asked for what no feed of it holds."""

    def __init__(self, cache: Valkey, clock: ManualClock, *, has_rest: bool = True) -> None:
        self.clock, self.rest, self.book, readings = clock, FakeRest(), Ledger(), Readings()
        rows = [rest_row()] if has_rest else []
        self.looks = Looks(rows, opener=self.rest, clock=clock, readings=readings)
        self.prices = Prices(self.book, ASSETS, clock=clock, readings=readings, can_prove=self.looks.can_look)
        self.tier = CacheTier(self.prices, Shelf(cache), node="BeastMain", clock=clock, readings=readings)
        self.demand = Demand(self.prices, self.looks, clock=clock, readings=readings, fetch_shared=self.tier.fetch)
        readings.turn("cache_read_timeout_ms", 5_000)
        readings.turn("cache_write_timeout_ms", 30_000)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Asked"]:
        async with AsyncExitStack() as stack:
            for part in (self.looks, self.tier, self.demand):
                await part.start()
                stack.push_async_callback(part.stop)
            yield self

    async def read(self, asset: str = "FIL") -> Price:
        return await through(self.clock, self.demand.read(asset))

    def prints(self, price: str, *, earlier: float = 1.0) -> None:
        """Have the venue's REST tell this trade."""
        time = self.clock.now().timestamp() - earlier
        shown = f"{self.clock.now().fromtimestamp(time, self.clock.now().tzinfo):%Y-%m-%dT%H:%M:%SZ}"
        self.rest.answers["FIL-USD"] = f'{{"trades":[{{"trade_id":"1","price":"{price}","time":"{shown}"}}]}}'.encode()


async def through(clock: ManualClock, asking: Awaitable[T]) -> T:
    """Give what is asked for the time it takes, on the test's clock and on the wire."""
    asked = asyncio.ensure_future(asking)
    await until(clock, asked.done)
    return await asked


async def until(clock: ManualClock, holds: Callable[[], bool], *, step: float = 0.01) -> None:
    """Let time pass, on the test's clock and on the wire, until something holds."""
    never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    async with asyncio.timeout(ANSWER_SECONDS):
        while not holds():
            await clock.let_pass(step)
            await asyncio.wait([never], timeout=0.001)


async def test_who_asked_the_exchange_serves_every_neighbour(cache: Valkey, clock: ManualClock) -> None:
    async with Asked(cache, clock).serving() as first, Asked(cache, clock).serving() as second:
        first.prints("5.25")
        told = await first.read()
        assert (told.price, told.state, told.source, told.cache_tier) == ("5.25", "rest", "coinbase-rest", "rest")
        assert (await first.read()).cache_tier == "memory"
        await until(clock, lambda: first.tier.counts.prices_written == 1)
        lent = await second.read()
        assert (lent.price, lent.state, lent.source, lent.cache_tier) == ("5.25", "rest", "coinbase-rest", "valkey")
        assert lent.exchange_time_ns == told.exchange_time_ns
        assert lent.age_ns > told.age_ns
        assert second.rest.asked == []


async def test_a_node_without_any_exchange_serves_what_its_neighbours_hold(cache: Valkey, clock: ManualClock) -> None:
    async with Asked(cache, clock).serving() as first, Asked(cache, clock, has_rest=False).serving() as second:
        first.prints("5.25")
        await first.read()
        await first.tier.flush()
        assert (await second.read()).cache_tier == "valkey"
        await until(clock, lambda: second.book.retired == ["FIL"], step=5)


async def test_where_no_neighbour_knows_the_exchange_is_asked(cache: Valkey, clock: ManualClock) -> None:
    async with Asked(cache, clock).serving() as node:
        node.prints("5.25")
        assert (await node.read()).cache_tier == "rest"
        assert node.tier.counts.looks >= 1


async def test_a_dead_cache_costs_a_request_nothing_but_a_try(cache: Valkey, clock: ManualClock, own_valkey: ValkeyServerOfATest) -> None:
    async with Asked(cache, clock).serving() as node:
        own_valkey.kill()
        node.prints("5.25")
        assert (await node.read()).cache_tier == "rest"
        assert node.tier.counts.looks_failed >= 1


async def test_what_nobody_has_is_unavailable(cache: Valkey, clock: ManualClock) -> None:
    async with Asked(cache, clock, has_rest=False).serving() as node:
        with pytest.raises(PriceUnavailable):
            await node.read()

"""Assets that no feed holds: fetched on first demand, kept warm, forgotten."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import TypeVar

import pytest

from tests.support.book import Ledger
from tests.support.clock import TURNS_AFTER_WAKING, ManualClock
from tests.support.feeds import mapped, trade
from tests.support.rest import FakeRest, rest_row, ticker
from trinity_beast.feeds import Looks, Moment
from trinity_beast.feeds.rest import Answer
from trinity_beast.parameters import Readings
from trinity_beast.pricing import AssetUnknown, Demand, Price, Prices, PriceStale, PriceUnavailable

T = TypeVar("T")
ASSETS = [
    mapped("BTC"),
    mapped("BTC", venue="okx", symbol="BTC-USDT", quote="USDT", prewarm=False),
    mapped("FIL", prewarm=False),
    mapped("OLD", prewarm=False),
]


class Stage:
    """Demand, and all it needs."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock, self.rest, self.book, self.readings = clock, FakeRest(), Ledger(), Readings()
        rows = [rest_row(), rest_row("okx")]
        self.looks = Looks(rows, opener=self.rest, clock=clock, readings=self.readings)
        self.prices = Prices(self.book, ASSETS, clock=clock, readings=self.readings, can_prove=self.looks.can_look)
        self.demand = Demand(self.prices, self.looks, clock=clock, readings=self.readings)
        self.rest.answers["FIL-USD"] = ticker("5.25", earlier=3)
        self.rest.answers["BTC-USDT"] = b'{"code":"0","data":[{"px":"97000","ts":"1795160399000"}]}'

    async def read(self, asset: str = "FIL", **more: object) -> Price:
        return await self.through(self.demand.read(asset, **more))  # type: ignore[arg-type]

    async def through(self, asking: Coroutine[object, object, T]) -> T:
        """Give what is asked for a moment to come."""
        asked = asyncio.ensure_future(asking)
        for _ in range(40):
            if not asked.done():
                await self.clock.let_pass(0.01)
        return await asked

    def hear(self, price: str) -> None:
        now = Moment(self.clock.time_ns(), self.clock.monotonic_ns())
        self.prices.on_trades([trade("BTC-USD", price, time_ns=now.wall_ns, received=now)])


@pytest.fixture
async def stage(clock: ManualClock) -> AsyncIterator[Stage]:
    stage = Stage(clock)
    await stage.demand.start()
    for _ in range(TURNS_AFTER_WAKING):
        await asyncio.sleep(0)
    yield stage
    await asyncio.gather(stage.demand.stop(), stage.looks.stop())


async def test_only_what_is_prewarmed_is_announced_so_that_the_first_ask_is_handed_over(stage: Stage) -> None:
    assert stage.book.announced == {"BTC": True}


async def test_the_first_ask_fetches_it_once_however_many_ask_and_publishes_it_as_rest(stage: Stage) -> None:
    asked = [asyncio.ensure_future(stage.read()) for _ in range(20)]
    told = await asyncio.gather(*asked)
    assert {(price.price, price.state, price.source) for price in told} == {("5.25", "rest", "coinbase-rest")}
    assert told[0].age_ns >= 3 * 10**9
    assert len(stage.rest.asked) == 1
    assert (stage.book.last("FIL")["state"], stage.book.last("FIL")["prewarmed"]) == ("rest", False)


async def test_it_is_kept_warm_while_it_is_asked_for_and_then_forgotten(stage: Stage) -> None:
    await stage.read()
    stage.rest.answers["FIL-USD"] = ticker("5.50", earlier=-6)
    await stage.clock.let_pass(10)
    assert stage.book.prices("FIL") == ["5.25", "5.50"]
    await stage.clock.let_pass(280)
    assert not stage.book.retired
    await stage.clock.let_pass(20)
    assert stage.book.retired == ["FIL"]
    asked = len(stage.rest.asked)
    await stage.clock.let_pass(60)
    assert len([url for url in stage.rest.asked[asked:] if "FIL" in url]) == 0


async def test_an_ask_makes_it_stay(stage: Stage) -> None:
    for seconds in range(0, 1_000, 20):
        stage.rest.answers["FIL-USD"] = ticker("5.25", earlier=-seconds)
        await stage.clock.let_pass(20)
        if seconds % 200 == 0:
            await stage.read()
    assert not stage.book.retired


async def test_an_unchanged_or_failed_look_never_refreshes_an_age(stage: Stage) -> None:
    await stage.read()
    published = len(stage.book.published)
    await stage.clock.let_pass(50)
    assert (await stage.read()).age_ns >= 53 * 10**9
    stage.rest.answers["FIL-USD"] = Answer(500, b"")
    await stage.clock.let_pass(40)
    with pytest.raises(PriceStale):
        await stage.read()
    assert [told for told in stage.book.published[published:] if told[0] == "FIL"] == []


async def test_rest_that_fails_leaves_it_unavailable_and_is_not_hammered(stage: Stage) -> None:
    stage.rest.answers["OLD-USD"] = Answer(500, b"")
    for _ in range(30):
        with pytest.raises(PriceUnavailable):
            await stage.demand.read("OLD")
    assert len([url for url in stage.rest.asked if "OLD" in url]) <= 2


async def test_an_unknown_asset_costs_no_look(stage: Stage) -> None:
    with pytest.raises(AssetUnknown):
        await stage.read("NOPE")
    assert not stage.rest.asked


async def test_a_venue_asked_for_by_name_is_fetched_and_changes_nothing_for_the_asset(stage: Stage) -> None:
    stage.hear("97123.45")
    price = await stage.read("BTC", venue="okx")
    assert (price.price, price.quote, price.source) == ("97000", "USDT", "okx-rest")
    assert stage.book.prices("BTC") == ["97123.45"]


async def test_while_an_assets_feeds_fail_it_the_next_venue_answers_by_rest(stage: Stage) -> None:
    stage.hear("97123.45")
    await stage.clock.let_pass(50)
    assert stage.book.prices("BTC") == ["97123.45"]
    stage.rest.answers["BTC-USDT"] = b'{"code":"0","data":[{"px":"97050","ts":"%d"}]}' % (stage.clock.time_ns() // 10**6)
    await stage.clock.let_pass(20)
    assert (stage.book.last("BTC")["venue"], stage.book.last("BTC")["source"]) == ("okx", "okx-rest")


async def test_what_is_kept_warm_is_bounded(stage: Stage) -> None:
    stage.readings.turn("warm_symbols_max", 1)
    await stage.read()
    await stage.read("BTC", venue="okx")
    assert stage.book.retired == ["FIL"]


async def test_many_prices_are_read_at_once_and_a_bad_one_fails_no_other(stage: Stage) -> None:
    stage.rest.answers["OLD-USD"] = Answer(500, b"")
    stage.hear("1")
    found = await stage.through(stage.demand.read_many(["NOPE", "BTC", "FIL", "OLD", "BTC"]))
    assert [price.asset for price in found.prices] == ["BTC", "FIL"]
    assert [(missing.asset, missing.code) for missing in found.missing] == [("NOPE", "ASSET_UNKNOWN"), ("OLD", "PRICE_UNAVAILABLE")]

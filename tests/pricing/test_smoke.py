"""What an audit is told of prices: what requests are answered with, and nothing warmed or charged by asking."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.support.audited import ReadBook
from tests.support.book import Ledger
from tests.support.clock import ManualClock
from tests.support.feeds import mapped, trade
from tests.support.rest import FakeRest, rest_row, ticker
from trinity_beast.feeds import Answered, Looks, Moment
from trinity_beast.feeds.rest import Answer
from trinity_beast.pricing import Prices, Smoke
from trinity_beast.words import Asset, Venue

COINBASE = Venue("coinbase")
ASSETS = [mapped("BTC"), mapped("FIL", prewarm=False)]


class Stage:
    def __init__(self, clock: ManualClock) -> None:
        self.clock, self.rest, self.ledger = clock, FakeRest(), Ledger()
        self.looks = Looks([rest_row()], opener=self.rest, clock=clock)
        self.prices = Prices(self.ledger, ASSETS, clock=clock, can_prove=self.looks.can_look)
        self.smoke = Smoke(self.prices, ReadBook(self.ledger, clock), self.looks)

    def print(self, price: str) -> None:
        now = Moment(self.clock.time_ns(), self.clock.monotonic_ns())
        self.prices.on_trades([trade(price=price, time_ns=now.wall_ns, received=now)])

    async def asked(self, asset: str) -> Answered:
        asking = asyncio.ensure_future(self.smoke.asked(Asset(asset), ends_ns=self.clock.monotonic_ns() + 20 * 10**9))
        for _ in range(500):
            await self.clock.let_pass(0.05)
            if asking.done():
                break
        return asking.result()


@pytest.fixture
async def stage(clock: ManualClock) -> AsyncIterator[Stage]:
    made = Stage(clock)
    yield made
    await made.looks.stop()


async def test_a_price_is_told_as_a_request_is_told_it(stage: Stage) -> None:
    stage.print("97000.10")
    told = await stage.asked("BTC")
    assert (told.is_usable, told.state, told.venue, told.price) == (True, "live", "coinbase", "97000.10")
    assert stage.smoke.held(Asset("BTC"), COINBASE).price == "97000.10"


async def test_a_stale_price_a_missing_one_and_an_unknown_asset_are_refused_as_a_request_is(stage: Stage) -> None:
    assert (await stage.asked("BTC")).code == "PRICE_UNAVAILABLE"
    stage.print("97000")
    await stage.clock.let_pass(91)
    told = await stage.asked("BTC")
    assert (told.is_usable, told.code) == (False, "PRICE_STALE")
    assert told.age_seconds is not None
    assert told.age_seconds >= 91
    held = stage.smoke.held(Asset("BTC"), COINBASE)
    assert (held.is_usable, held.code) == (False, "PRICE_STALE")
    assert (await stage.asked("NOPE")).code == "ASSET_UNKNOWN"
    assert stage.smoke.held(Asset("NOPE"), COINBASE).code == "ASSET_UNKNOWN"


async def test_what_no_feed_holds_is_looked_at_and_neither_kept_nor_published(stage: Stage) -> None:
    stage.rest.answers["FIL-USD"] = ticker("5.25", earlier=3)
    told = await stage.asked("FIL")
    assert (told.is_usable, told.state, told.price) == (True, "rest", "5.25")
    assert stage.ledger.published == []
    assert stage.smoke.held(Asset("FIL"), COINBASE).code == "PRICE_UNAVAILABLE"


async def test_what_rest_cannot_tell_or_tells_too_late_is_refused(stage: Stage) -> None:
    stage.rest.answers["FIL-USD"] = Answer(500, b"")
    assert (await stage.asked("FIL")).code == "ASSET_UNKNOWN"
    stage.rest.answers["FIL-USD"] = ticker("5.25", earlier=91)
    assert (await stage.asked("FIL")).is_usable is False

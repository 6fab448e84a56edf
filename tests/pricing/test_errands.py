"""Errands for datagrams: each asset once, each datagram let go when its own are there."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence

import pytest

from tests.support.book import Ledger
from tests.support.clock import TURNS_AFTER_WAKING, ManualClock
from tests.support.feeds import mapped
from tests.support.rest import FakeRest, rest_row, ticker
from trinity_beast.feeds import Looks
from trinity_beast.pricing import Demand, Errands, Prices


class Waiting:
    """Keeps `WantedPrices`: datagrams that a test lets come."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        self._come: list[tuple[int, Sequence[str]]] = []
        self.let_go: list[int] = []

    def fileno(self) -> int:
        return self._read

    def comes(self, ticket: int, *assets: str) -> None:
        self._come.append((ticket, assets))
        os.write(self._write, b"x")

    def take(self) -> Sequence[tuple[int, Sequence[str]]]:
        os.read(self._read, 4_096)
        come, self._come = self._come, []
        return come

    def answer(self, ticket: int) -> None:
        self.let_go.append(ticket)

    def close(self) -> None:
        os.close(self._read)
        os.close(self._write)


class Stage:
    """Errands over a made-up venue."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock, self.rest, self.book, self.waiting = clock, FakeRest(), Ledger(), Waiting()
        self.looks = Looks([rest_row()], opener=self.rest, clock=clock)
        assets = [mapped("BTC", prewarm=False), mapped("ETH", prewarm=False)]
        self.prices = Prices(self.book, assets, clock=clock, can_prove=self.looks.can_look)
        self.errands = Errands(self.waiting, Demand(self.prices, self.looks, clock=clock))

    async def settle(self) -> None:
        for _ in range(10):
            await self.clock.let_pass(0.05)
            for _ in range(TURNS_AFTER_WAKING):
                await asyncio.sleep(0)


@pytest.fixture
async def stage(clock: ManualClock) -> AsyncIterator[Stage]:
    stage = Stage(clock)
    await stage.errands.start()
    yield stage
    await stage.errands.stop()
    await stage.looks.stop()
    stage.waiting.close()


def test_what_is_not_held_from_the_start_is_offered(clock: ManualClock) -> None:
    stage = Stage(clock)
    assert stage.book.offered == ["BTC", "ETH"]
    stage.prices.use_map([mapped("BTC"), mapped("ETH", prewarm=False)])
    assert (stage.book.offered, stage.book.announced) == (["ETH"], {"BTC": True})
    stage.waiting.close()


async def test_an_asset_is_fetched_once_however_many_datagrams_wait_for_it(stage: Stage) -> None:
    stage.rest.answers["BTC"] = ticker("1")
    for ticket in range(50):
        stage.waiting.comes(ticket, "BTC")
    await stage.settle()
    assert sorted(stage.waiting.let_go) == list(range(50))
    assert len(stage.rest.asked) == 1
    assert stage.book.prices("BTC") == ["1"]


async def test_a_datagram_is_let_go_when_all_of_its_own_are_there_and_once(stage: Stage) -> None:
    stage.rest.answers |= {"BTC": ticker("1"), "ETH": ticker("2")}
    stage.waiting.comes(1, "BTC", "ETH")
    stage.waiting.comes(2, "BTC")
    await stage.settle()
    assert sorted(stage.waiting.let_go) == [1, 2]


async def test_what_cannot_be_fetched_lets_the_datagram_go_too(stage: Stage) -> None:
    stage.waiting.comes(1, "BTC", "NOPE")
    await stage.settle()
    assert stage.waiting.let_go == [1]
    assert not stage.book.published


async def test_who_still_waits_when_it_stops_is_let_go(clock: ManualClock) -> None:
    stage = Stage(clock)
    await stage.errands.start()
    stage.rest.held.clear()
    stage.waiting.comes(1, "BTC")
    await stage.settle()
    assert stage.waiting.let_go == []
    await stage.errands.stop()
    assert stage.waiting.let_go == [1]
    await stage.looks.stop()
    stage.waiting.close()

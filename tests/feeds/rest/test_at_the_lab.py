"""Looks at the stand-in of Coinbase, over its real REST paths, with the faults it can play."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.support.clock import ManualClock
from tests.support.feeds import DOCUMENTED
from trinity_beast.feeds import HttpOpener, Look, Looks, Urgency, parse_row
from trinity_beast.feeds.rest.model import LookFailed
from trinity_beast.lab import Lab, open_market, row_for_lab
from trinity_beast.lab.venues import Coinbase
from trinity_beast.randomness import dice_from
from trinity_beast.words import Symbol, Venue

COINBASE, BTC = Venue("coinbase"), Symbol("BTC-USD")


class Window:
    """The looks, and the lab they look at."""

    def __init__(self, lab: Lab, looks: Looks, clock: ManualClock) -> None:
        self.lab, self.looks, self.clock = lab, looks, clock

    async def look(self, symbol: Symbol = BTC) -> Look:
        asked = asyncio.ensure_future(self.looks.last_trade(COINBASE, symbol, Urgency.PROOF))
        async with asyncio.timeout(10):
            while not asked.done():
                await self.clock.let_pass(0.01)
        return asked.result()


@pytest.fixture
async def window(clock: ManualClock) -> AsyncIterator[Window]:
    lab = Lab(open_market(seed=7, kinds={COINBASE: Coinbase}), clock, dice_from("lab"))
    addresses = (await lab.start())[COINBASE]
    looks = Looks([parse_row(row_for_lab(DOCUMENTED[COINBASE], addresses))], opener=HttpOpener(), clock=clock)
    yield Window(lab, looks, clock)
    await looks.stop()
    await lab.stop()


async def test_a_look_tells_the_true_last_trade(window: Window) -> None:
    await window.clock.let_pass(5)
    look = await window.look()
    truth = window.lab.truth(COINBASE, BTC, window.clock.now())
    assert look.trade is not None
    assert truth is not None
    assert (look.trade.price, look.trade.exchange_time_ns) == (truth.price, truth.time_ns)


async def test_a_halted_symbol_is_told_with_its_last_trade_and_that_it_is_halted(window: Window) -> None:
    await window.lab.fault("halt coinbase BTC-USD")
    look = await window.look()
    assert (look.problem, look.is_halted) == ("", True)
    tape = window.lab.market.tape(COINBASE, BTC)
    assert tape is not None
    assert tape.last is not None
    assert look.trade is not None
    assert look.trade.exchange_time_ns == tape.last.time_ns
    assert window.looks.counts()[COINBASE]["halted"] == 1


async def test_a_delisted_symbol_is_not_believed(window: Window) -> None:
    await window.lab.fault("delist coinbase BTC-USD")
    assert (await window.look()).problem == "not_traded"


async def test_rest_that_is_slow_is_given_up_in_time(window: Window) -> None:
    await window.look()
    await window.lab.fault("rest-slow coinbase BTC-USD seconds=20")
    before_ns = window.clock.monotonic_ns()
    assert (await window.look()).problem == "late"
    assert window.clock.monotonic_ns() - before_ns < 6 * 10**9


async def test_rest_that_limits_us_is_left_alone_as_long_as_it_says(window: Window) -> None:
    await window.look()
    await window.lab.fault("rest-status coinbase BTC-USD status=418 retry_after=30")
    assert (await window.look()).problem == "limited: 418"
    await window.lab.fault("clear coinbase")
    assert (await window.look()).problem == "paused"
    await window.clock.let_pass(30)
    assert (await window.look()).trade is not None


async def test_rest_that_repeats_an_old_trade_tells_its_old_time(window: Window) -> None:
    await window.lab.fault("rest-repeats coinbase BTC-USD")
    first = (await window.look()).trade
    await window.clock.let_pass(20)
    second = (await window.look()).trade
    assert first is not None
    assert second is not None
    assert (first.price, first.exchange_time_ns) == (second.price, second.exchange_time_ns)


async def test_an_answer_longer_than_its_bound_is_not_read(window: Window) -> None:
    opener = HttpOpener()
    row = next(iter(window.looks._desks.values())).row
    assert row.rest_rules.symbols is not None
    with pytest.raises(LookFailed, match="too_long"):
        await opener.get(str(row.rest_rules.symbols.url), bytes_max=1_000)
    await opener.close()

"""Figures go out once each, late rather than twice, whatever becomes of the calls."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import count

import pytest

from tests.support.clock import ManualClock
from tests.support.feeds import dice
from trinity_beast.cloud import FIGURES_MAX, Figure, Outcome, Put
from trinity_beast.parameters import Readings
from trinity_beast.telemetry.cloudwatch import Account, Publisher
from trinity_beast.telemetry.cloudwatch.publisher import TRIES_MAX

TAKEN, REFUSED, BROKEN = Put(Outcome.TAKEN), Put(Outcome.NOT_TAKEN, "Throttling"), Put(Outcome.UNKNOWN, "connection lost")


class Keeping:
    """Keeps figures as it is told to; a call may be held until the test lets it go on."""

    def __init__(self) -> None:
        self.answer = TAKEN
        self.answers: list[Put] = []
        self.kept: list[tuple[str, list[Figure]]] = []
        self.calls = 0
        self.is_closed = False
        self.held: asyncio.Event | None = None
        self.came = asyncio.Event()

    async def put(self, namespace: str, figures: Sequence[Figure]) -> Put:
        self.calls += 1
        self.came.set()
        if self.held is not None:
            await self.held.wait()
        put = self.answers.pop(0) if self.answers else self.answer
        if put.outcome is Outcome.TAKEN:
            self.kept.append((namespace, list(figures)))
        return put

    async def close(self) -> None:
        self.is_closed = True

    @property
    def totals(self) -> list[float]:
        return [figure.total for _, figures in self.kept for figure in figures]


class Counted:
    """A service that has counted one more at each look, told in so many figures."""

    def __init__(self, figures: int = 1) -> None:
        self._numbers, self._figures = count(), figures

    def account(self, namespace: str = "TrinityBeast/LPO") -> Account[int]:
        def tell(before: int, now: int, at: datetime) -> list[Figure]:
            assert now == before + 1
            return [Figure("Number", at, 1, now, now, now)] * self._figures

        return Account(namespace, lambda: next(self._numbers), tell)


@pytest.fixture
def keeping() -> Keeping:
    return Keeping()


@pytest.fixture
def readings() -> Readings:
    return Readings()


@asynccontextmanager
async def publishing(keeping: Keeping, clock: ManualClock, readings: Readings, *accounts: Account[int]) -> AsyncIterator[Publisher]:
    publisher = Publisher(keeping, accounts or [Counted().account()], clock=clock, dice=dice(), readings=readings)
    await publisher.start()
    await clock.wait_for_sleepers()
    try:
        yield publisher
    finally:
        await publisher.stop()


async def test_a_round_comes_every_minute_and_one_more_at_the_end(keeping: Keeping, clock: ManualClock, readings: Readings) -> None:
    async with publishing(keeping, clock, readings):
        await clock.let_pass(59)
        assert keeping.totals == []
        await clock.let_pass(122)
        assert keeping.totals == [1, 2, 3]
        assert [figures[0].at.second for _, figures in keeping.kept] == [0, 0, 0]
    assert (keeping.totals, keeping.is_closed) == ([1, 2, 3, 4], True)


@pytest.mark.parametrize(("seconds", "rounds"), [(1.0, 60), (3_600.0, 0)])
async def test_the_interval_is_turned_while_it_runs(
    keeping: Keeping, clock: ManualClock, readings: Readings, seconds: float, rounds: int
) -> None:  # fmt: skip
    async with publishing(keeping, clock, readings):
        await clock.let_pass(1)
        readings.turn("cloudwatch_publish_seconds", seconds)
        await clock.let_pass(0.5)
        await clock.let_pass(60)
        assert rounds <= len(keeping.kept) <= rounds + 1


async def test_what_is_refused_is_given_again_and_counts_once(keeping: Keeping, clock: ManualClock, readings: Readings) -> None:
    keeping.answers = [REFUSED, REFUSED]
    async with publishing(keeping, clock, readings) as publisher:
        await clock.let_pass(70)
        assert keeping.totals == [1]
        assert (publisher.published.calls, publisher.published.retries, publisher.away) == (3, 2, "")


async def test_an_outage_of_minutes_is_made_up_for_in_order_each_figure_once_with_its_own_time(
    keeping: Keeping, clock: ManualClock, readings: Readings
) -> None:
    keeping.answer = REFUSED
    async with publishing(keeping, clock, readings) as publisher:
        await clock.let_pass(5 * 60 + 30)
        assert (keeping.totals, publisher.away) == ([], "Throttling")
        assert publisher.published.calls == 5 * TRIES_MAX
        keeping.answer = TAKEN
        await clock.let_pass(60)
        assert keeping.totals == [1, 2, 3, 4, 5, 6]
        times = [figures[0].at for _, figures in keeping.kept]
        assert times == sorted(set(times))
        assert publisher.published.figures_lost == 0


@pytest.mark.parametrize(("most", "lost"), [(2, 8), (10_000, 0)])
async def test_past_the_bound_the_oldest_are_lost_and_counted(
    keeping: Keeping, clock: ManualClock, readings: Readings, most: int, lost: int
) -> None:
    keeping.answer = REFUSED
    async with publishing(keeping, clock, readings) as publisher:
        readings.turn("cloudwatch_pending_max", most)
        await clock.let_pass(10 * 60 + 30)
        keeping.answer = TAKEN
        await clock.let_pass(1)
        assert publisher.published.figures_lost == lost
        await publisher.publish()
        assert keeping.totals == [float(number) for number in range(lost + 1 + (lost > 0), 12)]


async def test_what_may_have_been_taken_is_never_given_again(keeping: Keeping, clock: ManualClock, readings: Readings) -> None:
    keeping.answers = [BROKEN]
    async with publishing(keeping, clock, readings) as publisher:
        await clock.let_pass(130)
        assert keeping.totals == [2]
        assert (publisher.published.figures_uncertain, publisher.published.figures_sent) == (1, 1)


async def test_a_call_on_its_way_when_the_node_stops_is_not_made_again(keeping: Keeping, clock: ManualClock, readings: Readings) -> None:
    publisher = Publisher(keeping, [Counted().account()], clock=clock, dice=dice(), readings=readings)
    await publisher.start()
    await clock.wait_for_sleepers()
    keeping.held = asyncio.Event()
    await clock.let_pass(61)
    async with asyncio.timeout(10):
        await keeping.came.wait()
    stopping = asyncio.create_task(publisher.stop())
    await asyncio.sleep(0)
    keeping.held.set()
    await stopping
    assert keeping.totals == [2], "what came after the call that was cut"
    assert publisher.published.figures_uncertain == 1


async def test_no_call_has_more_than_a_thousand_figures(keeping: Keeping, clock: ManualClock, readings: Readings) -> None:
    async with publishing(keeping, clock, readings, Counted(2 * FIGURES_MAX + 1).account(), Counted().account("TrinityBeast/LRS")):
        await clock.let_pass(61)
        told = [(namespace, len(figures)) for namespace, figures in keeping.kept]
        assert told == [("TrinityBeast/LPO", 1_000), ("TrinityBeast/LPO", 1_000), ("TrinityBeast/LPO", 1), ("TrinityBeast/LRS", 1)]


async def test_what_became_of_figures_is_told_as_metrics(keeping: Keeping, clock: ManualClock, readings: Readings) -> None:
    keeping.answers = [BROKEN, TAKEN, *[REFUSED] * TRIES_MAX]
    async with publishing(keeping, clock, readings) as publisher:
        await clock.let_pass(190)
        told = {(sample.name, *sample.labels): sample.value for sample in publisher.samples()}
    assert told == {
        ("cloudwatch_calls",): 5,
        ("cloudwatch_retries",): 2,
        ("cloudwatch_figures", ("outcome", "sent")): 1,
        ("cloudwatch_figures", ("outcome", "lost")): 0,
        ("cloudwatch_figures", ("outcome", "uncertain")): 1,
        ("cloudwatch_pending",): 1,
    }

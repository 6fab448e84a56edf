"""A pause: so long by a clock, or until an event."""

import asyncio

import pytest

from tests.support.clock import ManualClock
from trinity_beast.clock import pause

PATIENCE_SECONDS = 5.0


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


async def test_a_pause_ends_when_its_time_has_come_and_not_before(clock: ManualClock) -> None:
    pausing = asyncio.create_task(pause(clock, 10, until=asyncio.Event()))
    await clock.wait_for_sleepers()

    await clock.let_pass(9.9)
    assert not pausing.done()

    await clock.let_pass(0.1)
    await asyncio.wait_for(pausing, PATIENCE_SECONDS)


@pytest.mark.parametrize("seconds", [10.0, None])
async def test_an_event_ends_a_pause_early_and_stays_set(clock: ManualClock, seconds: float | None) -> None:
    stirred = asyncio.Event()
    pausing = asyncio.create_task(pause(clock, seconds, until=stirred))
    await clock.let_pass(9)
    assert not pausing.done()

    stirred.set()
    await asyncio.wait_for(pausing, PATIENCE_SECONDS)
    assert stirred.is_set()


async def test_without_an_event_a_pause_is_a_sleep(clock: ManualClock) -> None:
    pausing = asyncio.create_task(pause(clock, 1))
    await clock.wait_for_sleepers()
    clock.advance(1)
    await asyncio.wait_for(pausing, PATIENCE_SECONDS)


async def test_a_pause_that_ends_or_is_given_up_leaves_nobody_waiting(clock: ManualClock) -> None:
    stirred = asyncio.Event()
    tasks_before = len(asyncio.all_tasks())
    given_up, ended = (asyncio.create_task(pause(clock, 10, until=event)) for event in (asyncio.Event(), stirred))
    await clock.wait_for_sleepers(2)

    given_up.cancel()
    stirred.set()
    await asyncio.gather(given_up, ended, return_exceptions=True)
    await asyncio.sleep(0)

    assert clock.sleepers == 0
    assert len(asyncio.all_tasks()) == tasks_before


async def test_a_pause_until_what_has_happened_lets_others_have_their_turn(clock: ManualClock) -> None:
    happened, turns = asyncio.Event(), list[object]()
    happened.set()
    other = asyncio.create_task(asyncio.sleep(0))
    other.add_done_callback(turns.append)

    await pause(clock, None, until=happened)
    await pause(clock, None, until=happened)

    assert turns

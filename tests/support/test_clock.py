"""The manual clock itself: other tests believe it."""

import asyncio
from datetime import timedelta

from tests.support.clock import START, ManualClock


async def test_a_sleeper_wakes_when_its_time_has_come_and_not_before() -> None:
    clock = ManualClock()
    sleeping = asyncio.create_task(clock.sleep(10))
    await clock.wait_for_sleepers()

    clock.advance(timedelta(seconds=9.999999))
    await asyncio.sleep(0)
    assert not sleeping.done()

    clock.advance(0.000001)
    await sleeping
    assert clock.now() == START + timedelta(seconds=10)


async def test_letting_time_pass_wakes_a_loop_at_each_of_its_turns() -> None:
    clock, woken = ManualClock(), []

    async def tick() -> None:
        while True:
            await clock.sleep(1)
            woken.append(clock.now() - START)

    ticking = asyncio.create_task(tick())
    await clock.wait_for_sleepers()
    await clock.let_pass(3.5)
    ticking.cancel()

    assert woken == [timedelta(seconds=second) for second in (1, 2, 3)]


async def test_a_cancelled_sleeper_is_forgotten() -> None:
    clock = ManualClock()
    sleeping = asyncio.create_task(clock.sleep(1))
    await clock.wait_for_sleepers()
    sleeping.cancel()
    await asyncio.gather(sleeping, return_exceptions=True)

    assert clock.sleepers == 0
    await clock.let_pass(2)


def test_a_wall_step_leaves_monotonic_time_alone() -> None:
    clock = ManualClock()
    before = clock.monotonic_ns()
    clock.step_wall(timedelta(hours=-1))
    assert clock.now() == START - timedelta(hours=1)
    assert clock.monotonic_ns() == before

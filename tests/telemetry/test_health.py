import asyncio
from datetime import timedelta

import pytest

from tests.support.clock import ManualClock
from trinity_beast.errors import TrinityError
from trinity_beast.parameters import Readings
from trinity_beast.telemetry import Finding, Health


class Away(TrinityError):
    """The database is away."""

    code, status = "DEPENDENCY_AWAY", 503


class Part:
    """A probe that says what it is told to say, and counts how often it was asked."""

    def __init__(self, finding: Finding | Exception) -> None:
        self.finding, self.asked = finding, 0

    async def __call__(self) -> Finding:
        self.asked += 1
        if isinstance(self.finding, Exception):
            raise self.finding
        return self.finding


WORKS, BROKEN = Finding(is_ok=True, facts={"rows": 3}), Finding(is_ok=False, reason="3 of 4 lines are down")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


async def test_a_node_is_ready_when_every_part_it_needs_works(clock: ManualClock) -> None:
    health = Health(clock)
    health.register("database", Part(WORKS))
    health.register("feeds", Part(WORKS))
    report = await health.report()
    assert (report.is_ready, report.status) == (True, "ready")
    assert [(each.part, each.finding) for each in report.parts] == [("database", WORKS), ("feeds", WORKS)]


async def test_a_part_that_is_not_needed_only_degrades_it(clock: ManualClock) -> None:
    health = Health(clock)
    health.register("database", Part(WORKS))
    health.register("cache", Part(BROKEN), is_needed=False)
    report = await health.report()
    assert (report.is_ready, report.status) == (True, "degraded")


async def test_a_needed_part_that_fails_takes_it_out_of_service(clock: ManualClock) -> None:
    health = Health(clock)
    health.register("feeds", Part(BROKEN))
    report = await health.report()
    assert (report.is_ready, report.status) == (False, "not_ready")


async def test_a_node_without_parts_is_ready(clock: ManualClock) -> None:
    assert (await Health(clock).report()).is_ready


@pytest.mark.parametrize(
    ("error", "reason"),
    [(Away(part="database"), "DEPENDENCY_AWAY"), (OSError("password=hunter2"), "its probe failed (OSError)")],
)
async def test_a_probe_that_breaks_is_told_by_its_kind_and_hides_no_other(clock: ManualClock, error: Exception, reason: str) -> None:
    health = Health(clock)
    health.register("database", Part(error))
    health.register("feeds", Part(WORKS))
    report = await health.report()
    assert report.parts[0].finding == Finding(is_ok=False, reason=reason)
    assert report.parts[1].finding == WORKS


async def test_a_probe_that_does_not_answer_is_not_waited_for(clock: ManualClock) -> None:
    async def never() -> Finding:
        await asyncio.Event().wait()
        return WORKS

    health = Health(clock, Readings({"health_probe_seconds": "0.05"}))
    health.register("database", never)
    assert (await health.report()).parts[0].finding.reason == "no answer within 0.05 s"


async def test_many_askers_within_a_second_cost_one_look(clock: ManualClock) -> None:
    part = Part(WORKS)
    health = Health(clock)
    health.register("database", part)
    await asyncio.gather(*(health.report() for _ in range(100)))
    clock.advance(0.9)
    await health.report()
    assert part.asked == 1
    clock.advance(0.1)
    part.finding = BROKEN
    assert not (await health.report()).is_ready
    assert part.asked == 2


async def test_an_asker_who_leaves_does_not_take_the_look_from_others(clock: ManualClock) -> None:
    go = asyncio.Event()

    async def slow() -> Finding:
        await go.wait()
        return WORKS

    health = Health(clock)
    health.register("database", slow)
    first = asyncio.create_task(health.report())
    second = asyncio.create_task(health.report())
    await asyncio.sleep(0)
    first.cancel()
    go.set()
    assert (await second).is_ready


async def test_how_long_the_process_is_up_is_told(clock: ManualClock) -> None:
    health = Health(clock)
    clock.advance(90)
    assert (await health.report()).up_seconds == 90


async def test_a_probe_that_is_slow_to_let_itself_be_ended_is_not_waited_for_either(clock: ManualClock) -> None:
    ended, asked = asyncio.Event(), list[str]()

    async def stubborn() -> Finding:
        asked.append("database")
        try:
            await asyncio.Event().wait()
        finally:
            await ended.wait()  # As a driver waits for the server to confirm that a statement was called off.
        return WORKS

    health = Health(clock, Readings({"health_probe_seconds": "0.05"}))
    health.register("database", stubborn)
    async with asyncio.timeout(30):
        for _ in range(2):
            assert (await health.report()).parts[0].finding.reason == "no answer within 0.05 s"
            clock.advance(timedelta(minutes=1))
    assert asked == ["database"], "it is not asked again while it has not let itself be ended"
    ended.set()

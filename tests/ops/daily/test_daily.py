"""The daily dashboard: made of every part, kept for a day, told as of then; no part that fails takes another with it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.ops.gate import operator
from tests.support.admin import Admin
from tests.support.clock import ManualClock
from tests.web.serving import serving, small_app
from trinity_beast.ops import Daily, Line
from trinity_beast.ops.daily.routes import daily_routes
from trinity_beast.ops.errors import DashboardUnknown
from trinity_beast.parameters import Readings
from trinity_beast.storage import Database, DependencyAway


@dataclass
class Made:
    """A dashboard's maker, and what a test turns of it."""

    daily: Daily
    readings: Readings
    line: Line


@pytest.fixture
def made(database: Database, clock: ManualClock) -> Made:
    readings = Readings()
    made = Made(Daily(database, clock, readings, node="Main"), readings, Line("kraken", "good", "live"))

    async def feeds() -> Sequence[Line]:
        return [made.line]

    made.daily.look_at("feeds", feeds)
    return made


async def test_what_was_seen_is_kept_and_told_as_of_then(made: Made, clock: ManualClock) -> None:
    first = await made.daily.make("Ada")
    clock.advance(timedelta(hours=5))
    made.line = Line("kraken", "weak", "waiting")
    second = await made.daily.make("by itself")

    assert await made.daily.kept() == second
    assert await made.daily.kept(clock.now() - timedelta(minutes=1)) == first
    assert [(alarm.section, alarm.line.what) for alarm in second.alarms] == [("feeds", "kraken")]
    with pytest.raises(DashboardUnknown):
        await made.daily.kept(clock.now() - timedelta(hours=6))


@pytest.mark.parametrize(("hours", "is_kept"), [(1.0, False), (24.0, True), (744.0, True)])
async def test_a_dashboard_is_kept_as_long_as_is_turned(made: Made, clock: ManualClock, hours: float, *, is_kept: bool) -> None:
    made.readings.turn("daily_kept_hours", hours)
    await made.daily.make("Ada")
    clock.advance(timedelta(hours=23))
    await made.daily.make("Ada")
    looked = made.daily.kept(clock.now() - timedelta(hours=1))
    if is_kept:
        await looked
    else:
        with pytest.raises(DashboardUnknown):
            await looked


async def test_a_part_that_fails_or_hangs_costs_its_own_section_alone(made: Made) -> None:
    async def away() -> Sequence[Line]:
        raise DependencyAway(part="cache", reason="gone")

    async def broken() -> Sequence[Line]:
        raise ZeroDivisionError

    async def hangs() -> Sequence[Line]:
        await asyncio.Event().wait()
        return []

    made.readings.turn("daily_section_seconds", 0.1)
    for name, look in (("cache", away), ("queue", broken), ("usage", hangs)):
        made.daily.look_at(name, look)
    found = {section.name: section.lines[0] for section in (await made.daily.make("Ada")).sections}

    assert found["feeds"] == made.line
    assert found["cache"].told == "cannot be looked at: DEPENDENCY_AWAY"
    assert found["queue"].told == "could not be looked at (ZeroDivisionError)"
    assert found["usage"].told == "not told within 0.1 s"


async def test_a_slow_part_is_waited_for_as_long_as_is_turned(made: Made) -> None:
    made.readings.turn("daily_section_seconds", 20.0)
    told = asyncio.Event()

    async def slow() -> Sequence[Line]:
        await told.wait()
        return [Line("slow", "good", "at last")]

    made.daily.look_at("slow", slow)
    making = asyncio.create_task(made.daily.make("Ada"))
    await asyncio.sleep(0)
    told.set()

    assert (await making).sections[-1].lines[0].told == "at last"


async def test_while_the_database_is_away_a_dashboard_is_made_all_the_same(clock: ManualClock) -> None:
    away = Database("postgresql://nobody@127.0.0.1:1/nothing")
    daily = Daily(away, clock, Readings(), node="Main")
    dashboard = await daily.make("Ada")
    await away.close()

    assert dashboard.node == "Main"


async def test_it_is_work_that_is_done_every_hour(made: Made) -> None:
    job = made.daily.job()
    await job.work()

    assert (job.name, job.cron) == ("ops.daily", "0 * * * *")
    assert (await made.daily.kept()).made_by == "by itself"


@pytest.fixture
async def admin(made: Made) -> AsyncIterator[Admin]:
    async with serving(small_app([daily_routes(made.daily, operator=operator())])) as port:
        yield Admin(port)


async def test_a_dashboard_is_told_over_http_and_told_again_without_looking(admin: Admin, made: Made) -> None:
    made.line = Line("kraken", "wrong", "gone")
    told = (await admin.get("/admin/daily")).data
    made.line = Line("kraken", "good", "back")
    again = (await admin.get("/admin/daily/kept")).data

    assert again == told
    assert (told["node"], told["made_by"].startswith("Ada")) == ("Main", True)
    assert told["alarms"] == [{"section": "feeds", "what": "kraken", "standing": "wrong", "told": "gone"}]
    assert told["sections"] == [{"name": "feeds", "lines": [{"what": "kraken", "standing": "wrong", "told": "gone"}]}]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/admin/daily/kept", 404, "DASHBOARD_UNKNOWN"),
        ("/admin/daily/kept?at=2001-01-01T00:00:00Z", 404, "DASHBOARD_UNKNOWN"),
        ("/admin/daily/kept?at=last%20night", 400, "REQUEST_INVALID"),
    ],
)
async def test_a_moment_of_which_nothing_is_kept_is_refused(admin: Admin, path: str, status: int, code: str) -> None:
    told = await admin.get(path)

    assert (told.status, told.code) == (status, code)


@pytest.mark.parametrize("path", ["/admin/daily", "/admin/daily/kept"])
async def test_strangers_see_no_dashboard(admin: Admin, path: str) -> None:
    assert (await Admin(admin.port, None).get(path)).code == "ADMIN_KEY_MISSING"

"""What the keeping of days promises: one is there before its midnight, and goes in time, but never with a row that no sum has."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.clock import ManualClock
from tests.support.segments import Written
from tests.support.usage_records import DAY_NS, NOON_NS, TODAY, batches
from trinity_beast.parameters import Readings
from trinity_beast.storage import Database
from trinity_beast.usage import Days, Writer
from trinity_beast.usage.partitions import Partitions


def at(year: int, month: int, day: int, hour: int = 12) -> ManualClock:
    return ManualClock(datetime(year, month, day, hour, tzinfo=UTC))


def keeper(database: Database, clock: ManualClock, **turned: int) -> Partitions:
    readings = Readings({name: str(value) for name, value in turned.items()})
    return Partitions(database, Days(database), clock, readings)


async def days_there(database: Database) -> list[date]:
    async with database.transaction() as tx:
        found = await tx.execute(sa.text("SELECT tablename FROM pg_tables WHERE tablename ~ '^usage_logs_2' ORDER BY 1"))
        return [datetime.strptime(name.removeprefix("usage_logs_"), "%Y%m%d").replace(tzinfo=UTC).date() for (name,) in found]


async def stored(database: Database, folder: Path, days_ago: Sequence[int]) -> None:
    for thread, ago in enumerate(days_ago):
        [batch] = batches(folder, [Written(time_ns=NOON_NS - ago * DAY_NS)] * 2, thread=thread)
        await Writer(database).store(batch)


async def count(database: Database, statement: str) -> int:
    async with database.transaction() as tx:
        return int((await tx.execute(sa.text(statement))).scalar_one())


@pytest.mark.parametrize(
    ("today", "last"),
    [
        (at(2026, 11, 20), date(2026, 11, 27)),
        (at(2026, 12, 28, 23), date(2027, 1, 4)),
        (at(2028, 2, 26), date(2028, 3, 4)),  # A leap year.
        (at(2027, 2, 26), date(2027, 3, 5)),
        (at(2027, 3, 27, 0), date(2027, 4, 3)),  # Summer time begins in Europe on the way.
    ],
)
async def test_days_are_there_a_week_ahead(own_database: Database, today: ManualClock, last: date) -> None:
    partitions = keeper(own_database, today)
    assert await partitions.make_ahead() == 8
    assert await days_there(own_database) == [last - timedelta(days=7 - place) for place in range(8)]
    assert await partitions.make_ahead() == 0


@pytest.mark.parametrize(("ahead", "made"), [(1, 2), (60, 61)])
async def test_how_far_ahead_is_turned_by_a_parameter(own_database: Database, ahead: int, made: int) -> None:
    assert await keeper(own_database, at(2026, 11, 20), usage_days_ahead=ahead).make_ahead() == made


async def test_a_day_takes_its_rows_from_its_first_to_its_last_instant(own_database: Database, tmp_path: Path) -> None:
    partitions = keeper(own_database, at(2028, 2, 28), usage_days_ahead=2)
    await partitions.make_ahead()
    midnight = datetime(2028, 2, 29, tzinfo=UTC)
    moments = [midnight - timedelta(microseconds=1), midnight, midnight + timedelta(days=1, microseconds=-1), midnight + timedelta(days=1)]
    records = [Written(time_ns=round(moment.timestamp()) * 10**9 + moment.microsecond * 1_000) for moment in moments]
    records[0] = Written(time_ns=round(midnight.timestamp()) * 10**9 - 1_000)
    records[2] = Written(time_ns=round(midnight.timestamp()) * 10**9 + DAY_NS - 1_000)
    for batch in batches(tmp_path, records):
        await Writer(own_database).store(batch)
    told = [await count(own_database, f"SELECT count(*) FROM usage_logs_2028{day}") for day in ("0228", "0229", "0301")]  # noqa: S608
    assert told == [1, 2, 1]


@pytest.mark.parametrize(("kept_days", "left"), [(93, 93), (1, 1)])
async def test_rows_are_kept_as_many_days_as_the_parameter_says(own_database: Database, tmp_path: Path, kept_days: int, left: int) -> None:
    await stored(own_database, tmp_path, [0, left - 1, left, left + 1] if left > 1 else [0, 1, 2])
    dropped = await keeper(own_database, at(2026, 11, 20), usage_kept_days=kept_days).drop_old()
    assert dropped.days == (TODAY - timedelta(days=left + 1), TODAY - timedelta(days=left))
    assert dropped.kept == ()
    assert min(await days_there(own_database)) == TODAY - timedelta(days=left - 1)


async def test_the_sums_of_a_dropped_day_stay(own_database: Database, tmp_path: Path) -> None:
    await stored(own_database, tmp_path, [100, 0])
    await keeper(own_database, at(2026, 11, 20)).drop_old()
    assert await count(own_database, "SELECT sum(requests) FROM usage_days") == 4
    assert await count(own_database, "SELECT count(*) FROM usage_logs") == 2


@pytest.mark.parametrize(("sums_kept_days", "left"), [(1, 4), (150, 6)])
async def test_sums_are_kept_as_long_as_said_and_never_shorter_than_rows(
    own_database: Database, tmp_path: Path, sums_kept_days: int, left: int
) -> None:
    await stored(own_database, tmp_path, [200, 149, 92, 0])
    await keeper(own_database, at(2026, 11, 20), usage_sums_kept_days=sums_kept_days).drop_old()
    assert await count(own_database, "SELECT sum(requests) FROM usage_days") == left


async def test_a_day_with_a_row_that_no_sum_has_is_not_dropped(own_database: Database, tmp_path: Path) -> None:
    await stored(own_database, tmp_path, [100])
    async with own_database.transaction() as tx:
        await tx.execute(sa.text("DELETE FROM usage_day_changes"))  # As code of before the sums stores rows.
    dropped = await keeper(own_database, at(2026, 11, 20)).drop_old()
    assert dropped.days == ()
    assert dropped.kept == (TODAY - timedelta(days=100),)
    assert await count(own_database, "SELECT count(*) FROM usage_logs") == 2


@pytest.mark.parametrize("kept_days", [93, 1])
async def test_the_sums_of_the_days_that_are_kept_are_mended_and_of_no_others(
    own_database: Database, tmp_path: Path, kept_days: int
) -> None:
    oldest = TODAY - timedelta(days=kept_days - 1)
    await stored(own_database, tmp_path, [kept_days, kept_days - 1])
    await Days(own_database).roll_up()
    async with own_database.transaction() as tx:
        await tx.execute(sa.text("UPDATE usage_days SET requests = requests - 1"))
    partitions = keeper(own_database, at(2026, 11, 20), usage_kept_days=kept_days)
    assert [found.day for found in await partitions.mend()] == [oldest]
    assert await partitions.mend() == []


async def test_a_late_row_of_a_dropped_day_is_summed_up_and_dropped_in_its_turn(own_database: Database, tmp_path: Path) -> None:
    partitions = keeper(own_database, at(2026, 11, 20))
    writer = Writer(own_database)
    for thread in (1, 2):
        [batch] = batches(tmp_path, [Written(time_ns=NOON_NS - 100 * DAY_NS)], thread=thread)
        await writer.store(batch) if thread == 1 else await Writer(own_database).store(batch)
        assert len((await partitions.drop_old()).days) == 1
    assert await count(own_database, "SELECT sum(requests) FROM usage_days") == 2


async def test_a_reader_is_not_kept_waiting_and_the_day_goes_when_he_is_done(own_database: Database, tmp_path: Path) -> None:
    await stored(own_database, tmp_path, [100, 0])
    partitions = keeper(own_database, at(2026, 11, 20))
    async with own_database.transaction() as reading:
        await reading.execute(sa.text("SELECT count(*) FROM usage_logs"))
        assert (await partitions.drop_old()).kept == (TODAY - timedelta(days=100),)
        async with own_database.transaction() as another:
            await another.execute(sa.text("SET LOCAL lock_timeout = '1s'"))
            assert (await another.execute(sa.text("SELECT count(*) FROM usage_logs WHERE time > '2026-11-20'"))).scalar_one() == 2
    assert (await partitions.drop_old()).days == (TODAY - timedelta(days=100),)


async def test_a_day_that_a_killed_process_had_taken_out_is_dropped(own_database: Database, tmp_path: Path) -> None:
    await stored(own_database, tmp_path, [100])
    await Days(own_database).roll_up()
    async with own_database.statements() as alone:
        await alone.execute(sa.text("ALTER TABLE usage_logs DETACH PARTITION usage_logs_20260812 CONCURRENTLY"))
    assert (await keeper(own_database, at(2026, 11, 20)).drop_old()).days == (date(2026, 8, 12),)
    assert await days_there(own_database) == []


async def test_a_day_is_made_while_others_read_and_write(own_database: Database, tmp_path: Path) -> None:
    await stored(own_database, tmp_path, [0])
    async with own_database.transaction() as reading:
        await reading.execute(sa.text("SELECT count(*) FROM usage_logs"))
        assert await keeper(own_database, at(2026, 11, 20)).make_ahead() == 7

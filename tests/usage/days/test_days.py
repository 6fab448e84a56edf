"""What the sums by day promise: at every instant they and what is pending are the rows, whoever writes and sums up meanwhile."""

import asyncio
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.segments import Written
from tests.support.usage_records import DAY_NS, NOON_NS, TODAY, a_record, batches, emptied
from trinity_beast.storage import Database
from trinity_beast.usage import Writer
from trinity_beast.usage.days import Days

DIMENSIONS = "key_id, asset, source_id, node_id, status, code, state, cache_tier, protocol"


def of_dimensions(statement: str) -> str:
    return statement.replace("{dimensions}", DIMENSIONS)


BY_ROWS = of_dimensions(
    "SELECT (time AT TIME ZONE 'UTC')::date AS day, {dimensions}, count(*), count(*) FILTER (WHERE flags & 1 = 1), sum(asset_count),"
    " sum(answer_bytes)::bigint, sum(latency_ns)::bigint, min(latency_ns), max(latency_ns)"
    " FROM usage_logs GROUP BY day, {dimensions} ORDER BY day, {dimensions}"
)
BY_SUMS = of_dimensions(
    "SELECT day, {dimensions}, requests, charged, assets, answer_bytes, latency_ns::bigint, latency_ns_min, latency_ns_max"
    " FROM usage_days ORDER BY day, {dimensions}"
)
BY_LATENCY = of_dimensions(
    "SELECT (time AT TIME ZONE 'UTC')::date AS day, {dimensions}, usage_latency_bucket(latency_ns) AS bucket, count(*)"
    " FROM usage_logs GROUP BY day, {dimensions}, bucket ORDER BY day, {dimensions}, bucket"
)
BY_SUMMED_LATENCY = of_dimensions(
    "SELECT day, {dimensions}, packed >> 40, packed & ((1::bigint << 40) - 1)"
    " FROM usage_days, unnest(latencies) AS packed ORDER BY day, {dimensions}, 11"
)


async def rows_of(database: Database, statement: str) -> list[tuple[object, ...]]:
    async with database.transaction() as tx:
        return [tuple(row) for row in await tx.execute(sa.text(statement))]


async def assert_sums_are_the_rows(database: Database) -> None:
    assert await rows_of(database, BY_SUMS) == await rows_of(database, BY_ROWS)
    assert await rows_of(database, BY_SUMMED_LATENCY) == await rows_of(database, BY_LATENCY)
    assert await rows_of(database, "SELECT * FROM usage_day_changes") == []


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lanes=st.lists(st.lists(a_record, min_size=1, max_size=25), min_size=1, max_size=3),
    records_max=st.sampled_from([1, 7, 1_000]),
    again=st.booleans(),
)
async def test_the_sums_are_what_a_plain_group_by_of_the_rows_says(
    own_database: Database, tmp_path: Path, lanes: list[list[Written]], records_max: int, again: bool
) -> None:
    database = own_database
    await emptied(database)
    days, writer = Days(database, records_max=records_max), Writer(database)
    for thread, records in enumerate(lanes):
        for batch in batches(tmp_path, records, thread=thread):
            await writer.store(batch)
            if again:
                await writer.store(batch)
        if thread % 2 == 0:
            await days.roll_up()
    rolled = await days.roll_up()
    assert rolled.unsound == ()
    await assert_sums_are_the_rows(database)
    assert await days.differences(date(2020, 1, 1)) == []


async def test_a_batch_given_again_in_other_pieces_is_summed_up_once(database: Database, tmp_path: Path) -> None:
    records = [Written(time_ns=NOON_NS + place, latency_ns=place) for place in range(20)]
    days, writer = Days(database), Writer(database)
    await writer.store(batches(tmp_path, records, records_max=7)[1])
    await days.roll_up()
    for batch in batches(tmp_path, records, records_max=100):
        await writer.store(batch)
    assert (await days.roll_up()).records == 13
    await assert_sums_are_the_rows(database)


async def test_rows_of_earlier_days_reach_their_day(database: Database, tmp_path: Path) -> None:
    days, writer = Days(database), Writer(database)
    for thread, days_ago in enumerate((0, 40)):
        [batch] = batches(tmp_path, [Written(time_ns=NOON_NS - days_ago * DAY_NS)], thread=thread)
        await writer.store(batch)
        await days.roll_up()
    assert await rows_of(database, "SELECT day, requests FROM usage_days ORDER BY day") == [
        (TODAY - timedelta(days=40), 1), (TODAY, 1)
    ]  # fmt: skip


@pytest.mark.timeout(120)
async def test_while_many_write_and_many_sum_up_every_instant_adds_up(own_database: Database, tmp_path: Path) -> None:
    wrong: list[object] = []
    written = asyncio.Event()

    async def write(thread: int) -> None:
        writer = Writer(own_database)
        records = [
            Written(time_ns=NOON_NS + (place % 3 - 1) * DAY_NS + place, key_id=place % 4, latency_ns=place * 1_000) for place in range(300)
        ]
        for batch in batches(tmp_path, records, thread=thread, records_max=10):
            await writer.store(batch)

    async def sum_up() -> None:
        days = Days(own_database, records_max=50)
        while not written.is_set():
            assert (await days.roll_up()).unsound == ()

    async def look() -> None:
        while not written.is_set():
            async with own_database.transaction() as tx:
                counts = await tx.execute(
                    sa.text(
                        "SELECT (SELECT count(*) FROM usage_logs), (SELECT coalesce(sum(requests), 0) FROM usage_days)"
                        " + (SELECT coalesce(sum(records), 0) FROM usage_day_changes)"
                    )
                )
                rows, told = counts.one()
            if rows != told:
                wrong.append((rows, told))

    others = [asyncio.create_task(work()) for work in (sum_up, sum_up, look)]
    await asyncio.gather(*[write(thread) for thread in range(3)])
    written.set()
    await asyncio.gather(*others)
    assert wrong == []
    await Days(own_database).roll_up()
    assert await rows_of(own_database, "SELECT sum(requests) FROM usage_days") == [(900,)]
    await assert_sums_are_the_rows(own_database)


async def test_nobody_who_reads_waits_for_a_summing_up(own_database: Database, tmp_path: Path) -> None:
    [batch] = batches(tmp_path, [Written(time_ns=NOON_NS)])
    await Writer(own_database).store(batch)
    async with own_database.transaction() as summing:
        await summing.execute(sa.text("DELETE FROM usage_day_changes"))
        await summing.execute(sa.text("UPDATE usage_days SET requests = requests + 1"))
        async with own_database.transaction() as reader:
            await reader.execute(sa.text("SET LOCAL lock_timeout = '1ms'"))
            assert (await reader.execute(sa.text("SELECT count(*) FROM usage_days"))).scalar_one() == 0
        await summing.rollback()


async def test_complete_until_moves_only_when_nothing_is_pending(own_database: Database, tmp_path: Path) -> None:
    days = Days(own_database)
    first = (await days.roll_up()).complete_until
    assert first is not None
    [batch] = batches(tmp_path, [Written(time_ns=NOON_NS)])
    await Writer(own_database).store(batch)
    async with own_database.transaction() as other:
        await other.execute(sa.text("SELECT 1 FROM usage_day_changes FOR UPDATE"))
        rolled = await days.roll_up()  # Somebody else has the change in hand.
        assert (rolled.records, rolled.complete_until) == (0, first)
    again = await days.roll_up()
    assert again.records == 1
    assert again.complete_until is not None
    assert again.complete_until > first


async def test_changes_whose_rows_are_gone_are_kept_and_told_and_hold_nothing_up(database: Database, tmp_path: Path) -> None:
    days, writer = Days(database), Writer(database)
    for thread, days_ago in enumerate((1, 0)):
        [batch] = batches(tmp_path, [Written(time_ns=NOON_NS - days_ago * DAY_NS)], thread=thread)
        await writer.store(batch)
    async with database.transaction() as tx:
        await tx.execute(sa.text("DELETE FROM usage_logs WHERE time < '2026-11-20T00:00Z'"))
    rolled = await days.roll_up()
    assert rolled.unsound == (TODAY - timedelta(days=1),)
    assert (rolled.records, rolled.complete_until) == (1, None)
    assert await rows_of(database, "SELECT day FROM usage_day_changes") == [(TODAY - timedelta(days=1),)]


async def test_sums_that_were_spoiled_are_found_and_mended(database: Database, tmp_path: Path) -> None:
    days, writer = Days(database), Writer(database)
    for batch in batches(tmp_path, [Written(time_ns=NOON_NS, latency_ns=place) for place in range(12)]):
        await writer.store(batch)
    await days.roll_up()
    async with database.transaction() as tx:
        await tx.execute(sa.text("UPDATE usage_days SET requests = requests - 5"))
    [found] = await days.mend(TODAY)
    assert (found.day, found.counted, found.summed_up, found.pending) == (TODAY, 12, 7, 0)
    assert await days.mend(TODAY) == []
    await assert_sums_are_the_rows(database)


async def test_rows_stored_by_code_that_notes_nothing_are_found_and_summed_up(database: Database, tmp_path: Path) -> None:
    days, writer = Days(database), Writer(database)
    for batch in batches(tmp_path, [Written(time_ns=NOON_NS)] * 3):
        await writer.store(batch)
    async with database.transaction() as tx:
        await tx.execute(sa.text("DELETE FROM usage_day_changes"))
    assert len(await days.mend(TODAY)) == 1
    await assert_sums_are_the_rows(database)


async def test_a_day_whose_rows_were_dropped_is_never_summed_up_anew(database: Database, tmp_path: Path) -> None:
    days, writer = Days(database), Writer(database)
    for batch in batches(tmp_path, [Written(time_ns=NOON_NS)] * 3):
        await writer.store(batch)
    await days.roll_up()
    async with database.transaction() as tx:
        await tx.execute(sa.text("INSERT INTO usage_days_dropped (day) VALUES ('2026-11-20')"))
    assert await days.rebuild(TODAY) is None
    assert await days.rebuild(TODAY - timedelta(days=1)) is None
    assert await rows_of(database, "SELECT sum(requests) FROM usage_days") == [(3,)]


async def test_a_latency_falls_into_a_bucket_two_and_a_fifth_per_cent_wide(database: Database) -> None:
    told = await rows_of(
        database,
        "SELECT bool_and(power(2, usage_latency_bucket(ns) / 32.0) <= ns * 1.000001"
        " AND ns < power(2, (usage_latency_bucket(ns) + 1) / 32.0) * 1.000001)"
        " FROM (SELECT generate_series(1, 5000) AS ns UNION ALL SELECT (random() * 4294967295)::bigint + 1"
        " FROM generate_series(1, 5000)) AS tried",
    )
    assert told == [(True,)]

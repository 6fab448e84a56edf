"""What a look promises: every row once, in order, as it was stored, by every filter; and sums that are those of the rows."""

import os
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.segments import Layout, Written
from tests.support.stored import CHARGED, HTTP, NOON, OK, RATE_LIMITED, UDP, disc, ns_of, store
from trinity_beast.storage import Database
from trinity_beast.usage import Counted, Dimension, Place, Sought, Span, Totals, UsageReader, UsageRow, Waiting
from trinity_beast.usage.reading.model import NOTHING

EVERYTHING = Sought(NOON - timedelta(days=5), NOON + timedelta(days=5), None)


@pytest.fixture
def reader(own_database: Database) -> UsageReader:
    return UsageReader(own_database)


async def rows_of(
    reader: UsageReader, sought: Sought = EVERYTHING, *, newest_first: bool = False, after: Place | None = None
) -> list[UsageRow]:
    async with reader.look() as look:
        return [row async for part in look.rows(sought, newest_first=newest_first, after=after, at_once=3) for row in part]


async def test_a_row_tells_all_that_its_record_said(own_database: Database, reader: UsageReader, tmp_path: Path) -> None:
    record = Written(
        time_ns=ns_of(NOON) + 123_456_789, request_id=(1 << 59) + 5, key_id=7, asset=b"BTC", latency_ns=4_000_000_000,
        answer_bytes=3_000_000_000, status=429, asset_count=3, source=1, cache_tier=2, protocol=UDP, state=3, code=RATE_LIMITED,
        flags=CHARGED,
    )  # fmt: skip
    await store(own_database, tmp_path, [record])
    [row] = await rows_of(reader)
    assert row[:-2] == (
        datetime(2026, 11, 20, 12, 0, 0, 123_456, tzinfo=UTC), "G00000000005", 7, "BTC", 3, "coinbase", "lab:coinbase-ws", "valkey",
        "rest", 429, "RATE_LIMITED", "udp", True, 4_000_000_000, 3_000_000_000, "BeastMain",
    )  # fmt: skip


async def test_an_empty_store_has_no_rows_and_sums_of_nothing(reader: UsageReader) -> None:
    assert await rows_of(reader) == []
    assert await rows_of(reader, Sought(NOON, NOON, ())) == []
    async with reader.look() as look:
        assert await look.totals(EVERYTHING) == [Totals(Dimension.ALL, "", NOTHING)]
        assert await look.days(EVERYTHING, [NOON.date()]) == [NOTHING]
        assert await look.periods(EVERYTHING, [EVERYTHING.since]) == [NOTHING]


async def test_what_is_stored_during_a_look_is_not_seen_by_it(own_database: Database, reader: UsageReader, tmp_path: Path) -> None:
    await store(own_database, tmp_path, [Written(time_ns=ns_of(NOON))])
    async with reader.look() as look:
        await store(own_database, tmp_path, [Written(time_ns=ns_of(NOON))], Layout(thread=9))
        assert len([row async for part in look.rows(EVERYTHING) for row in part]) == 1
    assert len(await rows_of(reader)) == 2


async def test_it_is_complete_until_what_waits_in_the_spool_and_no_further(own_database: Database, tmp_path: Path) -> None:
    reader = UsageReader(own_database, Waiting(tmp_path))
    async with reader.look() as look:
        assert await look.complete_until() == look.taken_at - timedelta(seconds=15)
    path = Layout().write(tmp_path, [Written()])
    os.utime(path, (NOON.timestamp(), NOON.timestamp()))
    async with reader.look() as look:
        assert await look.complete_until() == min(NOON, look.taken_at) - timedelta(seconds=15)


records = st.builds(
    Written,
    time_ns=st.integers(-200_000, 200_000).map(lambda seconds: ns_of(NOON) + seconds * 1_000_000_000),
    key_id=st.integers(1, 4),
    asset=st.sampled_from([b"BTC", b"ETH", b"SOL"]),
    latency_ns=st.integers(0, 50),
    answer_bytes=st.integers(0, 1_000),
    status=st.sampled_from([200, 304, 404, 429, 503]),
    source=st.sampled_from([0, 1]),
    protocol=st.sampled_from([HTTP, UDP]),
    code=st.sampled_from([OK, RATE_LIMITED]),
    flags=st.sampled_from([0, CHARGED]),
)
PROTOCOLS = {HTTP: "http", UDP: "udp"}
seekers = st.builds(
    Sought,
    since=st.integers(-200_000, 100_000).map(lambda seconds: NOON + timedelta(seconds=seconds)),
    until=st.integers(-100_000, 200_000).map(lambda seconds: NOON + timedelta(seconds=seconds)),
    key_ids=st.none() | st.lists(st.integers(1, 5), unique=True).map(tuple),
    assets=st.sampled_from([(), ("BTC",), ("ETH", "NONE")]),
    sources=st.sampled_from([(), ("coinbase",), ("lab:coinbase-ws", "other"), ("other",)]),
    statuses=st.sampled_from([(), (Span(200, 299),), (Span(400, 499), Span(503, 503))]),
    protocols=st.sampled_from([(), ("udp",), ("http", "udp")]),
)


def is_sought(record: Written, sought: Sought) -> bool:
    time = NOON + timedelta(microseconds=(record.time_ns - ns_of(NOON)) // 1_000)
    named = {"coinbase", "lab:coinbase-ws"} if record.source else set()
    return (
        sought.since <= time < sought.until
        and (sought.key_ids is None or record.key_id in sought.key_ids)
        and (not sought.assets or record.asset.decode() in sought.assets)
        and (not sought.sources or bool(named & set(sought.sources)))
        and (not sought.statuses or any(span.first <= record.status <= span.last for span in sought.statuses))
        and (not sought.protocols or PROTOCOLS[record.protocol] in sought.protocols)
    )


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lanes=st.lists(st.lists(records, min_size=1, max_size=25), min_size=1, max_size=3),
    asked=st.lists(seekers, min_size=1, max_size=6),
    newest_first=st.booleans(),
)
async def test_rows_and_sums_are_those_of_a_reader_that_shares_no_code(
    own_database: Database, tmp_path: Path, lanes: list[list[Written]], asked: list[Sought], *, newest_first: bool
) -> None:
    await emptied(own_database)
    for thread, written in enumerate(lanes):
        await store(own_database, tmp_path, written, Layout(thread=thread, first_sequence=1))
    reader = UsageReader(own_database)
    for sought in asked:
        expected = [record for written in lanes for record in written if is_sought(record, sought)]
        rows = await rows_of(reader, sought, newest_first=newest_first)
        assert [row.place for row in rows] == sorted({row.place for row in rows}, reverse=newest_first)
        assert sorted(map(told_of, rows)) == sorted(map(said_by, expected))
        if len(rows) > 1:
            assert await rows_of(reader, sought, newest_first=newest_first, after=rows[0].place) == rows[1:]
        async with reader.look() as look:
            found = await look.totals(sought, [Dimension.ASSET, Dimension.SOURCE, Dimension.STATUS])
            days = [sought.since.date() + timedelta(days=place) for place in range(12)]
            by_day = await look.days(sought, days)
            begins = [datetime.combine(day, time.min, UTC) for day in days]
            assert await look.periods(sought, begins) == [counted(rows_within(rows, begin)) for begin in begins]
        assert_sums(found, rows)
        assert list(map(roughly, by_day)) == [roughly(counted(rows_within(rows, begin))) for begin in begins]


def told_of(row: UsageRow) -> tuple[object, ...]:
    return row.time, row.key_id, row.asset, row.status, row.source, row.protocol, row.charged, row.latency_ns, row.answer_bytes


def said_by(record: Written) -> tuple[object, ...]:
    time = NOON + timedelta(microseconds=(record.time_ns - ns_of(NOON)) // 1_000)
    source, charged = "lab:coinbase-ws" if record.source else "", bool(record.flags)
    words = record.key_id, record.asset.decode(), record.status, source, PROTOCOLS[record.protocol], charged
    return time, *words, record.latency_ns, record.answer_bytes


def assert_sums(found: list[Totals], rows: list[UsageRow]) -> None:
    for dimension in (Dimension.ASSET, Dimension.SOURCE, Dimension.STATUS, Dimension.ALL):
        groups: dict[str, list[UsageRow]] = {"": []} if dimension is Dimension.ALL else {}
        for row in rows:
            groups.setdefault("" if dimension is Dimension.ALL else str(getattr(row, dimension.value)), []).append(row)
        told = {each.value: each for each in found if each.dimension is dimension}
        assert told.keys() == groups.keys()
        for value, group in groups.items():
            assert roughly(told[value].counted) == roughly(counted(group))


def rows_within(rows: list[UsageRow], begin: datetime) -> list[UsageRow]:
    return [row for row in rows if begin <= row.time < begin + timedelta(days=1)]


def counted(rows: list[UsageRow]) -> Counted:
    latencies = [disc([row.latency_ns for row in rows], share) if rows else None for share in (0.5, 0.95, 0.99)]
    charged, refused = sum(row.charged for row in rows), sum(row.status >= 400 for row in rows)
    return Counted(len(rows), charged, refused, sum(row.answer_bytes for row in rows), *latencies)


def roughly(found: Counted) -> tuple[object, ...]:
    """Return counts as they are and percentiles as far as they are promised."""
    return *found[:4], *(None if each is None else pytest.approx(each, rel=0.012, abs=1) for each in found[4:])


async def emptied(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.exec_driver_sql("TRUNCATE usage_logs, usage_key_days, usage_lanes, usage_day_changes, usage_days RESTART IDENTITY")

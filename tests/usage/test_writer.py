"""What the writer promises: every record once, with the values it had, however often and in whatever pieces its batch comes."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.segments import BOOT, Layout, Written
from trinity_beast import engine
from trinity_beast.storage import Database, RowsRefused
from trinity_beast.usage import Writer

NOON_NS = 1_795_176_000_000_000_000  # 2026-11-20T12:00:00Z
DAY_NS = 86_400_000_000_000
CHARGED = 1


def batches(folder: Path, records: Sequence[Written], *, records_max: int = 1_000, layout: Layout | None = None) -> list[engine.UsageBatch]:
    return engine.UsageBatch.of_segment(str((layout or Layout()).write(folder, records)), records_max=records_max)


async def rows_of(database: Database, statement: str) -> list[tuple[object, ...]]:
    async with database.transaction() as tx:
        return [tuple(row) for row in await tx.execute(sa.text(statement))]


async def sequences(database: Database) -> list[int]:
    return [int(str(sequence)) for (sequence,) in await rows_of(database, "SELECT sequence FROM usage_logs ORDER BY sequence")]


async def test_a_row_says_all_that_its_record_said(database: Database, tmp_path: Path) -> None:
    record = Written(
        time_ns=NOON_NS + 123_456_789, request_id=(1 << 59) + 5, key_id=7, asset=b"BTC", latency_ns=4_000_000_000,
        answer_bytes=3_000_000_000, status=200, asset_count=3, source=1, cache_tier=2, protocol=2, state=3, code=0, flags=CHARGED,
    )  # fmt: skip
    [batch] = batches(tmp_path, [record])
    stored = await Writer(database).store(batch)
    assert (stored.records, stored.known) == (1, 0)

    told = await rows_of(
        database,
        "SELECT time, key_id, asset, venue, source, node, status, asset_count, tier.word, protocol.word, state.word, code.word, flags,"
        " latency_ns, answer_bytes, request_id, boot, thread, sequence FROM usage_logs JOIN usage_sources USING (source_id)"
        " JOIN usage_nodes USING (node_id) JOIN usage_lanes USING (lane_id)"
        " JOIN usage_words AS tier ON (tier.kind, tier.number) = ('cache_tier', cache_tier)"
        " JOIN usage_words AS protocol ON (protocol.kind, protocol.number) = ('protocol', usage_logs.protocol)"
        " JOIN usage_words AS state ON (state.kind, state.number) = ('state', usage_logs.state)"
        " JOIN usage_words AS code ON (code.kind, code.number) = ('code', usage_logs.code)",
    )
    time = datetime(2026, 11, 20, 12, 0, 0, 123_456, tzinfo=UTC)
    assert told == [
        (time, 7, "BTC", "coinbase", "lab:coinbase-ws", "BeastMain", 200, 3, "valkey", "udp", "rest", "OK", CHARGED,
         4_000_000_000, 3_000_000_000, (1 << 59) + 5, BOOT.hex(), 3, 41)
    ]  # fmt: skip


async def test_a_batch_given_again_adds_nothing(database: Database, tmp_path: Path) -> None:
    [batch] = batches(tmp_path, [Written(time_ns=NOON_NS, flags=CHARGED)] * 5)
    for writer in (Writer(database), Writer(database)):
        await writer.store(batch)
    assert await sequences(database) == [41, 42, 43, 44, 45]
    assert await rows_of(database, "SELECT key_id, day, requests, charged, refused FROM usage_key_days") == [
        (7, date(2026, 11, 20), 5, 5, 0)
    ]


async def test_counts_go_to_the_day_and_key_of_each_record(database: Database, tmp_path: Path) -> None:
    records = [
        Written(time_ns=NOON_NS, key_id=7, flags=CHARGED, answer_bytes=100),
        Written(time_ns=NOON_NS + DAY_NS // 2 - 1, key_id=7, status=429, answer_bytes=10),
        Written(time_ns=NOON_NS + DAY_NS // 2, key_id=7, flags=CHARGED, answer_bytes=100),
        Written(time_ns=NOON_NS, key_id=8, status=304, answer_bytes=1),
    ]
    for batch in batches(tmp_path, records):
        await Writer(database).store(batch)
    told = await rows_of(database, "SELECT key_id, day, requests, charged, refused, answer_bytes FROM usage_key_days ORDER BY key_id, day")
    today, tomorrow = date(2026, 11, 20), date(2026, 11, 21)
    assert told == [(7, today, 2, 1, 1, 110), (7, tomorrow, 1, 1, 0, 100), (8, today, 1, 0, 0, 1)]
    assert await rows_of(database, "SELECT count(*) FROM usage_logs_20261121") == [(1,)]


async def test_a_record_of_an_impossible_day_is_refused_with_its_batch(database: Database, tmp_path: Path) -> None:
    [batch] = batches(tmp_path, [Written(time_ns=NOON_NS), Written(time_ns=1)])
    with pytest.raises(RowsRefused, match="1970-01-01"):
        await Writer(database).store(batch)
    assert await sequences(database) == []


async def test_a_day_that_was_dropped_is_made_anew_at_the_next_try(own_database: Database, tmp_path: Path) -> None:
    writer = Writer(own_database)
    [first] = batches(tmp_path, [Written(time_ns=NOON_NS)])
    await writer.store(first)
    async with own_database.transaction() as tx:
        await tx.execute(sa.text("DROP TABLE usage_logs_20261120"))
    [second] = batches(tmp_path, [Written(time_ns=NOON_NS)], layout=Layout(first_sequence=42))
    with pytest.raises(RowsRefused):
        await writer.store(second)
    await writer.store(second)
    assert await sequences(own_database) == [42]


async def test_a_database_that_was_put_back_to_a_copy_is_not_spoken_to_by_old_numbers(own_database: Database, tmp_path: Path) -> None:
    """Stored by them, rows would bear another lane's number and be noted nowhere: they would be stored again."""
    writer = Writer(own_database)
    [first], [second] = (batches(tmp_path, [Written(time_ns=NOON_NS)] * 3, layout=Layout(thread=thread)) for thread in (3, 4))
    await writer.store(first)
    async with own_database.transaction() as tx:
        await tx.execute(sa.text("UPDATE usage_lanes SET thread = 9"))  # The number is another lane's in the copy.
    await writer.store(second)
    for _ in range(2):
        await writer.store(first)
    told = await rows_of(own_database, "SELECT thread, count(*) FROM usage_logs JOIN usage_lanes USING (lane_id) GROUP BY 1 ORDER BY 1")
    assert told == [(3, 3), (4, 3), (9, 3)]
    assert await rows_of(own_database, "SELECT stored::text FROM usage_lanes") == [("{[41,44)}",)] * 3


async def test_many_writers_with_the_same_batches_store_each_record_once(own_database: Database, tmp_path: Path) -> None:
    records = [Written(time_ns=NOON_NS, key_id=place % 5, flags=CHARGED) for place in range(60)]
    whole, pieces = batches(tmp_path, records), batches(tmp_path, records, records_max=7)
    other_lane = batches(tmp_path, records, layout=Layout(thread=9), records_max=11)
    writers = [Writer(own_database) for _ in range(3)]
    async with asyncio.timeout(30):
        async with asyncio.TaskGroup() as group:
            for writer in writers:
                for batch in (*pieces, *whole, *reversed(other_lane)):
                    group.create_task(writer.store(batch))
    assert await sequences(own_database) == sorted([*range(41, 101)] * 2)
    assert await rows_of(own_database, "SELECT sum(requests), sum(charged) FROM usage_key_days") == [(120, 120)]
    spans = await rows_of(own_database, "SELECT stored::text FROM usage_lanes")
    assert spans == [("{[41,101)}",)] * 2


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), min_size=1, max_size=12))
async def test_whatever_pieces_come_in_whatever_order_their_union_is_stored(
    database: Database, tmp_path: Path, pieces: list[tuple[int, int]]
) -> None:
    async with database.transaction() as tx:
        await tx.execute(sa.text("TRUNCATE usage_logs, usage_key_days, usage_lanes, usage_lane_days"))
    writer = Writer(database)
    wanted: set[int] = set()
    for start, length in pieces:
        layout = replace(Layout(), first_sequence=start + 1)
        [batch] = batches(tmp_path, [Written(time_ns=NOON_NS)] * length, layout=layout)
        stored = await writer.store(batch)
        span = set(range(start + 1, start + 1 + length))
        assert (stored.records, stored.known) == (len(span - wanted), len(span & wanted))
        wanted |= span
    assert await sequences(database) == sorted(wanted)
    assert await rows_of(database, "SELECT coalesce(sum(requests), 0) FROM usage_key_days") == [(len(wanted),)]

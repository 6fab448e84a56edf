"""Whatever differs between spool, rows, counters and sums is told; where nothing does, nothing is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.clock import ManualClock
from tests.support.database import Cluster
from tests.support.segments import Layout
from tests.usage.reconciling.accounts import STORED_EACH, WAITING_EACH, Accounts, opened, records_of
from trinity_beast.engine import UsageBatch
from trinity_beast.randomness import dice_from
from trinity_beast.storage import Database
from trinity_beast.usage import Aside, EngineCount, InPlace, Reconciler, Shipper, Waiting, Writer
from trinity_beast.usage.envelope import EnvelopeUnreadable
from trinity_beast.usage.model import Span
from trinity_beast.usage.reconciling import Kind, Sought

COLUMNS = (
    ("time", "time + interval '1 microsecond'"), ("key_id", "key_id + 1"), ("asset", "'ETH'"), ("source_id", "0"),
    ("node_id", "node_id + 1"), ("status", "500"), ("asset_count", "2"), ("code", "code + 1"), ("state", "state + 1"),
    ("cache_tier", "cache_tier + 1"), ("protocol", "protocol - 1"), ("flags", "flags # 1"), ("latency_ns", "latency_ns + 1"),
    ("answer_bytes", "answer_bytes - 1"), ("request_id", "request_id + 1"),
)  # fmt: skip


@asynccontextmanager
async def fresh(cluster: Cluster) -> AsyncIterator[Database]:
    url = cluster.clone()
    database = Database(url)
    try:
        yield database
    finally:
        await database.close()
        cluster.drop(url)


@pytest.fixture
async def accounts(own_database: Database, tmp_path: Path) -> Accounts:
    return await opened(own_database, tmp_path)


async def test_where_all_is_accounted_for_nothing_differs(accounts: Accounts) -> None:
    told = await accounts.reconcile()
    assert told.differences == ()
    assert (told.lanes, told.rows, told.waiting) == (4, 4 * STORED_EACH, 8 * WAITING_EACH)
    assert [str(day) for day in told.days] == ["2026-11-20", "2026-11-21"]


async def test_an_empty_database_and_no_spool_are_even(own_database: Database, tmp_path: Path) -> None:
    told = await Reconciler(own_database, [tmp_path / "none"], ManualClock()).reconcile(Sought())
    assert told.is_even
    assert (told.lanes, told.rows, told.waiting, told.days) == (0, 0, 0, ())


async def test_a_missing_row_is_told_by_its_sequence(accounts: Accounts) -> None:
    assert await accounts.say("DELETE FROM usage_logs_20261120 WHERE ctid = {one}") == 1
    told = (await accounts.reconcile()).differences
    missing = [each for each in told if each.kind is Kind.ROW_MISSING]
    assert [(each.node, each.thread, each.spans) for each in missing if each.spans] == [("node1", 0, (Span(7, 7),))]
    assert {each.kind for each in told} == {Kind.ROW_MISSING, Kind.KEY_COUNTER, Kind.SUMS}


async def test_a_doubled_row_is_told_by_its_sequence(accounts: Accounts) -> None:
    assert await accounts.say("INSERT INTO usage_logs_20261120 SELECT * FROM usage_logs_20261120 WHERE ctid = {one}") == 1
    told = (await accounts.reconcile()).differences
    assert [(each.spans, each.expected, each.found) for each in told if each.spans] == [((Span(7, 7),), 1, 2)]
    assert {each.kind for each in told} == {Kind.ROW_DOUBLED, Kind.KEY_COUNTER, Kind.SUMS}


@pytest.mark.parametrize(("column", "other"), COLUMNS)
async def test_a_row_altered_in_any_column_is_told(accounts: Accounts, column: str, other: str) -> None:
    assert await accounts.say("UPDATE usage_logs_20261120 SET {change} WHERE ctid = {one}".replace("{change}", f"{column} = {other}")) == 1
    told = (await accounts.reconcile()).differences
    altered = [each for each in told if each.kind is Kind.ROW_ALTERED]
    assert [(each.node, each.thread, str(each.day)) for each in altered] == [("node1", 0, "2026-11-20")]


async def test_rows_whose_latencies_were_exchanged_are_told(accounts: Accounts) -> None:
    """No sum of a column shows it."""
    swap = (
        "UPDATE usage_logs AS one SET latency_ns = other.latency_ns FROM usage_logs AS other WHERE one.lane_id = other.lane_id"
        " AND one.lane_id = (SELECT max(lane_id) FROM usage_lanes)"
        " AND (one.sequence, other.sequence) IN ((7, 13), (13, 7))"
    )
    assert await accounts.say(swap) == 2
    assert "row_altered" in await accounts.kinds()


async def test_a_row_nobody_noted_is_told(accounts: Accounts) -> None:
    await accounts.say(
        "INSERT INTO usage_logs_20261120 (time, key_id, asset, source_id, node_id, status, asset_count, code, state, cache_tier, protocol,"
        " flags, latency_ns, answer_bytes, request_id, lane_id, sequence) SELECT time, key_id, asset, source_id, node_id, status,"
        " asset_count, code, state, cache_tier, protocol, flags, latency_ns, answer_bytes, request_id, lane_id, 900"
        " FROM usage_logs_20261120 WHERE ctid = {one}"
    )
    told = (await accounts.reconcile()).differences
    assert [each.spans for each in told if each.kind is Kind.ROW_UNNOTED] == [(Span(900, 900),)]


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("UPDATE usage_lanes SET stored = stored - int8multirange(int8range(5, 6)) WHERE thread = 0", "note"),
        ("UPDATE usage_lanes SET stored = stored + int8multirange(int8range(41, 44)) WHERE thread = 0", "note"),
        ("DELETE FROM usage_lane_days WHERE lane_id = (SELECT min(lane_id) FROM usage_lanes)", "note"),
        ("UPDATE usage_lane_days SET row_sum = row_sum + 1", "row_altered"),
        ("UPDATE usage_key_days SET requests = requests + 1 WHERE key_id = 7", "key_counter"),
        ("UPDATE usage_key_days SET charged = charged - 1 WHERE key_id = 8", "key_counter"),
        ("UPDATE usage_key_days SET refused = refused + 1 WHERE key_id = 9", "key_counter"),
        ("UPDATE usage_key_days SET answer_bytes = answer_bytes + 1 WHERE key_id = 7", "key_counter"),
        ("UPDATE usage_key_days SET last_used_at = last_used_at + interval '1 microsecond' WHERE key_id = 7", "key_counter"),
        ("DELETE FROM usage_key_days WHERE key_id = 8", "key_counter"),
        ("INSERT INTO usage_key_days VALUES (99, '2026-11-20', 1, 0, 0, 0, now())", "key_counter"),
        ("UPDATE usage_days SET requests = requests + 1 WHERE key_id = 7 AND day = '2026-11-21'", "sums"),
        ("UPDATE usage_days SET latency_ns = latency_ns + 1 WHERE key_id = 7", "sums"),
        ("UPDATE usage_days SET latencies = latencies[2:] WHERE key_id = 7", "sums"),
        ("UPDATE usage_days SET status = 500 WHERE key_id = 8 AND status = 429", "sums"),
        ("DELETE FROM usage_days WHERE key_id = 9", "sums"),
        ("DELETE FROM usage_day_changes WHERE change_id = (SELECT min(change_id) FROM usage_day_changes)", "sums"),
        ("UPDATE usage_day_changes SET records = records + 1 WHERE change_id = (SELECT min(change_id) FROM usage_day_changes)", "pending"),
        ("ALTER TABLE usage_logs DETACH PARTITION usage_logs_20261121", "row_missing"),
    ],
)
async def test_whatever_is_noted_otherwise_is_told(accounts: Accounts, statement: str, kind: str) -> None:
    await accounts.say(statement)
    assert kind in await accounts.kinds()


async def test_sequences_that_are_nowhere_are_told(accounts: Accounts) -> None:
    await asyncio.to_thread(accounts.files[2].unlink)
    told = (await accounts.reconcile()).differences
    first = STORED_EACH + 1
    assert [(each.kind, each.node, each.thread, each.spans) for each in told] == [
        (Kind.SEQUENCE_GAP, "node1", 1, (Span(first, first + WAITING_EACH - 1),))
    ]


async def test_a_batch_that_was_set_aside_is_no_gap_and_is_told(accounts: Accounts) -> None:
    file = accounts.files[2]
    [batch] = UsageBatch.of_segment(str(file), records_max=1_000)
    await Writer(accounts.database).set_aside(batch, reason="a reason", tries=3)
    await asyncio.to_thread(file.unlink)
    [told] = (await accounts.reconcile()).differences
    assert (told.kind, told.what, told.expected) == (Kind.SET_ASIDE, "a reason", WAITING_EACH)


async def test_a_batch_that_was_stored_after_all_and_a_message_nobody_can_read_are_no_difference(accounts: Accounts) -> None:
    file, writer = accounts.files[2], Writer(accounts.database)
    [batch] = UsageBatch.of_segment(str(file), records_max=1_000)
    await writer.set_aside(batch, reason="a reason", tries=3)
    await asyncio.to_thread(file.unlink)
    aside = Aside(accounts.database, writer)
    await aside.redrive(None, by="Ada")
    await aside.keep_message("m-1", "nonsense", EnvelopeUnreadable("nonsense"), tries=1)
    assert (await accounts.reconcile()).differences == ()


async def test_files_that_cannot_be_read_are_told(accounts: Accounts) -> None:
    await asyncio.to_thread((accounts.spool / "bad.sealed").write_bytes, b"x" * 20_000)
    await asyncio.to_thread((accounts.spool / "bad.packed").write_bytes, b"\x09\0\0\0half")
    told = (await accounts.reconcile()).differences
    assert [each.kind for each in told] == [Kind.UNREADABLE] * 2
    for path in ("bad.sealed", "bad.packed"):
        Waiting(accounts.spool).set_aside(accounts.spool / path, "no segment")
    told = (await accounts.reconcile()).differences
    assert [each.what.rpartition(": ")[2] for each in told] == ["no segment"] * 2


async def test_records_that_were_damaged_on_disk_are_told_by_their_sequences(accounts: Accounts) -> None:
    file = accounts.files[3]
    whole = await asyncio.to_thread(file.read_bytes)
    place = len(whole) - 4 * 64
    await asyncio.to_thread(file.write_bytes, whole[:place] + b"\xff" * 64 + whole[place + 64 :])
    for batch in UsageBatch.of_segment(str(file), records_max=1_000):
        await Writer(accounts.database).store(batch)
    await asyncio.to_thread(file.unlink)
    told = (await accounts.reconcile()).differences
    assert Kind.NOTE in {each.kind for each in told}


async def test_a_day_that_retention_dropped_is_not_missed(accounts: Accounts) -> None:
    await accounts.say("DROP TABLE usage_logs_20261120")
    await accounts.say("INSERT INTO usage_days_dropped (day) VALUES ('2026-11-20')")
    told = await accounts.reconcile()
    assert told.is_even
    assert [str(day) for day in told.days] == ["2026-11-21"]
    await accounts.say("DELETE FROM usage_logs WHERE sequence = 8")
    assert "row_missing" in await accounts.kinds()


async def test_only_a_day_or_a_node_is_compared_where_one_is_named(accounts: Accounts) -> None:
    await accounts.say("DELETE FROM usage_logs_20261120 WHERE ctid = {one}")
    [day, next_day] = (await accounts.reconcile()).days
    assert not (await accounts.reconcile(Sought(day=day))).is_even
    assert (await accounts.reconcile(Sought(day=next_day))).is_even
    assert not (await accounts.reconcile(Sought(node="node1"))).is_even
    assert (await accounts.reconcile(Sought(node="node2"))).is_even


@pytest.mark.parametrize(("recorded", "lost", "is_even"), [(128, 0, True), (120, 5, True), (129, 0, False), (120, 0, False)])
async def test_an_engine_that_counted_otherwise_is_told(accounts: Accounts, recorded: int, lost: int, is_even: bool) -> None:
    counted = EngineCount("node1", b"node1".ljust(16, b"\0").hex(), recorded, lost, threads=3)
    told = await accounts.reconcile(counted=counted)
    assert {each.kind for each in told.differences} == (set() if is_even else {Kind.COUNTER})


PLANTS = {
    "missing": ("DELETE FROM usage_logs WHERE sequence = 3 AND lane_id = (SELECT min(lane_id) FROM usage_lanes)", "row_missing"),
    "doubled": ("INSERT INTO usage_logs_20261120 SELECT * FROM usage_logs_20261120 WHERE ctid = {one}", "row_doubled"),
    "unnoted": ("UPDATE usage_logs SET sequence = sequence + 500 WHERE sequence = 9", "row_unnoted"),
    "note": ("UPDATE usage_lanes SET stored = stored - int8multirange(int8range(5, 6)) WHERE thread = 1", "note"),
    "counter": ("UPDATE usage_key_days SET charged = charged + 1 WHERE key_id = 8", "key_counter"),
    "sums": ("UPDATE usage_days SET assets = assets + 1 WHERE key_id = 9", "sums"),
    "pending": ("UPDATE usage_day_changes SET records = records - 1", "pending"),
}


@pytest.mark.timeout(240)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.sampled_from(sorted(PLANTS)), min_size=2))
async def test_however_many_things_differ_each_is_told(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory, planted: set[str]
) -> None:
    async with fresh(cluster) as database:
        accounts = await opened(database, tmp_path_factory.mktemp("accounts"))
        for name in sorted(planted):
            assert await accounts.say(PLANTS[name][0]) >= 1
        assert {PLANTS[name][1] for name in planted} <= await accounts.kinds()


@pytest.mark.slow
async def test_beside_a_shipper_at_work_nothing_differs(own_database: Database, tmp_path: Path) -> None:
    """Segments of one lane are stored out of their order, several at once, while it is looked."""
    for number in range(1, 41):
        layout = Layout(node=b"node1", number=number, first_sequence=(number - 1) * 20 + 1)
        layout.write(tmp_path, records_of(20, first=number * 20))
    clock = ManualClock()
    shipper = Shipper(Waiting(tmp_path), InPlace(Writer(own_database), clock=clock), clock=clock, dice=dice_from("ship"))
    reconciler = Reconciler(own_database, [tmp_path], clock, settle_seconds=0)
    looks = 0
    async with asyncio.TaskGroup() as group:
        shipping = group.create_task(shipper.ship())
        while not shipping.done():
            assert (await reconciler.reconcile(Sought())).differences == ()
            looks += 1
    assert looks >= 2
    told = await reconciler.reconcile(Sought())
    assert (told.is_even, told.rows, told.waiting) == (True, 800, 0)

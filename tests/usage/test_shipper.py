"""What the shipper promises: a file goes when its records are stored and not before, and nothing is stored twice."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.clock import ManualClock
from tests.support.segments import Layout, Written
from trinity_beast.engine import UsageBatch
from trinity_beast.parameters import Readings
from trinity_beast.randomness import dice_from
from trinity_beast.storage import Database, DependencyAway
from trinity_beast.usage import Carried, InPlace, Shipper, Spread, Waiting, Writer
from trinity_beast.usage.waiting import in_turns

NOON_NS = 1_795_176_000_000_000_000  # 2026-11-20T12:00:00Z


class Line:
    """The way to the writer, which fails when told: before the batch arrives, or after it was stored and before that was heard."""

    name, shipments_max = "line", 2

    def __init__(self, writer: InPlace) -> None:
        self._writer = writer
        self.fails_before: Callable[[UsageBatch], Exception | None] = lambda _: None
        self.fails_after: Callable[[UsageBatch], Exception | None] = lambda _: None
        self.carried = 0

    async def carry(self, batch: UsageBatch) -> Carried:
        self.carried += 1
        if (error := self.fails_before(batch)) is not None:
            raise error
        carried = await self._writer.carry(batch)
        if (error := self.fails_after(batch)) is not None:
            raise error
        return carried


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    (tmp_path / "spool").mkdir()
    return tmp_path / "spool"


@pytest.fixture
def line(database: Database, clock: ManualClock, readings: Readings) -> Line:
    return Line(InPlace(Writer(database), clock=clock, readings=readings))


@pytest.fixture
def readings() -> Readings:
    return Readings()


@pytest.fixture
def shipper(spool: Path, line: Line, clock: ManualClock, readings: Readings) -> Shipper:
    return Shipper(Waiting(spool), line, clock=clock, dice=dice_from("shipper"), readings=readings)


def files(spool: Path) -> list[Path]:
    return sorted(spool.iterdir())


async def stored(database: Database) -> list[tuple[int, int]]:
    async with database.transaction() as tx:
        rows = await tx.execute(sa.text("SELECT thread, sequence FROM usage_logs JOIN usage_lanes USING (lane_id) ORDER BY 1, 2"))
        return [(thread, sequence) for thread, sequence in rows]


def away(_: UsageBatch) -> Exception:
    return DependencyAway(part="database", reason="pulled out")


async def test_what_is_sealed_is_stored_and_its_file_removed(shipper: Shipper, spool: Path, database: Database) -> None:
    Layout(thread=1).write(spool, [Written(time_ns=NOON_NS)] * 3)
    Layout(thread=2).write(spool, [Written(time_ns=NOON_NS)] * 2)
    still_written = Layout(thread=3, sealed=False).write(spool, [Written(time_ns=NOON_NS)])
    assert await shipper.ship()
    assert await stored(database) == [(1, 41), (1, 42), (1, 43), (2, 41), (2, 42)]
    assert files(spool) == [still_written]
    assert (shipper.shipped.segments, shipper.shipped.records) == (2, 5)


async def test_an_empty_or_missing_spool_is_nothing_to_do(line: Line, shipper: Shipper, spool: Path, clock: ManualClock) -> None:
    assert await shipper.ship()
    assert await Shipper(Waiting(spool / "missing"), line, clock=clock, dice=dice_from("shipper")).ship()


async def test_while_the_database_is_away_every_file_stays(shipper: Shipper, spool: Path, line: Line, database: Database) -> None:
    for thread in range(4):
        Layout(thread=thread).write(spool, [Written(time_ns=NOON_NS)])
    line.fails_before = away
    assert not await shipper.ship()
    assert len(files(spool)) == 4
    assert line.carried <= 2, "once one finds the door shut, the others do not try it"


async def test_a_batch_whose_answer_was_lost_is_given_again_and_stored_once(
    shipper: Shipper, spool: Path, line: Line, database: Database, readings: Readings
) -> None:
    readings.turn("usage_batch_records", 100)
    Layout(capacity=250).write(spool, [Written(time_ns=NOON_NS)] * 250)
    for lost_at in (41, 141, 241):
        line.fails_after = lambda batch, lost_at=lost_at: away(batch) if batch.first_sequence == lost_at else None  # type: ignore[misc]
        assert not await shipper.ship()
        assert files(spool)
    line.fails_after = lambda _: None
    assert await shipper.ship()
    assert [sequence for _, sequence in await stored(database)] == list(range(41, 291))
    assert not files(spool)


async def test_a_poison_batch_is_set_aside_after_some_tries_and_the_rest_goes_on(
    shipper: Shipper, spool: Path, clock: ManualClock, database: Database, readings: Readings
) -> None:
    readings.turn("usage_tries_max", 2)
    Layout(thread=1).write(spool, [Written(time_ns=1)])  # In 1970: the writer itself refuses it.
    Layout(thread=2).write(spool, [Written(time_ns=NOON_NS)])
    shipping = asyncio.create_task(shipper.ship())
    await clock.wait_for_sleepers()
    clock.advance(1)
    assert await shipping
    assert await stored(database) == [(2, 41)]
    async with database.transaction() as tx:
        aside = (await tx.execute(sa.text("SELECT thread, first_sequence, records, reason, tries, packed FROM usage_set_aside"))).all()
    [(thread, first_sequence, records, reason, tries, packed)] = aside
    assert (thread, first_sequence, records, tries) == (1, 41, 1, 2)
    assert "1970" in reason
    assert UsageBatch.unpacked(packed).first_sequence == 41
    assert shipper.shipped.set_aside == 1
    assert not files(spool)


async def test_a_file_that_is_no_segment_is_moved_away_with_the_reason(shipper: Shipper, spool: Path, database: Database) -> None:
    (spool / "bad.sealed").write_bytes(b"x" * 20_000)
    (spool / "bad.packed").write_bytes(b"\x09\0\0\0half")
    Layout().write(spool, [Written(time_ns=NOON_NS)])
    assert await shipper.ship()
    assert len(await stored(database)) == 1
    aside = spool / "set-aside"
    assert {path.name for path in aside.iterdir()} == {"bad.sealed", "bad.sealed.why", "bad.packed", "bad.packed.why"}
    assert "does not begin with our mark" in (aside / "bad.sealed.why").read_text()


async def test_what_waits_is_compressed_and_stored_as_it_was(shipper: Shipper, spool: Path, database: Database) -> None:
    path = Layout(capacity=2_000).write(spool, [Written(time_ns=NOON_NS + place * 1_000) for place in range(2_000)])
    waiting = Waiting(spool)
    plain_bytes = waiting.backlog(waiting.paths()).bytes
    packed = waiting.compress(path, records_max=700)
    assert [packed] == waiting.paths()
    assert waiting.backlog(waiting.paths()).bytes < plain_bytes / 4
    assert await shipper.ship()
    assert [sequence for _, sequence in await stored(database)] == list(range(41, 2_041))


async def test_a_kill_while_compressing_leaves_what_is_stored_once(shipper: Shipper, spool: Path, database: Database) -> None:
    path = Layout().write(spool, [Written(time_ns=NOON_NS)] * 10)
    sealed = path.read_bytes()
    Waiting(spool).compress(path, records_max=4)
    path.write_bytes(sealed)  # As if the kill had come before the sealed file was removed.
    (spool / "half.packing").write_bytes(b"half")
    Waiting(spool).tidy()
    assert not (spool / "half.packing").exists()
    assert await shipper.ship()
    assert [sequence for _, sequence in await stored(database)] == list(range(41, 51))
    assert not files(spool)


async def test_lanes_take_turns_and_each_keeps_its_order(tmp_path: Path) -> None:
    paths = [Path(f"{lane}-{number:08}.sealed") for lane in ("a-000", "a-001", "b-000") for number in (1, 2)]
    assert [path.stem for path in in_turns([*paths, Path("a-000-00000003.packed")])] == [
        "a-000-00000001", "a-001-00000001", "b-000-00000001", "a-000-00000002", "a-001-00000002", "b-000-00000002", "a-000-00000003",
    ]  # fmt: skip


async def test_the_bound_of_the_spool_is_told_at_the_start_and_when_it_is_turned(
    spool: Path, line: Line, clock: ManualClock, readings: Readings
) -> None:
    told: list[int] = []
    shipper = Shipper(Waiting(spool), line, clock=clock, dice=dice_from("shipper"), readings=readings, bound=told.append)
    await shipper.start()
    for bytes_max in (64 << 20, 1 << 50):
        await clock.wait_for_sleepers(2)  # One ships, one tends.
        readings.turn("usage_spool_bytes_max", bytes_max)
        clock.advance(1)
    await clock.wait_for_sleepers(2)
    await shipper.stop()
    assert told == [8 << 30, 64 << 20, 1 << 50]


async def test_while_nothing_gets_away_all_but_the_last_files_are_compressed_though_the_database_only_stands_still(
    spool: Path, line: Line, clock: ManualClock, database: Database, readings: Readings
) -> None:
    standing_still = asyncio.Event()
    for number in range(12):
        Layout(number=number, first_sequence=1 + number * 50, thread=1).write(spool, [Written(time_ns=NOON_NS)] * 50)
    shipper = Shipper(Waiting(spool), StandingStill(line, standing_still), clock=clock, dice=dice_from("still"), readings=readings)
    readings.turn("usage_plain_segments_max", 4)
    await shipper.start()
    async with asyncio.timeout(20):
        while sum(path.suffix == ".packed" for path in files(spool)) < 6:  # Of the first eight two are in hand.
            await clock.wait_for_sleepers()
            await clock.let_pass(1)
    assert {path.suffix for path in files(spool)} == {".packed", ".sealed"}
    assert shipper.backlog.records == 600
    standing_still.set()
    async with asyncio.timeout(20):
        while await asyncio.to_thread(files, spool):  # In a thread, so that those who store have their turn, too.
            await clock.let_pass(1)
    await shipper.stop()
    assert [sequence for _, sequence in await stored(database)] == list(range(1, 601))


class StandingStill:
    """A carrier that says nothing until it may."""

    name, shipments_max = "still", 2

    def __init__(self, line: Line, may: asyncio.Event) -> None:
        self._line, self._may = line, may

    async def carry(self, batch: UsageBatch) -> Carried:
        await self._may.wait()
        return await self._line.carry(batch)


async def test_what_was_served_is_counted_by_asset_and_source_once_however_often_a_file_is_given(
    spool: Path, line: Line, clock: ManualClock, readings: Readings
) -> None:
    spread = Spread()
    shipper = Shipper(Waiting(spool), line, clock=clock, dice=dice_from("shipper"), readings=readings, spread=spread)
    readings.turn("usage_batch_records", 100)
    Layout(capacity=250).write(spool, [Written(time_ns=NOON_NS)] * 250)
    line.fails_after = lambda batch: away(batch) if batch.first_sequence == 241 else None
    assert not await shipper.ship()
    assert spread.by_asset() == {}, "a part of it would be counted again with the rest"
    line.fails_after = lambda _: None
    assert await shipper.ship()
    assert sum(spread.by_asset().values()) == sum(spread.by_source().values()) == 250
    assert (spread.by_asset(), spread.by_source()) == ({"BTC": 250}, {"lab:coinbase-ws": 250})

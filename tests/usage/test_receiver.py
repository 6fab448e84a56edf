"""What the receiver promises: whatever the queue gives, in whatever order and however often, each record is stored once, or kept."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.clock import ManualClock
from tests.support.segments import Layout, Written
from trinity_beast.clock import Clock, SystemClock
from trinity_beast.cloud import Queue
from trinity_beast.engine import UsageBatch
from trinity_beast.parameters import Readings
from trinity_beast.randomness import dice_from
from trinity_beast.storage import Database, DependencyAway
from trinity_beast.usage import Aside, InPlace, Receiver, Stored, Writer
from trinity_beast.usage.aside.model import Kind, Outcome
from trinity_beast.usage.envelope import sealed
from trinity_beast.usage.model import PackedBatch
from trinity_beast.usage.receiver import RECEIPTS_MAX
from trinity_beast.usage.writer import batch_of

NOON_NS = 1_795_176_000_000_000_000  # 2026-11-20T12:00:00Z


class FailingWriter(Writer):
    """A writer that does what it is told to instead, so many times."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.errors: list[Exception] = []

    async def store(self, batch: UsageBatch) -> Stored:
        if self.errors:
            raise self.errors.pop()
        return await super().store(batch)


@pytest.fixture
def writer(database: Database) -> FailingWriter:
    return FailingWriter(database)


@pytest.fixture
def aside(database: Database, writer: FailingWriter) -> Aside:
    return Aside(database, writer)


@pytest.fixture
def receiver(queue: Queue, writer: FailingWriter, aside: Aside) -> Receiver:
    return receiver_of(queue, writer, aside, SystemClock())


def receiver_of(queue: Queue, writer: Writer, aside: Aside, clock: Clock) -> Receiver:
    readings = Readings({"usage_tries_max": "1"})
    return Receiver(queue, InPlace(writer, clock=clock, readings=readings), aside, clock=clock, dice=dice_from("r"), readings=readings)


def packed_batches(folder: Path, records: Sequence[Written], *, records_max: int = 1_000, thread: int = 3) -> list[PackedBatch]:
    path = Layout(thread=thread, capacity=len(records)).write(folder, records)
    return [batch_of(batch, batch.packed()) for batch in UsageBatch.of_segment(str(path), records_max=records_max)]


async def sequences(database: Database) -> list[int]:
    async with database.transaction() as tx:
        return list((await tx.execute(sa.text("SELECT sequence FROM usage_logs ORDER BY sequence"))).scalars())


async def left_in(queue: Queue) -> tuple[int, int]:
    backlog = await queue.backlog()
    return backlog.waiting, backlog.in_hand


async def test_what_comes_in_any_order_and_twice_is_stored_once(
    queue: Queue, receiver: Receiver, database: Database, tmp_path: Path
) -> None:
    messages = [sealed(batch) for batch in packed_batches(tmp_path, [Written(time_ns=NOON_NS)] * 50, records_max=10)]
    await queue.send([*reversed(messages), *messages])
    while await receiver.receive(wait_seconds=1):
        pass
    assert await sequences(database) == list(range(41, 91))
    assert (receiver.taken.messages, receiver.taken.records, receiver.taken.known) == (10, 50, 50)
    assert await left_in(queue) == (0, 0)


@pytest.mark.parametrize(
    ("message", "message_type"),
    [
        (json.dumps({"type": "invoice", "payload": {"amount": 1}}), "invoice"),
        ("no envelope at all \ud7ff", ""),
        ("x" * 200_000, ""),
    ],
)
async def test_a_message_nobody_can_read_is_kept_whole_and_visible(
    queue: Queue, receiver: Receiver, aside: Aside, message: str, message_type: str
) -> None:
    await queue.send([message])
    assert await receiver.receive(wait_seconds=1) == 1
    [kept] = (await aside.listing()).items
    assert (kept.kind, kept.message_type, kept.tries, kept.packed_bytes) == (Kind.MESSAGE, message_type, 1, len(message.encode()))
    assert ("nobody here reads" if message_type else "no envelope") in kept.reason
    assert await left_in(queue) == (0, 0)
    assert receiver.taken.set_aside == 1


async def test_an_envelope_that_lies_about_its_batch_is_kept(queue: Queue, receiver: Receiver, aside: Aside, tmp_path: Path) -> None:
    [batch] = packed_batches(tmp_path, [Written(time_ns=NOON_NS)])
    told = json.loads(sealed(batch))
    told["payload"] |= {"thread": 4}
    await queue.send([json.dumps(told)])
    await receiver.receive(wait_seconds=1)
    assert [kept.reason for kept in (await aside.listing()).items] == ["its batch is another one than it says"]


async def test_a_poison_batch_is_kept_and_the_others_go_on(
    queue: Queue, receiver: Receiver, aside: Aside, database: Database, tmp_path: Path
) -> None:
    [poison] = packed_batches(tmp_path, [Written(time_ns=1)], thread=1)  # In 1970: the writer itself refuses it.
    [sound] = packed_batches(tmp_path, [Written(time_ns=NOON_NS)], thread=2)
    await queue.send([sealed(poison), sealed(sound)])
    await receiver.receive(wait_seconds=1)
    [kept] = (await aside.listing()).items
    assert (kept.kind, kept.thread, kept.records) == (Kind.BATCH, 1, 1)
    assert "1970" in kept.reason
    assert await sequences(database) == [41]
    assert await left_in(queue) == (0, 0)


async def test_what_was_given_out_too_often_is_kept_before_it_is_tried_a_last_time(
    queue: Queue, receiver: Receiver, aside: Aside, database: Database, tmp_path: Path
) -> None:
    [batch] = packed_batches(tmp_path, [Written(time_ns=NOON_NS)])
    await queue.send([sealed(batch)])
    for _ in range(RECEIPTS_MAX):  # As if each time the process had died of it.
        await queue.hold(await queue.receive(wait_seconds=1, visible_after_seconds=60), seconds=0)
    assert await receiver.receive(wait_seconds=1) == 1
    [kept] = (await aside.listing(settled=True)).items
    assert (kept.outcome, kept.tries, "never stored" in kept.reason) == (Outcome.STORED, RECEIPTS_MAX + 1, True)
    assert await sequences(database) == [41]
    assert await left_in(queue) == (0, 0)


async def test_a_mistake_of_ours_leaves_the_message_with_the_queue(
    queue: Queue, receiver: Receiver, writer: FailingWriter, database: Database, tmp_path: Path
) -> None:
    [first, second] = packed_batches(tmp_path, [Written(time_ns=NOON_NS)] * 2, records_max=1)
    await queue.send([sealed(first), sealed(second)])
    writer.errors = [RuntimeError("a mistake of ours")]
    assert await receiver.receive(wait_seconds=1) == 2
    assert len(await sequences(database)) == 1
    assert await left_in(queue) == (0, 1)
    assert receiver.taken.failures == 1


async def test_a_last_try_that_ended_its_process_is_not_repeated(
    aside: Aside, writer: FailingWriter, database: Database, tmp_path: Path
) -> None:
    [packed] = packed_batches(tmp_path, [Written(time_ns=NOON_NS)])
    batch = UsageBatch.unpacked(packed.packed)
    writer.errors = [RuntimeError("as if the process had died")]
    with pytest.raises(RuntimeError):
        await aside.last_try(batch, receipts=21)
    assert await aside.last_try(batch, receipts=22) is None
    assert (await aside.standing()).batches == 1
    assert await sequences(database) == []


async def test_while_the_database_is_away_what_is_in_hand_is_held_and_then_stored(
    queue: Queue, writer: FailingWriter, aside: Aside, database: Database, tmp_path: Path
) -> None:
    clock = ManualClock()
    receiver = receiver_of(queue, writer, aside, clock)
    [batch] = packed_batches(tmp_path, [Written(time_ns=NOON_NS)])
    await queue.send([sealed(batch)])
    writer.errors = [DependencyAway(part="database", reason="pulled out")] * 5
    receiving = asyncio.create_task(receiver.receive(wait_seconds=1))
    await clock.wait_for_sleepers(2)  # One holds the message, one rests.
    assert receiver.away
    while not receiving.done():
        await clock.let_pass(1)
    assert await receiving == 1
    assert (await sequences(database), receiver.away) == ([41], "")
    assert await left_in(queue) == (0, 0)


async def test_told_to_stop_while_the_database_is_away_it_gives_back_what_it_has(
    queue: Queue, writer: FailingWriter, aside: Aside, database: Database, tmp_path: Path
) -> None:
    clock = ManualClock()
    receiver = receiver_of(queue, writer, aside, clock)
    [batch] = packed_batches(tmp_path, [Written(time_ns=NOON_NS)])
    writer.errors = [DependencyAway(part="database", reason="pulled out")] * 100
    await receiver.start()
    await queue.send([sealed(batch)])
    await clock.wait_for_sleepers()
    async with asyncio.timeout(30):
        await receiver.stop()
    assert await sequences(database) == []
    assert await left_in(queue) == (1, 0), "another writer has it at once"

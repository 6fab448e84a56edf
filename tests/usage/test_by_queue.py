"""What the carrier through a queue promises: a batch is safe when the database says so, not when the queue has taken it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.clock import ManualClock
from tests.support.ministack import MiniStackOfATest, queue_at
from tests.support.segments import Layout, Written
from trinity_beast.clock import SystemClock
from trinity_beast.cloud import CALL_BYTES_MAX, Queue, Received
from trinity_beast.engine import UsageBatch
from trinity_beast.parameters import Readings
from trinity_beast.randomness import dice_from
from trinity_beast.storage import Database, DependencyAway
from trinity_beast.usage import Aside, ByQueue, InPlace, Ledger, Receiver, Writer
from trinity_beast.usage.envelope import opened

NOON_NS = 1_795_176_000_000_000_000  # 2026-11-20T12:00:00Z


@pytest.fixture
def readings() -> Readings:
    return Readings()


@pytest.fixture
async def carrier(queue: Queue, own_database: Database, readings: Readings) -> AsyncIterator[ByQueue]:
    carrier = ByQueue(queue, Ledger(own_database), clock=SystemClock(), dice=dice_from("carrier"), readings=readings)
    readings.turn("sqs_flush_ms", 0)
    await carrier.start()
    yield carrier
    await carrier.stop()


@pytest.fixture
def receiver(queue: Queue, own_database: Database, readings: Readings) -> Receiver:
    return receiver_of(queue, own_database, readings)


def receiver_of(queue: Queue, database: Database, readings: Readings) -> Receiver:
    writer, clock = Writer(database), SystemClock()
    in_place, aside = InPlace(writer, clock=clock, readings=readings), Aside(database, writer)
    return Receiver(queue, in_place, aside, clock=clock, dice=dice_from("receiver"), readings=readings)


def batch_of(folder: Path, records: Sequence[Written], *, first_sequence: int = 41, thread: int = 3) -> UsageBatch:
    layout = Layout(first_sequence=first_sequence, thread=thread, capacity=len(records))
    [batch] = UsageBatch.of_segment(str(layout.write(folder, records)), records_max=1 << 20)
    return batch


async def rows_of(database: Database, statement: str) -> list[tuple[object, ...]]:
    async with database.transaction() as tx:
        return [tuple(row) for row in await tx.execute(sa.text(statement))]


async def sequences(database: Database) -> list[int]:
    return [int(str(sequence)) for (sequence,) in await rows_of(database, "SELECT sequence FROM usage_logs ORDER BY sequence")]


async def waits(queue: Queue, messages: int) -> None:
    """Return once so many messages wait; how many do only the queue can tell."""
    async with asyncio.timeout(20):
        found = await queue.backlog()
        while found.waiting < messages:
            found = await queue.backlog()


async def test_a_batch_is_carried_when_a_writer_has_stored_it_and_not_before(
    carrier: ByQueue, receiver: Receiver, queue: Queue, own_database: Database, tmp_path: Path
) -> None:
    carrying = asyncio.create_task(carrier.carry(batch_of(tmp_path, [Written(time_ns=NOON_NS)] * 3)))
    await waits(queue, 1)
    assert not carrying.done()
    assert await receiver.receive(wait_seconds=1) == 1
    assert (await carrying).records == 3
    assert await sequences(own_database) == [41, 42, 43]
    backlog = await carrier.backlog()
    assert (backlog.waiting, backlog.in_hand) == (0, 0), "what is stored is deleted"


async def test_a_large_batch_goes_in_messages_that_each_fit_and_is_carried_when_all_are_stored(
    carrier: ByQueue, receiver: Receiver, queue: Queue, own_database: Database, tmp_path: Path
) -> None:
    dice = dice_from("incompressible")
    records = [
        Written(NOON_NS + place, dice.getrandbits(60), dice.getrandbits(20), dice.randbytes(8).hex().encode(), dice.getrandbits(32))
        for place in range(20_000)
    ]
    carrying = asyncio.create_task(carrier.carry(batch_of(tmp_path, records)))
    await waits(queue, 3)
    messages: list[Received] = []
    while more := await queue.receive(wait_seconds=1, visible_after_seconds=60):
        messages += more
    assert max(len(message.body) for message in messages) <= CALL_BYTES_MAX
    assert sum(opened(message.body).records for message in messages) == 20_000
    await queue.hold(messages[:10], seconds=0)
    while not carrying.done():
        await receiver.receive(wait_seconds=1)
    assert await sequences(own_database) == list(range(41, 20_041))


async def test_a_piece_of_a_batch_with_a_damaged_record_in_its_midst_is_known_when_stored(
    carrier: ByQueue, receiver: Receiver, own_database: Database, tmp_path: Path
) -> None:
    path = Layout(capacity=9).write(tmp_path, [Written(time_ns=NOON_NS)] * 9)
    torn = bytearray(path.read_bytes())
    torn[16_384 + 4 * 64] ^= 0xFF
    path.write_bytes(torn)
    [batch] = UsageBatch.of_segment(str(path), records_max=100)
    carrying = asyncio.create_task(carrier.carry(batch))
    while not carrying.done():
        await receiver.receive(wait_seconds=1)
    assert await sequences(own_database) == [41, 42, 43, 44, 46, 47, 48, 49]


async def test_what_the_queue_lost_is_sent_again_after_a_bounded_time(
    queue: Queue, own_database: Database, clock: ManualClock, receiver: Receiver, tmp_path: Path
) -> None:
    carrier = ByQueue(queue, Ledger(own_database), clock=clock, dice=dice_from("carrier"), readings=Readings({"sqs_flush_ms": "0"}))
    batch = batch_of(tmp_path, [Written(time_ns=NOON_NS)])
    first = asyncio.create_task(carrier.carry(batch))
    await waits(queue, 1)
    await queue.delete(await queue.receive(wait_seconds=1, visible_after_seconds=60))  # As if the queue had lost it.
    first.cancel()

    soon = asyncio.create_task(carrier.carry(batch))
    await clock.let_pass(59)
    soon.cancel()
    assert (await queue.backlog()).waiting == 0, "it may be with a writer still"

    await clock.let_pass(2)
    await carrier.start()
    again = asyncio.create_task(carrier.carry(batch))
    await waits(queue, 1)
    assert carrier.resent == 1
    await receiver.receive(wait_seconds=1)
    await clock.let_pass(2)
    while not again.done():
        await clock.let_pass(1)
    assert await sequences(own_database) == [41]
    await carrier.stop()


async def test_a_queue_that_is_away_is_told_after_a_few_tries_and_takes_the_batch_when_it_is_back(
    own_ministack: MiniStackOfATest, own_database: Database, readings: Readings, tmp_path: Path
) -> None:
    queue = queue_at(own_ministack.make_queue("usage"), own_ministack)
    carrier = ByQueue(queue, Ledger(own_database), clock=SystemClock(), dice=dice_from("carrier"), readings=readings)
    await carrier.start()
    batch = batch_of(tmp_path, [Written(time_ns=NOON_NS)])
    own_ministack.kill()
    async with asyncio.timeout(60):
        with pytest.raises(DependencyAway, match="queue"):
            await carrier.carry(batch)
    own_ministack.start()
    own_ministack.make_queue("usage")
    carrying = asyncio.create_task(carrier.carry(batch))
    receiver = receiver_of(queue, own_database, readings)
    while not carrying.done():
        await receiver.receive(wait_seconds=1)
    assert (await carrying).records == 1
    await carrier.stop()


@pytest.mark.parametrize("readings", [Readings({"sqs_buffer_size": "1000"})])
async def test_no_more_is_on_its_way_than_the_buffer_takes(
    queue: Queue, carrier: ByQueue, receiver: Receiver, own_database: Database, tmp_path: Path
) -> None:
    batches = [batch_of(tmp_path, [Written(time_ns=NOON_NS)] * 600, thread=thread) for thread in (1, 2, 3)]
    carrying = [asyncio.create_task(carrier.carry(batch)) for batch in batches]
    await waits(queue, 1)
    assert (await queue.backlog()).waiting == 1, "two would be more than the buffer"
    while not all(task.done() for task in carrying):
        await receiver.receive(wait_seconds=1)
    assert len(await sequences(own_database)) == 1_800


async def test_messages_go_together_where_several_are_ready(queue: Queue, carrier: ByQueue, readings: Readings, tmp_path: Path) -> None:
    readings.turn("sqs_batch_size", 3)
    readings.turn("sqs_flush_ms", 10_000)  # So that only a full call goes.
    carrying = [asyncio.create_task(carrier.carry(batch_of(tmp_path, [Written(time_ns=NOON_NS)], thread=thread))) for thread in range(4)]
    await waits(queue, 3)
    assert (await queue.backlog()).waiting == 3, "the fourth waits for others to go with"
    for task in carrying:
        task.cancel()

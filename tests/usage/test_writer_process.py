"""What `beast writer` promises as a process: it stores what comes, stops in order, and a kill loses nothing."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.ministack import MiniStackOfATest
from tests.support.randomness import SeededSecrets
from tests.support.segments import Layout, Written
from tests.support.writers import WriterProcess, writer_process
from trinity_beast.clock import SystemClock
from trinity_beast.cloud import Queue
from trinity_beast.compose import run_writer
from trinity_beast.engine import UsageBatch
from trinity_beast.parameters import Readings
from trinity_beast.randomness import dice_from
from trinity_beast.settings import SettingInvalid, Settings
from trinity_beast.storage import Database, DependencyAway
from trinity_beast.usage import ByQueue, Carried, Ledger

NOON_NS = 1_795_176_000_000_000_000  # 2026-11-20T12:00:00Z
RECORDS = 400


@pytest.fixture
async def carrier(queue: Queue, own_database: Database) -> AsyncIterator[ByQueue]:
    readings = Readings({"usage_resend_seconds": "600", "sqs_flush_ms": "0"})
    carrier = ByQueue(queue, Ledger(own_database), clock=SystemClock(), dice=dice_from("carrier"), readings=readings)
    await carrier.start()
    yield carrier
    await carrier.stop()


@pytest.fixture
def writer(ministack: MiniStackOfATest, queue_url: str, own_database_url: str, tmp_path: Path) -> Iterator[WriterProcess]:
    options = {"queue_url": queue_url, "endpoint_url": ministack.url, "database_url": own_database_url}
    with writer_process(tmp_path, parameters="usage_hold_seconds=2", **options) as writer:
        yield writer


def batches(folder: Path, *, thread: int = 1) -> list[UsageBatch]:
    records = [Written(time_ns=NOON_NS + place, key_id=place % 5, flags=1) for place in range(RECORDS)]
    return UsageBatch.of_segment(str(Layout(thread=thread, capacity=RECORDS).write(folder, records)), records_max=10)


async def carried(carrier: ByQueue, batch: UsageBatch) -> Carried:
    """Give a batch until it is stored, as the shipper does."""
    while True:
        with suppress(DependencyAway):
            return await carrier.carry(batch)


async def counted(database: Database) -> tuple[int, int, int]:
    """Return how many rows there are, of how many places, and how many the keys' counters tell."""
    async with database.transaction() as tx:
        rows, places = (await tx.execute(sa.text("SELECT count(*), count(DISTINCT (lane_id, sequence)) FROM usage_logs"))).one()
        told = (await tx.execute(sa.text("SELECT coalesce(sum(requests), 0) FROM usage_key_days"))).scalar_one()
    return rows, places, int(told)


async def test_it_stores_what_comes_tells_its_health_and_stops_in_order(
    carrier: ByQueue, writer: WriterProcess, own_database: Database, tmp_path: Path
) -> None:
    told = await asyncio.to_thread(writer.ready)
    assert told["pid"] == writer.process.pid
    async with asyncio.timeout(60):
        await asyncio.gather(*[carrier.carry(batch) for batch in batches(tmp_path)])
    assert await counted(own_database) == (RECORDS, RECORDS, RECORDS)
    host, _, port = told["addresses"]["writer_health"].rpartition(":")
    line = HTTPConnection(host, int(port), timeout=20)
    line.request("GET", "/health/ready")
    assert line.getresponse().status == 200
    line.close()
    assert await asyncio.to_thread(writer.stop) == 0


async def test_kills_at_any_moment_lose_nothing_and_store_nothing_twice(
    carrier: ByQueue, ministack: MiniStackOfATest, queue_url: str, own_database: Database, tmp_path: Path
) -> None:
    options = {"queue_url": queue_url, "endpoint_url": ministack.url, "database_url": own_database.url}
    carrying = [asyncio.create_task(carried(carrier, batch)) for thread in (1, 2) for batch in batches(tmp_path, thread=thread)]
    async with asyncio.timeout(100):
        for wanted in (1, RECORDS):  # Each dies in the midst of its work, further on each time.
            with writer_process(tmp_path, parameters="usage_hold_seconds=2", **options) as dying:
                await asyncio.to_thread(dying.ready)
                rows = 0
                while rows < wanted:
                    rows, _, _ = await counted(own_database)
        with writer_process(tmp_path, parameters="usage_hold_seconds=2", **options) as last:
            await asyncio.gather(*carrying)
            assert await asyncio.to_thread(last.stop) == 0
    assert await counted(own_database) == (2 * RECORDS, 2 * RECORDS, 2 * RECORDS)


@pytest.mark.parametrize(
    ("given", "missing"),
    [(Settings(database_url="postgresql://db/beast"), "QUEUE_URL"), (Settings(queue_url="http://q/1/usage"), "DATABASE_URL")],
)
async def test_without_a_queue_or_a_database_it_says_what_is_missing(given: Settings, missing: str) -> None:
    with pytest.raises(SettingInvalid) as refused:
        await run_writer(given, ready=None, clock=SystemClock(), secrets=SeededSecrets(), dice=dice_from("writer"))
    assert refused.value.facts["setting"] == missing

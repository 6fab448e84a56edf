"""Killed at any step of shipping, writing, acknowledging and deleting, usage is neither lost nor stored twice, by either carrier."""

import asyncio
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.support.ministack import MiniStackOfATest
from tests.support.segments import Layout, Written
from trinity_beast.clock import SystemClock
from trinity_beast.cloud import Queue
from trinity_beast.randomness import dice_from
from trinity_beast.storage import Database
from trinity_beast.storage.addresses import database_url as database_address
from trinity_beast.storage.addresses import libpq_url
from trinity_beast.usage import Aside, InPlace, Receiver, Waiting, Writer

CHECKOUT = Path(__file__).parent.parent.parent
NOON_NS = 1_795_176_000_000_000_000  # 2026-11-20T12:00:00Z
DAY_NS = 86_400_000_000_000


RECORDS = [Written(time_ns=NOON_NS + place * DAY_NS // 150, key_id=place % 3, flags=1) for place in range(250)]


def killed_at_every_step(module: str, *arguments: object) -> int:
    """Run a module of this folder and return how many kills it took."""
    told = subprocess.run(
        [sys.executable, "-m", f"tests.usage.{module}", *map(str, arguments)],
        cwd=CHECKOUT, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    return int(told.stdout)


def stored(database_url: str) -> tuple[list[tuple[int, int]], tuple[int, int]]:
    """Return thread and sequence of every row, and how many answers the keys' counters tell, and how many charged."""
    with psycopg.connect(libpq_url(database_address(database_url))) as connection:
        rows = connection.execute("SELECT thread, sequence FROM usage_logs JOIN usage_lanes USING (lane_id) ORDER BY 1, 2").fetchall()
        counted = connection.execute("SELECT sum(requests), sum(charged) FROM usage_key_days").fetchone()
    assert counted is not None
    return [(thread, sequence) for thread, sequence in rows], (int(counted[0]), int(counted[1]))


@pytest.mark.timeout(300)
def test_in_one_process_a_kill_at_the_nth_step_for_every_n_loses_nothing_and_stores_nothing_twice(
    own_database_url: str, tmp_path: Path
) -> None:
    for thread in (1, 2):
        Layout(thread=thread, capacity=250).write(tmp_path, RECORDS)
    kills = killed_at_every_step("dying_shipper", tmp_path, own_database_url)
    # Two tables of names, the words, two days, three batches of two files: each transaction alone has three steps.
    assert kills >= 30, "so few steps cannot be all there are"
    assert stored(own_database_url) == ([(thread, sequence) for thread in (1, 2) for sequence in range(41, 291)], (500, 500))
    assert not list(tmp_path.glob("*.sealed"))


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_through_the_queue_a_kill_at_the_nth_step_for_every_n_loses_nothing_and_stores_nothing_twice(
    ministack: MiniStackOfATest, queue: Queue, queue_url: str, own_database: Database, tmp_path: Path
) -> None:
    Layout(thread=1, capacity=250).write(tmp_path, RECORDS[:150])
    places = (tmp_path, own_database.url, queue_url, ministack.url)
    kills = await asyncio.to_thread(killed_at_every_step, "dying_pipeline", *places)
    # Two messages sent, received and deleted, the names, the words, a day, two batches, the file.
    assert kills >= 20, "so few steps cannot be all there are"
    everything = ([(1, sequence) for sequence in range(41, 191)], (150, 150))
    assert stored(own_database.url) == everything

    # What killed shippers sent and killed writers never acknowledged comes again, and changes nothing.
    writer, clock = Writer(own_database), SystemClock()
    receiver = Receiver(queue, InPlace(writer, clock=clock), Aside(own_database, writer), clock=clock, dice=dice_from("rest"))
    backlog = await queue.backlog()
    while backlog.waiting or backlog.in_hand:
        await receiver.receive(wait_seconds=1)
        backlog = await queue.backlog()
    assert receiver.taken.known > 0
    assert stored(own_database.url) == everything
    assert Waiting(tmp_path).paths() == []

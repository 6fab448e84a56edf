"""Hearing what other programs announce, over lines that break."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest

from tests.support.clock import ManualClock
from trinity_beast.storage import Notices

END_LISTENERS = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE application_name = 'trinity-beast notices' AND datname = current_database()
"""
LISTENERS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'trinity-beast notices' AND datname = current_database()"


class Ear:
    """What was heard, to be waited for."""

    def __init__(self) -> None:
        self.notices: asyncio.Queue[str] = asyncio.Queue()
        self.opened: asyncio.Queue[None] = asyncio.Queue()

    async def next(self) -> str:
        async with asyncio.timeout(10):
            return await self.notices.get()

    async def open(self) -> None:
        async with asyncio.timeout(10):
            await self.opened.get()


@asynccontextmanager
async def listening(url: str, clock: ManualClock) -> AsyncIterator[Ear]:
    ear = Ear()
    hearing = Notices(url, "api_keys", clock).hear(ear.notices.put_nowait, on_open=lambda: ear.opened.put_nowait(None))
    task = asyncio.create_task(hearing)
    try:
        yield ear
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_is_announced_is_heard_in_order_once_it_is_committed(own_database_url: str, clock: ManualClock) -> None:
    async with listening(own_database_url, clock) as ear:
        await ear.open()
        with psycopg.connect(own_database_url) as other:
            other.execute("NOTIFY api_keys, 'one'")
            other.execute("NOTIFY somewhere_else, 'never'")
            other.rollback()
            for word in ("two", "three"):
                other.execute(f"NOTIFY api_keys, '{word}'".encode())
        assert [await ear.next(), await ear.next()] == ["two", "three"]


async def test_a_lost_line_is_replaced_and_whoever_listens_is_told(own_database_url: str, clock: ManualClock) -> None:
    async with listening(own_database_url, clock) as ear:
        await ear.open()
        for word in ("first", "second"):
            with psycopg.connect(own_database_url, autocommit=True) as other:
                other.execute(END_LISTENERS)
                await clock.wait_for_sleepers()
                clock.advance(1)
                await ear.open()
                other.execute(f"NOTIFY api_keys, '{word}'".encode())
            assert await ear.next() == word


async def test_a_server_that_is_away_is_tried_again_and_again_but_ever_more_slowly(clock: ManualClock) -> None:
    async with listening("postgresql://beast@127.0.0.1:1/beast", clock) as ear:
        pauses = []
        for _ in range(7):
            await clock.wait_for_sleepers()
            before = clock.monotonic_ns()
            while clock.sleepers:
                clock.advance(0.25)
            pauses.append((clock.monotonic_ns() - before) / 1e9)
        assert pauses == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0, 5.0]
        assert ear.opened.empty()


@pytest.mark.parametrize("turn", range(2))
async def test_listening_ends_when_it_is_cancelled_and_leaves_no_connection(own_database_url: str, clock: ManualClock, turn: int) -> None:
    async with listening(own_database_url, clock) as ear:
        await ear.open()
    with psycopg.connect(own_database_url) as other:
        other.execute("SELECT pg_stat_clear_snapshot()")
        for _ in range(100):
            if not other.execute(LISTENERS).fetchall():
                break
            other.execute("SELECT pg_sleep(0.02)")
            other.rollback()
        assert other.execute(LISTENERS).fetchall() == []

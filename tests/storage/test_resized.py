"""Pools that are made larger and smaller while they are in use."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from tests.support.valkey import ANSWER_SECONDS, ValkeyServerOfATest
from trinity_beast.clock import SystemClock
from trinity_beast.storage import Database, DependencyAway, Valkey


async def test_a_pool_opens_so_many_connections_and_keeps_so_many(own_database_url: str) -> None:
    database = Database(own_database_url, connections_max=1, connect_seconds=0.2)
    database.resize(6, 6, wait_seconds=0.2, transaction_seconds=15.0)
    await _held(database, 6)
    assert database.gauges().db_open_conns == 6
    database.resize(6, 2, wait_seconds=0.2, transaction_seconds=15.0)
    await _held(database, 6)
    assert database.gauges().db_open_conns == 2
    database.resize(3, 1, wait_seconds=0.1, transaction_seconds=15.0)
    with pytest.raises(DependencyAway, match="every connection is in use"):
        await _held(database, 4)
    await _held(database, 3)
    assert (database.gauges().db_open_conns, database.gauges().db_in_use_conns) == (1, 0)
    await database.close()


async def test_a_transaction_is_cut_after_what_was_turned(own_database_url: str) -> None:
    database = Database(own_database_url, transaction_seconds=60.0)
    database.resize(3, 3, wait_seconds=5.0, transaction_seconds=0.2)
    with pytest.raises(DependencyAway):
        async with database.transaction() as tx:
            await (await tx.get_raw_connection()).driver_connection.execute("SELECT pg_sleep(30)")  # type: ignore[union-attr]
    await database.close()


async def test_so_many_connections_to_the_cache_are_kept_warm_and_no_more_than_may_be(own_valkey: ValkeyServerOfATest) -> None:
    cache = Valkey(own_valkey.url, clock=SystemClock(), connections_max=1, command_seconds=ANSWER_SECONDS)
    cache.resize(30, connect_seconds=ANSWER_SECONDS, command_seconds=ANSWER_SECONDS)
    assert await cache.warm(9) == 9
    assert await _connected(cache) == 9
    assert await cache.warm(0) == 0
    cache.resize(12, connect_seconds=ANSWER_SECONDS, command_seconds=ANSWER_SECONDS)
    assert await cache.warm(900) == 12
    assert await _connected(cache) == 12
    await cache.close()


async def test_a_command_to_a_frozen_cache_ends_after_what_was_turned(own_valkey: ValkeyServerOfATest) -> None:
    cache = Valkey(own_valkey.url, clock=SystemClock(), command_seconds=ANSWER_SECONDS)
    await cache.ping()
    own_valkey.freeze()
    cache.resize(8, connect_seconds=0.05, command_seconds=0.05)
    try:
        async with asyncio.timeout(ANSWER_SECONDS / 2):
            with pytest.raises(DependencyAway):
                await cache.ping()
    finally:
        own_valkey.thaw()
        await cache.close()


async def _held(database: Database, transactions: int) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(transactions):
            await stack.enter_async_context(database.transaction())


async def _connected(cache: Valkey) -> int:
    clients = await cache.do("CLIENT", "LIST")
    assert isinstance(clients, bytes)
    return clients.count(b"name=trinity-beast")

"""The way to the database: bounded in every wait, and one name for every way it can be away."""

import asyncio
import logging
import os
import resource
import signal
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.storage import Database, DependencyAway

BACKEND = sa.text("SELECT pg_backend_pid()")
ONE = sa.text("SELECT 1")


@pytest.fixture
async def hasty(own_database_url: str) -> AsyncIterator[Database]:
    """A database with little patience and two connections."""
    database = Database(own_database_url, connections_max=2, connect_seconds=0.2, statement_seconds=0.3, transaction_seconds=0.6)
    yield database
    await database.close()


async def backend_of(database: Database) -> int:
    async with database.transaction() as tx:
        return int((await tx.execute(BACKEND)).scalar_one())


async def count_keys(database: Database) -> int:
    async with database.transaction() as tx:
        return int((await tx.execute(sa.text("SELECT count(*) FROM rate_limit_template"))).scalar_one())


async def test_what_ends_well_is_committed_and_what_raises_is_not(own_database: Database) -> None:
    async with own_database.transaction() as tx:
        await tx.execute(sa.text("DELETE FROM rate_limit_template WHERE tier = 'demo'"))
    with pytest.raises(ZeroDivisionError):
        await delete_all_and_raise(own_database)
    assert await count_keys(own_database) == 7


async def test_what_is_asked_directly_is_committed_statement_by_statement(own_database: Database) -> None:
    async def delete_demo_and_raise(alone: AsyncConnection) -> None:
        await alone.execute(sa.text("DELETE FROM rate_limit_template WHERE tier = 'demo'"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await own_database.directly(delete_demo_and_raise)
    assert await count_keys(own_database) == 7


async def delete_all_and_raise(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(sa.text("DELETE FROM rate_limit_template"))
        raise ZeroDivisionError


async def test_a_mistake_of_ours_is_not_taken_for_an_absence(own_database: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        await execute(own_database, "INSERT INTO rate_limit_template (tier) VALUES ('demo')")
    with pytest.raises(sa.exc.ProgrammingError):
        await execute(own_database, "SELECT nothing_of_that_name")


async def execute(database: Database, statement: str) -> None:
    async with database.transaction() as tx:
        await tx.execute(sa.text(statement))


async def test_a_server_that_is_not_there_is_away(hasty: Database) -> None:
    nowhere = Database(sa.make_url(hasty.url).set(port=1).render_as_string(hide_password=False))
    with pytest.raises(DependencyAway) as refusal:
        await execute(nowhere, "SELECT 1")
    assert isinstance(refusal.value.__cause__, sa.exc.OperationalError)
    assert str(sa.make_url(hasty.url).password) not in str(refusal.value)


async def test_a_database_that_does_not_exist_or_a_password_that_does_not_fit_is_away_too(hasty: Database) -> None:
    url = sa.make_url(hasty.url)
    for wrong in (url.set(database="nothing"), url.set(password="guessed")):
        with pytest.raises(DependencyAway):
            await execute(Database(wrong.render_as_string(hide_password=False)), "SELECT 1")


async def test_a_statement_that_takes_too_long_is_ended(hasty: Database) -> None:
    with pytest.raises(DependencyAway, match="statement timeout"):
        await execute(hasty, "SELECT pg_sleep(30)")
    assert await count_keys(hasty) == 8


async def test_a_server_that_hangs_is_cut_off(hasty: Database) -> None:
    """A frozen server honours no time-out of its own and answers no cancelling."""
    frozen: list[int] = []
    try:
        with pytest.raises(DependencyAway):
            await freeze_and_ask(hasty, frozen)
    finally:
        for backend in frozen:
            os.kill(backend, signal.SIGCONT)
    assert await count_keys(hasty) == 8


async def freeze_and_ask(database: Database, frozen: list[int]) -> None:
    async with database.transaction() as tx:
        frozen.append((await tx.execute(BACKEND)).scalar_one())
        os.kill(frozen[0], signal.SIGSTOP)
        async with asyncio.timeout(10):
            await tx.execute(ONE)


async def test_a_connection_lost_while_idle_is_replaced_unnoticed(hasty: Database) -> None:
    lost = await backend_of(hasty)
    with psycopg.connect(hasty.url) as other:
        assert other.execute("SELECT pg_terminate_backend(%s, 5000)", [lost]).fetchone() == (True,)
    assert await backend_of(hasty) != lost


async def test_a_connection_lost_in_a_transaction_is_an_absence(hasty: Database) -> None:
    with pytest.raises(DependencyAway):
        await lose_and_ask(hasty)
    assert await count_keys(hasty) == 8


async def lose_and_ask(database: Database) -> None:
    async with database.transaction() as tx:
        lost = (await tx.execute(BACKEND)).scalar_one()
        with psycopg.connect(database.url) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [lost])
        await tx.execute(ONE)


async def test_a_full_pool_is_waited_for_counted_and_then_an_absence(hasty: Database) -> None:
    async with hasty.transaction() as one, hasty.transaction() as other:
        await one.execute(ONE)
        await other.execute(ONE)
        assert (hasty.gauges().db_open_conns, hasty.gauges().db_in_use_conns, hasty.gauges().db_wait_count) == (2, 2, 0)
        with pytest.raises(DependencyAway, match="every connection is in use"):
            await execute(hasty, "SELECT 1")
    assert (hasty.gauges().db_open_conns, hasty.gauges().db_in_use_conns, hasty.gauges().db_wait_count) == (2, 0, 1)


async def test_whoever_waits_for_a_connection_gets_the_next_one_free(own_database_url: str) -> None:
    database = Database(own_database_url, connections_max=1)
    try:
        counts = await asyncio.gather(*[count_keys(database) for _ in range(5)])
    finally:
        await database.close()
    assert counts == [8] * 5
    assert database.gauges().db_wait_count == 4


async def test_times_come_back_in_utc_whatever_the_server_thinks(own_database_url: str) -> None:
    with psycopg.connect(own_database_url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET timezone = 'Asia/Tokyo'".encode())
    database = Database(own_database_url)
    async with database.transaction() as tx:
        assert (await tx.execute(sa.text("SHOW timezone"))).scalar_one() == "UTC"
    await database.close()


async def test_nothing_is_compiled_however_dear_it_looks(own_database: Database) -> None:
    async with own_database.transaction() as tx:
        assert (await tx.execute(sa.text("SHOW jit"))).scalar_one() == "off"


@pytest.fixture
def a_thousand_descriptors() -> Iterator[None]:
    """As many as a node holds for its callers, and room for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4_096)), hard))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1_100)]
    yield
    for descriptor in held:
        os.close(descriptor)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_a_node_with_thousands_of_callers_still_gets_to_its_database(own_database: Database, a_thousand_descriptors: None) -> None:
    backend = await backend_of(own_database)  # On a connection whose descriptor is past 1,023.
    assert await backend_of(own_database) == backend


async def test_what_the_pool_does_is_nobodys_news(own_database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    database = Database(own_database_url)
    assert await count_keys(database)
    await database.close()
    assert not caplog.records

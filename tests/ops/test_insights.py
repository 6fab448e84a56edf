"""What PostgreSQL tells of itself: on one that counts statements, and about a table in parts."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from tests.support.database import UNSYNCED
from tests.support.places import quick_place
from trinity_beast.audit import Signature
from trinity_beast.ops import Insights
from trinity_beast.ops.errors import StatementsUncounted
from trinity_beast.storage import Database, DataFolder, EmbeddedPostgres, PostgresFailed, Surroundings, upgrade

COUNTING = UNSYNCED | {"shared_preload_libraries": "pg_stat_statements"}


@pytest.fixture
async def counting() -> AsyncIterator[Database]:
    """A database whose server counts statements."""
    path = Path(tempfile.mkdtemp(prefix="trinity-beast-counting-", dir=quick_place()))
    try:
        with DataFolder(path) as folder:
            postgres = EmbeddedPostgres(folder, Surroundings(settings=COUNTING))
            try:
                url = postgres.start()
            except PostgresFailed:
                pytest.skip("the PostgreSQL found here has no pg_stat_statements: install Debian's postgresql-contrib")
            try:
                upgrade(url)
                database = Database(url)
                yield database
                await database.close()
            finally:
                postgres.stop()
    finally:
        shutil.rmtree(path)


async def test_statements_are_counted_where_the_server_does_and_anew_when_told(counting: Database) -> None:
    insights = Insights(counting)
    loaded = await insights.look(top=5)
    assert loaded.statements is None
    assert "CREATE EXTENSION" in loaded.statements_missing
    with pytest.raises(StatementsUncounted):
        await insights.count_anew(Signature("Ada"))

    async with counting.transaction() as tx:
        await tx.execute(sa.text("CREATE EXTENSION pg_stat_statements"))
    async with counting.transaction() as tx:
        for _ in range(7):
            await tx.execute(sa.text("SELECT count(*) FROM usage_days WHERE key_id = 5"))
        await tx.execute(sa.text("CREATE ROLE somebody PASSWORD 'not to be told'"))
    told = await insights.look(top=200, by_calls=True)
    assert told.statements is not None
    [ours] = [each for each in told.statements if "usage_days WHERE key_id" in each.statement]
    assert ours.calls == 7
    assert not [each for each in told.statements if "assword" in each.statement]
    assert [each.calls for each in told.statements] == sorted((each.calls for each in told.statements), reverse=True)

    await insights.count_anew(Signature("Ada", "a clean measurement", "counted anew"))
    anew = await insights.look(top=200)
    assert anew.statements is not None
    assert not [each for each in anew.statements if "usage_days WHERE key_id" in each.statement]
    async with counting.transaction() as tx:
        assert (await tx.execute(sa.text("SELECT by, action FROM audit_log WHERE kind = 'database'"))).all() == [("Ada", "counted anew")]


async def test_partitions_are_told_as_one_table(own_database: Database, own_database_url: str) -> None:
    with psycopg.connect(own_database_url) as connection:
        for day in ("2026-11-20", "2026-11-21"):
            connection.execute("SELECT ensure_usage_partition(%s)", [day])
    with psycopg.connect(own_database_url) as connection:
        connection.execute("SELECT count(*) FROM usage_logs")
    told = await Insights(own_database).look(top=200)
    [usage] = [each for each in told.partitioned if each.table == "usage_logs"]
    assert (usage.partitions, usage.first, usage.last) == (2, "usage_logs_20261120", "usage_logs_20261121")
    [table] = [each for each in told.tables if each.table == "usage_logs"]
    assert table.partitions == 2
    assert not [each for each in told.tables if each.table.startswith("usage_logs_")]

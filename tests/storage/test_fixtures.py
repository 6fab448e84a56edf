"""The database fixtures themselves: other tests believe them."""

import pytest
import sqlalchemy as sa

from trinity_beast.storage import Database

TIERS = sa.text("SELECT count(*) FROM rate_limit_template")


@pytest.mark.parametrize("run", [1, 2])
async def test_what_a_test_writes_is_gone_in_the_next(database: Database, run: int) -> None:
    async with database.transaction() as tx:
        assert (await tx.execute(TIERS)).scalar() == 8
        await tx.execute(sa.text("DELETE FROM rate_limit_template"))
    async with database.transaction() as tx:
        assert (await tx.execute(TIERS)).scalar() == 0


async def test_a_failed_transaction_is_undone_alone(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(sa.text("DELETE FROM rate_limit_template WHERE tier = 'demo'"))
    with pytest.raises(sa.exc.DBAPIError):
        await _delete_all_and_fail(database)
    async with database.transaction() as tx:
        assert (await tx.execute(TIERS)).scalar() == 7


@pytest.mark.parametrize("run", [1, 2])
async def test_an_own_database_is_fresh_and_seen_by_every_connection(own_database: Database, run: int) -> None:
    async with own_database.transaction() as tx:
        assert (await tx.execute(TIERS)).scalar() == 8
        await tx.execute(sa.text("DELETE FROM rate_limit_template"))
    async with own_database.transaction() as one, own_database.transaction() as other:
        assert (await one.execute(TIERS)).scalar() == (await other.execute(TIERS)).scalar() == 0


async def _delete_all_and_fail(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(sa.text("DELETE FROM rate_limit_template"))
        await tx.execute(sa.text("SELECT 1 / 0"))

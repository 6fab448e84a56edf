"""The statements asked all day long are prepared, and asked plainly where the server does not keep what is prepared."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from tests.support.randomness import SeededSecrets
from trinity_beast.access import Digests, Keys
from trinity_beast.clock import SystemClock
from trinity_beast.compose.knobs import declarations
from trinity_beast.parameters import ParameterWatch, Readings, ThisNode
from trinity_beast.reports import Uses
from trinity_beast.reports.model import Opening
from trinity_beast.storage import Database, DependencyAway, Notices

USES = 7
"""The driver prepares at the fifth."""
PREPARED = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE :like"
LOSE = "DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$"
"""Behind the driver's back: it would see the command itself."""
Ask = Callable[[], Awaitable[object]]


@pytest.fixture
async def one_line(own_database_url: str) -> AsyncIterator[Database]:
    """A database of one connection, so that what is prepared is seen by whoever looks."""
    database = Database(own_database_url, connections_max=1)
    yield database
    await database.close()


def hot_queries(database: Database) -> list[tuple[str, Ask]]:
    """Those asked all day long: the look-up of keys, the note of their use, the load of parameters, the count of reports."""
    keys = Keys(database, Digests(bytes(range(32))), SystemClock(), SeededSecrets())
    watch = ParameterWatch(
        database, Notices(database.url, "application_parameters", SystemClock()), declarations(), Readings(), node=ThisNode("n", "n"),
        clock=SystemClock(),
    )  # fmt: skip
    uses = Uses(database, SystemClock(), Readings())
    moment = datetime(2026, 11, 20, tzinfo=UTC)
    opening = Opening(7, moment, "R", "usage", "csv", "", "http", "BeastMain", is_counted=True, quota=1_000)
    return [
        ("%FROM api_keys JOIN rate_limit_template%", lambda: keys.look_up([bytes(32), bytes(range(32))])),
        ("UPDATE api_keys SET last_used_at%", lambda: keys.note_last_uses({1: datetime(2026, 11, 20, tzinfo=UTC)})),
        ("%FROM application_parameters%", watch.look),
        ("%INSERT INTO report_usage_logs%", lambda: uses.begin(opening)),
    ]


async def test_what_is_asked_all_day_long_is_prepared_once(one_line: Database) -> None:
    for like, ask in hot_queries(one_line):
        for _ in range(USES):
            await ask()
        async with one_line.transaction() as tx:
            assert (await tx.execute(sa.text(PREPARED), {"like": like})).scalar_one() == 1, like


@pytest.mark.parametrize("place", range(4))
async def test_where_the_server_loses_what_is_prepared_it_is_asked_plainly_and_nobody_notices(one_line: Database, place: int) -> None:
    """As behind a pool that hands our session to somebody else: what the driver takes for prepared is not there."""
    _, ask = hot_queries(one_line)[place]
    for _ in range(USES):
        await ask()
    async with one_line.transaction() as tx:
        await tx.execute(sa.text(LOSE))
    for _ in range(USES):
        await ask()
    async with one_line.transaction() as tx:
        assert (await tx.execute(sa.text(PREPARED), {"like": "%"})).scalar_one() == 0


async def test_a_transaction_that_cannot_be_done_again_is_told_as_away_once(one_line: Database) -> None:
    async def ask(numbers: Collection[int]) -> None:
        for _ in numbers:
            async with one_line.transaction() as tx:
                await tx.execute(sa.text("SELECT 1"))

    await ask(range(USES))
    async with one_line.transaction() as tx:
        await tx.execute(sa.text(LOSE))
    with pytest.raises(DependencyAway):
        await ask(range(1))
    await ask(range(USES))


async def test_what_fails_for_another_reason_is_not_done_again(one_line: Database) -> None:
    times = []

    async def fail(tx: object) -> None:
        times.append(tx)
        raise ValueError("as told")

    with pytest.raises(ValueError, match="as told"):
        await one_line.directly(fail)
    assert len(times) == 1

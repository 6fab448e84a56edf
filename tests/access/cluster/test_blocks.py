"""A month's quota over several nodes: exact to the unit, whatever is killed and whatever answers are lost."""

import contextlib
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.clock import ManualClock
from tests.support.quota_nodes import ForgetfulDatabase, QuotaNode, blocks_left, handed_out, set_tier
from tests.support.randomness import SeededSecrets
from trinity_beast.access import Digests, Keys
from trinity_beast.storage import DependencyAway

QUOTA = 200
TURN_OF_THE_MONTH = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture
async def shared(own_database_url: str) -> AsyncIterator[ForgetfulDatabase]:
    database = ForgetfulDatabase(own_database_url)
    await set_tier(database, "pro", quota=QUOTA)
    yield database
    await database.close()


@pytest.fixture
def shared_keys(shared: ForgetfulDatabase, digests: Digests, clock: ManualClock, secrets: SeededSecrets) -> Keys:
    return Keys(shared, digests, clock, secrets)


@pytest.fixture
async def secret(shared_keys: Keys) -> str:
    return (await shared_keys.issue("pro", "mine")).secret


@pytest.fixture
async def nodes(tmp_path: Path, shared_keys: Keys, shared: ForgetfulDatabase, clock: ManualClock, secret: str) -> list[QuotaNode]:
    nodes = [QuotaNode(name, tmp_path, shared_keys, shared, clock) for name in ("one", "two", "three")]
    for node in nodes:
        await node.wake()
        await node.let_in(secret)
    return nodes


async def spend_to_the_end(nodes: list[QuotaNode], secret: str, clock: ManualClock) -> None:
    """Ask on every node until all say that the month is spent."""
    for _ in range(200):
        told = [node.ask(secret)[0] for node in nodes]
        if told == ["QUOTA_SPENT"] * len(nodes):
            return
        clock.advance(timedelta(seconds=1))
        for node in nodes:
            await node.blocks.turn(is_round=True)
    raise AssertionError(f"still not spent: {[node.let_through for node in nodes]}")


async def test_a_single_caller_spends_its_last_unit_and_is_told_the_truth_of_each(
    tmp_path: Path, shared_keys: Keys, shared: ForgetfulDatabase, clock: ManualClock, secret: str
) -> None:
    await set_tier(shared, "pro", quota=45)
    node = QuotaNode("one", tmp_path, shared_keys, shared, clock)
    await node.wake()
    await node.let_in(secret)
    for left in range(44, -1, -1):
        assert node.ask(secret) == ["OK"]
        assert node.month_left(secret) == left
        await node.blocks.turn(is_round=left % 7 == 0)
    assert node.ask(secret, 3) == ["QUOTA_SPENT"] * 3


async def test_three_nodes_let_through_the_quota_and_not_one_more(nodes: list[QuotaNode], secret: str, clock: ManualClock) -> None:
    dice = random.Random(11)  # noqa: S311 - Foretold on purpose.
    for _ in range(40):
        node = dice.choice(nodes)
        node.ask(secret, dice.randrange(1, 12))
        clock.advance(timedelta(seconds=1))
        for each in nodes:
            await each.blocks.turn(is_round=dice.random() < 0.5)
    await spend_to_the_end(nodes, secret, clock)
    assert sum(node.let_through for node in nodes) == QUOTA


@pytest.mark.parametrize("seed", range(6))
async def test_killed_nodes_and_lost_answers_cost_nobody_a_unit(
    seed: int, nodes: list[QuotaNode], secret: str, clock: ManualClock, shared: ForgetfulDatabase
) -> None:
    dice = random.Random(seed)  # noqa: S311 - Foretold on purpose.
    for _ in range(30):
        node = dice.choice(nodes)
        node.ask(secret, dice.randrange(1, 12))
        shared.loses_commits, shared.is_away = dice.random() < 0.2, dice.random() < 0.1
        with contextlib.suppress(DependencyAway):
            await dice.choice(nodes).blocks.turn(is_round=dice.random() < 0.6)
        shared.loses_commits = shared.is_away = False
        if dice.random() < 0.2:
            await node.kill()
            await node.let_in(secret)
        assert sum(each.let_through for each in nodes) <= QUOTA
        clock.advance(timedelta(seconds=1))
    await spend_to_the_end(nodes, secret, clock)
    assert sum(node.let_through for node in nodes) == QUOTA


async def test_a_node_that_stops_gives_back_what_it_did_not_spend(
    nodes: list[QuotaNode], secret: str, shared: ForgetfulDatabase, shared_keys: Keys
) -> None:
    nodes[0].ask(secret, 4)
    for node in nodes:
        await node.blocks.stop()
    (key,) = await shared_keys.listing()
    assert (await handed_out(shared), await blocks_left(shared), key.quota_used) == ({f"key:{key.key_id}": 4}, 0, 4)
    assert nodes[0].ask(secret) == ["RATE_LIMITED"], "what was given back cannot be spent"


async def test_a_killed_node_gives_back_to_the_unit_at_its_next_start(
    nodes: list[QuotaNode], secret: str, shared: ForgetfulDatabase, shared_keys: Keys
) -> None:
    nodes[0].ask(secret, 7)
    for node in nodes:
        await node.kill()
    (key,) = await shared_keys.listing()
    assert (await handed_out(shared), key.quota_used) == ({f"key:{key.key_id}": 7}, 7)


async def test_what_a_fallen_machine_may_have_spent_counts_as_spent(
    nodes: list[QuotaNode], secret: str, shared: ForgetfulDatabase, tmp_path: Path
) -> None:
    nodes[0].ask(secret, 7)
    before = await handed_out(shared)
    for file in (tmp_path / "one").glob("*.tally"):
        file.write_bytes(b"?")
    await nodes[0].kill()
    assert await handed_out(shared) == before


async def test_units_that_others_lack_are_given_back(nodes: list[QuotaNode], secret: str, clock: ManualClock) -> None:
    for _ in range(60):
        nodes[2].ask(secret, 8)
        clock.advance(timedelta(seconds=1))
        for node in nodes:
            await node.blocks.turn(is_round=True)
    assert nodes[2].let_through == QUOTA, "all of it was spent where it was asked for"


async def test_a_spent_month_goes_on_when_the_quota_is_raised(
    nodes: list[QuotaNode], secret: str, clock: ManualClock, shared: ForgetfulDatabase
) -> None:
    await spend_to_the_end(nodes, secret, clock)
    await set_tier(shared, "pro", quota=QUOTA + 3_000)
    for node in nodes:
        await node.let_in(secret)
    for is_round in (True, False):
        for node in nodes:
            await node.blocks.turn(is_round=is_round)
    assert [node.ask(secret) for node in nodes] == [["OK"]] * len(nodes)


async def test_what_a_killed_node_gives_back_is_spent_by_those_that_called_the_month_spent(
    nodes: list[QuotaNode], secret: str, clock: ManualClock, shared: ForgetfulDatabase
) -> None:
    async with shared.transaction() as tx:
        await tx.execute(sa.text("UPDATE cluster_nodes SET seen_at = seen_at - interval '2 minutes' WHERE node_id = 'three'"))
    await spend_to_the_end(nodes[:2], secret, clock)
    assert sum(node.let_through for node in nodes) < QUOTA, "the third holds some, and nobody knows whether it will come back"
    await nodes[2].kill()
    clock.advance(timedelta(seconds=1))
    for node in nodes[:2]:
        await node.blocks.turn(is_round=True)
    await spend_to_the_end(nodes[:2], secret, clock)
    assert sum(node.let_through for node in nodes) == QUOTA


async def test_a_new_month_begins_with_its_own_units(
    nodes: list[QuotaNode], secret: str, clock: ManualClock, shared: ForgetfulDatabase
) -> None:
    nodes[0].ask(secret, 9)
    clock.advance(timedelta(days=14))
    for node in nodes:
        await node.let_in(secret)
        await node.blocks.turn(is_round=True)
    assert nodes[0].month_left(secret) is not None
    async with shared.transaction() as tx:
        rows = await tx.execute(sa.text("SELECT month::text, sum(handed) AS handed FROM quota_months GROUP BY month ORDER BY month"))
        months = {row.month: row.handed for row in rows}
    assert months["2026-11-01"] == 9
    assert 0 < months["2026-12-01"] <= QUOTA


async def test_a_month_that_turns_while_the_store_is_away_begins_with_units_handed_out_before(
    nodes: list[QuotaNode], secret: str, clock: ManualClock, shared: ForgetfulDatabase
) -> None:
    user, idle = nodes[0], nodes[1]
    for node in nodes:
        node.let_pass(TURN_OF_THE_MONTH - timedelta(minutes=5) - clock.now())
    clock.advance(TURN_OF_THE_MONTH - timedelta(minutes=5) - clock.now())
    assert user.ask(secret) == ["OK"]
    for is_round in (True, False):
        for node in nodes:
            await node.blocks.turn(is_round=is_round)

    shared.is_away = True
    clock.advance(timedelta(minutes=6))
    for node in (user, idle):
        node.let_pass(timedelta(minutes=6))
        with pytest.raises(DependencyAway):
            await node.blocks.turn(is_round=True)
        node.begin_month(secret)
    assert user.ask(secret, 20) == ["OK"] * 20
    assert idle.ask(secret) == ["DEPENDENCY_AWAY"], "it has not used the key lately, and nothing was put by for it"

    shared.is_away = False
    assert idle.ask(secret) == ["DEPENDENCY_AWAY"]
    await idle.blocks.turn(is_round=False)
    assert idle.ask(secret) == ["OK"]
    for node in nodes:
        await node.blocks.stop()
    async with shared.transaction() as tx:
        rows = await tx.execute(sa.text("SELECT month::text, handed FROM quota_months ORDER BY month"))
        assert [tuple(row) for row in rows] == [("2026-11-01", 1), ("2026-12-01", 21)]


async def test_known_keys_go_on_while_the_store_is_away(nodes: list[QuotaNode], secret: str, shared: ForgetfulDatabase) -> None:
    shared.is_away = True
    assert nodes[0].ask(secret, 20) == ["OK"] * 20
    with pytest.raises(DependencyAway):
        await nodes[0].blocks.turn(is_round=True)
    assert nodes[0].ask(secret, 30)[-1] == "DEPENDENCY_AWAY", "nobody knows that the month is spent, and the caller was not too fast"
    shared.is_away = False
    await nodes[0].blocks.turn(is_round=True)
    assert nodes[0].ask(secret) == ["OK"]

"""An account's month: all its keys spend from one quota, to the unit, whichever of them asks and on whichever node."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.clock import ManualClock
from tests.support.quota_nodes import ForgetfulDatabase, QuotaNode, handed_out, set_tier
from tests.support.randomness import SeededSecrets
from trinity_beast.access import Accounts, Digests, Keys, Restrictions, Wanted
from trinity_beast.audit import Signature

QUOTA = 40
TURNS_MAX = 60
ADA = Signature("Ada")


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
async def account(shared: ForgetfulDatabase, clock: ManualClock, secrets: SeededSecrets) -> str:
    return (await Accounts(shared, clock, secrets).open("Ada", ADA)).public_id


@pytest.fixture
async def pair(shared_keys: Keys, account: str) -> list[str]:
    """Two keys of one account."""
    return [(await shared_keys.make(Wanted("pro", name, account=account), ADA)).secret for name in ("page", "app")]


class Site:
    """Nodes that have let both keys in."""

    def __init__(self, folder: Path, keys: Keys, clock: ManualClock, pair: list[str]) -> None:
        self._folder, self._keys, self._clock, self._pair = folder, keys, clock, pair
        self.nodes: list[QuotaNode] = []

    async def start(self, names: list[str], database: ForgetfulDatabase) -> None:
        self.nodes = [QuotaNode(name, self._folder, self._keys, database, self._clock) for name in names]
        for node in self.nodes:
            await node.wake()
            await self.let_in(node)

    async def let_in(self, node: QuotaNode) -> None:
        for secret in self._pair:
            await node.let_in(secret)

    async def second(self) -> None:
        """Let a second pass: every node tells, gives back and asks."""
        self._clock.advance(timedelta(seconds=1))
        for node in self.nodes:
            await node.blocks.turn(is_round=True)

    async def ask(self, node: QuotaNode, secret: str, times: int) -> int:
        """Ask `times`, waiting where told to; how often it was let through before the month was called spent."""
        let_through = 0
        for _ in range(times):
            for _ in range(TURNS_MAX):
                (told,) = node.ask(secret)
                if told != "RATE_LIMITED":
                    break
                await self.second()
            if told == "QUOTA_SPENT":
                return let_through
            assert told == "OK"
            let_through += 1
        return let_through


@pytest.fixture
def unstarted(tmp_path: Path, shared_keys: Keys, clock: ManualClock, pair: list[str]) -> Site:
    return Site(tmp_path, shared_keys, clock, pair)


@pytest.fixture(params=[["one"], ["one", "two"]], ids=["one node", "two nodes"])
async def site(request: pytest.FixtureRequest, unstarted: Site, shared: ForgetfulDatabase) -> Site:
    await unstarted.start(request.param, shared)
    return unstarted


@pytest.mark.parametrize("first", [0, 1, 13, 39, 40])
async def test_two_keys_spend_one_month_to_the_unit_however_they_divide_it(site: Site, pair: list[str], first: int) -> None:
    assert await site.ask(site.nodes[0], pair[0], first) == first
    assert await site.ask(site.nodes[-1], pair[1], QUOTA + 1 - first) == QUOTA - first
    for node in site.nodes:
        for secret in pair:
            assert await site.ask(node, secret, 1) == 0, "spent is spent for both, on every node"
    assert sum(node.let_through for node in site.nodes) == QUOTA


async def test_in_turn_each_key_gets_its_part_and_together_they_get_all(site: Site, pair: list[str]) -> None:
    got = 0
    while (now := sum([await site.ask(node, secret, 1) for node in site.nodes for secret in pair])) > 0:
        got += now
    assert got == QUOTA


async def test_each_key_is_told_what_the_account_has_left(site: Site, pair: list[str]) -> None:
    assert await site.ask(site.nodes[0], pair[0], 7) == 7
    assert await site.ask(site.nodes[-1], pair[1], 5) == 5
    await site.second()
    await site.second()
    for node in site.nodes:
        assert [node.month_left(secret) for secret in pair] == [QUOTA - 12] * 2
    assert await site.ask(site.nodes[0], pair[0], 1) == 1
    assert site.nodes[0].month_left(pair[0]) == QUOTA - 13, "one's own request is seen at once"


async def test_what_is_spent_stays_spent_after_kill_and_restart(site: Site, pair: list[str]) -> None:
    assert await site.ask(site.nodes[0], pair[0], 11) == 11
    assert await site.ask(site.nodes[-1], pair[1], 12) == 12
    for node in site.nodes:
        await node.kill()
        await site.let_in(node)
    assert await site.ask(site.nodes[0], pair[1], QUOTA) == QUOTA - 23
    for node in site.nodes:
        await node.kill()
        await site.let_in(node)
    for node in site.nodes:
        for secret in pair:
            assert await site.ask(node, secret, 1) == 0


async def test_a_key_with_a_quota_of_its_own_is_bound_by_both(
    unstarted: Site, shared_keys: Keys, shared: ForgetfulDatabase, pair: list[str]
) -> None:
    key = next(key for key in await shared_keys.listing() if key.name == "page")
    await shared_keys.restrict(key.key_id, Restrictions(monthly_quota=10))
    await unstarted.start(["one"], shared)
    (node,) = unstarted.nodes
    assert await unstarted.ask(node, pair[0], 4) == 4
    assert node.month_left(pair[0]) == 6, "it is told what binds it first"
    assert await unstarted.ask(node, pair[0], 7) == 6
    assert await unstarted.ask(node, pair[1], QUOTA) == QUOTA - 10
    assert await unstarted.ask(node, pair[0], 1) == 0
    assert sorted((await handed_out(shared)).values()) == [10, QUOTA - 10, QUOTA]


async def test_an_account_that_comes_to_be_bound_within_a_month_begins_with_what_its_keys_have_used(
    unstarted: Site, shared_keys: Keys, shared: ForgetfulDatabase, pair: list[str]
) -> None:
    await set_tier(shared, "pro", quota=None)
    for key in await shared_keys.listing():
        await shared_keys.restrict(key.key_id, Restrictions(monthly_quota=200))
    await unstarted.start(["one"], shared)
    (node,) = unstarted.nodes
    assert [await unstarted.ask(node, secret, 9) for secret in pair] == [9, 9]
    await unstarted.second()

    await set_tier(shared, "pro", quota=100)
    await unstarted.let_in(node)
    assert await unstarted.ask(node, pair[0], 100) == 100 - 18, "of the account's 100 its keys had used 18"
    assert await unstarted.ask(node, pair[1], 100) == 0


async def test_what_a_rotated_key_took_over_is_counted_once_of_its_account(
    unstarted: Site, shared_keys: Keys, shared: ForgetfulDatabase, pair: list[str]
) -> None:
    await unstarted.start(["one"], shared)
    (node,) = unstarted.nodes
    assert await unstarted.ask(node, pair[0], 9) == 9
    await node.blocks.stop()
    key = next(key for key in await shared_keys.listing() if key.name == "page")
    successor = await shared_keys.rotate(key.key_id, overlap=timedelta(0))
    async with shared.transaction() as tx:
        await tx.execute(sa.text("DELETE FROM quota_months"))  # As before there were any.
    await node.let_in(successor.secret)
    assert await unstarted.ask(node, successor.secret, QUOTA) == QUOTA - 9

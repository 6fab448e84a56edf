"""What a key has used of its month outlives the node."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

import pytest

from tests.support.clock import ManualClock
from tests.support.gate import FakeGate
from trinity_beast.access import Digests, Grant, Keys, Ledger
from trinity_beast.access.roll import Roll
from trinity_beast.storage import DependencyAway


class Desk:
    """A ledger and the gate it reads."""

    def __init__(self, keys: Keys, digests: Digests, clock: ManualClock) -> None:
        self.keys, self._digests = keys, digests
        self.gate, self.roll = FakeGate(), Roll()
        self.ledger = Ledger(self.gate, self.roll, keys, clock)

    async def let_in_new(self, tier: str = "free") -> bytes:
        digest = self._digests.digest_of((await self.keys.issue(tier, "mine")).secret)
        await self.let_in(digest)
        return digest

    async def let_in(self, digest: bytes) -> None:
        grant = (await self.keys.resolve([digest]))[digest]
        assert isinstance(grant, Grant)
        self.gate.admit(digest, grant)
        self.roll.admit(digest, grant, due_ns=2**62)

    async def used(self) -> list[int]:
        return [key.quota_used for key in await self.keys.listing()]


@pytest.fixture
async def desk(keys: Keys, digests: Digests, clock: ManualClock) -> AsyncIterator[Desk]:
    desk = Desk(keys, digests, clock)
    await desk.ledger.start()
    yield desk
    await desk.ledger.stop()


async def test_use_is_written_every_few_seconds_and_only_once(desk: Desk, clock: ManualClock) -> None:
    digest = await desk.let_in_new()
    desk.gate.spend(digest, 7)
    await written(desk, clock, [7])
    await written(desk, clock, [7])
    desk.gate.spend(digest, 3)
    await written(desk, clock, [10])


async def written(desk: Desk, clock: ManualClock, used: list[int]) -> None:
    await clock.wait_for_sleepers()
    clock.advance(5)
    await clock.wait_for_sleepers()
    assert await desk.used() == used


async def test_what_is_left_to_write_is_written_when_the_node_stops(desk: Desk) -> None:
    digest = await desk.let_in_new()
    desk.gate.spend(digest, 7)
    await desk.ledger.stop()
    assert await desk.used() == [7]


async def test_a_key_looked_at_again_is_not_counted_again(desk: Desk, clock: ManualClock) -> None:
    digest = await desk.let_in_new()
    desk.gate.spend(digest, 7)
    await written(desk, clock, [7])
    await desk.let_in(digest)
    desk.gate.spend(digest, 1)
    await written(desk, clock, [8])


async def test_a_key_forgotten_and_let_in_again_goes_on_where_it_was(desk: Desk, clock: ManualClock) -> None:
    digest = await desk.let_in_new()
    desk.gate.spend(digest, 7)
    await written(desk, clock, [7])
    desk.gate.forget(digest)
    desk.roll.forget(digest)
    await desk.let_in(digest)
    desk.gate.spend(digest, 2)
    await written(desk, clock, [9])


async def test_a_new_month_starts_its_own_count(desk: Desk, clock: ManualClock) -> None:
    clock.advance(datetime(2026, 11, 30, 23, 59, 50, tzinfo=UTC) - clock.now())
    digest = await desk.let_in_new()
    desk.gate.spend(digest, 7)
    await written(desk, clock, [7])
    clock.advance(10)
    await clock.wait_for_sleepers()
    await desk.let_in(digest)
    desk.gate.spend(digest, 9)
    await written(desk, clock, [9])


async def test_keys_without_a_quota_cost_nothing(desk: Desk, clock: ManualClock) -> None:
    desk.gate.spend(await desk.let_in_new("unlimited"), 7)
    await written(desk, clock, [0])


async def test_use_that_could_not_be_written_is_written_later(keys: Keys, digests: Digests, clock: ManualClock) -> None:
    away = AwayKeys(keys)
    desk = Desk(keys, digests, clock)
    ledger = Ledger(desk.gate, desk.roll, away, clock)
    digest = await desk.let_in_new()
    desk.gate.spend(digest, 7)
    await ledger.start()
    await written(desk, clock, [0])
    away.is_away = False
    desk.gate.spend(digest, 1)
    await written(desk, clock, [8])
    await ledger.stop()
    assert await desk.used() == [8]


class AwayKeys(Keys):
    """Keys whose store is away until it is not."""

    def __init__(self, keys: Keys) -> None:
        self._real, self.is_away = keys, True

    async def add_use(self, used: Mapping[int, int]) -> None:
        if self.is_away:
            raise DependencyAway(part="database")
        await self._real.add_use(used)

"""The list as nodes follow it: at once by notices, within seconds without, and the same after a restart."""

import asyncio
from collections.abc import AsyncIterator, Callable

import psycopg
import pytest

from tests.support.clock import ManualClock
from trinity_beast.access.blocklist import CHANNEL, Blocklist, BlocklistWatch
from trinity_beast.clock import SystemClock
from trinity_beast.storage import Database, DependencyAway, Notices


class Door:
    """Keeps `watch.Bouncer`."""

    def __init__(self) -> None:
        self.blocked: dict[str, float | None] = {}
        self.calls = 0

    def block(self, network: str, *, seconds: float | None) -> None:
        self.blocked[network] = seconds
        self.calls += 1

    def unblock(self, network: str) -> bool:
        return self.blocked.pop(network, 0.0) != 0.0


class Node:
    """A running node as far as the blocklist goes."""

    def __init__(self, blocklist: Blocklist, url: str, clock: ManualClock, listens_to: str = CHANNEL) -> None:
        self.door = Door()
        self.watch = BlocklistWatch(blocklist, Notices(url, listens_to, SystemClock()), self.door, clock)

    async def start(self) -> None:
        await self.watch.start()
        await until(lambda: self.watch.looks >= 2)  # The first at the start, the second when the line stood.


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - What is waited for has no event, or lies in another process.
            await asyncio.sleep(0)


@pytest.fixture
def blocklist(own_database: Database, clock: ManualClock) -> Blocklist:
    return Blocklist(own_database, clock)


@pytest.fixture
async def nodes(blocklist: Blocklist, own_database: Database, clock: ManualClock) -> AsyncIterator[list[Node]]:
    nodes = [Node(blocklist, own_database.url, clock) for _ in range(2)]
    for node in nodes:
        await node.start()
    yield nodes
    for node in nodes:
        await node.watch.stop()


@pytest.fixture
async def deaf(blocklist: Blocklist, own_database: Database, clock: ManualClock) -> AsyncIterator[Node]:
    """A node that hears nothing: its notices come on a channel nobody uses."""
    node = Node(blocklist, own_database.url, clock, "another_channel")
    await node.start()
    yield node
    await node.watch.stop()


async def test_a_block_reaches_every_node_at_once_and_so_does_its_lifting(blocklist: Blocklist, nodes: list[Node]) -> None:
    await blocklist.block("203.0.113.7", reason="r", by="Ada", seconds=60)
    await blocklist.block("198.51.100.0/24", reason="r", by="Ada")
    await until(lambda: all(node.door.blocked == {"203.0.113.7": 60.0, "198.51.100.0/24": None} for node in nodes))
    await blocklist.lift("198.51.100.0/24", by="Ada")
    await until(lambda: all(node.door.blocked == {"203.0.113.7": 60.0} for node in nodes))


async def test_a_node_that_starts_knows_the_list_before_it_lets_anybody_in(
    blocklist: Blocklist, own_database: Database, clock: ManualClock
) -> None:
    await blocklist.block("203.0.113.7", reason="r", by="Ada", seconds=60)
    clock.advance(20)
    node = Node(blocklist, own_database.url, clock)
    await node.watch.start()
    assert node.door.blocked == {"203.0.113.7": 40.0}
    await node.watch.stop()


async def test_what_no_notice_told_is_found_within_seconds(blocklist: Blocklist, deaf: Node, clock: ManualClock) -> None:
    await blocklist.block("203.0.113.7", reason="r", by="Ada", seconds=60)
    await next_look(deaf, clock)
    assert deaf.door.blocked == {"203.0.113.7": 57.0}
    calls = deaf.door.calls
    await next_look(deaf, clock)
    assert deaf.door.calls == calls, "what stands as it stood is not set anew"
    await blocklist.lift("203.0.113.7", by="Ada")
    await next_look(deaf, clock)
    assert deaf.door.blocked == {}


async def next_look(node: Node, clock: ManualClock) -> None:
    looks = node.watch.looks
    await clock.wait_for_sleepers()
    clock.advance(3)
    await until(lambda: node.watch.looks > looks)


async def test_a_row_set_and_deleted_by_hand_counts_too(own_database: Database, nodes: list[Node]) -> None:
    with psycopg.connect(own_database.url) as line:
        line.execute("INSERT INTO blocklist (network, reason, blocked_by, blocked_at) VALUES ('203.0.113.0/24', 'r', 'psql', now())")
    await until(lambda: all(node.door.blocked == {"203.0.113.0/24": None} for node in nodes))
    with psycopg.connect(own_database.url) as line:
        line.execute("DELETE FROM blocklist")
    await until(lambda: all(node.door.blocked == {} for node in nodes))


async def test_a_deleted_row_nobody_told_of_is_found_by_the_next_whole_look(
    blocklist: Blocklist, own_database: Database, deaf: Node, clock: ManualClock
) -> None:
    await blocklist.block("203.0.113.7", reason="r", by="Ada")
    await next_look(deaf, clock)
    with psycopg.connect(own_database.url) as line:
        line.execute("DELETE FROM blocklist")
    for _ in range(22):
        await next_look(deaf, clock)
    assert deaf.door.blocked == {}


class AwayList(Blocklist):
    """A list whose store is away until it is not."""

    def __init__(self, real: Blocklist) -> None:
        self._real, self.is_away, self.looks = real, False, 0

    async def standings(self, looked_at):  # type: ignore[no-untyped-def]
        self.looks += 1
        if self.is_away:
            raise DependencyAway(part="database")
        return await self._real.standings(looked_at)


async def test_while_the_store_is_away_what_stands_goes_on_standing(
    blocklist: Blocklist, own_database: Database, clock: ManualClock
) -> None:
    away = AwayList(blocklist)
    node = Node(away, own_database.url, clock, "another_channel")
    await blocklist.block("203.0.113.7", reason="r", by="Ada")
    await node.start()
    away.is_away, looks = True, away.looks
    await blocklist.lift("203.0.113.7", by="Ada")
    await clock.wait_for_sleepers()
    clock.advance(3)
    await until(lambda: away.looks > looks)
    assert node.door.blocked == {"203.0.113.7": None}
    away.is_away = False
    await next_look(node, clock)
    assert node.door.blocked == {}
    await node.watch.stop()

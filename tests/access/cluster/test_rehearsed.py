"""What is let in through outages and partitions of a minute: no more than the bound, and no less than almost all of it."""

import asyncio
from collections.abc import Callable

import pytest

from tests.support.lease_world import LeaseNode, World, pass_time

NODES = 3
BURST, PER_SECOND, LEASE = 20, 40.0, 20
Split = Callable[[int], list[int]]
"""Which nodes are asked in a tick."""


def everybody(_tick: int) -> list[int]:
    return [0, 1, 2]


def only_one(_tick: int) -> list[int]:
    return [0]


def in_turn(tick: int) -> list[int]:
    return [tick % NODES]


def one_for_seconds(tick: int) -> list[int]:
    return [tick // 60 % NODES]


def nodes_of(world: World) -> list[LeaseNode]:
    return [LeaseNode(world, number, NODES, per_second=PER_SECOND, burst=BURST, lease=LEASE, drift=0.0) for number in range(NODES)]


async def flood(world: World, nodes: list[LeaseNode], split: Split, seconds: float) -> int:
    """Ask for more than there is, tick by tick, and return how many requests were let in."""
    before = len(world.let_in_ns)
    for tick in range(round(seconds * 20)):
        for number in split(tick):
            nodes[number].spend(BURST)
        await pass_time(world, nodes, 0.05)
    return len(world.let_in_ns) - before


def beyond(world: World) -> float:
    return world.most_within(per_second=PER_SECOND, burst=BURST)


def played(scene: Callable[[World, list[LeaseNode]], object]) -> None:
    async def play() -> None:
        world = World()
        nodes = nodes_of(world)
        await pass_time(world, nodes, 0.5)  # Until all have been heard.
        await scene(world, nodes)  # type: ignore[misc]  # Every scene below is a coroutine function.
        for node in nodes:
            await node.end()

    asyncio.run(play())


@pytest.mark.parametrize("split", [everybody, only_one, in_turn, one_for_seconds])
def test_almost_all_of_the_limit_is_let_in_however_load_is_split(split: Split) -> None:
    async def scene(world: World, nodes: list[LeaseNode]) -> None:
        let_in = await flood(world, nodes, split, 30.0)
        assert let_in >= 0.98 * (BURST + PER_SECOND * 30)
        assert beyond(world) <= (NODES - 1) * LEASE + 0.01

    played(scene)


def test_a_whole_burst_may_be_one_nodes() -> None:
    async def scene(world: World, nodes: list[LeaseNode]) -> None:
        assert nodes[0].spend(BURST + 5) == BURST
        await pass_time(world, nodes, 0.1)
        assert nodes[0].spend(BURST) == 4, "a tenth of a second's worth"

    played(scene)


def test_an_outage_of_a_minute_lets_in_the_limit_and_no_more_than_the_bound() -> None:
    async def scene(world: World, nodes: list[LeaseNode]) -> None:
        before = await flood(world, nodes, everybody, 10.0)
        for node in nodes:
            node.line.is_cut = True
        during = await flood(world, nodes, everybody, 60.0)
        assert [node.engine.leases.mode for node in nodes] == ["shared"] * 3
        after = 0
        for node in nodes:  # They come back one after the other, as nodes do.
            node.line.is_cut = False
            after += await flood(world, nodes, everybody, 1.0)
        after += await flood(world, nodes, everybody, 7.0)
        assert [node.engine.leases.mode for node in nodes] == ["leased"] * 3
        assert before + during + after >= 0.98 * (BURST + PER_SECOND * 80)
        assert beyond(world) <= NODES * LEASE + 0.01

    played(scene)


@pytest.mark.parametrize("fate", ["lost", "unanswered", "late"])
def test_one_node_cut_off_spends_its_share_and_the_others_theirs(fate: str) -> None:
    async def scene(world: World, nodes: list[LeaseNode]) -> None:
        await flood(world, nodes, everybody, 5.0)
        nodes[2].line.fates = [fate]  # type: ignore[list-item]  # One of `Fate`.
        await flood(world, nodes, everybody, 0.05)
        nodes[2].line.is_cut = True
        during = await flood(world, nodes, everybody, 60.0)
        assert nodes[2].engine.leases.mode == "shared"
        assert during >= 0.96 * PER_SECOND * 60, "all but the second in which nobody knew whose the share was"
        nodes[2].line.is_cut = False
        await flood(world, nodes, everybody, 10.0)
        assert beyond(world) <= NODES * LEASE + 0.01

    played(scene)


@pytest.mark.parametrize("seconds", [0.2, 1.2, 1.6, 2.5])
@pytest.mark.parametrize("fate", ["lost", "unanswered", "late"])
def test_a_line_that_comes_and_goes_for_a_minute_adds_nothing_up(seconds: float, fate: str) -> None:
    async def scene(world: World, nodes: list[LeaseNode]) -> None:
        for turn in range(round(60 / seconds)):
            node = nodes[turn % NODES]
            node.line.fates = [fate]  # type: ignore[list-item]  # One of `Fate`.
            await flood(world, nodes, everybody, 0.05)
            node.line.is_cut = turn % 2 == 0
            await flood(world, nodes, everybody, seconds)
        assert beyond(world) <= NODES * LEASE + 0.01

    played(scene)

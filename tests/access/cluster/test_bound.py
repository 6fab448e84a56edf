"""The bound: over all nodes, whatever the network does, no window sees more than limit + nodes x lease."""

import asyncio
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.lease_world import LeaseNode, World, pass_time, settle

NODES = 3


@dataclass(frozen=True)
class Limit:
    per_second: float
    burst: int
    lease: int


node_numbers = st.integers(0, NODES - 1)
steps = st.one_of(
    st.tuples(st.just("spend"), node_numbers, st.integers(1, 40)),
    st.tuples(st.just("spend"), node_numbers, st.integers(1, 40)),
    st.tuples(st.just("pass"), st.sampled_from([0.05, 0.1, 0.3, 1.0, 2.0]), st.just(0)),
    st.tuples(st.just("flood"), st.sampled_from([0.1, 0.5, 1.7, 6.0]), st.just(0)),
    st.tuples(st.just("cut"), node_numbers, st.just(0)),
    st.tuples(st.just("heal"), node_numbers, st.just(0)),
    st.tuples(st.just("fate"), node_numbers, st.sampled_from(["lost", "unanswered", "late", "slow"])),
    st.tuples(st.just("answer"), node_numbers, st.just(0)),
    st.tuples(st.just("restart"), node_numbers, st.just(0)),
    st.tuples(st.just("step wall"), node_numbers, st.sampled_from([-3_600_000_000_000, 3_600_000_000_000])),
    st.tuples(st.just("away"), st.just(0), st.just(0)),
    st.tuples(st.just("back"), st.just(0), st.just(0)),
    st.tuples(st.just("forget"), st.just(0), st.just(0)),
)
limits = st.builds(
    lambda per_second, burst, lease: Limit(per_second, burst, min(lease, burst)),
    st.sampled_from([1.0, 3.0, 20.0, 100.0]),
    st.integers(1, 30),
    st.integers(1, 30),
)
drifts = st.lists(st.sampled_from([-0.001, 0.0, 0.001]), min_size=NODES, max_size=NODES)


class Rehearsal:
    """Plays steps, and knows what the bound is after them."""

    def __init__(self, limit: Limit, drifts: list[float]) -> None:
        self.world, self.limit, self.drifts = World(), limit, drifts
        self.lives, self.losses = NODES, 0
        self.nodes = [self._node(number) for number in range(NODES)]

    def _node(self, number: int) -> LeaseNode:
        of = self.limit
        return LeaseNode(self.world, number, NODES, per_second=of.per_second, burst=of.burst, lease=of.lease, drift=self.drifts[number])

    @property
    def bound(self) -> float:
        """Return the most beyond rate and burst. A process that was killed counts as a node more; a Valkey that forgot, as a burst."""
        seconds = (self.world.let_in_ns[-1] - self.world.let_in_ns[0]) / 1e9 if self.world.let_in_ns else 0.0
        drifted = self.limit.per_second * seconds * max(self.drifts)  # A clock that is fast sees more time pass.
        return self.lives * self.limit.lease + self.losses * self.limit.burst + drifted + 0.01

    async def play(self, what: str, which: float | int, how: object) -> None:
        match what:
            case "pass":
                await pass_time(self.world, self.nodes, which)
            case "flood":
                for _ in range(max(1, round(which / 0.1))):
                    for node in self.nodes:
                        node.spend(self.limit.burst + 2)
                    await pass_time(self.world, self.nodes, 0.1)
            case "away" | "back":
                for node in self.nodes:
                    node.line.is_cut = what == "away"
            case "forget":
                self.world.authority.buckets.clear()
                self.world.authority.heard.clear()
                self.losses += 1
            case _:
                await self._play_at(int(which), what, how)

    async def _play_at(self, number: int, what: str, how: object) -> None:
        node = self.nodes[number]
        match what:
            case "spend":
                assert isinstance(how, int)
                node.spend(how)
            case "step wall":
                assert isinstance(how, int)
                node.step_wall(how)
            case "cut" | "heal":
                node.line.is_cut = what == "cut"
            case "fate":
                node.line.fates.append(how)  # type: ignore[arg-type]  # One of `Fate`, by the strategy.
            case "answer":
                node.line.answer_due.set()
                await settle(self.nodes)
            case "restart":
                await node.end()
                self.nodes[number], self.lives = self._node(number), self.lives + 1

    async def end(self) -> None:
        for node in self.nodes:
            await node.end()


@pytest.mark.timeout(300)
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(limit=limits, drifts=drifts, steps=st.lists(steps, min_size=5, max_size=40))
def test_no_window_sees_more_than_the_limit_and_a_lease_for_each_node(
    limit: Limit, drifts: list[float], steps: list[tuple[str, float | int, object]]
) -> None:
    async def play() -> None:
        rehearsal = Rehearsal(limit, drifts)
        await settle(rehearsal.nodes)
        for what, which, how in steps:
            await rehearsal.play(what, which, how)
        await rehearsal.end()
        assert rehearsal.world.most_within(per_second=limit.per_second, burst=limit.burst) <= rehearsal.bound

    asyncio.run(play())

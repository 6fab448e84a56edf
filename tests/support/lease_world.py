"""Nodes with real engines, an authority, and a network between them that loses, delays and cuts as a test says."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from tests.support.authority import ModelAuthority
from trinity_beast.access.cluster.exchange import LeaseExchange
from trinity_beast.access.cluster.model import Fellowship
from trinity_beast.engine import Clock as EngineClock
from trinity_beast.engine import Engine, Limits, Policy
from trinity_beast.storage import Answer, Call, DependencyAway

SECOND_NS = 1_000_000_000
SECRET = "tb_live_0123456789abcdefghijklmnopqrstuvwxyzAB"
START_NS = 1_795_160_400 * SECOND_NS
TICK_NS = 50_000_000
TURNS = 6
"""Turns of the event loop in which everybody comes to the next thing to wait for."""

Fate = Literal["answered", "lost", "unanswered", "late", "slow"]


class NodeClock:
    """A node's clock: the engine's, which runs fast or slow."""

    def __init__(self, hands: EngineClock) -> None:
        self._hands = hands

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time_ns() / SECOND_NS, UTC)

    def time_ns(self) -> int:
        return self._hands.wall_ns()

    def monotonic_ns(self) -> int:
        return self._hands.monotonic_ns()

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nobody sleeps here, {seconds} s or less: turns are taken one by one")


@dataclass
class World:
    """What is true: the time, the authority, and every request that was let in."""

    now_ns: int = START_NS
    authority: ModelAuthority = field(default_factory=ModelAuthority)
    let_in_ns: list[int] = field(default_factory=list)
    on_the_way: list[tuple[int, Call]] = field(default_factory=list)
    """Calls that will be heard at their time, by nobody's leave."""
    step_us: int = 0
    """How far the authority's clock has been stepped."""

    @property
    def authority_us(self) -> int:
        return self.now_ns // 1_000 + self.step_us

    def hear(self, call: Call) -> Answer:
        return list(self.authority.hear(call.arguments, self.authority_us))

    def hear_what_is_due(self) -> None:
        due = [call for at_ns, call in self.on_the_way if at_ns <= self.now_ns]
        self.on_the_way = [(at_ns, call) for at_ns, call in self.on_the_way if at_ns > self.now_ns]
        for call in due:
            self.hear(call)

    def most_within(self, *, per_second: float, burst: int) -> float:
        """Return by how many the worst window exceeds rate and burst, over all windows."""
        worst, best_start = 0.0, float("inf")
        for count, at_ns in enumerate(self.let_in_ns):
            spare = count - per_second * at_ns / SECOND_NS
            best_start = min(best_start, spare)
            worst = max(worst, spare + 1 - best_start - burst)
        return worst


class Line:
    """One node's way to the authority."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.is_cut = False
        self.fates: list[Fate] = []
        self.answer_due = asyncio.Event()

    async def pipeline(self, commands: list[Call], *, within_seconds: float | None = None) -> list[Answer]:
        (call,) = commands
        fate: Fate = "lost" if self.is_cut else self.fates.pop(0) if self.fates else "answered"
        match fate:
            case "answered":
                return [self._world.hear(call)]
            case "slow":
                answer = self._world.hear(call)
                self.answer_due.clear()
                await self.answer_due.wait()
                return [answer]
            case "unanswered":
                self._world.hear(call)
            case "late":
                assert within_seconds is not None
                self._world.on_the_way.append((self._world.now_ns + round(within_seconds * SECOND_NS), call))
                self._world.on_the_way.append((self._world.now_ns + 20 * SECOND_NS, call))
            case "lost":
                pass
        raise DependencyAway(part="cache", reason="the test says so")

    async def time_ns(self, *, within_seconds: float | None = None) -> int:
        assert within_seconds
        if self.is_cut:
            raise DependencyAway(part="cache", reason="the test says so")
        return self._world.authority_us * 1_000


class LeaseNode:
    """One node: an engine that was never started, its exchange, and its line."""

    def __init__(self, world: World, number: int, nodes: int, *, per_second: float, burst: int, lease: int, drift: float) -> None:
        self.world, self.drift, self.line = world, drift, Line(world)
        self._clock = EngineClock.manual(START_NS, 100 * SECOND_NS)
        self.engine = Engine(
            node=f"node{number}", region="local", version="1", digest_secret=b"a secret", spool_directory=None, threads=1,
            clock=self._clock, limits=Limits(),
        )  # fmt: skip
        self.engine.leases.set_size(seconds=0.001, least=lease, most=lease)
        self.exchange = LeaseExchange(
            self.engine.leases, self.line, f"node{number}", lambda: Fellowship(nodes, True), NodeClock(self._clock)
        )
        policy = Policy(key_id=7, rate_per_second=per_second, burst=burst, quota=None)
        self.engine.leases.cut()
        self.engine.keys.admit(self.engine.keys.digest_of(SECRET), policy)
        self._turn: asyncio.Task[None] | None = None

    def spend(self, requests: int) -> int:
        """Ask so often; how often it was let in."""
        granted = 0
        for _ in range(requests):
            if self.engine.keys.take(SECRET).code == "OK":
                self.world.let_in_ns.append(self.world.now_ns)
                granted += 1
        return granted

    def advance(self, amount_ns: int) -> None:
        self._clock.advance(round(amount_ns * (1 + self.drift)))

    def step_wall(self, amount_ns: int) -> None:
        self._clock.step_wall(amount_ns)

    def take_turn(self) -> None:
        """Let the exchange do what is due, unless it waits for an answer still."""
        if self._turn is None or self._turn.done():
            if self._turn is not None:
                self._turn.result()
            self._turn = asyncio.create_task(self.exchange.turn())

    async def end(self) -> None:
        if self._turn is not None:
            self._turn.cancel()
            await asyncio.gather(self._turn, return_exceptions=True)


async def pass_time(world: World, nodes: list[LeaseNode], seconds: float) -> None:
    """Let time pass tick by tick; at each, everybody does what is due."""
    for _ in range(max(1, round(seconds * SECOND_NS / TICK_NS))):
        world.now_ns += TICK_NS
        for node in nodes:
            node.advance(TICK_NS)
        world.hear_what_is_due()
        await settle(nodes)


async def settle(nodes: list[LeaseNode]) -> None:
    for node in nodes:
        node.take_turn()
    for _ in range(TURNS):
        await asyncio.sleep(0)

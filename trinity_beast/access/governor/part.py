"""Watches how answers come and turns what the engine sheds, ten times a second."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Protocol

from trinity_beast.access.governor.counters import Others, telling, told
from trinity_beast.access.governor.parameters import (
    ADAPTIVE_ENABLED,
    ADAPTIVE_LATE_MS,
    ADAPTIVE_MAX_CONCURRENT,
    ADAPTIVE_SUCCESS_THRESHOLD,
    ADAPTIVE_THROTTLE_DELAY_MS,
    UDP_MAX_CONCURRENT_LPO,
)
from trinity_beast.access.governor.rules import Answers, connections_of_node, next_level
from trinity_beast.clock import Clock
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings
from trinity_beast.storage import Answer, Call, DependencyAway

TURN_SECONDS = 0.1
TURNS_KEPT = 10
TURNS_PER_EXCHANGE = 5
EXCHANGE_SECONDS = 0.25
SALT_SECONDS = 10
"""Of a rank that is shed in part, other callers are so often."""

SECOND_NS = 1_000_000_000
_log = get_log("access")


class Engine(Protocol):
    """The engine's side. `engine.Governor` is one."""

    def obey(
        self, *, level: float, connections_most: int, late_seconds: float, delay_seconds: float, datagrams_most: int, salt: int
    ) -> None:
        """Go by these orders."""
        ...

    def rest(self) -> None:
        """Shed nothing."""
        ...


class SharedCache(Protocol):
    """The way to Valkey. `storage.Valkey` is one."""

    async def pipeline(self, commands: list[Call], *, within_seconds: float | None = None) -> list[Answer]:
        """Run scripts there."""
        ...


class Governor:
    """One node's governor. Without a shared cache, or while it is away, each node goes by what it sees itself."""

    name = "governor"

    def __init__(
        self,
        engine: Engine,
        counters: Callable[[], Mapping[str, int]],
        node: str,
        nodes: Callable[[], int],
        *,
        clock: Clock,
        readings: Readings,
        cache: SharedCache | None = None,
    ) -> None:
        self._engine, self._counters, self._node, self._nodes, self._clock, self._cache = engine, counters, node, nodes, clock, cache
        self._is_on = readings.of(ADAPTIVE_ENABLED)
        self._ceiling, self._threshold = readings.of(ADAPTIVE_MAX_CONCURRENT), readings.of(ADAPTIVE_SUCCESS_THRESHOLD)
        self._late_ms, self._delay_ms = readings.of(ADAPTIVE_LATE_MS), readings.of(ADAPTIVE_THROTTLE_DELAY_MS)
        self._datagrams = readings.of(UDP_MAX_CONCURRENT_LPO)
        self._seen: Answers | None = None
        self._window: deque[Answers] = deque(maxlen=TURNS_KEPT)
        self._others: Others | None = None
        self._turns = 0
        self._task: asyncio.Task[None] | None = None
        self.level = 0.0

    async def start(self) -> None:
        """Govern from here on, whenever `adaptive_enabled` says so."""
        self._task = asyncio.create_task(self._turn_for_ever())

    async def stop(self) -> None:
        """Let go: whatever still comes is served."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._rest()

    async def turn(self) -> None:
        """Look, decide, and say what to shed."""
        if not self._is_on.value:
            self._rest()
            return
        counted = self._counters()
        self._look(counted)
        own = sum(self._window, Answers())
        if self._turns % TURNS_PER_EXCHANGE == 0:
            await self._exchange(own, counted["connections_open"])
        self._turns += 1
        cluster = own if self._others is None else self._others.answers
        before, self.level = self.level, next_level(self.level, own=own, cluster=cluster, threshold=self._threshold.value)
        if (before == 0) != (self.level == 0):
            _log.warning("load shed" if self.level else "load shed no more", level=round(self.level, 2), late=own.late, answers=own.total)
        self._say()

    async def _turn_for_ever(self) -> None:
        while True:
            await self._clock.sleep(TURN_SECONDS)
            try:
                await self.turn()
            except Exception as error:
                _log.error("load not governed", error=error)  # The orders in force stay until the next turn.

    def _look(self, counted: Mapping[str, int]) -> None:
        # A datagram the kernel had to drop is one that was never answered.
        now = Answers(counted["governed"] + counted["datagrams_overrun"], counted["governed_late"] + counted["datagrams_overrun"])
        if self._seen is not None:
            # Counters that were reset meanwhile count from zero.
            self._window.append(Answers(max(0, now.total - self._seen.total), max(0, now.late - self._seen.late)))
        self._seen = now

    async def _exchange(self, own: Answers, connections: int) -> None:
        if self._cache is None:
            return
        call = telling(self._node, own, connections, self._threshold.value)
        try:
            (answer,) = await self._cache.pipeline([call], within_seconds=EXCHANGE_SECONDS)
            self._others = told(answer)
        except DependencyAway:
            self._others = None

    def _say(self) -> None:
        others = None if self._others is None else self._others.connections
        nodes = 1 if self._cache is None else self._nodes()
        self._engine.obey(
            level=self.level,
            connections_most=connections_of_node(self._ceiling.value, nodes=nodes, others=others),
            late_seconds=self._late_ms.value / 1_000,
            delay_seconds=self._delay_ms.value / 1_000,
            datagrams_most=self._datagrams.value,
            salt=self._clock.monotonic_ns() // (SALT_SECONDS * SECOND_NS) * 0x9E3779B1 & 0xFFFFFFFF,
        )

    def _rest(self) -> None:
        self._engine.rest()
        self.level, self._seen, self._others = 0.0, None, None
        self._window.clear()

"""Tells the shared cache how this node fares, and learns from it who else there is."""

import asyncio
from collections.abc import Iterator, Mapping

from trinity_beast.clock import Clock, pause
from trinity_beast.log import get_log
from trinity_beast.ops.cluster.metrics import NODES_KNOWN, STATS_FAILURES, STATS_PUBLISHED
from trinity_beast.ops.cluster.model import NODES, STATS, Known, encoded, registry_of, remembered
from trinity_beast.ops.cluster.parameters import EXPIRY_SECONDS, PUBLISH_SECONDS, REMEMBERED_SECONDS
from trinity_beast.ops.cluster.statistics import Statistics
from trinity_beast.parameters import Readings
from trinity_beast.storage import Command, DependencyAway, Valkey
from trinity_beast.telemetry import Sample

WITHIN_SECONDS = 1.0
"""What is told again in a moment is not waited for longer, nor tried twice."""
MILLION = 1_000_000
_log = get_log("ops")


class StatsPublisher:
    """Looks at this node's figures every few seconds and tells them where there is a shared cache. A `Part`.

    One round trip carries all of it there and brings back who is known. A cache that is away costs one bounded try each time;
    nothing else of the node waits for it. What the cache has forgotten, such as by a restart, the nodes bring back.
    """

    name = "node statistics"

    def __init__(self, statistics: Statistics, cache: Valkey | None, clock: Clock, readings: Readings) -> None:
        self._statistics, self._cache, self._clock = statistics, cache, clock
        self._every, self._expiry = readings.of(PUBLISH_SECONDS), readings.of(EXPIRY_SECONDS)
        self._remembered = readings.of(REMEMBERED_SECONDS)
        self._stirred = asyncio.Event()
        readings.follow(self._stirred.set)  # A long pause that was turned short must not be waited out.
        self._known: dict[str, Known] = {}
        self._task: asyncio.Task[None] | None = None
        self._published = self._failures = 0

    @property
    def known(self) -> Mapping[str, Known]:
        """Return the nodes this one knows of, itself included, by id, as of the last time it heard."""
        return self._known

    async def start(self) -> None:
        """Tell for the first time, as far as that is possible, and every few seconds from here on."""
        await self._tried()
        self._task = asyncio.create_task(self._tell_for_ever(), name=self.name)

    async def stop(self) -> None:
        """Tell no more, and say so: nobody misses a node that has left."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        itself = self._statistics.itself
        if self._cache is not None:
            leaving: list[Command] = [("HSET", NODES, itself.node_id, encoded(self._own(has_left=True))), ("DEL", STATS + itself.node)]
            try:
                await self._cache.pipeline(leaving, within_seconds=WITHIN_SECONDS)
            except DependencyAway as error:
                _log.info("leaving not told", error=str(error))

    async def publish(self) -> None:
        """Look at the figures and tell them.

        Raises:
            DependencyAway: the cache is not there; the next time tells everything anew.
        """
        self._statistics.look()
        if self._cache is None:
            return
        itself, expiry, kept = self._statistics.itself, self._expiry.value, self._remembered.value
        snapshot = encoded(self._statistics.snapshot(kept_seconds=expiry))
        told: list[Command] = [
            ("SET", STATS + itself.node, snapshot, "PX", round(expiry * 1_000)),
            ("HSET", NODES, itself.node_id, encoded(self._own())),
            ("HGETALL", NODES),
            ("PEXPIRE", NODES, round(kept * 1_000)),
        ]
        answers = await self._cache.pipeline(told, within_seconds=WITHIN_SECONDS)
        self._published += 1
        await self._mend(registry_of(answers[2]))

    def samples(self) -> Iterator[Sample]:
        """Give what is told to whoever collects metrics."""
        yield STATS_PUBLISHED.at(self._published)
        yield STATS_FAILURES.at(self._failures)
        yield NODES_KNOWN.at(sum(not one.has_left for one in self._known.values()))

    async def _mend(self, held: Mapping[str, Known]) -> None:
        """Bring back who the cache has forgotten, and have it forget who was not seen for long."""
        kept_ms = round(self._remembered.value * 1_000)
        self._known = remembered(held, self._known, now_ms=self._clock.time_ns() // MILLION, kept_ms=kept_ms)
        lost: list[Command] = [("HSETNX", NODES, each, encoded(one)) for each, one in self._known.items() if each not in held]
        long_gone = [node_id for node_id in held if node_id not in self._known]
        if long_gone:
            lost.append(("HDEL", NODES, *long_gone))
        if lost and self._cache is not None:
            await self._cache.pipeline(lost, within_seconds=WITHIN_SECONDS)

    async def _tell_for_ever(self) -> None:
        while True:
            await pause(self._clock, self._every.value, until=self._stirred)
            self._stirred.clear()
            await self._tried()

    async def _tried(self) -> None:
        try:
            await self.publish()
        except DependencyAway:  # The cache itself has said so.
            self._failures += 1
        except Exception as error:
            self._failures += 1
            _log.error("node statistics not told", error=error)  # The next time may go right.

    def _own(self, *, has_left: bool = False) -> Known:
        itself = self._statistics.itself
        return Known(itself.node, itself.server_type, self._clock.time_ns() // MILLION, has_left)

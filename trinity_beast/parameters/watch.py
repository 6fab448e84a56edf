"""Puts stored parameters in force on this node: at its start, at every notice, and each minute as the floor."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from trinity_beast.clock import Clock, pause
from trinity_beast.log import get_log
from trinity_beast.parameters import store
from trinity_beast.parameters.config_cache import ConfigCache
from trinity_beast.parameters.declared import Declarations
from trinity_beast.parameters.parameters import REFRESH_SECONDS
from trinity_beast.parameters.readings import Readings
from trinity_beast.parameters.settled import Settled
from trinity_beast.storage import Database, DependencyAway, Notices

CHANNEL = "application_parameters"
_log = get_log("parameters")


@dataclass(frozen=True, slots=True)
class ThisNode:
    """Which node confirms: its own id, that no other has, and the name operators gave it."""

    node_id: str
    name: str


class ParameterWatch:
    """Keeps this node's readings at what is stored, and confirms the version it runs. A `Part`, the first of all.

    Where the database cannot be seen, what other nodes keep in the shared cache is taken if it is newer; without that the
    readings stay as they are: a node never goes back to defaults because it cannot look.
    """

    name = "parameters"

    def __init__(
        self,
        database: Database,
        notices: Notices,
        declared: Declarations,
        readings: Readings,
        *,
        node: ThisNode,
        clock: Clock,
        cache: ConfigCache | None = None,
    ) -> None:
        self._database, self._notices, self._declared, self._readings = database, notices, declared, readings
        self._node, self._clock, self._cache = node, clock, cache
        self._every = readings.of(REFRESH_SECONDS)
        self._stirred = asyncio.Event()
        self._looking = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._told: list[str] = []
        self._was_away = False
        self.version = 0
        """The version this node runs; 0 for the defaults."""
        self.in_force_ns = clock.monotonic_ns()
        """Since when (monotonic) this node has run what it saw last."""
        self.on_version: Callable[[Settled], None] = _nothing
        """Told each version that was put in force."""

    async def start(self) -> None:
        """Put what is stored in force, and follow it from here on."""
        await self.look()
        hearing = self._notices.hear(lambda _: self._stirred.set(), on_open=self._stirred.set)
        self._tasks = [asyncio.create_task(hearing), asyncio.create_task(self._look_for_ever(), name=self.name)]

    async def stop(self) -> None:
        """Follow no more, and say so: nobody waits for a node that has left."""
        async with self._looking:  # A look that is under way ends by itself, and soon; cut off, it would leave its connection hanging.
            for task in self._tasks:
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            async with self._database.transaction() as tx:
                await store.leave(tx, self._node.node_id)
        except DependencyAway as error:
            _log.info("leaving not told", error=error)

    async def look(self) -> int:
        """Put in force what is stored now, confirm it, and return its version; what was in force where it cannot be seen."""
        async with self._looking:  # One at a time, or an older set that was read first could come into force last.
            try:
                settled = await self._database.directly(store.settled)
                self._take(settled)
                running = partial(store.confirm, node_id=self._node.node_id, name=self._node.name, version=settled.version)
                await self._database.directly(running)
            except DependencyAway as error:
                await self._look_aside(error)
            else:
                self._was_away = False
                await self._keep_aside(settled)
            return self.version

    def _take(self, settled: Settled) -> None:
        usable, strange = self._declared.usable(settled.values)
        if strange != self._told:
            self._told = strange
            if strange:
                _log.warning("parameters not understood", names=strange, version=settled.version)
        self._readings.use(usable)
        if settled.version != self.version:
            _log.info("parameters in force", version=settled.version, profile=settled.profile)
        self.version, self.in_force_ns = settled.version, self._clock.monotonic_ns()
        self.on_version(settled)

    async def _look_aside(self, error: DependencyAway) -> None:
        """Take what lies in the shared cache, where that is newer."""
        if not self._was_away:
            _log.warning("parameters not seen", error=error)
        self._was_away = True
        try:
            found = None if self._cache is None else await self._cache.read()
        except DependencyAway:  # The cache itself has said so, and counts it.
            return
        if found is not None and found.version > self.version:
            self._take(found)

    async def _keep_aside(self, settled: Settled) -> None:
        if self._cache is None:
            return
        try:
            await self._cache.write(settled, self._declared.whole(self._declared.usable(settled.values)[0]))
        except DependencyAway:  # The cache itself has said so, and counts it; the next look writes again.
            return

    async def _look_for_ever(self) -> None:
        while True:
            await pause(self._clock, self._every.value, until=self._stirred)
            self._stirred.clear()
            await self.look()


def _nothing(_settled: Settled) -> None:
    """Tell nobody."""

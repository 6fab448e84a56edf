"""Puts stored parameters in force on this node: at its start, at every notice, and each minute as the floor."""

import asyncio
from collections.abc import Callable

from trinity_beast.clock import Clock
from trinity_beast.log import get_log
from trinity_beast.parameters import store
from trinity_beast.parameters.declared import Declarations
from trinity_beast.parameters.model import Parameter
from trinity_beast.parameters.readings import Readings
from trinity_beast.parameters.settled import Settled
from trinity_beast.storage import Database, DependencyAway, Notices

CHANNEL = "application_parameters"
GROUP = "parameters"
REFRESH_SECONDS = Parameter(
    "parameter_refresh_seconds", group=GROUP, unit="s", default=60.0, least=1.0, most=3_600.0,
    help="How often a node looks at the stored parameters though nobody told it that they changed.",
)  # fmt: skip
_log = get_log("parameters")


class ParameterWatch:
    """Keeps this node's readings at what is stored, and confirms the version it runs. A `Part`, the first of all.

    Without a database the readings stay as they are: a node never goes back to defaults because it cannot look.
    """

    name = "parameters"

    def __init__(
        self, database: Database, notices: Notices, declared: Declarations, readings: Readings, *, node: str, clock: Clock
    ) -> None:
        self._database, self._notices, self._declared, self._readings = database, notices, declared, readings
        self._node, self._clock = node, clock
        self._every = readings.of(REFRESH_SECONDS)
        self._stirred = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._told: list[str] = []
        self._was_away = False
        self.version = 0
        """The version this node runs; 0 for the defaults."""
        self.on_version: Callable[[Settled], None] = _nothing
        """Told each version that was put in force."""

    async def start(self) -> None:
        """Put what is stored in force, and follow it from here on."""
        await self.look()
        hearing = self._notices.hear(lambda _: self._stirred.set(), on_open=self._stirred.set)
        self._tasks = [asyncio.create_task(hearing), asyncio.create_task(self._look_for_ever(), name=self.name)]

    async def stop(self) -> None:
        """Follow no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def look(self) -> int:
        """Put in force what is stored now, confirm it, and return its version; what was in force where it cannot be seen."""
        try:
            async with self._database.transaction() as tx:
                settled = await store.settled(tx)
            self._take(settled)
            async with self._database.transaction() as tx:
                await store.confirm(tx, self._node, settled.version)
        except DependencyAway as error:
            if not self._was_away:
                _log.warning("parameters not seen", error=error)
            self._was_away = True
        else:
            self._was_away = False
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
        self.version = settled.version
        self.on_version(settled)

    async def _look_for_ever(self) -> None:
        while True:
            await self._next_look()
            await self.look()

    async def _next_look(self) -> None:
        pause, notice = asyncio.create_task(self._clock.sleep(self._every.value)), asyncio.create_task(self._heard())
        try:
            await asyncio.wait({pause, notice}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            pause.cancel()
            notice.cancel()
        self._stirred.clear()

    async def _heard(self) -> None:
        await self._stirred.wait()


def _nothing(_settled: Settled) -> None:
    """Tell nobody."""

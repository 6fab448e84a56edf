"""Having every node run the newest parameters now, and knowing that it does."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from trinity_beast.clock import Clock
from trinity_beast.parameters import store
from trinity_beast.parameters.parameters import DEPLOY_SECONDS, REFRESH_SECONDS
from trinity_beast.parameters.readings import Readings
from trinity_beast.parameters.service import ParameterEditor
from trinity_beast.parameters.settled import Confirmed
from trinity_beast.parameters.watch import ParameterWatch
from trinity_beast.storage import Database

LOOKS_KEPT = 2.5
"""A node that has not confirmed within so many of the looks it should have made is taken for gone."""
LOOK_SECONDS = 0.01
MILLISECOND_NS = 1_000_000


@dataclass(frozen=True, slots=True)
class Deployed:
    """What came of it: how long this node took and how long all did, and which nodes had not confirmed when time was up."""

    version: int
    own_ms: float
    all_ms: float | None
    nodes: Sequence[Confirmed]
    behind: Sequence[str]


class Deployment:
    """Forces parameters out, and knows which node runs which."""

    def __init__(self, database: Database, editor: ParameterEditor, watch: ParameterWatch, *, clock: Clock, readings: Readings) -> None:
        self._database, self._editor, self._watch, self._clock = database, editor, watch, clock
        self._every, self._patience = readings.of(REFRESH_SECONDS), readings.of(DEPLOY_SECONDS)

    async def reload(self) -> int:
        """Have this node look at the stored parameters now; return the version it runs."""
        return await self._watch.look()

    async def force(self, *, by: str) -> Deployed:
        """Have every node look now, and wait until each has confirmed the version, for `parameter_deploy_seconds` at most.

        Raises:
            DependencyAway: the database is not there, and so nothing new either.
        """
        began_ns = self._clock.monotonic_ns()
        await self._watch.look()  # What is stored is stored already: this node need not wait for the others to be told.
        own_ms = max(0, self._watch.in_force_ns - began_ns) / MILLISECOND_NS
        version = await self._editor.announce(by=by)
        while True:
            nodes = await self.nodes()
            behind = [one.name for one in nodes if one.version < version]
            all_ms = self._passed_ms(began_ns)
            if not behind or all_ms >= self._patience.value * 1_000:
                return Deployed(version, own_ms, None if behind else all_ms, nodes, behind)
            await self._clock.sleep(LOOK_SECONDS)

    async def nodes(self) -> Sequence[Confirmed]:
        """Return the nodes that are there, and the version each has confirmed.

        Raises:
            DependencyAway: the database is not there.
        """
        return await self._database.directly(partial(store.confirmed, within_seconds=LOOKS_KEPT * self._every.value))

    def _passed_ms(self, began_ns: int) -> float:
        return (self._clock.monotonic_ns() - began_ns) / MILLISECOND_NS

"""Having every node run the newest parameters now, and knowing that it does."""

from collections.abc import Sequence
from dataclasses import dataclass

from trinity_beast.clock import Clock
from trinity_beast.parameters import store
from trinity_beast.parameters.service import ParameterEditor
from trinity_beast.parameters.settled import Confirmed
from trinity_beast.parameters.watch import REFRESH_SECONDS, ParameterWatch
from trinity_beast.storage import Database

PATIENCE_SECONDS = 5.0
LOOK_SECONDS = 0.02
SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Deployed:
    """What came of it: how long this node took and how long all did, and which nodes had not confirmed when time was up."""

    version: int
    own_ms: float
    all_ms: float | None
    nodes: Sequence[Confirmed]
    behind: Sequence[str]


class Deployment:
    """Forces parameters out. Nodes count as there that confirmed a version within two and a half of their regular looks."""

    def __init__(self, database: Database, editor: ParameterEditor, watch: ParameterWatch, *, clock: Clock) -> None:
        self._database, self._editor, self._watch, self._clock = database, editor, watch, clock

    async def reload(self) -> int:
        """Have this node look at the stored parameters now; return the version it runs."""
        return await self._watch.look()

    async def force(self) -> Deployed:
        """Have every node look now, and wait until each has confirmed the version, for `PATIENCE_SECONDS` at most.

        Raises:
            DependencyAway: the database is not there, and so nothing new either.
        """
        began_ns = self._clock.monotonic_ns()
        async with self._database.transaction() as tx:
            known = [one.node for one in await store.confirmed(tx, within_seconds=2.5 * REFRESH_SECONDS.default)]
        version = await self._editor.announce()
        await self._watch.look()
        own_ms = self._passed_ms(began_ns)
        while True:
            nodes = await self._nodes()
            behind = [node for node in known if not any(one.node == node and one.version >= version for one in nodes)]
            all_ms = self._passed_ms(began_ns)
            if not behind or all_ms >= PATIENCE_SECONDS * 1_000:
                return Deployed(version, own_ms, None if behind else all_ms, nodes, behind)
            await self._clock.sleep(LOOK_SECONDS)

    async def _nodes(self) -> Sequence[Confirmed]:
        async with self._database.transaction() as tx:
            return await store.confirmed(tx, within_seconds=2.5 * REFRESH_SECONDS.default)

    def _passed_ms(self, began_ns: int) -> float:
        return (self._clock.monotonic_ns() - began_ns) / 1_000_000

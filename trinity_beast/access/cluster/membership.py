"""Who the nodes are that share a database, and so among how many the limits are shared out when the cache is away."""

import asyncio
from collections import deque
from collections.abc import Sequence

from trinity_beast.access.cluster import store
from trinity_beast.access.cluster.model import Fellow, Fellowship
from trinity_beast.access.cluster.parameters import NODES_EXPECTED
from trinity_beast.clock import Clock
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings
from trinity_beast.storage import Database, DependencyAway

LOOK_EVERY_SECONDS = 5.0
LOOKS_KEPT = 6
"""A number of nodes is believed to have fallen once it was seen so often: after an outage of the store not all return at once."""

_log = get_log("access")


async def nodes_alive(database: Database) -> Sequence[Fellow]:
    """Return the nodes of this database that are alive, without being one.

    Raises:
        DependencyAway: the database does not answer.
    """
    async with database.transaction() as tx:
        return await store.nodes_alive(tx)


class Membership:
    """Notes every few seconds that this node is alive, and counts those that are.

    A number that rises is reckoned with at once, one that falls after half a minute. Nobody spends a share until every other
    node has said that it reckons with as many nodes: so the shares never add up to more than the limit.
    """

    name = "membership"

    def __init__(self, database: Database, node_id: str, node_name: str, clock: Clock, readings: Readings) -> None:
        self._database, self._node_id, self._node_name, self._clock = database, node_id, node_name, clock
        self._expected = readings.of(NODES_EXPECTED)
        self._counts: deque[int] = deque(maxlen=LOOKS_KEPT)
        self._is_agreed = False
        self._was_away = False
        self._task: asyncio.Task[None] | None = None
        self.fellows: Sequence[Fellow] = ()

    async def start(self) -> None:
        """Join, and stay until `stop`."""
        await self.look()
        self._task = asyncio.create_task(self._look_for_ever())

    async def stop(self) -> None:
        """Leave, so that the others need not keep a share back for us."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        try:
            async with self._database.transaction() as tx:
                await store.note_leaving(tx, self._node_id)
        except DependencyAway as error:
            _log.warning("leaving not noted", error=error)  # The others miss us within a minute.

    def fellowship(self) -> Fellowship:
        """Return how many nodes to reckon with."""
        return Fellowship(self._nodes, self._is_agreed)

    async def look(self) -> None:
        """Note that this node is alive and see who else is. While the store is away what was last known holds."""
        try:
            nodes_before = self._nodes
            await self._see()
            if self._nodes > nodes_before:
                await self._see()  # So that the others hear at once that we reckon with as many.
            self._was_away = False
        except DependencyAway as error:
            if not self._was_away:
                _log.warning("nodes not seen", error=error)
            self._was_away = True

    async def _look_for_ever(self) -> None:
        while True:
            await self._clock.sleep(LOOK_EVERY_SECONDS)
            try:
                await self.look()
            except Exception as error:
                _log.error("nodes not seen", error=error)  # The next look may go right.

    async def _see(self) -> None:
        async with self._database.transaction() as tx:
            self.fellows = await store.see_node(tx, self._node_id, self._node_name, nodes_known=self._nodes)
        self._counts.append(len(self.fellows))
        self._is_agreed = all(fellow.nodes_known >= self._nodes for fellow in self.fellows)

    @property
    def _nodes(self) -> int:
        return max(self._expected.value, *self._counts, 1)

"""Reconciling, beside nodes that answer, ship and store meanwhile."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from trinity_beast.clock import Clock
from trinity_beast.storage import Database
from trinity_beast.usage.reconciling import store
from trinity_beast.usage.reconciling.comparing import differences, engine_differs, lasting
from trinity_beast.usage.reconciling.model import Difference, EngineCount, InDatabase, Kind, OnSpool, Reconciled, Sought
from trinity_beast.usage.reconciling.spools import on_spools

SETTLE_SECONDS = 3.0
"""Between two looks: a batch on its way at the first, whose lane is further already, has arrived by the second."""


@dataclass(frozen=True, slots=True)
class _Looked:
    spool: OnSpool
    database: InDatabase
    differences: list[Difference]
    counter: Difference | None


class Reconciler:
    """Compares what it is given: the spools of these directories, and one database.

    The spool is read before the database: a record on its way from one to the other is then seen in both, never in none.
    Rows and what was noted of them are read in one snapshot, and are written in one transaction, so nothing is ever under way
    between those. `nodes` names whose spools these are, for empty ones do not say; `count` reads the engine of this process.
    """

    def __init__(
        self,
        database: Database,
        spools: Sequence[Path],
        clock: Clock,
        *,
        nodes: Sequence[str] = (),
        count: Callable[[], EngineCount] | None = None,
        settle_seconds: float = SETTLE_SECONDS,
    ) -> None:
        self._database, self._spools, self._clock = database, tuple(spools), clock
        self._nodes, self._count, self._settle_seconds = frozenset(nodes), count, settle_seconds
        self._turn = asyncio.Lock()

    async def reconcile(self, sought: Sought) -> Reconciled:
        """Return all that differs. One at a time: each reads every row of the days it compares.

        Raises:
            SpoolUnreadable: a spool cannot be read.
            DependencyAway: the database is not there, or took too long: ask for single days.
        """
        async with self._turn:
            looked = await self._look(sought)
            found = looked.differences
            if any(each.kind is Kind.SEQUENCE_GAP for each in found) or looked.counter is not None:
                await self._clock.sleep(self._settle_seconds)
                again = await self._look(sought)
                found = lasting(found, again.differences)
                if looked.counter is not None and again.counter is not None:
                    found.append(again.counter)
                looked = again
        return Reconciled(
            differences=tuple(found),
            nodes=tuple(sorted(looked.spool.nodes)),
            lanes=len(looked.database.lanes),
            days=tuple(looked.database.days),
            rows=looked.database.rows,
            waiting=looked.spool.records,
        )

    async def _look(self, sought: Sought) -> _Looked:
        before = self._count() if self._count is not None else None
        spool = await asyncio.to_thread(on_spools, self._spools)
        spool.nodes |= self._nodes
        async with self._database.transaction() as tx:
            database = await store.snapshot(tx, sought)
        counter = None
        if before is not None and self._count is not None and (not sought.node or sought.node == before.node):
            counter = engine_differs(before, spool, database, self._count())
        return _Looked(spool, database, differences(spool, database, sought), counter)

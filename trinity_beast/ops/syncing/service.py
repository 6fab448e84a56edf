"""One synchronisation at a time, step by step."""

from collections.abc import Sequence

from trinity_beast.clock import Clock
from trinity_beast.log import get_log
from trinity_beast.ops.errors import SyncRunning
from trinity_beast.ops.syncing import store
from trinity_beast.ops.syncing.model import Step, Synced, Tell
from trinity_beast.storage import Database

SECOND_NS = 1_000_000_000
_log = get_log("ops")


class Sync:
    """Brings the shared cache into step with the database. Cut off at any point, the next run goes on from what is noted."""

    def __init__(self, database: Database, steps: Sequence[Step], clock: Clock) -> None:
        """Run `steps` under a lock in `database`, whose transactions must be allowed to last as long as a synchronisation."""
        self._database, self._steps, self._clock = database, tuple(steps), clock

    async def run(self, *, is_full: bool = False, tell: Tell = lambda _step, _done, _of: None) -> list[Synced]:
        """Do every step in turn and return what each came to. `is_full` does all anew.

        Raises:
            SyncRunning: another process is at it.
            DependencyAway: the database or the cache is away.
        """
        async with self._database.statements() as alone:
            if not await store.locked(alone):
                raise SyncRunning
            try:
                done = [await self._step(step, is_full, tell) for step in self._steps]
            finally:
                await store.unlock(alone)
        _log.info("cache synchronised", is_full=is_full, **{each.name: dict(each.counts) for each in done})
        return done

    async def _step(self, step: Step, is_full: bool, tell: Tell) -> Synced:
        began_ns = self._clock.monotonic_ns()
        counts = await step.work(is_full, tell)
        return Synced(step.name, counts, (self._clock.monotonic_ns() - began_ns) / SECOND_NS)

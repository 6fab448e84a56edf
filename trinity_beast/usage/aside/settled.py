"""What was set aside and is dealt with: forgotten when rows of its time are."""

from datetime import timedelta

from trinity_beast.clock import Clock
from trinity_beast.parameters import Readings
from trinity_beast.storage import Database
from trinity_beast.usage import parameters
from trinity_beast.usage.aside import store

FORGOTTEN_AT_ONCE = 1_000


class Settled:
    """Forgets what waits for nobody any more, `usage_kept_days` after it was settled.

    Of a batch that was discarded the sequences stay, so that reconciling tells them as given up and not as lost; its bytes go.
    """

    def __init__(self, database: Database, clock: Clock, readings: Readings) -> None:
        self._database, self._clock = database, clock
        self._kept_days = readings.of(parameters.KEPT_DAYS)

    async def forget_old(self) -> int:
        """Forget what was settled longer ago than rows are kept; return of how many that was.

        Raises:
            DependencyAway: the database is away; what is forgotten by then stays so.
        """
        before, forgotten = self._clock.now() - timedelta(days=self._kept_days.value), 0
        while True:
            async with self._database.transaction() as tx:
                done = await store.forget_settled(tx, before, most=FORGOTTEN_AT_ONCE)
            forgotten += done
            if done < FORGOTTEN_AT_ONCE:
                return forgotten

"""The carrier within one process: the writer is asked at once. It is also how a writer process ends what a queue brought."""

from trinity_beast.clock import Clock
from trinity_beast.engine import UsageBatch
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings
from trinity_beast.storage import RowsRefused
from trinity_beast.usage import parameters
from trinity_beast.usage.model import Carried
from trinity_beast.usage.writer import Writer

PAUSE_SECONDS = 0.2
"""Before a refused batch is tried again: somebody may be changing a table just now. The second pause is twice as long, and so on."""
_log = get_log("usage")


class InPlace:
    """Stores batches in this process. One that the database refuses is tried a few times, then set aside with its evidence."""

    name = "in process"

    def __init__(self, writer: Writer, *, clock: Clock, readings: Readings | None = None) -> None:
        readings = readings or Readings()
        self._writer, self._clock = writer, clock
        self._tries_max = readings.of(parameters.TRIES_MAX)
        self._shipments_max = readings.of(parameters.SHIPMENTS_MAX)

    @property
    def shipments_max(self) -> int:
        """How many batches are stored at once."""
        return self._shipments_max.value

    async def carry(self, batch: UsageBatch) -> Carried:
        """Store a batch, or set it aside after `usage_tries_max` refusals.

        Raises:
            DependencyAway: the database is not there.
        """
        tries = 0
        while True:
            try:
                return Carried((await self._writer.store(batch)).records)
            except RowsRefused as error:
                tries += 1
                if tries >= self._tries_max.value:
                    await self._writer.set_aside(batch, reason=str(error), tries=tries)
                    place = {"node": batch.node, "thread": batch.thread, "first": batch.first_sequence, "records": batch.records}
                    _log.error("usage batch set aside", error=error, **place)
                    return Carried(0, is_set_aside=True)
            await self._clock.sleep(PAUSE_SECONDS * 2 ** (tries - 1))

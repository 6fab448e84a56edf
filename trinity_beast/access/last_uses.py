"""Notes when each key was used last: to the minute, many keys in one statement, never on the way of a request."""

import asyncio
from datetime import UTC, datetime

from trinity_beast.access.gate import CountsUse
from trinity_beast.access.parameters import KEY_USE_WRITE_SECONDS
from trinity_beast.access.service import Keys
from trinity_beast.clock import Clock
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings
from trinity_beast.storage import DependencyAway

KEYS_PER_WRITING = 10_000
"""Past this the rest of a minute's uses is lost, and counted: it is for whoever tidies up, not for whoever bills."""
MINUTE_NS = 60_000_000_000

_log = get_log("access")


class LastUses:
    """Writes now and then (`key_use_write_seconds`) which keys were used. What cannot be written is lost and counted, never piled up."""

    name = "last_uses"

    def __init__(
        self,
        counts: CountsUse,
        keys: Keys,
        clock: Clock,
        *,
        keys_per_writing: int = KEYS_PER_WRITING,
        readings: Readings | None = None,
    ) -> None:
        self._counts, self._keys, self._clock, self._most = counts, keys, clock, keys_per_writing
        self._every = (readings or Readings()).of(KEY_USE_WRITE_SECONDS)
        self._written_ns = 0
        self._task: asyncio.Task[None] | None = None
        self.written = self.lost = 0

    async def start(self) -> None:
        """Write from here on."""
        self._task = asyncio.create_task(self._write_for_ever())

    async def stop(self) -> None:
        """Write what the last minute brought."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._write()

    async def _write_for_ever(self) -> None:
        while True:
            await self._clock.sleep(self._every.value)
            await self._write()

    async def _write(self) -> None:
        since_ns, self._written_ns = self._written_ns, self._clock.monotonic_ns()
        used = self._counts.used_since(since_ns)
        noted, lost = used[: self._most], max(0, len(used) - self._most)
        try:
            if noted:
                await self._keys.note_last_uses({each.key_id: _minute(each.last_used_ns) for each in noted})
            self.written += len(noted)
        except DependencyAway as error:
            _log.warning("last uses not written", error=error, keys=len(noted))
            lost += len(noted)
        except Exception as error:
            _log.error("last uses not written", error=error, keys=len(noted))
            lost += len(noted)
        self.lost += lost


def _minute(unix_ns: int) -> datetime:
    return datetime.fromtimestamp(unix_ns // MINUTE_NS * 60, UTC)

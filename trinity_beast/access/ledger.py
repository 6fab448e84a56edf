"""Keeps what each key has used of its month, so that a restart does not give it back."""

import asyncio
from datetime import datetime

from trinity_beast.access.gate import Gate
from trinity_beast.access.roll import Roll
from trinity_beast.access.service import Keys
from trinity_beast.clock import Clock
from trinity_beast.log import get_log
from trinity_beast.storage import DependencyAway

WRITE_EVERY_SECONDS = 5.0

Month = tuple[int, datetime]
"""A key and the end of the month its count belongs to."""

_log = get_log("access")


class Ledger:
    """Writes the engine's counts to the store every few seconds, all keys in one statement.

    A killed process loses the counts since the last writing, never a request: each has its usage record in the spool.
    """

    name = "ledger"

    def __init__(self, gate: Gate, roll: Roll, keys: Keys, clock: Clock) -> None:
        self._gate, self._roll, self._keys, self._clock = gate, roll, keys, clock
        self._left_before: dict[Month, int] = {}
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Write from here on."""
        self._task = asyncio.create_task(self._write_for_ever())

    async def stop(self) -> None:
        """Write what is left to write."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._write()

    async def _write_for_ever(self) -> None:
        while True:
            await self._clock.sleep(WRITE_EVERY_SECONDS)
            try:
                await self._write()
            except Exception as error:
                _log.error("use not written", error=error)  # The next writing takes these counts along.

    async def _write(self) -> None:
        used, left_now = self._used_since()
        if used:
            try:
                await self._keys.add_use(used)
            except DependencyAway as error:
                _log.warning("use not written", error=error, keys=len(used))
                return  # The counts stay in the engine and are written together with the next.
        self._left_before = left_now

    def _used_since(self) -> tuple[dict[int, int], dict[Month, int]]:
        used: dict[int, int] = {}
        left_now: dict[Month, int] = {}
        for digest, grant in self._roll:
            standing = self._gate.standing(digest)
            if standing is None or standing.quota_left is None:
                continue
            month = (grant.key_id, grant.quota_resets_at)
            left_now[month] = standing.quota_left
            # A key that was let in since, or whose month is new, starts from what it was granted.
            spent = self._left_before.get(month, grant.quota_left) - standing.quota_left
            if spent > 0:
                used[grant.key_id] = spent
        return used, left_now

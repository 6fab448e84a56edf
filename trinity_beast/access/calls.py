"""Keeps account of every call of an operator: who, what, when, and what came of it. Never what was sent: it may hold a secret."""

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import datetime

from trinity_beast.audit import Audit, Note, Signature
from trinity_beast.clock import Clock
from trinity_beast.log import get_log
from trinity_beast.storage import DependencyAway

KIND = "call"
WAITING_MAX = 10_000
NOTES_AT_ONCE = 500
AGAIN_SECONDS = 3.0
_READS = frozenset(["GET", "HEAD"])
_log = get_log("access")


@dataclass(frozen=True, slots=True)
class Call:
    """One call, answered. `by` is nobody's name where the caller was not let in."""

    at: datetime
    by: str
    method: str
    path: str
    code: str
    status: int
    request_id: str
    milliseconds: float
    is_let_in: bool = True
    changes: bool = False
    """Whether its route declares that it changes something, whatever the method."""


class Calls:
    """Writes every call into the log at once, and what may have changed something into the trail soon after.

    While the database is away the trail's wait here, up to `WAITING_MAX`; of more the oldest are in the log alone, and counted.
    """

    name = "operators' calls"

    def __init__(self, audit: Audit, clock: Clock) -> None:
        self._audit, self._clock = audit, clock
        self._waiting: deque[Note] = deque()
        self._came = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.left_out = 0

    def note(self, call: Call) -> None:
        """Take note of a call. Never waits."""
        facts = {"code": call.code, "status": call.status, "request_id": call.request_id, "ms": call.milliseconds}
        _log.info("operator asked", by=call.by, method=call.method, path=call.path, **facts)
        if not call.is_let_in or (call.method in _READS and not call.changes):
            return
        if len(self._waiting) >= WAITING_MAX:
            self._waiting.popleft()
            self.left_out += 1
        self._waiting.append(Note(Signature(call.by, "", "asked"), KIND, f"{call.method} {call.path}", facts, call.at))
        self._came.set()

    async def start(self) -> None:
        """Write from here on."""
        self._task = asyncio.create_task(self._write_for_ever())

    async def stop(self) -> None:
        """Write what is left, if that can be done now."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._write()
        if self._waiting or self.left_out:
            _log.warning("calls not in the trail", calls=len(self._waiting) + self.left_out)

    async def _write_for_ever(self) -> None:
        while True:
            await self._came.wait()
            self._came.clear()
            while self._waiting and not await self._write():
                await self._clock.sleep(AGAIN_SECONDS)

    async def _write(self) -> bool:
        """Write what waits, the oldest first; whether all of it could be."""
        while self._waiting:
            notes = list(self._waiting)[:NOTES_AT_ONCE]
            try:
                await self._audit.keep_all(notes)
            except DependencyAway as error:
                _log.warning("calls not written", error=error, waiting=len(self._waiting))
                return False
            except Exception as error:
                # Whatever cannot be written must not keep the rest from it for ever; it is in the log.
                _log.error("calls not written", error=error, calls=len(notes))
                self.left_out += len(notes)
            for _ in range(min(len(notes), len(self._waiting))):
                self._waiting.popleft()
        return True

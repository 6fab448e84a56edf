"""Waiting with an end."""

import asyncio
from collections.abc import Callable


class Patience:
    """Something is awaited for so long and no longer. Starting anew forgets what was awaited before."""

    __slots__ = ("_handle", "_loop", "_seconds", "_then")

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float, then: Callable[[], None]) -> None:
        self._loop, self._seconds, self._then = loop, seconds, then
        self._handle: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Wait from now."""
        self.stop()
        self._handle = self._loop.call_later(self._seconds, self._then)

    def stop(self) -> None:
        """Wait no more."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

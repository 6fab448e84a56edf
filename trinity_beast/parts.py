"""What a node is made of: parts that start in order and stop in the opposite one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Protocol

from trinity_beast.log import get_log

STOP_SECONDS = 30.0
"""A part that has not stopped by then is left behind, so that one stuck part cannot keep the others from closing."""

_log = get_log("parts")


class Part(Protocol):
    """Something that runs while the node runs."""

    @property
    def name(self) -> str:
        """What the logs call it."""
        ...

    async def start(self) -> None:
        """Come up. When this returns, what it promises holds; when it raises, nothing of it is left running."""
        ...

    async def stop(self) -> None:
        """Finish what is in progress and let go of everything. Called once, only after a start that returned."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """A part made of two functions, for what starts and stops by other names."""

    name: str
    _: KW_ONLY
    up: Callable[[], Awaitable[object]] | None = None
    """None: it comes up at its first use."""
    down: Callable[[], Awaitable[object]] | None = None
    """None: it leaves nothing behind."""

    async def start(self) -> None:
        """Come up."""
        if self.up is not None:
            await self.up()

    async def stop(self) -> None:
        """Let go."""
        if self.down is not None:
            await self.down()


class Parts:
    """A list of parts as one: up in order, down in reverse."""

    def __init__(self, parts: Sequence[Part], *, stop_seconds: float = STOP_SECONDS) -> None:
        self._parts = tuple(parts)
        self._stop_seconds = stop_seconds
        self._started: list[Part] = []

    async def start(self) -> None:
        """Start every part in order. When one fails, those before it are stopped again and its error is raised."""
        for part in self._parts:
            try:
                await part.start()
            except BaseException:
                await self.stop()
                raise
            self._started.append(part)

    async def stop(self) -> list[str]:
        """Stop what was started, last first, and return the names of parts that failed at it or took too long."""
        unclean = []
        while self._started:
            part = self._started.pop()
            try:
                await asyncio.wait_for(part.stop(), self._stop_seconds)
            except Exception as error:
                _log.error("part not stopped", error=error, part=part.name)
                unclean.append(part.name)
        return unclean

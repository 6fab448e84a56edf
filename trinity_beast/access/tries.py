"""Holds the engine to the bounds on wrong keys that an operator has set."""

import asyncio
from typing import Protocol

from trinity_beast.access.parameters import (
    FAILED_KEYS_MAX,
    FAILED_KEYS_PAUSE_SECONDS,
    FAILED_KEYS_WINDOW_SECONDS,
    KEY_GUESSES_PER_SECOND,
)
from trinity_beast.clock import Clock
from trinity_beast.parameters import Readings

LOOK_EVERY_SECONDS = 1.0


class BoundedTries(Protocol):
    """Who counts wrong keys. `engine.Tries` is one."""

    def set_bounds(self, *, most: int, window_seconds: float, pause_seconds: float) -> None:
        """Go by other bounds from the next wrong key on."""
        ...

    def set_guesses(self, *, per_second: int) -> None:
        """Have no more than so many keys looked up in a second that turn out to be nobody's."""
        ...


class KeyTries:
    """Tells the engine the bounds at the start, and again within a second of their being turned."""

    name = "key_tries"

    def __init__(self, tries: BoundedTries, readings: Readings, clock: Clock) -> None:
        self._tries, self._clock = tries, clock
        self._most = readings.of(FAILED_KEYS_MAX)
        self._window, self._pause = readings.of(FAILED_KEYS_WINDOW_SECONDS), readings.of(FAILED_KEYS_PAUSE_SECONDS)
        self._guesses = readings.of(KEY_GUESSES_PER_SECOND)
        self._told: tuple[int, float, float, int] | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Tell the bounds, and watch them from here on."""
        self._tell()
        self._task = asyncio.create_task(self._tell_for_ever())

    async def stop(self) -> None:
        """Stop watching."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _tell_for_ever(self) -> None:
        while True:
            await self._clock.sleep(LOOK_EVERY_SECONDS)
            self._tell()

    def _tell(self) -> None:
        bounds = (self._most.value, self._window.value, self._pause.value, self._guesses.value)
        if bounds != self._told:
            self._tries.set_bounds(most=bounds[0], window_seconds=bounds[1], pause_seconds=bounds[2])
            self._tries.set_guesses(per_second=bounds[3])
            self._told = bounds

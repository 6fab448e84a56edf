"""The one place that reads the time."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Time as every part of the program sees it. Handed in, so that a test can own it."""

    def now(self) -> datetime:
        """Return the wall clock's time, aware, in UTC."""
        ...

    def time_ns(self) -> int:
        """Return the wall clock's time in Unix nanoseconds. It may step; never reckon a duration with it."""
        ...

    def monotonic_ns(self) -> int:
        """Return nanoseconds since some fixed moment, those the machine slept through included. Never steps back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds`, or not at all when it is zero or less."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Return the wall clock's time, aware, in UTC."""
        return datetime.now(UTC)

    def time_ns(self) -> int:
        """Return the wall clock's time in Unix nanoseconds."""
        return time.time_ns()

    def monotonic_ns(self) -> int:
        """Return nanoseconds since the machine started, by the same clock the engine reckons ages with."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds`."""
        await asyncio.sleep(max(0.0, seconds))


async def pause(clock: Clock, seconds: float | None, *, until: asyncio.Event | None = None) -> None:
    """Wait until `until` is set, at most `seconds` by `clock`; without an end where `seconds` is None.

    The event is left as it is. Others have their turn even where it is set already.
    """
    assert seconds is not None or until is not None, "a pause ends by its time or by an event"
    waiting: list[asyncio.Future[object]] = []
    if until is not None:
        waiting.append(asyncio.ensure_future(until.wait()))
    if seconds is not None:
        waiting.append(asyncio.ensure_future(clock.sleep(seconds)))
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()

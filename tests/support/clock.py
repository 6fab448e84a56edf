"""A clock that stands still until a test moves it."""

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 20, 7, 40, tzinfo=UTC)
SECOND_NS = 1_000_000_000
TURNS_AFTER_WAKING = 20
"""How many turns of the event loop `let_pass` gives what it woke, so that it can come to its next sleep."""


class ManualClock:
    """Keeps `trinity_beast.clock.Clock`; time passes only through `advance`, `let_pass` and `step_wall`."""

    def __init__(self, start: datetime = START) -> None:
        self._wall_ns = round(start.timestamp()) * SECOND_NS + start.microsecond * 1000
        self._monotonic_ns = 1_000 * SECOND_NS
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._slept = asyncio.Event()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._wall_ns // SECOND_NS, UTC) + timedelta(microseconds=self._wall_ns % SECOND_NS // 1000)

    def time_ns(self) -> int:
        return self._wall_ns

    def monotonic_ns(self) -> int:
        return self._monotonic_ns

    async def sleep(self, seconds: float) -> None:
        """Return once the clock has been moved `seconds` further."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._monotonic_ns + round(seconds * SECOND_NS), next(self._order), future))
        self._slept.set()
        await future

    @property
    def sleepers(self) -> int:
        """How many tasks wait for this clock."""
        return sum(not future.done() for _, _, future in self._sleepers)

    async def wait_for_sleepers(self, count: int = 1, *, within_seconds: float = 5.0) -> None:
        """Return once at least `count` tasks wait for this clock; real time bounds it."""
        async with asyncio.timeout(within_seconds):
            while self.sleepers < count:
                self._slept.clear()
                await self._slept.wait()

    def advance(self, duration: timedelta | float) -> None:
        """Move wall and monotonic time together, by a timedelta or seconds, and wake whoever is due.

        The woken run when the test next awaits; a loop that sleeps again meanwhile is not woken twice (see `let_pass`).
        """
        self._advance_ns(_nanoseconds(duration))

    def _advance_ns(self, amount_ns: int) -> None:
        assert amount_ns >= 0, "time does not run backwards; see step_wall"
        self._wall_ns += amount_ns
        self._monotonic_ns += amount_ns
        while self._sleepers and self._sleepers[0][0] <= self._monotonic_ns:
            _, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)

    async def let_pass(self, duration: timedelta | float) -> None:
        """Move time sleeper by sleeper, letting each woken task run on to its next sleep before the next moment comes."""
        end_ns = self._monotonic_ns + _nanoseconds(duration)
        while self._monotonic_ns < end_ns:
            self._sleepers = [sleeper for sleeper in self._sleepers if not sleeper[2].done()]
            heapq.heapify(self._sleepers)
            due_ns = min(self._sleepers[0][0] if self._sleepers else end_ns, end_ns)
            self._advance_ns(max(due_ns - self._monotonic_ns, 0))
            for _ in range(TURNS_AFTER_WAKING):
                await asyncio.sleep(0)

    def step_wall(self, duration: timedelta | float) -> None:
        """Jump the wall clock alone, either way, as an operator or NTP would. Nobody is woken."""
        self._wall_ns += _nanoseconds(duration)


def _nanoseconds(duration: timedelta | float) -> int:
    return round((duration.total_seconds() if isinstance(duration, timedelta) else duration) * SECOND_NS)

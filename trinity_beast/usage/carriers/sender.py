"""Sending messages to the queue: together where several are ready, again where it does not answer."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from trinity_beast.clock import Clock
from trinity_beast.cloud import CALL_BYTES_MAX, Queue
from trinity_beast.parameters import Readings
from trinity_beast.randomness import Dice
from trinity_beast.storage import DependencyAway
from trinity_beast.usage import parameters

CALLS_AT_ONCE = 4
TRIES_MAX = 4
PAUSE_SECONDS = 0.1


@dataclass(slots=True)
class _Parcel:
    body: str
    taken: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Sender:
    """Sends messages in calls of up to `sqs_batch_size` and 256 KB. Whoever sends waits until the queue has taken his."""

    def __init__(self, queue: Queue, *, clock: Clock, dice: Dice, readings: Readings) -> None:
        self._queue, self._clock, self._dice = queue, clock, dice
        self._size = readings.of(parameters.SQS_BATCH_SIZE)
        self._flush_ms = readings.of(parameters.SQS_FLUSH_MS)
        self._open: list[_Parcel] = []
        self._timer: asyncio.Task[None] | None = None
        self._calls = asyncio.Semaphore(CALLS_AT_ONCE)
        self._sending: set[asyncio.Task[None]] = set()

    async def send(self, body: str) -> None:
        """Send a message and return once the queue has it.

        Raises:
            DependencyAway: the queue did not take it, however often it was tried.
        """
        if sum(len(parcel.body) for parcel in self._open) + len(body) > CALL_BYTES_MAX:
            self._flush()
        parcel = _Parcel(body)
        self._open.append(parcel)
        if len(self._open) >= self._size.value:
            self._flush()
        elif self._timer is None:
            self._timer = asyncio.create_task(self._flush_later())
        await parcel.taken

    async def close(self) -> None:
        """Send nothing more. Who still waits is told that the queue is away."""
        tasks = [*self._sending, *([self._timer] if self._timer else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._settle(self._open, DependencyAway(part="queue", reason="this node stops"))
        self._open = []

    async def _flush_later(self) -> None:
        await self._clock.sleep(self._flush_ms.value / 1_000)
        self._timer = None
        self._flush()

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._open:
            task = asyncio.create_task(self._deliver(self._open))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
            self._open = []

    async def _deliver(self, parcels: Sequence[_Parcel]) -> None:
        left, error = list(parcels), DependencyAway(part="queue", reason="it does not take the message")
        try:
            async with self._calls:
                for tried in range(TRIES_MAX):
                    if tried:
                        # Jitter: a queue that comes back must not meet every node in the same instant.
                        await self._clock.sleep(PAUSE_SECONDS * 2**tried * self._dice.uniform(0.5, 1.0))
                    try:
                        refused = await self._queue.send([parcel.body for parcel in left])
                    except DependencyAway as away:
                        error = away
                        continue
                    self._settle([parcel for place, parcel in enumerate(left) if place not in refused], None)
                    left = [left[place] for place in refused]
                    if not left:
                        return
        finally:
            self._settle(left, error)

    @staticmethod
    def _settle(parcels: Sequence[_Parcel], error: DependencyAway | None) -> None:
        for parcel in parcels:
            if parcel.taken.done():
                continue
            if error is None:
                parcel.taken.set_result(None)
            else:
                parcel.taken.set_exception(error)

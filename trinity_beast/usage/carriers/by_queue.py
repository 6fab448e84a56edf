"""The carrier through a queue: writers elsewhere store the batches, and the database tells us that they have."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from trinity_beast.clock import Clock
from trinity_beast.cloud import CALL_BYTES_MAX, Backlog, Queue
from trinity_beast.engine import UsageBatch
from trinity_beast.parameters import Readings
from trinity_beast.randomness import Dice
from trinity_beast.storage import DependencyAway
from trinity_beast.usage import parameters
from trinity_beast.usage.carriers.sender import Sender
from trinity_beast.usage.envelope import sealed
from trinity_beast.usage.ledger import Ledger
from trinity_beast.usage.model import BatchName, Carried
from trinity_beast.usage.pace import Pace
from trinity_beast.usage.writer import batch_of, name_of

PATIENCE_SECONDS = 10.0
"""How long one call waits for the writers; after it the shipper looks at what else there is to do, and asks again."""
LOOK_SECONDS, LOOK_SECONDS_MAX = 0.05, 1.0
RESEND_SECONDS_MAX = 3_600.0
SHIPMENTS_MAX = 8
SECOND_NS = 1_000_000_000


@dataclass(slots=True)
class _Sent:
    """A batch on its way: in which pieces, how often it was sent, and when it counts as lost."""

    records: int
    pieces: set[BatchName]
    times: int
    lost_ns: int
    settled: asyncio.Event = field(default_factory=asyncio.Event)


class ByQueue:
    """Sends batches to the queue, and waits until the database says that they are stored. A `Part`.

    That the queue took a message means little: it may lose it, and a writer may die with it. So a batch that is not stored
    within `usage_resend_seconds` is sent again. What is on its way is bounded, so that a queue nobody reads stays small and
    the spool, which has a bound of its own, holds the rest.
    """

    name = "queue"
    shipments_max = SHIPMENTS_MAX

    def __init__(self, queue: Queue, ledger: Ledger, *, clock: Clock, dice: Dice, readings: Readings | None = None) -> None:
        readings = readings or Readings()
        self._queue, self._ledger, self._clock = queue, ledger, clock
        self._sender = Sender(queue, clock=clock, dice=dice, readings=readings)
        self._buffer_records = readings.of(parameters.SQS_BUFFER_SIZE)
        self._resend_seconds = readings.of(parameters.RESEND_SECONDS)
        self._sent: dict[BatchName, _Sent] = {}
        self._moved = asyncio.Condition()
        self._watching: asyncio.Task[None] | None = None
        self.resent = 0
        self._pace = Pace(clock.monotonic_ns())

    @property
    def sent_per_second(self) -> float:
        """How many records went to the queue a second, over the last minute."""
        return self._pace.per_second(self._clock.monotonic_ns())

    @property
    def records_under_way(self) -> int:
        """How many records were sent and are not known to be stored."""
        return sum(sent.records for sent in self._sent.values() if not sent.settled.is_set())

    async def start(self) -> None:
        """Look from here on what has become of what was sent."""
        self._watching = asyncio.create_task(self._watch(), name="usage ledger")

    async def stop(self) -> None:
        """Send and look no more. What is on its way is stored all the same, and sent again by the next start."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await self._sender.close()
        await self._queue.close()

    async def backlog(self) -> Backlog:
        """Return how much the queue holds.

        Raises:
            DependencyAway: the queue does not answer.
        """
        return await self._queue.backlog()

    async def carry(self, batch: UsageBatch) -> Carried:
        """Have a batch stored by some writer.

        Raises:
            DependencyAway: the queue did not take it, or no writer has stored it yet.
        """
        name = name_of(batch)
        sent = self._sent.get(name)
        if sent is None or self._is_lost(sent):
            sent = await self._send(name, batch)
        await self._stored(sent)
        self._sent.pop(name, None)
        return Carried(batch.records)

    async def _send(self, name: BatchName, batch: UsageBatch) -> _Sent:
        sent = await self._noted(name, batch.records)
        messages = await asyncio.to_thread(_messages_of, batch)
        sent.pieces = {piece for piece, _ in messages}
        try:
            await asyncio.gather(*[self._sender.send(text) for _, text in messages])
        except DependencyAway:
            sent.lost_ns = 0  # Some may be on their way; to send them twice does no harm.
            raise
        self._pace.note(batch.records, self._clock.monotonic_ns())
        return sent

    async def _noted(self, name: BatchName, records: int) -> _Sent:
        """Note a batch as on its way, once there is room for it.

        Raises:
            DependencyAway: there is none.
        """

        def has_room() -> bool:
            under_way = sum(sent.records for sent in self._sent.values() if not (sent.settled.is_set() or self._is_lost(sent)))
            return under_way == 0 or under_way + records <= self._buffer_records.value

        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._moved:
                await self._moved.wait_for(has_room)
                times = self._sent[name].times + 1 if name in self._sent else 1
                self.resent += times > 1
                sent = self._sent[name] = _Sent(records, {name}, times, self._lost_ns(times))
                self._moved.notify_all()
        except TimeoutError as error:
            raise DependencyAway(part="usage writers", reason="too much is on its way through the queue already") from error
        return sent

    @staticmethod
    async def _stored(sent: _Sent) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await sent.settled.wait()
        except TimeoutError as error:
            raise DependencyAway(part="usage writers", reason="sent to the queue and not stored yet") from error

    async def _watch(self) -> None:
        pause = LOOK_SECONDS
        while True:
            async with self._moved:
                await self._moved.wait_for(lambda: any(not sent.settled.is_set() for sent in self._sent.values()))
            try:
                has_moved = await self._look()
            except DependencyAway:
                has_moved = False
            pause = LOOK_SECONDS if has_moved else min(pause * 2, LOOK_SECONDS_MAX)
            await self._clock.sleep(pause)

    async def _look(self) -> bool:
        """Ask the ledger about all that is on its way; whether anything was settled."""
        waiting = [sent for sent in self._sent.values() if not sent.settled.is_set()]
        settled = await self._ledger.settled([piece for sent in waiting for piece in sent.pieces])
        for sent in waiting:
            sent.pieces -= settled
            if not sent.pieces:
                sent.settled.set()
        self._forget_old()
        async with self._moved:
            self._moved.notify_all()
        return bool(settled)

    def _forget_old(self) -> None:
        """Forget what nobody asks about any more, as after the batches were cut otherwise: the shipper has its file."""
        now_ns = self._clock.monotonic_ns()
        long_lost = [name for name, sent in self._sent.items() if 0 < sent.lost_ns < now_ns - round(RESEND_SECONDS_MAX * SECOND_NS)]
        for name in long_lost:
            del self._sent[name]

    def _is_lost(self, sent: _Sent) -> bool:
        return not sent.settled.is_set() and self._clock.monotonic_ns() >= sent.lost_ns

    def _lost_ns(self, times: int) -> int:
        seconds = min(self._resend_seconds.value * 2.0 ** min(times - 1, 20), RESEND_SECONDS_MAX)
        return self._clock.monotonic_ns() + round(seconds * SECOND_NS)


def _messages_of(batch: UsageBatch) -> Sequence[tuple[BatchName, str]]:
    """Return the batch as messages a queue takes, cut where one would be too large, each with the name of its piece."""
    text = sealed(batch_of(batch, batch.packed()))
    if len(text) <= CALL_BYTES_MAX:
        return [(name_of(batch), text)]
    assert batch.records > 1, "a single record is a few hundred bytes"
    # By its own size, and a little smaller: pieces of the same number of records are not of quite the same size.
    pieces = len(text) * 11 // (CALL_BYTES_MAX * 10) + 1
    smaller = batch.cut(records_max=-(-batch.records // pieces))
    return [message for piece in smaller for message in _messages_of(piece)]

"""The receiver: takes messages from the queue, has what they carry stored, and only then has the queue forget them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from trinity_beast.clock import Clock
from trinity_beast.cloud import Queue, Received
from trinity_beast.engine import UsageBatch
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings
from trinity_beast.randomness import Dice
from trinity_beast.storage import DependencyAway
from trinity_beast.usage import parameters
from trinity_beast.usage.aside.service import Aside
from trinity_beast.usage.carriers import InPlace
from trinity_beast.usage.envelope import EnvelopeUnreadable, opened
from trinity_beast.usage.model import Carried
from trinity_beast.usage.pace import Pace
from trinity_beast.usage.writer import name_of

POLL_SECONDS = 5
"""How long the queue may wait with its answer where it has no message: also how long an idle receiver takes to stop."""
RECEIPTS_MAX = 20
"""A batch given out oftener, and never stored, ends whoever stores it: it is set aside before it is tried once more."""
PAUSE_SECONDS = 0.1
DELETE_TRIES = 3
_log = get_log("usage")


@dataclass(slots=True)
class Taken:
    """What was done since the start."""

    messages: int = 0
    records: int = 0
    known: int = 0
    set_aside: int = 0
    failures: int = 0


class Receiver:
    """Empties the queue, a few messages at a time, as often at once as `usage_receivers` says. A `Part`.

    A message is deleted after its batch is stored, or it is kept where a person can see it. Whatever dies before that
    leads to the message being given out again, and to a batch the database knows by its sequences.
    """

    name = "usage receiver"

    def __init__(self, queue: Queue, carrier: InPlace, aside: Aside, *, clock: Clock, dice: Dice, readings: Readings | None = None) -> None:
        readings = readings or Readings()
        self._queue, self._carrier, self._aside, self._clock, self._dice = queue, carrier, aside, clock, dice
        self._receivers = readings.of(parameters.RECEIVERS)
        self._hold_seconds = readings.of(parameters.HOLD_SECONDS)
        self._retry_most = readings.of(parameters.RETRY_SECONDS_MAX)
        self._turns = asyncio.Semaphore(carrier.shipments_max)
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.taken = Taken()
        self._pace = Pace(clock.monotonic_ns())
        self.away = ""
        """Why nothing can be received or stored just now; empty while all is well."""

    @property
    def stored_per_second(self) -> float:
        """How many records this stored a second, over the last minute."""
        return self._pace.per_second(self._clock.monotonic_ns())

    async def start(self) -> None:
        """Receive from here on."""
        self._tasks = [asyncio.create_task(self._receive_for_ever(), name=self.name) for _ in range(self._receivers.value)]

    async def stop(self) -> None:
        """Take no more messages, and finish what is in hand; what cannot be finished is given back."""
        self._stopping.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._queue.close()

    async def receive(self, *, wait_seconds: int = 0) -> int:
        """Take what the queue gives in one call, do it, and return how many messages that were.

        Raises:
            DependencyAway: the queue does not answer.
        """
        messages = await self._queue.receive(wait_seconds=wait_seconds, visible_after_seconds=self._hold_seconds.value)
        if messages:
            await self._handle(messages)
        return len(messages)

    async def _receive_for_ever(self) -> None:
        pause = PAUSE_SECONDS
        while not self._stopping.is_set():
            try:
                await self.receive(wait_seconds=POLL_SECONDS)
                self.away, pause = "", PAUSE_SECONDS
                continue
            except DependencyAway as error:
                self._note_away(error)
            except Exception as error:
                _log.error("usage receiver stumbled", error=error)
                self.taken.failures += 1
            await self._rest(pause * self._dice.uniform(0.5, 1.0))
            pause = min(pause * 2, self._retry_most.value)

    async def _handle(self, messages: Sequence[Received]) -> None:
        holding = asyncio.create_task(self._hold(messages))
        try:
            done = await asyncio.gather(*[self._finish(message) for message in messages])
        finally:
            holding.cancel()
        finished = [message for message, is_done in zip(messages, done, strict=True) if is_done]
        left = [message for message, is_done in zip(messages, done, strict=True) if not is_done]
        self.taken.messages += len(finished)
        await self._tried_to(partial(self._delete, finished), "usage messages not deleted")
        if self._stopping.is_set():
            await self._tried_to(partial(self._give_back, left), "usage messages not given back")

    async def _finish(self, message: Received) -> bool:
        """Have what a message carries stored or set aside; whether the queue may forget it."""
        try:
            batch = await asyncio.to_thread(_batch_in, message.body)
        except EnvelopeUnreadable as error:
            return await self._insisted(partial(self._keep, message, error))
        return await self._insisted(partial(self._store, message, batch))

    async def _keep(self, message: Received, error: EnvelopeUnreadable) -> None:
        await self._aside.keep_message(message.message_id, message.body, error, tries=message.receipts)
        self.taken.set_aside += 1

    async def _store(self, message: Received, batch: UsageBatch) -> None:
        if message.receipts > RECEIPTS_MAX:
            stored = await self._aside.last_try(batch, receipts=message.receipts)
            carried = Carried(stored or 0, is_set_aside=stored is None)
        else:
            carried = await self._carrier.carry(batch)
        self.taken.records += carried.records
        self._pace.note(carried.records, self._clock.monotonic_ns())
        self.taken.set_aside += carried.is_set_aside
        self.taken.known += 0 if carried.is_set_aside else batch.records - carried.records

    async def _insisted(self, work: Callable[[], Awaitable[None]]) -> bool:
        """Do `work`, again and again while the database is away; whether it was done before we were told to stop."""
        pause = PAUSE_SECONDS
        while True:
            try:
                async with self._turns:
                    await work()
            except DependencyAway as error:
                self._note_away(error)
            except Exception as error:
                # The queue gives it out again, here or elsewhere, until it has done so too often.
                _log.error("usage message not handled", error=error)
                self.taken.failures += 1
                return False
            else:
                self.away = ""
                return True
            if self._stopping.is_set():
                return False
            # Jitter: a database that comes back must not meet every writer in the same instant.
            await self._rest(pause * self._dice.uniform(0.5, 1.0))
            pause = min(pause * 2, self._retry_most.value)

    async def _hold(self, messages: Sequence[Received]) -> None:
        """Keep messages from others for as long as this runs."""
        while True:
            await self._clock.sleep(self._hold_seconds.value / 3)
            await self._tried_to(partial(self._queue.hold, messages, seconds=self._hold_seconds.value), "usage messages not held")

    async def _delete(self, messages: Sequence[Received]) -> None:
        left = messages
        for tried in range(DELETE_TRIES):
            if not left:
                return
            if tried:
                await self._clock.sleep(PAUSE_SECONDS)
            left = await self._queue.delete(left)

    async def _give_back(self, messages: Sequence[Received]) -> None:
        if messages:
            await self._queue.hold(messages, seconds=0)

    async def _tried_to(self, work: Callable[[], Awaitable[None]], event: str) -> None:
        """Do what is of use and not needed: without it a message is given out once more, and its batch is known."""
        try:
            await work()
        except DependencyAway as error:
            _log.warning(event, error=error)
            self.taken.failures += 1

    def _note_away(self, error: DependencyAway) -> None:
        if not self.away:
            _log.warning("usage waits", error=error)
        self.away = str(error)
        self.taken.failures += 1

    async def _rest(self, seconds: float) -> None:
        """Wait, at most until we are told to stop."""
        waits = [asyncio.ensure_future(self._clock.sleep(seconds)), asyncio.ensure_future(self._stopping.wait())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()


def _batch_in(message: str) -> UsageBatch:
    """Return the batch a message carries.

    Raises:
        EnvelopeUnreadable: it carries none, or not the one it says.
    """
    told = opened(message)
    try:
        batch = UsageBatch.unpacked(told.packed)
    except ValueError as error:
        raise EnvelopeUnreadable(str(error)) from error
    if (name_of(batch), batch.records) != (told.name, told.records):
        raise EnvelopeUnreadable("its batch is another one than it says")
    return batch

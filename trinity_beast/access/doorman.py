"""Answers the engine's questions about keys it has not heard of, and keeps those it has let in true."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from trinity_beast.access.admission import in_month_of
from trinity_beast.access.gate import Gate, Questions, Resolves
from trinity_beast.access.model import Grant, Refused
from trinity_beast.access.months import next_month
from trinity_beast.access.roll import SECOND_NS, Roll
from trinity_beast.clock import Clock
from trinity_beast.log import get_log
from trinity_beast.storage import DependencyAway

AWAY = DependencyAway.code
_log = get_log("access")


@dataclass(frozen=True, slots=True)
class Patience:
    """The doorman's bounds. Past `kept_max` keys, those that are idle are forgotten when their cache lifetime ends.

    After a look that found nobody, as in a flood of random keys, questions are heard `gather_seconds` later: a look costs far more
    than one key more in it, and so does every waking for a single question.
    A question that comes up to `late_seconds` after its key was refused was asked before; `late_max` of these are remembered.
    """

    looks_max: int = 4
    digests_per_look: int = 128
    gather_seconds: float = 0.02
    look_seconds: float = 3.0
    round_seconds: float = 1.0
    retry_seconds: float = 5.0
    kept_max: int = 20_000
    late_seconds: float = 1.0
    late_max: int = 8_192


@dataclass(slots=True)
class Tally:
    """What the doorman has done since it started."""

    questions: int = 0
    looks: int = 0
    digests: int = 0
    away: int = 0


class Doorman:
    """Looks a key up once, however many requests carry it, and lets them go on together.

    While the store is away unknown keys are told so and known ones stay. A key is looked at again when its tier's cache
    lifetime ends, at the turn of the month, and when somebody changed it (`changed`). Its new month begins without a look.
    """

    name = "doorman"

    def __init__(self, gate: Gate, questions: Questions, keys: Resolves, clock: Clock, patience: Patience | None = None) -> None:
        self._gate, self._questions, self._keys, self._clock = gate, questions, keys, clock
        self._patience = patience or Patience()
        self._tickets: dict[bytes, list[int]] = {}
        self._askers: dict[bytes, list[asyncio.Future[str | None]]] = {}
        self._wanted: asyncio.Queue[bytes] = asyncio.Queue()
        self._answers: list[tuple[int, str | None]] = []
        self._queued: set[bytes] = set()
        self._in_look: set[bytes] = set()
        self._again: set[bytes] = set()
        self._found_nobody = False
        self._refused_lately: OrderedDict[bytes, tuple[str, int]] = OrderedDict()
        self._tasks: list[asyncio.Task[None]] = []
        self._looks: set[asyncio.Task[Mapping[bytes, Grant | Refused]]] = set()
        self.roll = Roll()
        self.tally = Tally()

    async def start(self) -> None:
        """Answer from here on."""
        lookers = [self._look_for_ever() for _ in range(self._patience.looks_max)]
        self._tasks = [asyncio.create_task(each) for each in [self._hear_for_ever(), *lookers, self._make_rounds()]]

    async def stop(self) -> None:
        """Stop answering; whoever still waits is told that the store is away."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._looks, return_exceptions=True)
        for digest in [*self._tickets, *self._askers]:
            self._answer(digest, AWAY)
        self._send_answers()

    async def ask(self, digest: bytes) -> str | None:
        """Have a key looked up for a request that Python answers; return the code it is refused with, or None once it is let in."""
        answered: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._askers.setdefault(digest, []).append(answered)
        if digest not in self._in_look:
            self._want(digest)
        return await answered

    def grant_of(self, digest: bytes) -> Grant | None:
        """Return what a key was let in with, or None when it is not let in."""
        return self.roll.grant_of(digest)

    def changed(self, digest: bytes) -> None:
        """Hear that a key was issued, changed or ended: effective as soon as one look has been made."""
        self._refused_lately.pop(digest, None)
        if digest in self._in_look:
            self._again.add(digest)  # What the look under way brings may be from before the change.
        elif digest in self.roll or digest in self._queued:
            self._want(digest)
        else:
            self._gate.forget(digest)  # It may be remembered as invalid; the next request asks.

    def tier_changed(self, tier: str) -> None:
        """Hear that a tier's values were changed."""
        for digest in self.roll.of_tier(tier):
            self.changed(digest)
        self._again |= self._in_look

    async def _hear_for_ever(self) -> None:
        while True:
            await self._asked()
            self._hear()
            if self._found_nobody:
                await self._clock.sleep(self._patience.gather_seconds)

    async def _asked(self) -> None:
        """Wait until there are questions."""
        loop, asked = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._questions.fileno(), asked.set)
        try:
            await asked.wait()
        finally:
            loop.remove_reader(self._questions.fileno())

    def _hear(self) -> None:
        for ticket, digest in self._questions.take():
            self.tally.questions += 1
            if self._is_told_already(ticket, digest):
                continue
            self._tickets.setdefault(digest, []).append(ticket)
            if digest not in self._in_look:
                self._want(digest)
        self._send_answers()

    def _is_told_already(self, ticket: int, digest: bytes) -> bool:
        """Answer a question that was asked while its key's look came to its end: another look would find the same."""
        code, until_ns = self._refused_lately.get(digest, (None, 0))
        if self._clock.monotonic_ns() >= until_ns or digest in self._in_look:
            return False
        self._answers.append((ticket, code))
        return True

    def _want(self, digest: bytes) -> None:
        if digest not in self._queued:
            self._queued.add(digest)
            self._wanted.put_nowait(digest)

    async def _look_for_ever(self) -> None:
        while True:
            digests = [await self._wanted.get()]
            while len(digests) < self._patience.digests_per_look and not self._wanted.empty():
                digests.append(self._wanted.get_nowait())
            self._queued.difference_update(digests)
            self._in_look.update(digests)
            found = await self._look(digests)
            self._found_nobody = found is not None and not any(isinstance(one, Grant) for one in found.values())
            self._in_look.difference_update(digests)
            for digest in digests:
                if digest in self._again:
                    self._again.discard(digest)
                    self._want(digest)
                else:
                    self._tell_safely(digest, None if found is None else found.get(digest))
            self._send_answers()

    async def _look(self, digests: list[bytes]) -> Mapping[bytes, Grant | Refused] | None:
        """Ask the store, or return None when it is away, too slow, or fails in a way nobody foresaw."""
        self.tally.looks += 1
        self.tally.digests += len(digests)
        look = asyncio.create_task(self._keys.resolve(digests))
        late = asyncio.create_task(self._clock.sleep(self._patience.look_seconds))
        self._looks.add(look)
        look.add_done_callback(self._end_look)
        try:
            await asyncio.wait({look, late}, return_when=asyncio.FIRST_COMPLETED)
            if look.done():
                return look.result()
        except DependencyAway as error:
            _log.warning("keys not looked up", error=error, keys=len(digests))
        except Exception as error:
            # Requests wait for the answer: a fault of ours must cost them an error, not their time-out.
            _log.error("keys not looked up", error=error, keys=len(digests))
        finally:
            for task in (look, late):
                task.cancel()
        self.tally.away += 1
        return None

    def _end_look(self, look: asyncio.Task[Mapping[bytes, Grant | Refused]]) -> None:
        self._looks.discard(look)
        if not look.cancelled():
            look.exception()  # One that came too late has nobody left to read it.

    def _tell_safely(self, digest: bytes, found: Grant | Refused | None) -> None:
        try:
            self._tell(digest, found)
        except Exception as error:
            # A tier somebody gave an absurd rate is refused by the engine; that must not cost every other key its doorman.
            _log.error("key not told", error=error, key_id=found.key_id if isinstance(found, Grant) else 0)
            self._answer(digest, AWAY)

    def _tell(self, digest: bytes, found: Grant | Refused | None) -> None:
        match found:
            case Grant():
                self._let_in(digest, found)
                self._answer(digest, None)
            case Refused():
                self._gate.refuse(digest, found.code, seconds=found.remember_seconds)
                self._note_refused(digest, found)
                self.roll.forget(digest)
                self._answer(digest, found.code)
            case None:
                self._keep_as_is(digest)
                self._answer(digest, AWAY)

    def _note_refused(self, digest: bytes, found: Refused) -> None:
        seconds = min(found.remember_seconds, self._patience.late_seconds)
        self._refused_lately.pop(digest, None)
        self._refused_lately[digest] = (found.code, self._clock.monotonic_ns() + round(seconds * SECOND_NS))
        while len(self._refused_lately) > self._patience.late_max:
            self._refused_lately.popitem(last=False)

    def _let_in(self, digest: bytes, grant: Grant) -> None:
        self._gate.admit(digest, grant)
        month_left = (grant.quota_resets_at - self._clock.now()).total_seconds()
        self._due_in(digest, grant, min(float(grant.cache_seconds), max(month_left, 0.0)))

    def _keep_as_is(self, digest: bytes) -> None:
        grant = self.roll.grant_of(digest)
        if grant is not None:
            self._due_in(digest, grant, self._patience.retry_seconds)

    def _due_in(self, digest: bytes, grant: Grant, seconds: float) -> None:
        self.roll.admit(digest, grant, due_ns=self._clock.monotonic_ns() + round(seconds * SECOND_NS))

    def _answer(self, digest: bytes, refusal: str | None) -> None:
        self._answers.extend((ticket, refusal) for ticket in self._tickets.pop(digest, ()))
        for answered in self._askers.pop(digest, ()):
            if not answered.done():
                answered.set_result(refusal)

    def _send_answers(self) -> None:
        """Send what has been answered, all at once, for each sending wakes the engine's threads."""
        answers, self._answers = self._answers, []
        if answers:
            self._questions.answer_all(answers)

    async def _make_rounds(self) -> None:
        while True:
            now = self._clock.now()
            await self._clock.sleep(min(self._patience.round_seconds, (next_month(now) - now).total_seconds()))
            for digest in self.roll.due(self._clock.monotonic_ns()):
                self._begin_month(digest)
                # Room is made only where it is needed: a key that is kept goes on answering while the store is away.
                if len(self.roll) > self._patience.kept_max and self._is_idle(digest):
                    self._gate.forget(digest)
                    self.roll.forget(digest)
                else:
                    self._want(digest)

    def _begin_month(self, digest: bytes) -> None:
        """Let a key into the month that has begun, by what is known of it: the store may be away, and looks take their time."""
        grant = self.roll.grant_of(digest)
        if grant is not None and (begun := in_month_of(grant, self._clock.now())) is not grant:
            self._gate.admit(digest, begun)
            self._due_in(digest, begun, self._patience.retry_seconds)

    def _is_idle(self, digest: bytes) -> bool:
        """Whether forgetting the key loses nothing: its bucket is full and it has used none of its month since let in."""
        grant, standing = self.roll.grant_of(digest), self._gate.standing(digest)
        if grant is None or standing is None:
            return True
        return standing.tokens_left >= standing.burst and (grant.quota is None or standing.quota_left == grant.quota_left)

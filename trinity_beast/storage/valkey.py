"""The way to the shared cache: commands over a bounded pool, and one name for every way it can be away."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

from valkey.asyncio import ConnectionPool
from valkey.asyncio.connection import AbstractConnection
from valkey.exceptions import NoScriptError, ResponseError, ValkeyError

from trinity_beast.clock import Clock
from trinity_beast.log import get_log
from trinity_beast.randomness import Dice
from trinity_beast.randomness import dice as own_dice
from trinity_beast.storage.cache_address import CacheAddress, cache_address
from trinity_beast.storage.errors import DependencyAway
from trinity_beast.storage.retry_door import RetryDoor
from trinity_beast.storage.room import Room
from trinity_beast.storage.script import Call, Command, Script, Word
from trinity_beast.storage.valkey_lines import is_away, lines_to, reason_of

PART = "cache"
CONNECTIONS_MOST, CONNECT_SECONDS_MOST = 1_000, 60.0
Answer = bytes | int | list[Any] | None
"""What Valkey answers with: bytes as they lie there (nothing is decoded), whole numbers, nothing, or a list of these."""

_log = get_log("storage")


@dataclass(frozen=True, slots=True)
class CacheGauges:
    """How the way to the cache fares: `is_open` whether the last that was heard was good, and counts since the start."""

    is_open: bool
    in_use: int
    commands: int
    failures: int
    turned_away: int


class Valkey:
    """Commands to one Valkey or Redis. Every wait is bounded, and while it is away every call but one in a pause fails at once.

    Each call ends within `command_seconds`, queueing for a connection and connecting included, or `within_seconds` where a
    caller is in more of a hurry. Nothing is tried twice: a command whose answer was lost may have been carried out, and
    only its caller knows what a second would do.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Clock,
        dice: Dice | None = None,
        connections_max: int = 8,
        connect_seconds: float = 1.0,
        command_seconds: float = 2.0,
    ) -> None:
        self.address: CacheAddress = cache_address(url)
        self._clock = clock
        self._command_seconds, self._connect_seconds = command_seconds, connect_seconds
        # The pool only keeps connections; how many there may be is for the room, which can be turned.
        self._pool: ConnectionPool = lines_to(self.address, CONNECTIONS_MOST, connect_seconds=CONNECT_SECONDS_MOST)
        self._turns = Room(connections_max)
        self._door = RetryDoor(dice or own_dice())
        self._in_use = self._commands = self._failures = self._turned_away = 0
        self._last_refusal = ""

    async def do(self, *command: Word, within_seconds: float | None = None) -> Answer:
        """Carry out one command and return what it answered.

        Raises:
            DependencyAway: the server cannot be reached, is too slow, or refuses. The cause is kept.
        """
        return (await self.pipeline([command], within_seconds=within_seconds))[0]

    async def pipeline(
        self,
        commands: Sequence[Command | Call],
        *,
        is_atomic: bool = False,
        leaves_out_refused: bool = False,
        within_seconds: float | None = None,
    ) -> list[Answer]:
        """Send many commands at once and return their answers in order.

        Others may come in between unless `is_atomic`. Where one is refused the rest have been carried out all the same. A
        script the server has forgotten is told to it and run then, after the others; an atomic pipeline carries its scripts.
        With `leaves_out_refused` a refused one, such as of a key that holds another kind of value, answers None.

        Raises:
            DependencyAway: as `do`; where it is raised, any part of the commands may have been carried out.
        """
        assert commands, "a pipeline has at least one command"
        async with self._line(within_seconds) as line:
            answers = await _exchanged(line, [_packed(each, is_whole=is_atomic) for each in commands], is_atomic=is_atomic)
            forgotten = [at for at, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
            if forgotten:
                again = await _exchanged(line, [_packed(commands[at], is_whole=True) for at in forgotten], is_atomic=False)
                for at, answer in zip(forgotten, again, strict=True):
                    answers[at] = answer
            if leaves_out_refused:
                return [None if isinstance(answer, ResponseError) else answer for answer in answers]
            for answer in answers:
                if isinstance(answer, ResponseError):
                    raise answer
            return cast("list[Answer]", answers)

    async def pour(self, packed: bytes, answers: int, *, within_seconds: float | None = None) -> None:
        """Send many commands that are packed already, and see to it that each of their `answers` is no refusal.

        For bulk whose making costs more than its sending. Others may come in between, as in a pipeline.

        Raises:
            DependencyAway: as `pipeline`; any part of the commands may have been carried out.
        """
        async with self._line(within_seconds) as line:
            await line.send_packed_command(packed)
            told = [await _answer(line) for _ in range(answers)]
            for answer in told:
                if isinstance(answer, ResponseError):
                    raise answer

    async def run(
        self, script: Script, keys: Sequence[str | bytes] = (), arguments: Sequence[Word] = (), *, within_seconds: float | None = None
    ) -> Answer:
        """Run a script by its digest, telling it to a server that does not know it, and return what it answered.

        Raises:
            DependencyAway: as `do`.
        """
        return (await self.pipeline([script.call(keys, arguments)], within_seconds=within_seconds))[0]

    async def get(self, key: str | bytes, *, within_seconds: float | None = None) -> bytes | None:
        """Return the value of `key`, or None where there is none."""
        answer = await self.do("GET", key, within_seconds=within_seconds)
        return answer if isinstance(answer, bytes) else None

    async def get_many(self, keys: Sequence[str | bytes], *, within_seconds: float | None = None) -> list[bytes | None]:
        """Return the value of each of `keys`; None where there is none, or where it is no plain value."""
        answer = await self.do("MGET", *keys, within_seconds=within_seconds) if keys else []
        assert isinstance(answer, list), "MGET answers with a list"
        return [each if isinstance(each, bytes) else None for each in answer]

    async def set(self, key: str | bytes, value: Word, *, keep_seconds: float, within_seconds: float | None = None) -> None:
        """Store a value that Valkey forgets by itself after `keep_seconds`. Nothing of ours is stored for ever."""
        await self.do("SET", key, value, "PX", max(1, round(keep_seconds * 1000)), within_seconds=within_seconds)

    async def delete(self, *keys: str | bytes, within_seconds: float | None = None) -> int:
        """Remove `keys` and return how many there were."""
        answer = await self.do("DEL", *keys, within_seconds=within_seconds) if keys else 0
        return answer if isinstance(answer, int) else 0

    async def publish(self, channel: str, message: Word, *, within_seconds: float | None = None) -> int:
        """Tell `message` to whoever hears `channel` now (see `Broadcasts`), and return how many did."""
        answer = await self.do("PUBLISH", channel, message, within_seconds=within_seconds)
        return answer if isinstance(answer, int) else 0

    async def time_ns(self, *, within_seconds: float | None = None) -> int:
        """Return the server's own wall clock in Unix nanoseconds: the one clock all nodes can ask."""
        answer = await self.do("TIME", within_seconds=within_seconds)
        assert isinstance(answer, list), "TIME answers with seconds and microseconds"
        seconds, microseconds = (int(cast("bytes", part)) for part in answer)
        return (seconds * 1_000_000 + microseconds) * 1000

    async def ping(self) -> None:
        """Ask for as little as can be asked.

        Raises:
            DependencyAway: the server does not answer.
        """
        await self.do("PING")

    def gauges(self) -> CacheGauges:
        """Return how the way to the cache fares."""
        return CacheGauges(self._door.is_open, self._in_use, self._commands, self._failures, self._turned_away)

    def resize(self, connections_max: int, *, connect_seconds: float, command_seconds: float) -> None:
        """Open so many connections at most from now on, and wait so long for one to stand, and for a command."""
        self._turns.resize(connections_max)
        self._connect_seconds, self._command_seconds = connect_seconds, command_seconds

    async def warm(self, connections: int) -> int:
        """Open connections until so many stand, as far as there may be so many; return how many were opened or in use.

        Raises:
            DependencyAway: the server cannot be reached.
        """
        async with AsyncExitStack() as lines:
            while self._in_use < connections and not self._turns.is_full:
                await lines.enter_async_context(self._line(None))
            return self._in_use

    async def close(self) -> None:
        """Close every connection. Whoever still waits on one gets `DependencyAway`."""
        await self._pool.disconnect()

    @asynccontextmanager
    async def _line(self, within_seconds: float | None) -> AsyncIterator[AbstractConnection]:
        """Give a connected line for the length of a block, and name whatever goes wrong there."""
        self._commands += 1
        if not self._door.lets_in(self._clock.monotonic_ns()):
            self._turned_away += 1
            raise DependencyAway(part=PART, reason="it was away a moment ago and is not asked again yet")
        try:
            async with asyncio.timeout(self._command_seconds if within_seconds is None else within_seconds), self._turns:
                line = await self._taken()
                try:
                    yield line
                finally:
                    self._in_use -= 1
                    await self._pool.release(line)
            self._answered()
        except (ValkeyError, OSError) as error:  # A TimeoutError is an OSError.
            self._failed(error)
            raise DependencyAway(part=PART, reason=reason_of(error)) from error
        except BaseException:
            self._door.given_up()
            raise

    async def _taken(self) -> AbstractConnection:
        async with asyncio.timeout(self._connect_seconds):
            line: AbstractConnection = await self._pool.get_connection("")  # type: ignore[no-untyped-call]  # The driver's gap.
        self._in_use += 1
        return line

    def _answered(self) -> None:
        if not self._door.is_open:
            _log.info("cache back", address=str(self.address))
        self._door.opened()

    def _failed(self, error: Exception) -> None:
        self._failures += 1
        reason = reason_of(error)
        if is_away(error):
            if self._door.shut(self._clock.monotonic_ns()):
                _log.warning("cache away", address=str(self.address), reason=reason)
            return
        self._answered()  # It refused, and so it is there.
        if reason != self._last_refusal:
            self._last_refusal = reason
            _log.error("cache refused a command", reason=reason)


def _packed(command: Command | Call, *, is_whole: bool) -> Command:
    if not isinstance(command, Call):
        return command
    return command.by_source if is_whole else command.by_digest


async def _exchanged(line: AbstractConnection, commands: Sequence[Command], *, is_atomic: bool) -> list[Answer | ResponseError]:
    """Send the commands and read as many answers; a refused one's answer is its error."""
    if is_atomic:
        commands = [("MULTI",), *commands, ("EXEC",)]
    await line.send_packed_command(line.pack_commands(commands))
    answers: list[Answer | ResponseError] = [await _answer(line) for _ in commands]
    if not is_atomic:
        return answers
    outcome = answers[-1]
    if isinstance(outcome, list):
        return cast("list[Answer | ResponseError]", outcome)
    raise next(each for each in answers if isinstance(each, ResponseError))  # One was refused before all began, so none ran.


async def _answer(line: AbstractConnection) -> Answer | ResponseError:
    try:
        return cast("Answer", await line.read_response())
    except ResponseError as refusal:
        return refusal

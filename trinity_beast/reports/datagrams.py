"""The reports' UDP port. No more datagrams are read than are in progress at most: the rest wait in the kernel, or are lost there."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from trinity_beast.access import Approach
from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings
from trinity_beast.reports import compact, parameters
from trinity_beast.reports.asked import asked_of
from trinity_beast.reports.askers import Askers
from trinity_beast.reports.model import Head, Kind, Row
from trinity_beast.reports.service import Reports, Way
from trinity_beast.web import Overloaded, RequestInvalid, Words

ANSWER_SECONDS = 10.0
READ_AT_ONCE = 64
RECEIVE_BUFFER_BYTES = 1 << 20
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_log = get_log("reports")

Address = tuple[Any, ...]
Count = Callable[[str, int], None]


class Names(Protocol):
    """Who names requests. `web.RequestIds` is one."""

    def next(self) -> str:
        """Return the next name."""
        ...


class Compact:
    """Answers one datagram."""

    def __init__(
        self, reports: Reports, askers: Askers, *, clock: Clock, names: Names, words: Words, node: str, count: Count
    ) -> None:  # fmt: skip
        self._reports, self._askers, self._clock = reports, askers, clock
        self._names, self._words, self._node, self._count = names, words, node, count

    async def answer(self, datagram: bytes, address: str) -> bytes | None:
        """Return the answer to a datagram from `address`; None where it gets none."""
        question = compact.question_of(datagram)
        if question is None:
            self._count("datagrams_malformed", 1)
            return None
        frame: dict[str, object] = {} if question.echoed is None else {"id": question.echoed}
        frame |= {"request_id": self._names.next(), "node": self._node}
        told = await self._told(question, datagram, address, frame)
        self._count("datagrams_too_small" if told is None else "lrs_requests", 1)
        return told

    async def _told(self, question: compact.Question, datagram: bytes, address: str, frame: dict[str, object]) -> bytes | None:
        room = compact.allowance(len(datagram), is_ours=False)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                passage = await self._askers.let_in(question.secret, Approach(address=address, is_datagram=True))
                if passage.key_id and (passage.refusal is None or passage.refusal.status != 401):
                    room = compact.allowance(len(datagram), is_ours=True)
                if passage.refusal is not None:
                    raise passage.refusal
                by = await self._askers.asker(passage)
                if question.fault:
                    raise RequestInvalid(reason=question.fault)
                asked = asked_of(Kind.SUMMARY, question.fields, self._clock.now())
                async with self._reports.opened(asked, by, Way(str(frame["request_id"]), "compact", "udp")) as telling:
                    rows = [row async for part in telling.rows for row in part]
                    told = _granted(telling.head, rows, frame, room)
                    if told is not None:
                        telling.rows_told, telling.answer_bytes, telling.is_whole = 1, len(told), True
            return told if told is not None else compact.refused(RequestInvalid.code, compact.TOO_SMALL, frame, room)
        except TimeoutError:
            return self._refused(Overloaded(retry_after_seconds=1), frame, room)
        except TrinityError as error:
            return self._refused(error, frame, room)

    def _refused(self, error: TrinityError, frame: dict[str, object], room: int) -> bytes | None:
        return compact.refused(error.code, self._words.told(error.code, error.facts).message, frame, room)


def _granted(head: Head, rows: list[Row], frame: dict[str, object], room: int) -> bytes | None:
    """Tell the sum of all, which is the first row of a summary."""
    complete_until_ms = (head.complete_until - EPOCH) // timedelta(milliseconds=1)
    return compact.granted(rows[0][2:], complete_until_ms, frame, room)


def _nobody(_address: str) -> bool:
    return False


class Datagrams:
    """Listens for datagrams and sends what each is answered with."""

    name = "reports over UDP"

    def __init__(
        self,
        answer: Callable[[bytes, str], Coroutine[None, None, bytes | None]],
        readings: Readings,
        *,
        count: Count,
        is_blocked: Callable[[str], bool] = _nobody,
    ) -> None:
        """Answer with `answer`. What comes from an address that `is_blocked` is dropped unread."""
        self._answer, self._count, self._is_blocked = answer, count, is_blocked
        self._at_once_max = readings.of(parameters.UDP_AT_ONCE_MAX)
        self._socket: socket.socket | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_reading = False

    async def listen(self, host: str, port: int) -> int:
        """Listen, and return the port (chosen when `port` is 0).

        Raises:
            OSError: the address is taken or not ours.
        """
        family, kind, protocol, _, address = (await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_DGRAM))[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setblocking(False)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
            listening.bind(address)
        except OSError:
            listening.close()
            raise
        self._socket = listening
        self._read_on()
        return int(listening.getsockname()[1])

    async def stop(self) -> None:
        """Read no more, answer what is in progress, and close."""
        if self._socket is None:
            return
        self._pause()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=ANSWER_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._socket.close()
        self._socket = None

    def _read_on(self) -> None:
        if self._socket is not None and not self._is_reading:
            asyncio.get_running_loop().add_reader(self._socket.fileno(), self._read)
            self._is_reading = True

    def _pause(self) -> None:
        if self._socket is not None and self._is_reading:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._is_reading = False

    def _read(self) -> None:
        assert self._socket is not None, "nobody reads a closed socket"
        for _ in range(READ_AT_ONCE):
            if len(self._tasks) >= self._at_once_max.value:
                self._pause()
                return
            try:
                datagram, sender = self._socket.recvfrom(compact.DATAGRAM_BYTES_MAX + 1)
            except BlockingIOError:
                return
            except OSError as error:
                _log.debug("datagram not received", error_kind=type(error).__name__)
                return
            self._count("udp_packets_received", 1)
            if self._is_blocked(str(sender[0])):
                self._count("udp_packets_dropped", 1)
                continue
            task = asyncio.get_running_loop().create_task(self._answered(datagram, sender))
            self._tasks.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if len(self._tasks) < self._at_once_max.value:
            self._read_on()

    async def _answered(self, datagram: bytes, sender: Address) -> None:
        try:
            told = await self._answer(datagram, str(sender[0]))
        except Exception as error:
            # One datagram's fault must cost the others nothing.
            _log.error("datagram not answered", error=error)
            told = None
        if told is None or self._socket is None:
            self._count("udp_packets_dropped", 1)
            return
        try:
            self._socket.sendto(told, sender)
            self._count("udp_packets_sent", 1)
        except OSError as error:
            # The kernel's buffer is full, or the sender cannot be reached: as if it were lost on its way.
            self._count("udp_packets_dropped", 1)
            _log.debug("answer not sent", error_kind=type(error).__name__)

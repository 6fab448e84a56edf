"""Overload: what is served in time when three times as much is asked as one processor can answer, governed and not.

Callers ask for all prices at once, each at a pace of its own and one at a time; what waits at a caller counts from when it
was due, and is given up once it is too late. Nine of thirty requests are paying customers', the rest free ones'. A caller
who is told `OVERLOADED` comes back when `Retry-After` says so. Good is an answer within a quarter of a second. Capacity is
what callers get who wait for nothing.
"""

import heapq
import select
import socket
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.effort import Effort
from bench.errors import RunBroken
from bench.figures import Figure, Target
from bench.machine import Cores
from bench.processes import pinned_self
from bench.servers import Node, node
from trinity_beast.clock import SystemClock

CALLERS = 2_100
PAID_OF_30 = 9
OVERLOAD = 3.0
GOOD_NS = 250_000_000
RETRY_NS = 1_000_000_000
SECOND_NS = 1_000_000_000
SETTLE_SECONDS = 8.0
ASSETS = 600
CLOCK = SystemClock()


@dataclass
class Tally:
    """What became of one class of callers."""

    good: int = 0
    late: int = 0
    shed: int = 0


@dataclass(eq=False)
class Caller:
    """One connection, and when its requests were due."""

    port: int
    key: str
    period_ns: int
    tally: Tally
    due: deque[int] = field(default_factory=deque)
    line: socket.socket | None = None
    asked_ns: int = 0
    left: int = 0
    away_until_ns: int = 0

    def connect(self, poll: select.epoll, callers: dict[int, "Caller"]) -> None:
        self.line = socket.create_connection(("127.0.0.1", self.port), timeout=5)
        self.line.setblocking(False)
        poll.register(self.line.fileno(), select.EPOLLIN)
        callers[self.line.fileno()] = self

    def hang_up(self, poll: select.epoll, callers: dict[int, "Caller"]) -> None:
        assert self.line is not None
        poll.unregister(self.line.fileno())
        del callers[self.line.fileno()]
        self.line.close()
        self.line, self.asked_ns, self.left = None, 0, 0

    def ask(self, due_ns: int) -> None:
        assert self.line is not None
        self.asked_ns = due_ns
        self.line.send(f"GET /prices HTTP/1.1\r\nHost: n\r\nX-API-Key: {self.key}\r\n\r\n".encode())


class Crowd:
    """All callers, played by one thread."""

    def __init__(self, engine: Node, *, rate: float | None) -> None:
        """Gather callers who ask `rate` times a second together; None: each as soon as it is answered."""
        self.paid, self.free, self.answers = Tally(), Tally(), 0
        period_ns, now_ns = round(CALLERS / rate * SECOND_NS) if rate else 0, CLOCK.monotonic_ns()
        self._callers = [
            Caller(
                engine.http_port,
                engine.key if number % 30 < PAID_OF_30 else engine.cheap_key,
                period_ns,
                self.paid if number % 30 < PAID_OF_30 else self.free,
            )
            for number in range(CALLERS)
        ]
        self._due = [(now_ns + period_ns * number // CALLERS, number) for number in range(CALLERS)]
        self._poll, self._by_descriptor = select.epoll(), dict[int, Caller]()
        self._buffer = bytearray(1 << 20)

    def play(self, seconds: float) -> None:
        """Ask for so long. What was counted before is forgotten."""
        self.answers = 0
        for tally in (self.paid, self.free):
            tally.good = tally.late = tally.shed = 0
        ends_ns = CLOCK.monotonic_ns() + round(seconds * SECOND_NS)
        while (now_ns := CLOCK.monotonic_ns()) < ends_ns:
            while self._due and self._due[0][0] <= now_ns:
                due_ns, number = heapq.heappop(self._due)
                self._fall_due(self._callers[number], number, due_ns, now_ns)
            for descriptor, _ in self._poll.poll(0.001):
                self._hear(self._by_descriptor[descriptor])

    def close(self) -> None:
        """Hang up."""
        for caller in self._callers:
            if caller.line is not None:
                caller.hang_up(self._poll, self._by_descriptor)
        self._poll.close()

    def _fall_due(self, caller: Caller, number: int, due_ns: int, now_ns: int) -> None:
        again_ns = max(due_ns + caller.period_ns, caller.away_until_ns)
        if caller.period_ns:
            heapq.heappush(self._due, (again_ns, number))
        if now_ns >= caller.away_until_ns:
            caller.due.append(due_ns)
            self._ask_next(caller)

    def _ask_next(self, caller: Caller) -> None:
        while caller.due and caller.due[0] < CLOCK.monotonic_ns() - GOOD_NS:
            caller.due.popleft()  # Nobody asks for what would come too late.
            caller.tally.late += 1
        if caller.due and not caller.asked_ns:
            if caller.line is None:
                caller.connect(self._poll, self._by_descriptor)
            caller.ask(caller.due.popleft())

    def _hear(self, caller: Caller) -> None:
        assert caller.line is not None
        try:
            count = caller.line.recv_into(self._buffer)
        except (BlockingIOError, ConnectionResetError):
            count = 0
        if count == 0:
            caller.hang_up(self._poll, self._by_descriptor)
            self._ask_next(caller)
            return
        if not caller.left:
            head_bytes = self._buffer.find(b"\r\n\r\n", 0, count) + 4
            head = bytes(self._buffer[:head_bytes])
            if head.startswith(b"HTTP/1.1 503"):
                self._shed(caller)
                return
            if not head.startswith(b"HTTP/1.1 200"):
                raise RunBroken(f"the engine said {head[:80]!r}")
            caller.left = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]) + head_bytes
        caller.left -= count
        if not caller.left:
            self.answers += 1
            is_good = CLOCK.monotonic_ns() - caller.asked_ns <= GOOD_NS
            caller.tally.good += is_good
            caller.tally.late += not is_good
            caller.asked_ns = 0
            if not caller.period_ns:
                caller.due.append(CLOCK.monotonic_ns())
            self._ask_next(caller)

    def _shed(self, caller: Caller) -> None:
        caller.tally.shed += 1 + len(caller.due)
        caller.due.clear()
        caller.away_until_ns = CLOCK.monotonic_ns() + RETRY_NS
        caller.hang_up(self._poll, self._by_descriptor)


def bench(cores: Cores, effort: Effort) -> Iterator[Figure]:
    """Yield the figures as they are found.

    Raises:
        RunBroken: an answer was neither a price nor a refusal.
    """
    seconds = max(3.0, 2 * effort.seconds)
    found: dict[str, list[float]] = {name: [] for name in ("capacity", "bare", "governed", "paid", "bare paid")}
    with pinned_self(cores.client):
        for _ in range(max(2, effort.rounds // 2)):
            with node("--assets", str(ASSETS), core=cores.server) as engine:
                capacity = _played(engine, seconds, rate=None).rate
                bare = _played(engine, seconds, rate=OVERLOAD * capacity)
            with node("--assets", str(ASSETS), core=cores.server) as engine:
                engine.govern()
                governed = _played(engine, seconds, rate=OVERLOAD * capacity)
            found["capacity"].append(capacity)
            found["bare"].append(bare.good_rate / capacity)
            found["bare paid"].append(bare.paid_share)
            found["governed"].append(governed.good_rate / capacity)
            found["paid"].append(governed.paid_share)
    yield Figure("capacity, all prices at once", tuple(found["capacity"]), "/s")
    yield Figure("good answers at three times that, without the governor", tuple(found["bare"]), "x capacity")
    yield Figure("good answers at three times that, with the governor", tuple(found["governed"]), "x capacity", Target(0.9, at_most=False))
    yield Figure("  of paying callers' requests, good without", tuple(found["bare paid"]), "")
    yield Figure("  of paying callers' requests, good with", tuple(found["paid"]), "")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One play's rates: of all answers, of good ones, and what part of paying callers' requests was good."""

    rate: float
    good_rate: float
    paid_share: float


def _played(engine: Node, seconds: float, *, rate: float | None) -> Outcome:
    crowd = Crowd(engine, rate=rate)
    try:
        crowd.play(SETTLE_SECONDS)
        crowd.play(seconds)
    finally:
        crowd.close()
    good = crowd.paid.good + crowd.free.good
    paid_asked = (rate or 1.0) * seconds * PAID_OF_30 / 30
    return Outcome(crowd.answers / seconds, good / seconds, crowd.paid.good / paid_asked)

"""One venue's feed: its lines joined to their sockets and to the clock."""

import asyncio
import itertools
import random
import ssl
from collections.abc import Callable, Iterable, Sequence

from trinity_beast.clock import Clock, pause
from trinity_beast.feeds.backoff import Attempts
from trinity_beast.feeds.counts import Counts
from trinity_beast.feeds.grammar import FeedRow
from trinity_beast.feeds.guard import LastTrade, TradeGuard
from trinity_beast.feeds.intake import Intake, SharedMemory
from trinity_beast.feeds.kept_frames import KeptFrames
from trinity_beast.feeds.line import Dial, Line, Step
from trinity_beast.feeds.model import FeedStatus
from trinity_beast.feeds.moment import SECOND_NS, Timekeeper
from trinity_beast.feeds.parameters import Knobs
from trinity_beast.feeds.session import NOTHING, Close, Said
from trinity_beast.feeds.spread import spread
from trinity_beast.feeds.status import status_of
from trinity_beast.feeds.wire import Wire
from trinity_beast.log import get_log
from trinity_beast.words import Symbol, Trade

OnTrades = Callable[[Sequence[Trade]], None]
OnWord = Callable[[Symbol | None], None]
"""Told of whom a venue has said something new beside trades; None: of all its symbols."""
_log = get_log("feeds")


def _unheeded(_symbol: Symbol | None) -> None:
    """Let a word pass."""


class Feed:
    """Runs one enabled row. Every decision is a `Line`'s; here they are carried out."""

    def __init__(
        self,
        row: FeedRow,
        symbols: Iterable[Symbol],
        *,
        on_trades: OnTrades,
        on_history: OnTrades,
        on_open: Callable[[], None],
        clock: Clock,
        dice: random.Random,
        knobs: Knobs,
        tls: Callable[[], ssl.SSLContext],
        kept: KeptFrames | None = None,
        on_word: OnWord = _unheeded,
        intake: Intake | None = None,
    ) -> None:
        """Take `on_word`, told what a venue says of a symbol, and `intake`, which reads ordinary frames in our place."""
        self.kept, self._on_word = kept or KeptFrames(), on_word
        self.row, self.symbols, self.counts = row, list(symbols), Counts()
        self._on_trades, self._on_history, self._on_open = on_trades, on_history, on_open
        self._clock, self._dice, self._knobs, self._tls = clock, dice, knobs, tls
        self._intake = intake
        self._guard = TradeGuard(self.counts, SharedMemory(intake, row.venue) if intake is not None else None)
        self._timekeeper = Timekeeper(clock)
        self._attempts, self._numbers = Attempts(knobs), itertools.count(1)
        self._lines: list[Line] = []
        self._line_of: dict[int, Line] = {}
        self._wires: dict[int, Wire] = {}
        self._farewells: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._has_warned = False
        self._driving: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to connect. Returns at once; `status` tells how it goes."""
        self._spread()
        self._driving = asyncio.get_running_loop().create_task(self._drive(), name=f"feed {self.row.venue}")
        self._driving.add_done_callback(self._driven)

    async def stop(self) -> None:
        """Leave every subscription, close every connection, within the time the parameter gives."""
        if self._driving is not None:
            self._driving.cancel()
            await asyncio.gather(self._driving, return_exceptions=True)
        for line in self._lines:
            self._perform(line, line.leave(self._timekeeper.now()))
        await asyncio.gather(*self._farewells)

    def want(self, symbols: Iterable[Symbol]) -> None:
        """Hold exactly these symbols from now on. Connections stay as they are."""
        wanted = list(symbols)
        self._guard.forget([symbol for symbol in self.symbols if symbol not in set(wanted)])
        self.symbols = wanted
        self._spread()
        self._wake.set()

    def asked_ns(self, symbol: Symbol) -> int | None:
        """Return when (wall) the connection in service asked for a symbol; None where none has."""
        sessions = (line.session for line in self._lines)
        held = (session.subscriptions.by_symbol.get(symbol) for session in sessions if session is not None)
        return next((one.asked_ns for one in held if one is not None), None)

    def said_of(self, symbol: Symbol) -> Said:
        """Return what the connection in service says of a symbol beside trades."""
        sessions = (line.session for line in self._lines if symbol in line.symbols)
        return next((session.witness.of(symbol) for session in sessions if session is not None), NOTHING)

    def renew(self, symbol: Symbol) -> bool:
        """Leave one symbol and ask for it again, no other touched; whether a connection holds it."""
        for line in self._lines:
            steps = line.renew(symbol, self._timekeeper.now())
            if steps is not None:
                self._perform(line, steps)
                self._wake.set()
                return True
        return False

    def use(self, row: FeedRow) -> None:
        """Speak by another row: beside each connection a new one is made, which takes over once it has proved itself."""
        self.row = row
        self.kept.clear()  # What the old row asked for says nothing about the new one.
        for line in self._lines:
            self._perform(line, line.use(row, self._timekeeper.now()))
        self._spread()
        self._wake.set()

    def status(self) -> FeedStatus:
        """Return how the feed stands now."""
        for line in self._lines:
            line.catch_up()
        return status_of(self.row, self.symbols, self._lines, self._guard, now=self._timekeeper.now(), counts=self.counts)

    def last_known(self, symbol: Symbol) -> LastTrade | None:
        """Return what a symbol traded at last."""
        return self._guard.last(symbol)

    def opened(self, number: int) -> None:
        """Take in from the wire that a connection stands."""
        line = self._line_of.get(number)
        if line is not None:
            _log.info("feed connected", venue=self.row.venue, connection=number)
            self._perform(line, line.opened(number, self._timekeeper.now()))
            self._on_open()
            self._wake.set()

    def received(self, number: int, payload: bytes, *, binary: bool) -> None:
        """Take in a message from the wire."""
        line = self._line_of.get(number)
        if line is None:
            return
        now = self._timekeeper.now()
        self.kept.offer(payload, now, binary=binary)
        heard, steps = line.received(number, payload, now, binary=binary)
        if heard is None:
            return
        if self.counts.trades_future and not self._has_warned:
            self._has_warned = True
            _log.warning("trades from the future refused: is this machine's clock behind?", venue=self.row.venue)
        if heard.history:
            self.counts.trades_history += len(heard.history)
            self._on_history(heard.history)
        if heard.trades and (admitted := self._guard.admitted(heard.trades, number)):
            self._on_trades(admitted)
        for symbol in heard.turned:
            self._on_word(symbol)
        if steps:
            self._perform(line, steps)
        if steps or heard.stirred:
            self._wake.set()

    def control_frame(self, number: int) -> None:
        """Take in a WebSocket ping or pong from the wire."""
        if (line := self._line_of.get(number)) is not None:
            line.control_frame(number, self._timekeeper.now())

    def ended(self, number: int, reason: str) -> None:
        """Take in from the wire that a connection is over or never came about."""
        self._wires.pop(number, None)
        line = self._line_of.pop(number, None)
        if line is not None:
            _log.warning("feed connection ended", venue=self.row.venue, connection=number, reason=reason, failures=line.failures)
            self._perform(line, line.ended(number, reason, self._timekeeper.now()))
            self._wake.set()

    async def _drive(self) -> None:
        """Do what is due, over all lines, until cancelled."""
        while True:
            self._wake.clear()
            now = self._timekeeper.now()
            for line in self._lines:
                self._perform(line, line.tick(now))
            due_ns = min((due for line in self._lines if (due := line.due_ns()) is not None), default=None)
            seconds = None if due_ns is None else max(0.001, (due_ns - now.monotonic_ns) / SECOND_NS)
            await pause(self._clock, seconds, until=self._wake)

    def _driven(self, driving: asyncio.Task[None]) -> None:
        """Say so when the driver ends by itself: nothing would be dialled or pinged any more."""
        if not driving.cancelled() and (error := driving.exception()) is not None:
            _log.error("feed driver failed", error=error, venue=self.row.venue)

    def _spread(self) -> None:
        """Give every symbol its line: where it already is, else where there is room, else on a new one."""
        now = self._timekeeper.now()
        room = self.row.control_rules.symbols_per_connection or len(self.symbols) or 1
        lines = list(self._lines)
        shares = spread(self.symbols, [line.symbols for line in lines], room)
        for line, symbols in zip(lines, shares, strict=False):
            if not symbols:
                self._perform(line, line.leave(now))
                self._lines.remove(line)
            elif symbols != line.symbols:
                self._perform(line, line.want(symbols, now))
        for symbols in shares[len(lines) :]:
            self._add_line(symbols)

    def _add_line(self, symbols: list[Symbol]) -> None:
        line = Line(
            self.row,
            symbols,
            knobs=self._knobs,
            counts=self.counts,
            attempts=self._attempts,
            dice=self._dice,
            numbers=self._numbers,
            intake=self._intake,
        )
        self._lines.append(line)
        self._perform(line, line.start(self._timekeeper.now()))

    def _perform(self, line: Line, steps: Iterable[Step]) -> None:
        for number, step in steps:
            if isinstance(step, Dial):
                self._line_of[number] = line
                self._wires[number] = wire = Wire(number, self, step.bytes_max, step.take)
                wire.dial(step.endpoint, tls=self._tls, connect_seconds=self._knobs.connect_seconds.value)
            elif (known := self._wires.get(number)) is None:
                continue
            elif isinstance(step, Close):
                _log.info("feed connection closed", venue=self.row.venue, connection=number, reason=step.reason)
                self._part_with(number, known)
            else:
                known.send(step.text)

    def _part_with(self, number: int, wire: Wire) -> None:
        self._wires.pop(number)
        self._line_of.pop(number, None)
        task = asyncio.get_running_loop().create_task(self._farewell(wire))
        self._farewells.add(task)
        task.add_done_callback(self._farewells.discard)

    async def _farewell(self, wire: Wire) -> None:
        wire.close()
        try:
            async with asyncio.timeout(self._knobs.stop_seconds.value):
                await wire.wait_gone()
        except TimeoutError:
            wire.cut()

"""One venue's stand-in: gathers what its market prints, lets faults at it, and hands it to the venue's protocol."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from zlib import crc32

from trinity_beast.lab.connection import Connection
from trinity_beast.lab.faults import FaultBoard
from trinity_beast.lab.market import Market
from trinity_beast.lab.model import MarketTrade, Print, VenueStatus
from trinity_beast.lab.protocol import VenueProtocol
from trinity_beast.lab.tape import Tape
from trinity_beast.words import Symbol, Venue

PULSE_MS = 50


class StandIn:
    """The desk a venue's protocol works at, and the stage its faults act on. Knows no network (see `server.py`)."""

    def __init__(self, protocol: type[VenueProtocol], market: Market, now_ns: Callable[[], int]) -> None:
        self.venue: Venue = protocol.venue
        self.protocol = protocol(self)
        self.faults = FaultBoard(self)
        self.open_connections: dict[int, Connection] = {}
        self.trades_printed = self.frames_sent = 0
        self._stirred = asyncio.Event()
        self._market, self._now_ns = market, now_ns
        self._waiting: dict[Symbol, list[MarketTrade]] = {}
        self._skipped_ids = 0
        self._batch_pulses = 1 if market.is_batched else max(protocol.batch_ms // PULSE_MS, 1)
        self.listen: Callable[[bool], Awaitable[None]] | None = None
        """Set by the server: opens (True) or shuts (False) the door for new sockets."""

    @property
    def now_ns(self) -> int:
        """The venue's time, as it tells it."""
        return self._now_ns() + self.faults.clock_ahead_ns

    @property
    def steady_ns(self) -> int:
        """The venue's time, by which it reckons."""
        return self._now_ns()

    @property
    def connections(self) -> Iterable[Connection]:
        """The open connections."""
        return self.open_connections.values()

    @property
    def wirings(self) -> Iterable[Connection]:
        """The open connections, for faults."""
        return list(self.open_connections.values())

    def books(self) -> Iterable[Tape]:
        """Return every symbol's trades, under the names the market knows."""
        found = (self._market.tape(self.venue, listing.symbol) for listing in self._market.listings[self.venue])
        return [tape for tape in found if tape is not None]

    def tapes(self) -> Iterable[Tape]:
        """Return every symbol's trades, under the names the venue gives them now."""
        return [self._named(tape, self.faults.told_name(tape.listing.symbol)) for tape in self.books()]

    def tape(self, symbol: Symbol) -> Tape | None:
        """Return one symbol's trades, or None when nothing is listed under that name now."""
        book = self.faults.book_of(symbol)
        tape = None if book is None else self._market.tape(self.venue, book)
        return None if tape is None else self._named(tape, symbol)

    def _named(self, tape: Tape, symbol: Symbol) -> Tape:
        return tape if tape.listing.symbol == symbol else tape.named(symbol)

    def history(self, symbol: Symbol, count: int) -> Sequence[MarketTrade]:
        """Return up to `count` past trades, oldest first, as the faults leave them; those still to be told live are not among them."""
        book = self.faults.book_of(symbol)
        tape = self.tape(symbol)
        if book is None or tape is None:
            return ()
        past = tape.recent(count, skipping=len(self._waiting.get(book, ())))
        return self._as_told(book, self.faults.trades(book, past[::-1], is_history=True))

    def last_trade(self, symbol: Symbol) -> MarketTrade | None:
        """Return the newest trade of a symbol as it is or would be told, whatever faults keep it from the wire."""
        book, tape = self.faults.book_of(symbol), self.tape(symbol)
        last = None if tape is None else tape.last
        return None if book is None or last is None else self._as_told(book, [last])[0]

    def rest_trades(self, tape: Tape, count: int) -> Sequence[MarketTrade]:
        """Return what REST calls the last `count` trades, newest first."""
        book = self.book_of(tape.listing.symbol) or tape.listing.symbol
        return self._as_told(book, self.faults.rest_trades(book, tape.recent(count)))

    def _as_told(self, symbol: Symbol, trades: Sequence[MarketTrade]) -> Sequence[MarketTrade]:
        name = self.faults.told_name(symbol)
        if name == symbol and not self._skipped_ids:
            return trades
        return [replace(trade, symbol=name, trade_id=trade.trade_id + self._skipped_ids) for trade in trades]

    def take(self, printed: Print) -> None:
        """Take what the market printed; it is told with the symbol's next batch."""
        self.trades_printed += len(printed.trades)
        self._waiting.setdefault(printed.symbol, []).extend(printed.trades)

    def pulse(self, now_ns: int, number: int) -> None:
        """Tell what is due, 50 ms after the last time."""
        for symbol in [symbol for symbol in self._waiting if self._is_due(symbol, number)]:
            self._tell(symbol)
        self.faults.pulse(now_ns)
        self.protocol.pulse(now_ns, number)

    def _tell(self, symbol: Symbol) -> None:
        self.print_again(symbol, self.faults.trades(symbol, self._waiting.pop(symbol, ()), is_history=False))

    def _is_due(self, symbol: Symbol, number: int) -> bool:
        # Each symbol has its own phase, as on the real wire; else all would be told in one burst four times a second.
        return self._batch_pulses == 1 or (number + crc32(symbol.encode())) % self._batch_pulses == 0

    def print_again(self, symbol: Symbol, trades: Sequence[MarketTrade]) -> None:
        """Send `trades`, oldest first, to the symbol's subscribers as if they had just happened."""
        if trades:
            told = self._as_told(symbol, trades)
            self.protocol.publish(told[0].symbol, told)

    def print_more(self, symbol: Symbol, count: int, now_ns: int) -> None:
        """Let the market print `count` trades more, a microsecond apart up to `now_ns`, and tell each in a message of its own."""
        tape = self._market.tape(self.venue, symbol)
        if tape is None:
            return
        self._tell(symbol)
        for trade in tape.extras(count, now_ns):
            self.trades_printed += 1
            self.print_again(symbol, self.faults.trades(symbol, (trade,), is_history=False))

    @property
    def asked(self) -> Sequence[Symbol]:
        """The market's symbols that somebody is subscribed to."""
        names = {name for connection in self.connections for held in connection.channels.values() for name in held}
        books = (self.faults.book_of(name) for name in sorted(names))
        return [book for book in books if book is not None and self._market.tape(self.venue, book) is not None]

    def book_of(self, symbol: Symbol | None) -> Symbol | None:
        """Return the market's name for a symbol, be it called by an old name or a new one."""
        return None if symbol is None else self.faults.book_of(symbol) or symbol

    def is_known(self, symbol: Symbol) -> bool:
        """Tell whether something is listed under this name now."""
        return self.tape(symbol) is not None

    def skip_ids(self, count: int) -> None:
        """Let the ids of all trades told from now on stand `count` higher."""
        self._skipped_ids += count

    @property
    def planned_close(self) -> int:
        """The code with which the venue closes what it planned to close."""
        return self.protocol.planned_close

    def announce_end(self, *, is_near: bool) -> None:
        """Say that the connections will be ended, or that this is over, where the venue has words for it."""
        self.protocol.ending(is_near=is_near)

    def announce_halt(self, symbol: Symbol | None) -> None:
        """Say that a symbol (None: all) is halted or traded again, where the venue has words for it."""
        self.protocol.halting(None if symbol is None else self.faults.told_name(symbol))

    async def stop_listening(self) -> None:
        """Refuse new sockets as a machine does on which nothing listens."""
        if self.listen is not None:
            await self.listen(False)

    async def listen_again(self) -> None:
        """Take new sockets again, at the same address."""
        if self.listen is not None:
            await self.listen(True)

    def stir(self) -> None:
        """Let everything that waits on the faults look again: they have changed."""
        self._stirred.set()
        self._stirred = asyncio.Event()
        for connection in self.connections:
            connection.wake()

    async def thawed(self) -> None:
        """Return once sockets are not frozen."""
        while self.faults.is_frozen:
            await self._stirred.wait()

    async def answering(self) -> None:
        """Return once handshakes are answered."""
        while self.faults.never_answers:
            await self._stirred.wait()

    def status(self) -> VenueStatus:
        """Return what the stand-in is doing."""
        return VenueStatus(
            venue=self.venue,
            connections=len(self.open_connections),
            symbols=len(self.asked),
            trades_printed=self.trades_printed,
            frames_sent=self.frames_sent + sum(connection.sent for connection in self.connections),
            faults=tuple(fault.verb for fault in self.faults.active),
            clock_ahead_ns=self.faults.clock_ahead_ns,
        )

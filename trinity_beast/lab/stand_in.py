"""One venue's stand-in: gathers what its market prints, lets faults at it, and hands it to the venue's protocol."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
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
        self._batch_pulses = 1 if market.is_batched else max(protocol.batch_ms // PULSE_MS, 1)
        self.listen: Callable[[bool], Awaitable[None]] | None = None
        """Set by the server: opens (True) or shuts (False) the door for new sockets."""

    @property
    def now_ns(self) -> int:
        """The venue's time."""
        return self._now_ns()

    @property
    def connections(self) -> Iterable[Connection]:
        """The open connections."""
        return self.open_connections.values()

    @property
    def wirings(self) -> Iterable[Connection]:
        """The open connections, for faults."""
        return list(self.open_connections.values())

    def tapes(self) -> Iterable[Tape]:
        """Return every symbol's trades."""
        found = (self._market.tape(self.venue, listing.symbol) for listing in self._market.listings[self.venue])
        return [tape for tape in found if tape is not None]

    def tape(self, symbol: Symbol) -> Tape | None:
        """Return one symbol's trades, or None when it is not listed."""
        return self._market.tape(self.venue, symbol)

    def history(self, symbol: Symbol, count: int) -> Sequence[MarketTrade]:
        """Return up to `count` past trades, oldest first, as the faults leave them; those still to be told live are not among them."""
        tape = self.tape(symbol)
        if tape is None:
            return ()
        past = tape.recent(count, skipping=len(self._waiting.get(symbol, ())))
        return self.faults.trades(symbol, past[::-1], is_history=True)

    def take(self, printed: Print) -> None:
        """Take what the market printed; it is told with the symbol's next batch."""
        self.trades_printed += len(printed.trades)
        self._waiting.setdefault(printed.symbol, []).extend(printed.trades)

    def pulse(self, now_ns: int, number: int) -> None:
        """Tell what is due, 50 ms after the last time."""
        for symbol in [symbol for symbol in self._waiting if self._is_due(symbol, number)]:
            told = self.faults.trades(symbol, self._waiting.pop(symbol), is_history=False)
            if told:
                self.protocol.publish(symbol, told)
        self.protocol.pulse(now_ns, number)

    def _is_due(self, symbol: Symbol, number: int) -> bool:
        # Each symbol has its own phase, as on the real wire; else all would be told in one burst four times a second.
        return self._batch_pulses == 1 or (number + crc32(symbol.encode())) % self._batch_pulses == 0

    def print_again(self, symbol: Symbol, trades: Sequence[MarketTrade]) -> None:
        """Send `trades`, oldest first, to the symbol's subscribers as if they had just happened."""
        if trades:
            self.protocol.publish(symbol, trades)

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
        asked = {symbol for connection in self.connections for held in connection.channels.values() for symbol in held}
        return VenueStatus(
            venue=self.venue,
            connections=len(self.open_connections),
            symbols=sum(self.tape(symbol) is not None for symbol in asked),
            trades_printed=self.trades_printed,
            frames_sent=self.frames_sent + sum(connection.sent for connection in self.connections),
            faults=tuple(fault.verb for fault in self.faults.active),
        )

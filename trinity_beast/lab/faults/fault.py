"""What a fault is, and where in a stand-in it may put its hand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from trinity_beast.lab.model import MarketTrade
from trinity_beast.lab.tape import Tape
from trinity_beast.words import Symbol, Venue


@dataclass(frozen=True, slots=True)
class CutShort:
    """A text frame of which only the first half reaches the socket, before the connection is reset."""

    text: str


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to a client's ping frame; it waits its turn behind the frames put before it."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Ping:
    """A ping frame of the venue's own."""

    payload: bytes


Wire = str | bytes | CutShort | Pong | Ping
"""What goes onto a socket: a text frame, a binary frame, a frame cut in the middle, a pong, a ping."""


class Wiring(Protocol):
    """One client's connection, as far as a fault may touch it."""

    number: int
    sequence: int

    def enqueue(self, wire: Wire) -> None:
        """Put something on the wire as it is, past all faults."""
        ...

    def reset(self) -> None:
        """Break the connection without a word."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Close the connection as the protocol has it."""
        ...


class Stage(Protocol):
    """A stand-in, as far as a fault may touch it."""

    @property
    def wirings(self) -> Iterable[Wiring]:
        """The connections that are open."""
        ...

    @property
    def now_ns(self) -> int:
        """The venue's time, by which it reckons."""
        ...

    @property
    def planned_close(self) -> int:
        """The code with which the venue closes what it planned to close."""
        ...

    @property
    def asked(self) -> Sequence[Symbol]:
        """The symbols somebody is subscribed to."""
        ...

    def books(self) -> Iterable[Tape]:
        """Return every symbol's trades, under the names the market knows."""
        ...

    def is_known(self, symbol: Symbol) -> bool:
        """Tell whether something is listed under this name now."""
        ...

    def print_again(self, symbol: Symbol, trades: Sequence[MarketTrade]) -> None:
        """Send `trades`, oldest first, to the symbol's subscribers as if they had just happened."""
        ...

    def print_more(self, symbol: Symbol, count: int, now_ns: int) -> None:
        """Let the market print `count` trades more, true ones, and tell each in a message of its own."""
        ...

    def skip_ids(self, count: int) -> None:
        """Let the ids of all trades told from now on stand `count` higher."""
        ...

    def announce_end(self, *, is_near: bool) -> None:
        """Say that the connections will be ended, or that this is over, where the venue has words for it."""
        ...

    def announce_halt(self, symbol: Symbol | None) -> None:
        """Say on the wire, where the venue has words for it, that a symbol (None: all) is halted, or is not any more."""
        ...

    async def stop_listening(self) -> None:
        """Refuse new sockets as a machine does on which nothing listens."""
        ...

    async def listen_again(self) -> None:
        """Take new sockets again, at the same address."""
        ...


@dataclass
class Fault:
    """Something that goes wrong at one venue, for all its symbols or one, until cleared or for `for_seconds`.

    A fault overrides the hooks it needs. One that is `instant` is over as soon as it began.
    """

    verb: ClassVar[str]
    instant: ClassVar[bool] = False
    freezes: ClassVar[bool] = False
    never_answers: ClassVar[bool] = False
    takes_symbol: ClassVar[bool] = True
    signed: ClassVar[frozenset[str]] = frozenset()
    """The options that may be below zero."""

    venue: Venue
    symbol: Symbol | None = None
    for_seconds: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether the fault has come to its end by itself."""
        return False

    def touches(self, symbol: Symbol | None) -> bool:
        """Tell whether what concerns `symbol` (None: the whole connection) is in this fault's reach."""
        return self.symbol is None or self.symbol == symbol

    async def begin(self, stage: Stage) -> None:
        """Do what is done once, when the fault is ordered."""

    async def end(self, stage: Stage) -> None:
        """Undo it, when the fault is cleared or has lasted long enough."""

    def pulse(self, stage: Stage, now_ns: int) -> None:
        """Do what is done by the clock, every 50 ms."""

    def alias(self) -> Symbol | None:
        """Return what the fault's symbol is called now, or None when it keeps its name."""
        return None

    def clock_ahead_ns(self) -> int:
        """Return how far the venue's clock is wrong."""
        return 0

    def trades(self, trades: Sequence[MarketTrade], *, is_history: bool) -> Sequence[MarketTrade]:
        """Return what a venue with this fault would tell in place of `trades` (one symbol's, oldest first)."""
        return trades

    def frames(self, wiring: Wiring, wire: Wire) -> Sequence[Wire]:
        """Return what goes onto the wire in place of one frame."""
        return (wire,)

    def refuses_subscribe(self, symbols: Iterable[Symbol]) -> bool:
        """Tell whether a request for these symbols is answered with an error."""
        return False

    def delists(self) -> bool:
        """Tell whether the touched symbols are off the list."""
        return False

    def halts(self) -> bool:
        """Tell whether the touched symbols are not traded for now."""
        return False

    def rest_delay_seconds(self) -> float:
        """Return how long REST waits before it answers."""
        return 0.0

    def rest_status(self) -> tuple[int, float | None] | None:
        """Return the status REST fails with and its Retry-After, or None when it does not fail."""
        return None

    def rest_trades(self, symbol: Symbol, trades: list[MarketTrade]) -> list[MarketTrade]:
        """Return what REST calls the last trades in place of `trades` (newest first)."""
        return trades

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


Wire = str | bytes | CutShort | Pong
"""What goes onto a socket: a text frame, a binary frame, a frame cut in the middle, a pong."""


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
        """The venue's time."""
        ...

    def tapes(self) -> Iterable[Tape]:
        """Return every symbol's trades."""
        ...

    def tape(self, symbol: Symbol) -> Tape | None:
        """Return one symbol's trades, or None when it is not listed."""
        ...

    def print_again(self, symbol: Symbol, trades: Sequence[MarketTrade]) -> None:
        """Send `trades`, oldest first, to the symbol's subscribers as if they had just happened."""
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

    venue: Venue
    symbol: Symbol | None = None
    for_seconds: float | None = None

    def touches(self, symbol: Symbol | None) -> bool:
        """Tell whether what concerns `symbol` (None: the whole connection) is in this fault's reach."""
        return self.symbol is None or self.symbol == symbol

    async def begin(self, stage: Stage) -> None:
        """Do what is done once, when the fault is ordered."""

    async def end(self, stage: Stage) -> None:
        """Undo it, when the fault is cleared or has lasted long enough."""

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

    def rest_delay_seconds(self) -> float:
        """Return how long REST waits before it answers."""
        return 0.0

    def rest_status(self) -> tuple[int, float | None] | None:
        """Return the status REST fails with and its Retry-After, or None when it does not fail."""
        return None

    def rest_trades(self, tape: Tape, trades: list[MarketTrade]) -> list[MarketTrade]:
        """Return what REST calls the last trades in place of `trades` (newest first)."""
        return trades

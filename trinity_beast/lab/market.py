"""What every market of the lab can do, whether it was made up or recorded."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from trinity_beast.lab.model import Listing, MarketTrade, Print
from trinity_beast.lab.tape import Tape
from trinity_beast.words import Symbol, Venue


class Market(Protocol):
    """Trades of several venues as time passes, and the truth about what was traded when.

    Time is the venues' own, handed in by the lab; it never steps back.
    """

    @property
    def is_batched(self) -> bool:
        """Whether a `Print` is already what the venue put into one frame, so that no stand-in need gather it."""
        ...

    @property
    def listings(self) -> Mapping[Venue, Sequence[Listing]]:
        """What each venue lists, the delisted included."""
        ...

    def begin(self, now_ns: int) -> None:
        """Start at `now_ns`, with some history before it. Once, before anything else."""
        ...

    def advance(self, now_ns: int) -> list[Print]:
        """Return what was printed since the last call, up to and with `now_ns`, in the order it was printed."""
        ...

    def tape(self, venue: Venue, symbol: Symbol) -> Tape | None:
        """Return what the symbol printed so far, or None when the venue does not list it."""
        ...


@dataclass(frozen=True, slots=True)
class RecordedTrades:
    """The trades of one symbol in one recorded frame, oldest first."""

    symbol: Symbol
    trades: tuple[MarketTrade, ...]
    is_history: bool


def told_together(trades: Iterable[MarketTrade], *, is_history: bool = False) -> Iterator[RecordedTrades]:
    """Sort the trades of one frame, oldest first, by symbol."""
    found: dict[Symbol, list[MarketTrade]] = {}
    for trade in trades:
        found.setdefault(trade.symbol, []).append(trade)
    for symbol, of_symbol in found.items():
        yield RecordedTrades(symbol, tuple(of_symbol), is_history=is_history)


RecordingReader = Callable[[str], Iterable[RecordedTrades]]
"""Reads one recorded frame of a venue; gives nothing for a frame without trades."""

ListingOf = Callable[[Symbol, str, int, int], Listing]
"""Makes a listing for a recorded symbol, from its first price, price decimals and size decimals."""


def truth_at(market: Market, venue: Venue, symbol: Symbol, time_ns: int) -> MarketTrade | None:
    """Return the last trade of the symbol at `time_ns`, as the market knows it, whatever faults hid it from the wire.

    None when the symbol is not listed, had not traded, or traded longer ago than the market remembers.
    """
    tape = market.tape(venue, symbol)
    return None if tape is None else tape.last_at(time_ns)

"""Whoever reads ordinary frames in our place: the engine, as far as feeds need it.

It reads by the same row, takes a frame whole or not at all, and what it does not take is read here as if it had never seen
it. What both must know of a symbol, its last trade, it keeps for both, so that there is one truth.
"""

from collections.abc import Sequence
from typing import Protocol

from trinity_beast.words import Symbol, Venue

Tally = tuple[int, int, int, int, int]
"""What was taken: frames, trades that went on, late ones, repeated ones; and when (monotonic) the last frame came."""


class Inlet(Protocol):
    """One connection's way in. `engine.Inlet` is one."""

    sequence: int | None
    """The number of the connection's last frame, where the venue numbers them."""

    def take(self, payload: bytes) -> bool:
        """Take a whole message; False when it is ours to read, and nothing has happened."""
        ...

    def hold(self, symbol: str, since_ns: int) -> None:
        """Let trades of a symbol count that are of `since_ns` (wall) or later."""
        ...

    def release(self, symbol: str) -> None:
        """Take no trade of a symbol any more."""
        ...

    def set_ahead(self, ahead_ns: int) -> None:
        """Believe trades that are so far ahead of our clock."""
        ...

    def tally(self) -> Tally | None:
        """Return what was taken since this was asked last, or None for nothing."""
        ...

    def close(self) -> None:
        """Take nothing any more."""
        ...


class Intake(Protocol):
    """Where frames are taken in. `engine.Intake` is one."""

    def inlet(self, venue: str, number: int, program: str) -> Inlet | None:
        """Return a way in for a connection whose frames `program` describes; None when it is not understood."""
        ...

    def last(self, venue: str, symbol: str) -> tuple[int, str, int] | None:
        """Return a symbol's last trade: its exchange time, digits and connection."""
        ...

    def note(self, venue: str, symbol: str, exchange_time_ns: int, price: str, number: int) -> None:
        """Note a trade that was let through here."""
        ...

    def forget(self, venue: str, symbol: str | None = None) -> None:
        """Forget a symbol's last trade, or those of a whole venue."""
        ...


class SharedMemory:
    """A venue's last trades, kept where frames are taken in. A `guard.Memory`."""

    def __init__(self, intake: Intake, venue: Venue) -> None:
        self._intake, self._venue = intake, venue
        intake.forget(venue)

    def last(self, symbol: Symbol) -> tuple[int, str, int] | None:
        """Return a symbol's last trade: its exchange time, digits and connection."""
        return self._intake.last(self._venue, symbol)

    def note(self, symbol: Symbol, exchange_time_ns: int, price: str, link: int) -> None:
        """Note a trade that was let through."""
        self._intake.note(self._venue, symbol, exchange_time_ns, price, link)

    def forget(self, symbols: Sequence[Symbol]) -> None:
        """Drop what is known of symbols."""
        for symbol in symbols:
            self._intake.forget(self._venue, symbol)

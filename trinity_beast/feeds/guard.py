"""The order of time: per symbol a trade never takes the place of a younger one."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from trinity_beast.feeds.counts import Counts
from trinity_beast.words import Symbol, Trade


class LastTrade(NamedTuple):
    """What a symbol traded at last, live, and when by the venue's clock."""

    price: str
    exchange_time_ns: int


class Memory(Protocol):
    """Where the last trade of each symbol is kept: its exchange time, digits and connection."""

    def last(self, symbol: Symbol) -> tuple[int, str, int] | None:
        """Return a symbol's last trade."""
        ...

    def note(self, symbol: Symbol, exchange_time_ns: int, price: str, link: int) -> None:
        """Note a trade that was let through."""
        ...

    def forget(self, symbols: Sequence[Symbol]) -> None:
        """Drop what is known of symbols."""
        ...


class OwnMemory:
    """A `Memory` that nobody else writes to."""

    def __init__(self) -> None:
        self._last: dict[Symbol, tuple[int, str, int]] = {}

    def last(self, symbol: Symbol) -> tuple[int, str, int] | None:
        """Return a symbol's last trade."""
        return self._last.get(symbol)

    def note(self, symbol: Symbol, exchange_time_ns: int, price: str, link: int) -> None:
        """Note a trade that was let through."""
        self._last[symbol] = (exchange_time_ns, price, link)

    def forget(self, symbols: Sequence[Symbol]) -> None:
        """Drop what is known of symbols."""
        for symbol in symbols:
            self._last.pop(symbol, None)


class TradeGuard:
    """Lets through what is new, drops and counts what is late or a repetition. One per feed, over all its connections.

    The engine goes by the same rule where it takes a frame (`engine/src/intake/slot.rs`), and then `memory` is shared with it.
    """

    def __init__(self, counts: Counts, memory: Memory | None = None) -> None:
        self._counts, self._memory = counts, memory or OwnMemory()

    def admitted(self, trades: Sequence[Trade], link: int) -> list[Trade]:
        """Return the trades that may go on, in order. `link` names the connection they came by.

        Venues print several trades with one time, of which the last is the newest; so a trade with the time of the one
        before it goes on. But only by the same connection: a second one, opened before the first is closed, brings the
        same trades again, perhaps a moment later, and must not turn the price back.
        """
        admitted = []
        for trade in trades:
            last = self._memory.last(trade.symbol)
            time_ns = trade.exchange_time_ns
            if last is not None and time_ns <= last[0]:
                if time_ns < last[0]:
                    self._counts.trades_late += 1
                    continue
                if trade.price == last[1] or link != last[2]:
                    self._counts.trades_repeated += 1
                    continue
            self._memory.note(trade.symbol, time_ns, trade.price, link)
            admitted.append(trade)
        self._counts.trades += len(admitted)
        return admitted

    def last_time_ns(self, symbol: Symbol) -> int | None:
        """Return the exchange time of a symbol's last live trade."""
        last = self._memory.last(symbol)
        return last[0] if last is not None else None

    def last(self, symbol: Symbol) -> LastTrade | None:
        """Return a symbol's last live trade."""
        last = self._memory.last(symbol)
        return LastTrade(last[1], last[0]) if last is not None else None

    def forget(self, symbols: Sequence[Symbol]) -> None:
        """Drop what is known of symbols the feed no longer holds."""
        self._memory.forget(symbols)

"""The numbers by which a venue counts its frames and its trades: what is missing, and which trade was a symbol's last."""

from collections.abc import Iterable
from typing import NamedTuple

from trinity_beast.feeds.counts import Counts
from trinity_beast.words import Symbol, Trade


class Numbered(NamedTuple):
    """A symbol's last trade on this connection, and its number."""

    number: int
    trade: Trade


class Numbers:
    """Counts gaps and repetitions. One per connection: another begins anew."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self.last_frame: int | None = None
        self._symbols: dict[Symbol, int] = {}
        self._last: dict[Symbol, Numbered] = {}

    def frame(self, number: int | None) -> None:
        """Take the number of a frame, if it has one."""
        if number is not None:
            self.last_frame = self._counted(self.last_frame, number)

    def trades(self, numbered: Iterable[tuple[Trade, int]], believed: Iterable[Trade]) -> None:
        """Take the numbers of trades, if they have any; only those that are `believed`, live or old, may be a symbol's last."""
        known = {id(trade) for trade in believed}
        for trade, number in numbered:
            self._symbols[trade.symbol] = self._counted(self._symbols.get(trade.symbol), number)
            last = self._last.get(trade.symbol)
            if id(trade) in known and (last is None or number > last.number):
                self._last[trade.symbol] = Numbered(number, trade)

    def last(self, symbol: Symbol) -> Numbered | None:
        """Return a symbol's last trade, None while none came or since it was asked for anew."""
        return self._last.get(symbol)

    def forget(self, symbol: Symbol) -> None:
        """Know no last trade of a symbol: what was printed before it was asked for anew may have been missed by right."""
        self._last.pop(symbol, None)

    def _counted(self, last: int | None, number: int) -> int:
        if last is not None and number > last + 1:
            self._counts.sequence_gaps += 1
            self._counts.sequence_missing += number - last - 1
        elif last is not None and number <= last:
            self._counts.sequence_repeats += 1
            return last
        return number

"""What a venue itself says of its symbols on one connection, beside trades: who is halted, and which trade was the last."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from trinity_beast.feeds.counts import Counts
from trinity_beast.feeds.moment import Moment
from trinity_beast.feeds.reading import HaltWord, Voucher
from trinity_beast.feeds.session.numbers import Numbers
from trinity_beast.words import Symbol, Trade


@dataclass(frozen=True, slots=True)
class Said:
    """What a venue's connection in service says of one symbol.

    `halted_wall_ns` is when (wall) we heard that it is not traded; None: it is, or nothing is said. `last` is the trade it
    vouched for as the symbol's last one, the last time at `told_ns` (monotonic, taken back by how old the word was by the
    venue's clock). `is_missing`: it vouched for a later one, which has not come.
    """

    halted_wall_ns: int | None = None
    is_missing: bool = False
    last: Trade | None = None
    told_ns: int = 0


NOTHING = Said()


class Witness:
    """Keeps the last word on each symbol. Pure."""

    def __init__(self, numbers: Numbers, counts: Counts) -> None:
        self._numbers, self._counts = numbers, counts
        self._told: dict[Symbol, Said] = {}
        self._all_halted_wall_ns: int | None = None
        self._traded_since: set[Symbol] = set()

    def of(self, symbol: Symbol) -> Said:
        """Return what is said of a symbol."""
        told = self._told.get(symbol, NOTHING)
        if self._all_halted_wall_ns is not None and told.halted_wall_ns is None and symbol not in self._traded_since:
            return replace(told, halted_wall_ns=self._all_halted_wall_ns)
        return told

    def traded(self, trades: Iterable[Trade]) -> None:
        """Note live trades: whoever trades since it was said to be halted is not any more, and what was missing has come."""
        for trade in trades:
            time_ns, told = trade.exchange_time_ns, self._told.get(trade.symbol)
            if self._all_halted_wall_ns is not None and time_ns > self._all_halted_wall_ns:
                self._traded_since.add(trade.symbol)
            if told is not None and (told.is_missing or told.halted_wall_ns is not None):
                still = told.halted_wall_ns if told.halted_wall_ns is not None and time_ns <= told.halted_wall_ns else None
                self._told[trade.symbol] = replace(told, halted_wall_ns=still, is_missing=False)

    def halts(self, words: Iterable[HaltWord], now: Moment) -> set[Symbol | None]:
        """Take the venue's words on who is traded; whom they turn, None standing for all."""
        turned: set[Symbol | None] = set()
        for word in words:
            symbol = None if word.symbol is None else Symbol(word.symbol)
            since_ns = self._all_halted_wall_ns if symbol is None else self.of(symbol).halted_wall_ns
            if word.is_halted is (since_ns is not None):
                continue
            since_ns = now.wall_ns if word.is_halted else None
            if symbol is None:
                self._all_halted_wall_ns = since_ns
                self._traded_since.clear()
            else:
                self._told[symbol] = replace(self._told.get(symbol, NOTHING), halted_wall_ns=since_ns)
            turned.add(symbol)
            self._counts.halts += word.is_halted
        return turned

    def vouched(self, voucher: Voucher, now: Moment) -> bool:
        """Take the venue's word on a symbol's last trade; whether it turns out that one is missing.

        A lower number than what came is an old word, and without anything to compare with it proves nothing.
        """
        symbol = Symbol(voucher.symbol)
        known, told = self._numbers.last(symbol), self._told.get(symbol, NOTHING)
        if known is None or voucher.number < known.number:
            return False
        if voucher.number > known.number:
            self._counts.proofs_against += 1
            self._told[symbol] = replace(told, is_missing=True, last=None, told_ns=0)
            return not told.is_missing
        self._counts.proofs_heard += 1
        told_ns = now.monotonic_ns - max(0, now.wall_ns - voucher.time_ns)
        self._told[symbol] = replace(told, is_missing=False, last=known.trade, told_ns=told_ns)
        return False

    def forget(self, symbol: Symbol) -> None:
        """Know nothing of a symbol's last trade any more: it is asked for anew."""
        if (told := self._told.get(symbol)) is not None:
            self._told[symbol] = replace(told, is_missing=False, last=None, told_ns=0)

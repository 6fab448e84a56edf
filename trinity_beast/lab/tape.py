"""What one symbol of one venue has printed: the stand-in reads it to answer, a judge reads it to know the truth."""

import copy
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import islice

from trinity_beast.lab.digits import price_text, units_of
from trinity_beast.lab.model import SECOND_NS, Listing, MakerSide, MarketTrade
from trinity_beast.words import Symbol

TRADES_LEAST = 100
"""Never forgotten, however old: venues show that many on subscribing."""


class Tape:
    """The trades of one symbol, the newest `history_seconds` of them and never fewer than a hundred."""

    def __init__(self, listing: Listing, *, history_seconds: float) -> None:
        self.listing = listing
        self._trades: deque[MarketTrade] = deque()
        self._history_ns = round(history_seconds * SECOND_NS)
        self.count = 0
        self.volume = Decimal(0)
        self.high = self.low = self.open = Decimal(listing.start_price)
        self.extra_ids = 0
        """How many trades a burst put between the market's own, less those a halt left out: its ids go on behind them."""
        self.is_halted = False
        """Whether nothing is traded for now: what the market would have printed never was."""

    def prints(self, trades: Sequence[MarketTrade]) -> bool:
        """Take what the market prints next, unless it is halted; whether it was printed."""
        if self.is_halted:
            self.extra_ids -= len(trades)
            return False
        for trade in trades:
            self.add(trade)
        return True

    def add(self, trade: MarketTrade) -> None:
        """Take the next trade."""
        trades = self._trades
        trades.append(trade)
        oldest_ns = trade.time_ns - self._history_ns
        while len(trades) > TRADES_LEAST and trades[0].time_ns < oldest_ns:
            trades.popleft()
        price = Decimal(trade.price)
        self.count += 1
        self.volume += Decimal(trade.size)
        if price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price

    @property
    def last(self) -> MarketTrade | None:
        """The newest trade, or None before the first."""
        return self._trades[-1] if self._trades else None

    def last_at(self, time_ns: int) -> MarketTrade | None:
        """Return the newest trade whose exchange time is not after `time_ns`, or None when none is remembered."""
        return next((trade for trade in reversed(self._trades) if trade.time_ns <= time_ns), None)

    def recent(self, count: int, *, skipping: int = 0) -> list[MarketTrade]:
        """Return up to `count` trades, newest first, without the newest `skipping`."""
        return list(islice(reversed(self._trades), skipping, skipping + count))

    def between(self, after_ns: int, until_ns: int) -> list[MarketTrade]:
        """Return the remembered trades with `after_ns` < exchange time ≤ `until_ns`, oldest first."""
        return [trade for trade in self._trades if after_ns < trade.time_ns <= until_ns]

    @property
    def last_price(self) -> str:
        """The newest price, or the price the symbol was listed or delisted with."""
        return self._trades[-1].price if self._trades else self.listing.start_price

    @property
    def quote_volume(self) -> Decimal:
        """What was traded, in the quote, at the last price."""
        return self.volume * Decimal(self.last_price)

    @property
    def change(self) -> Decimal:
        """How far the last price stands from the first we know, as a share of that."""
        return (Decimal(self.last_price) - self.open) / self.open

    def best(self) -> tuple[str, str]:
        """Return best bid and best ask: the last trade stands on one of them, the other is one step away."""
        units = units_of(self.last_price, self.listing.price_decimals)
        last = self.last
        bid = units if last is None or last.maker_side is MakerSide.BUY else max(units - 1, 1)
        return price_text(bid, self.listing), price_text(bid + 1, self.listing)

    def extras(self, count: int, until_ns: int) -> list[MarketTrade]:
        """Print `count` trades more, a microsecond apart up to `until_ns`, to and fro over the spread. None before the first trade.

        They are as true as any other: whoever asks for the truth is told of them.
        """
        last = self.last
        if last is None or self.is_halted:
            return []
        bid, ask = self.best()
        step_ns, is_bought, printed = self.listing.time_step_ns, last.maker_side is MakerSide.BUY, []
        for number in range(1, count + 1):
            time_ns = max((until_ns - (count - number) * 1000) // step_ns * step_ns, last.time_ns)
            is_bought = not is_bought
            side, price = (MakerSide.BUY, bid) if is_bought else (MakerSide.SELL, ask)
            printed.append(MarketTrade(last.symbol, last.trade_id + number, price, last.size, time_ns, side))
            self.add(printed[-1])
        self.extra_ids += count
        return printed

    def named(self, symbol: Symbol) -> "Tape":
        """Return the same trades under another symbol: those printed later, too."""
        twin = copy.copy(self)
        twin.listing = replace(self.listing, symbol=symbol)
        return twin

"""What one symbol of one venue has printed: the stand-in reads it to answer, a judge reads it to know the truth."""

from collections import deque
from decimal import Decimal
from itertools import islice

from trinity_beast.lab.digits import decimal_text, units_of
from trinity_beast.lab.model import SECOND_NS, Listing, MakerSide, MarketTrade

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

    def best(self) -> tuple[str, str]:
        """Return best bid and best ask: the last trade stands on one of them, the other is one step away."""
        decimals, padded = self.listing.price_decimals, self.listing.pads_digits
        units = units_of(self.last_price, decimals)
        last = self.last
        bid = units if last is None or last.maker_side is MakerSide.BUY else max(units - 1, 1)
        return decimal_text(bid, decimals, padded=padded), decimal_text(bid + 1, decimals, padded=padded)

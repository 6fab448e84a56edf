"""A price that jumps beyond belief waits until another venue says the same. Pure."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from trinity_beast.words import Symbol, Trade, Venue

Market = tuple[Venue, Symbol]
OTHERS_LEAST = 2
"""How many others must disagree with a venue that has said nothing believed yet; one alone may be the one that is wrong."""


class _Printed(NamedTuple):
    price: Decimal
    received_ns: int


class Jumps:
    """The last price each venue printed for an asset, believed or not, and the last one believed.

    A price is believed that lies near the venue's own last, or near what any other venue printed a short while ago. All
    that others print counts, so that venues which fall together confirm each other instead of waiting for each other.
    """

    def __init__(self) -> None:
        self._printed: dict[Market, _Printed] = {}
        self._believed: dict[Market, Decimal] = {}

    def is_held(self, trade: Trade, others: Iterable[Market], *, percent: float, reference_ns: int) -> bool:
        """Take a trade; whether it is to be held back. Without anybody to compare with, nothing is."""
        own, price = (trade.venue, trade.symbol), Decimal(trade.price)
        self._printed[own] = _Printed(price, trade.received_monotonic_ns)
        last, share = self._believed.get(own), Decimal(str(percent)) / 100
        if last is None or not _is_near(price, last, share):
            oldest_ns = trade.received_monotonic_ns - reference_ns
            told = [one.price for other in others if (one := self._printed.get(other)) is not None and one.received_ns >= oldest_ns]
            enough = 1 if last is not None else OTHERS_LEAST
            if len(told) >= enough and not any(_is_near(price, one, share) for one in told):
                return True
        self._believed[own] = price
        return False

    def believe(self, trade: Trade) -> None:
        """Take a trade that was found near its venue's last."""
        own, price = (trade.venue, trade.symbol), Decimal(trade.price)
        self._printed[own], self._believed[own] = _Printed(price, trade.received_monotonic_ns), price

    def believed(self, venue: Venue, symbol: Symbol) -> Decimal | None:
        """Return the last price of a market that was believed."""
        return self._believed.get((venue, symbol))

    def keep(self, markets: Iterable[Market]) -> None:
        """Forget all but these."""
        kept = set(markets)
        self._printed = {market: one for market, one in self._printed.items() if market in kept}
        self._believed = {market: price for market, price in self._believed.items() if market in kept}


def _is_near(one: Decimal, other: Decimal, share: Decimal) -> bool:
    """Return whether the larger is at most `share` above the smaller: a fall and a rise are measured alike."""
    low, high = (one, other) if one < other else (other, one)
    return high <= low + low * share

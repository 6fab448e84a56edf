"""The lab's market followed trade by trade, so that the oracle has the truth without asking the product anything."""

from collections.abc import Collection, Iterable
from decimal import Decimal

from trinity_beast.lab import Lab
from trinity_beast.rehearsal.model import SECOND_NS, Market
from trinity_beast.rehearsal.tape import TrueTape
from trinity_beast.words import Venue

REMEMBERED_NS = 900 * SECOND_NS
"""Longer than any price may be served."""


class Truth:
    """The true tape of every living market of some venues."""

    def __init__(self, lab: Lab, venues: Collection[Venue]) -> None:
        self._lab = lab
        self.tapes: dict[Market, TrueTape] = {market: TrueTape() for market in _markets(lab, venues)}
        self._seen = dict.fromkeys(self.tapes, 0)

    def follow(self) -> None:
        """Take what was traded since the last time. To be called before judging, more often than the lab forgets."""
        now_ns = self._lab.now_ns()
        for market, tape in self.tapes.items():
            printed = self._lab.market.tape(market.venue, market.symbol)
            if printed is None or printed.count == self._seen[market]:
                continue
            for trade in reversed(printed.recent(printed.count - self._seen[market])):
                tape.add(trade.time_ns, Decimal(trade.price), known_ns=now_ns)
            self._seen[market] = printed.count

    def forget_old(self) -> None:
        """Forget what can concern no answer any more."""
        before_ns = self._lab.now_ns() - REMEMBERED_NS
        for tape in self.tapes.values():
            tape.forget(before_ns)


def _markets(lab: Lab, venues: Iterable[Venue]) -> list[Market]:
    return [
        Market(venue, listing.symbol, listing.asset, listing.quote)
        for venue in venues
        for listing in lab.market.listings[venue]
        if not listing.is_delisted
    ]

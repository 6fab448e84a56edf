"""Whether the neighbours of a fault noticed anything: they should go on as if nothing were wrong. Pure."""

from collections.abc import Mapping

from trinity_beast.rehearsal.model import MS_NS, SECOND_NS, Market, Refused, Told
from trinity_beast.rehearsal.run import is_well
from trinity_beast.rehearsal.tape import TrueTape
from trinity_beast.words import Asset

KNOWN_NS = SECOND_NS
"""A trade that was printed so long ago has reached every answer, unless the machine is short of breath."""
LASTING_NS = SECOND_NS
"""A neighbour is disturbed by what lasts so long, not by one answer that came between two trades."""


class Neighbours:
    """Watches markets on which nothing is wrong. One is disturbed when it is told as less than live though it had just traded."""

    def __init__(self, markets: Mapping[Asset, Market], tapes: Mapping[Market, TrueTape], *, fresh_ns: int) -> None:
        """Take `fresh_ns`: how young a trade is that makes its symbol live beyond doubt."""
        self._markets, self._tapes, self._fresh_ns = markets, tapes, fresh_ns
        self._since_ns: dict[Asset, int] = {}
        self.disturbed: dict[Asset, str] = {}

    def told(self, told: Told) -> None:
        """Take in a price."""
        market = self._markets.get(told.asset)
        if market is None or told.asked.venue is not None:
            return
        if is_well(told, market):
            self._since_ns.pop(told.asset, None)
        else:
            self._unwell(market, told.asked.at_ns, f"{told.source} {told.state}")

    def refused(self, refused: Refused) -> None:
        """Take in that one was not priced."""
        market = self._markets.get(refused.asset)
        if market is not None and refused.asked.max_age_ms is None and refused.asked.venue is None:
            self._unwell(market, refused.asked.at_ns, refused.code)

    def _unwell(self, market: Market, asked_ns: int, how: str) -> None:
        last = self._tapes[market].last_until(asked_ns - KNOWN_NS)
        if last is None or asked_ns - last.time_ns > self._fresh_ns or asked_ns - last.known_ns < KNOWN_NS:
            self._since_ns.pop(market.asset, None)
            return
        since_ns = self._since_ns.setdefault(market.asset, asked_ns)
        if asked_ns - since_ns >= LASTING_NS:
            self.disturbed.setdefault(market.asset, f"{how} for {(asked_ns - since_ns) // MS_NS} ms")

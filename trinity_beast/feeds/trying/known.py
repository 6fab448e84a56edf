"""What feeds that run have heard of the thing that is tried."""

from collections.abc import Sequence
from typing import Protocol

from trinity_beast.feeds.guard import LastTrade
from trinity_beast.feeds.model import MappedAsset
from trinity_beast.feeds.trying.model import Known
from trinity_beast.words import Symbol, Venue


class Heard(Protocol):
    """The feeds that run, as far as their last trades go."""

    def last_known(self, venue: Venue, symbol: Symbol) -> LastTrade | None:
        """Return what a running feed's symbol traded at last, live."""
        ...


def known_of(heard: Heard, venue: Venue, symbol: Symbol, asset_map: Sequence[MappedAsset]) -> Known | None:
    """Return what the venue's own feed last heard of a symbol, else the newest any other venue heard of the same asset."""
    own = heard.last_known(venue, symbol)
    return Known(venue, symbol, *own) if own is not None else known_elsewhere(heard, venue, symbol, asset_map)


def known_elsewhere(heard: Heard, venue: Venue, symbol: Symbol, asset_map: Sequence[MappedAsset]) -> Known | None:
    """Return the newest that any other venue heard of an asset which the symbol prices by this map, in the same quote."""
    priced = {(row.asset, row.quote) for row in asset_map if (row.venue, row.symbol) == (venue, symbol)}
    others = [row for row in asset_map if row.enabled and row.venue != venue and (row.asset, row.quote) in priced]
    found = [Known(row.venue, row.symbol, *last) for row in others if (last := heard.last_known(row.venue, row.symbol)) is not None]
    return max(found, key=lambda known: known.exchange_time_ns, default=None)

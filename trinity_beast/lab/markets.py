"""From the words `synthetic` or `recorded:DIR` to a market."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from trinity_beast.lab.errors import MarketUnknown
from trinity_beast.lab.market import Market
from trinity_beast.lab.model import Listing
from trinity_beast.lab.protocol import VenueProtocol
from trinity_beast.lab.recorded import RecordedMarket, load
from trinity_beast.lab.synthetic import SyntheticMarket
from trinity_beast.lab.venues import VENUES
from trinity_beast.lab.venues.listed import GREAT, LISTED
from trinity_beast.words import Asset, Venue

RECORDED = "recorded:"


def rate_of_its_own(listing: Listing) -> float:
    """Return how often a symbol trades where nobody says otherwise."""
    return listing.trades_per_second


def _paced(listing: Listing, rate: Callable[[Listing], float]) -> Listing:
    return listing if listing.is_delisted else replace(listing, trades_per_second=rate(listing))


def open_market(
    words: str = "synthetic",
    *,
    seed: int = 1,
    assets: Mapping[Venue, Sequence[Asset]] | Sequence[Asset] = LISTED,
    kinds: Mapping[Venue, type[VenueProtocol]] = VENUES,
    rate: Callable[[Listing], float] = rate_of_its_own,
    history_seconds: float = 300,
) -> Market:
    """Return the market `words` name: `synthetic`, or `recorded:DIR` with DIR holding `<venue>/*.recv.jsonl.gz`.

    A recorded market plays those venues of `kinds` and those assets that it finds recorded; `seed` and `assets` concern a
    made-up one. `assets` are the same for all venues, or each venue's own; `rate` says how many orders a second a symbol
    of it sees, the dead left out.

    Raises:
        MarketUnknown: it is neither.
        RecordingUnusable: DIR has nothing to play.
    """
    if words.startswith(RECORDED):
        readers = {venue: kind.read_recorded for venue, kind in kinds.items()}
        makers = {venue: kind.listing_of for venue, kind in kinds.items()}
        return RecordedMarket(load(Path(words.removeprefix(RECORDED)), readers), makers, history_seconds=history_seconds)
    if words != "synthetic":
        raise MarketUnknown(market=words)
    of_venue = {venue: assets.get(venue, GREAT) if isinstance(assets, Mapping) else assets for venue in kinds}
    listings = {venue: [_paced(each, rate) for each in kind.listings(of_venue[venue])] for venue, kind in kinds.items()}
    return SyntheticMarket(listings, seed=seed, history_seconds=history_seconds)

"""From the words `synthetic` or `recorded:DIR` to a market."""

from collections.abc import Sequence
from pathlib import Path

from trinity_beast.lab.errors import MarketUnknown, VenueNotPlayed
from trinity_beast.lab.market import Market
from trinity_beast.lab.recorded import RecordedMarket, load
from trinity_beast.lab.synthetic import SyntheticMarket
from trinity_beast.lab.venues import VENUES
from trinity_beast.lab.venues.coinbase_rows import ASSETS
from trinity_beast.words import Asset, Venue

RECORDED = "recorded:"


def open_market(
    words: str = "synthetic",
    *,
    seed: int = 1,
    assets: Sequence[Asset] = ASSETS,
    venues: Sequence[Venue] = tuple(VENUES),
    history_seconds: float = 300,
) -> Market:
    """Return the market `words` name: `synthetic`, or `recorded:DIR` with DIR holding `<venue>/*.recv.jsonl.gz`.

    A recorded market takes its assets and venues from the recordings; the last three arguments but one concern a made-up one.

    Raises:
        MarketUnknown: it is neither.
        RecordingUnusable: DIR has nothing to play.
        VenueNotPlayed: no stand-in plays one of `venues`.
    """
    if words.startswith(RECORDED):
        readers = {venue: kind.read_recorded for venue, kind in VENUES.items()}
        makers = {venue: kind.listing_of for venue, kind in VENUES.items()}
        return RecordedMarket(load(Path(words.removeprefix(RECORDED)), readers), makers, history_seconds=history_seconds)
    if words != "synthetic":
        raise MarketUnknown(market=words)
    for venue in venues:
        if venue not in VENUES:
            raise VenueNotPlayed(venue=venue, played=", ".join(VENUES))
    listings = {venue: VENUES[venue].listings(assets) for venue in venues}
    return SyntheticMarket(listings, seed=seed, history_seconds=history_seconds)

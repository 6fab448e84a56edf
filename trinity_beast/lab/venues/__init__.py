"""The venues the lab can play. A new one is a class here and a line in the table."""

from trinity_beast.lab.protocol import VenueProtocol
from trinity_beast.lab.venues.coinbase import Coinbase
from trinity_beast.words import Venue

VENUES: dict[Venue, type[VenueProtocol]] = {kind.venue: kind for kind in (Coinbase,)}

__all__ = ["VENUES", "Coinbase"]

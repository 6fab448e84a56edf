"""The venues the lab can play. A new one is a class here and a line in the table."""

from trinity_beast.lab.protocol import VenueProtocol
from trinity_beast.lab.venues.binance import Binance
from trinity_beast.lab.venues.bitstamp import Bitstamp
from trinity_beast.lab.venues.bybit import Bybit
from trinity_beast.lab.venues.coinbase import Coinbase
from trinity_beast.lab.venues.coinbaseexchange import CoinbaseExchange
from trinity_beast.lab.venues.cryptocom import CryptoCom
from trinity_beast.lab.venues.gateio import GateIo
from trinity_beast.lab.venues.gemini import Gemini
from trinity_beast.lab.venues.htx import Htx
from trinity_beast.lab.venues.kraken import Kraken
from trinity_beast.lab.venues.okx import Okx
from trinity_beast.words import Venue

VENUES: dict[Venue, type[VenueProtocol]] = {
    kind.venue: kind for kind in (Coinbase, Gemini, Kraken, GateIo, CryptoCom, Okx, Bitstamp, Bybit, Binance, Htx, CoinbaseExchange)
}

__all__ = [
    "VENUES",
    "Binance",
    "Bitstamp",
    "Bybit",
    "Coinbase",
    "CoinbaseExchange",
    "CryptoCom",
    "GateIo",
    "Gemini",
    "Htx",
    "Kraken",
    "Okx",
]

"""The nouns every capability shares. `style.md` says what each word means."""

from dataclasses import dataclass
from typing import NewType

Asset = NewType("Asset", str)
"""Our code for a coin: `BTC`. 1 to 16 of A-Z and 0-9."""

Venue = NewType("Venue", str)
"""An exchange: `coinbase`. Lower case, 1 to 20 of a-z and 0-9."""

Symbol = NewType("Symbol", str)
"""A venue's own spelling of a market: `BTC-USD`."""


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade as a venue printed it.

    `price` holds the venue's own digits, exponent written out. `exchange_time_ns` is Unix time by the venue's clock;
    `received_time_ns` and `received_monotonic_ns` are ours, taken when the frame was read.
    """

    venue: Venue
    symbol: Symbol
    price: str
    exchange_time_ns: int
    received_time_ns: int
    received_monotonic_ns: int

"""The nouns of the lab: what is listed, what is printed, where a stand-in listens."""

from dataclasses import dataclass
from enum import StrEnum

from trinity_beast.words import Asset, Symbol, Venue

SECOND_NS = 1_000_000_000
MS_NS = 1_000_000


class MakerSide(StrEnum):
    """Which side rested in the book; the taker was the other one."""

    BUY = "BUY"
    SELL = "SELL"


def maker_of(taker: str) -> MakerSide:
    """Return who rested when a venue calls the taker `buy` or `sell`, in whatever case."""
    return MakerSide.SELL if taker.lower() == "buy" else MakerSide.BUY


@dataclass(frozen=True, slots=True)
class Listing:
    """One symbol as a venue lists it. `price_decimals` and `size_decimals` are the grids prices and sizes stand on.

    `pads_digits` tells whether the venue prints `1919.40` or `1919.4`; `price_digits` is how many digits it prints after the
    point where that is more than the grid has: `63551.02000000`. Times are printed in steps of `time_step_ns`. A delisted
    symbol keeps `start_price` as its last price and never trades: venues go on naming a price for the dead.
    """

    venue: Venue
    symbol: Symbol
    asset: Asset
    quote: str
    name: str
    start_price: str
    price_decimals: int
    size_decimals: int
    trades_per_second: float
    pads_digits: bool = False
    is_delisted: bool = False
    price_digits: int = 0
    time_step_ns: int = 1000


@dataclass(frozen=True, slots=True)
class MarketTrade:
    """One trade of a market of ours, before a venue's protocol writes it down."""

    symbol: Symbol
    trade_id: int
    price: str
    size: str
    time_ns: int
    maker_side: MakerSide

    @property
    def taker(self) -> str:
        """What the taker did: `buy` or `sell`."""
        return "buy" if self.maker_side is MakerSide.SELL else "sell"

    @property
    def time_ms(self) -> int:
        """The time in Unix milliseconds."""
        return self.time_ns // MS_NS


@dataclass(frozen=True, slots=True)
class Print:
    """What one taker's order did at a venue: one trade or several, oldest first, told at `printed_ns`."""

    venue: Venue
    symbol: Symbol
    trades: tuple[MarketTrade, ...]
    printed_ns: int


@dataclass(frozen=True, slots=True)
class LabAddresses:
    """Where one stand-in listens: the address of its sockets and the beginning of its REST addresses."""

    ws_url: str
    rest_url: str


@dataclass(frozen=True, slots=True)
class ControlAddress:
    """Where the lab takes its orders, and the token it wants as `Authorization: Bearer`."""

    url: str
    token: str


@dataclass(frozen=True, slots=True)
class VenueStatus:
    """What one stand-in is doing. `clock_ahead_ns` is how far a fault has set its clock wrong: the truth knows the right one."""

    venue: Venue
    connections: int
    symbols: int
    trades_printed: int
    frames_sent: int
    faults: tuple[str, ...]
    clock_ahead_ns: int

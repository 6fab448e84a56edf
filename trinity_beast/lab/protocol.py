"""What makes a stand-in this venue and no other: one class per venue, in `venues/`."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import ClassVar, Protocol

from aiohttp import web

from trinity_beast.lab.connection import Connection
from trinity_beast.lab.faults import FaultBoard
from trinity_beast.lab.market import RecordedTrades
from trinity_beast.lab.model import Listing, MarketTrade
from trinity_beast.lab.tape import Tape
from trinity_beast.words import Asset, Symbol, Venue


class Desk(Protocol):
    """What a venue's protocol works with: the market, the clients, the faults."""

    @property
    def now_ns(self) -> int:
        """The venue's time."""
        ...

    @property
    def connections(self) -> Iterable[Connection]:
        """The open connections."""
        ...

    @property
    def faults(self) -> FaultBoard:
        """The faults in force."""
        ...

    def tapes(self) -> Iterable[Tape]:
        """Return every symbol's trades."""
        ...

    def tape(self, symbol: Symbol) -> Tape | None:
        """Return one symbol's trades, or None when it is not listed."""
        ...

    def history(self, symbol: Symbol, count: int) -> Sequence[MarketTrade]:
        """Return what the venue shows of the past on subscribing: up to `count` trades, oldest first, all before the next live one."""
        ...


class VenueProtocol(ABC):
    """A venue's wire: how it is asked, how it answers, what it says by itself. Holds no market and no socket."""

    venue: ClassVar[Venue]
    socket_path: ClassVar[str] = "/"
    batch_ms: ClassVar[int] = 0
    """How long the venue gathers a symbol's trades into one frame; 0 sends each order's trades at once."""
    connections_per_second: ClassVar[int] = 100
    rest_per_second: ClassVar[int] = 10
    idle_seconds: ClassVar[tuple[int, int]] = (3600, 3600)
    """Between which numbers of seconds a connection may hear nothing before the venue closes it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @classmethod
    @abstractmethod
    def listings(cls, assets: Sequence[Asset]) -> list[Listing]:
        """Return how the venue lists `assets`, and the dead symbols it still names."""

    @classmethod
    @abstractmethod
    def listing_of(cls, symbol: Symbol, price: str, price_decimals: int, size_decimals: int) -> Listing:
        """Return the listing of a symbol met in a recording."""

    @classmethod
    @abstractmethod
    def read_recorded(cls, frame: str) -> Iterable[RecordedTrades]:
        """Return the trades in one recorded frame of this venue."""

    def opened(self, connection: Connection) -> None:  # noqa: B027 - Most venues say nothing.
        """Say what the venue says unasked to a new client."""

    @abstractmethod
    def received(self, connection: Connection, text: str) -> None:
        """Answer a client's text frame."""

    @abstractmethod
    def publish(self, symbol: Symbol, trades: Sequence[MarketTrade]) -> None:
        """Tell `trades`, oldest first, to those who asked for the symbol."""

    def pulse(self, now_ns: int, number: int) -> None:  # noqa: B027 - Some venues do nothing by the clock.
        """Do what is done by the clock: heartbeats, deadlines. Called every 50 ms with a number that rises by one."""

    @abstractmethod
    def routes(self) -> list[web.RouteDef]:
        """Return the venue's REST."""

    def rest_symbol(self, request: web.Request) -> Symbol | None:
        """Return the symbol a REST request is about, or None when it is about many."""
        found = request.match_info.get("symbol") or request.query.get("symbol")
        return Symbol(found) if found else None

    def rest_error(self, status: int, text: str) -> web.Response:
        """Shape a refusal as the venue's REST does."""
        return web.json_response({"error": text, "message": text}, status=status)

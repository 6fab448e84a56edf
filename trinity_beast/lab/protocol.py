"""What makes a stand-in this venue and no other: one class per venue, in `venues/`."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Protocol

from trinity_beast.lab.connection import Connection
from trinity_beast.lab.faults import FaultBoard
from trinity_beast.lab.listings import Spelling
from trinity_beast.lab.market import RecordedTrades, told_together
from trinity_beast.lab.model import SECOND_NS, Listing, MarketTrade
from trinity_beast.lab.pace import Limit
from trinity_beast.lab.rest import RestAnswer, RestAsk, RestHandler, RestRefused
from trinity_beast.lab.tape import Tape
from trinity_beast.words import Asset, Symbol, Venue


class Desk(Protocol):
    """What a venue's protocol works with: the market, the clients, the faults."""

    @property
    def now_ns(self) -> int:
        """The venue's time, as it tells it: a fault may set its clock wrong."""
        ...

    @property
    def steady_ns(self) -> int:
        """The venue's time by which it reckons: no fault touches it."""
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

    def last_trade(self, symbol: Symbol) -> MarketTrade | None:
        """Return the newest trade of a symbol as it is or would be told, whatever faults keep it from the wire."""
        ...

    def rest_trades(self, tape: Tape, count: int) -> Sequence[MarketTrade]:
        """Return what REST calls the last `count` trades, newest first."""
        ...


class VenueProtocol(ABC):
    """A venue's wire: how it is asked, how it answers, what it says by itself. Holds no market and no socket."""

    venue: ClassVar[Venue]
    spelling: ClassVar[Spelling] = Spelling(("USD",), between="-")
    socket_path: ClassVar[str] = "/"
    is_gzipped: ClassVar[bool] = False
    """Whether each text goes out gzipped, in a binary frame."""
    batch_ms: ClassVar[int] = 0
    """How long the venue gathers a symbol's trades before telling them; 0 tells them at the next pulse."""
    trades_channel: ClassVar[str] = "trades"
    ticker_channel: ClassVar[str] = ""
    """The channel with the last price and what goes with it, told after each trade; empty where there is none."""
    connection_limit: ClassVar[Limit] = Limit(100)
    """For new connections of one address. Venues that publish none get a wide one."""
    message_limit: ClassVar[Limit | None] = None
    """For a client's messages on one connection."""
    rest_limit: ClassVar[Limit] = Limit(10)
    rest_limits: ClassVar[Mapping[str, Limit]] = {}
    """Where an address has a limit of its own."""
    rest_counts_each_address: ClassVar[bool] = False
    """Whether the limit holds for each REST address apart, not for all together."""
    ban_covers_rest: ClassVar[bool] = False
    tells_retry_after: ClassVar[bool] = True
    """Whether the answer to one request too many says in a header when to come again."""
    idle_seconds: ClassVar[tuple[int, int]] = (3600, 3600)
    """Between which numbers of seconds a connection may hear nothing before the venue closes it."""
    ping_seconds: ClassVar[int] = 0
    """How often the venue sends a WebSocket ping; 0 is never."""
    pong_within_seconds: ClassVar[int] = 0
    """How long it waits for the pong before it cuts the connection; 0 is for ever."""
    planned_close: ClassVar[int] = 1001
    """The code a planned end comes with."""
    dead_vanish: ClassVar[bool] = False
    """Whether a symbol taken off the market leaves the REST lists; else it stays there, marked, with its last price."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @classmethod
    def listings(cls, assets: Sequence[Asset]) -> list[Listing]:
        """Return how the venue lists `assets`, and the dead symbols it still names."""
        return cls.spelling.listings(cls.venue, assets)

    @classmethod
    def listing_of(cls, symbol: Symbol, price: str, price_decimals: int, size_decimals: int) -> Listing:
        """Return the listing of a symbol met in a recording."""
        return cls.spelling.recorded(cls.venue, symbol, price, price_decimals, size_decimals)

    @classmethod
    def read_recorded(cls, frame: str) -> Iterable[RecordedTrades]:
        """Return the trades in one recorded frame of this venue."""
        message = json.loads(frame, parse_float=str)
        return told_together(cls.recorded_trades(message)) if isinstance(message, dict) else ()

    @classmethod
    def recorded_trades(cls, message: dict[str, Any]) -> Iterable[MarketTrade]:  # noqa: ARG003 - For those that override it.
        """Return the live trades in one recorded message, oldest first. Numbers with a fraction come as texts."""
        return ()

    def opened(self, connection: Connection) -> None:  # noqa: B027 - Most venues say nothing.
        """Say what the venue says unasked to a new client."""

    def closed(self, connection: Connection) -> None:  # noqa: B027 - Most venues note nothing of a client.
        """Forget a client that has gone."""

    def received(self, connection: Connection, text: str) -> None:
        """Take a client's text frame: count it against the limit, read it, answer it."""
        if not connection.may_speak():
            self.too_fast(connection)
            return
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        if isinstance(message, dict):
            self.asked(connection, message)
        else:
            self.unreadable(connection, text)

    def heard_control(self, connection: Connection) -> None:
        """Take in a client's ping or pong frame."""
        connection.heard()

    @abstractmethod
    def asked(self, connection: Connection, message: dict[str, Any]) -> None:
        """Answer a client's message."""

    def unreadable(self, connection: Connection, text: str) -> None:  # noqa: B027 - Most venues ignore it.
        """Answer a text that is no JSON object."""

    def too_fast(self, connection: Connection) -> None:
        """Answer a message beyond the limit. Ours, where the venue does not say what it does: the connection is closed."""
        connection.close(1008, "too many messages")

    def is_listed(self, symbol: Symbol) -> bool:
        """Tell whether a symbol is alive on this venue now."""
        tape = self.desk.tape(symbol)
        return tape is not None and not tape.listing.is_delisted and not self.desk.faults.delists(symbol)

    def is_trading(self, symbol: Symbol) -> bool:
        """Tell whether a symbol is alive and not halted."""
        return self.is_listed(symbol) and not self.desk.faults.halts(symbol)

    def refuses(self, symbol: Symbol) -> bool:
        """Tell whether a subscription to this symbol is refused."""
        return not self.is_listed(symbol) or self.desk.faults.refuses_subscribe([symbol])

    def publish(self, symbol: Symbol, trades: Sequence[MarketTrade]) -> None:
        """Tell `trades`, oldest first, to those who asked for the symbol, and then the ticker to those who asked for that."""
        if holders := self.holders(self.trades_channel, symbol):
            for text in self.trade_frames(symbol, trades):
                for connection in holders:
                    connection.put(text, symbol=symbol)
        if self.ticker_channel and (holders := self.holders(self.ticker_channel, symbol)):
            text = self.ticker_frame(self.listed_tape(symbol))
            for connection in holders:
                connection.put(text, symbol=symbol)

    def holders(self, channel: str, symbol: Symbol) -> list[Connection]:
        """Return the connections that are subscribed to a symbol of a channel."""
        return [connection for connection in self.desk.connections if connection.holds(channel, symbol)]

    def listed_tape(self, symbol: Symbol) -> Tape:
        """Return the trades of a symbol that is known to be listed."""
        tape = self.desk.tape(symbol)
        assert tape is not None, "only listed symbols are subscribed and told"
        return tape

    def trade_frames(self, symbol: Symbol, trades: Sequence[MarketTrade]) -> Iterable[str]:  # noqa: ARG002 - For those that override it.
        """Return the frames that tell `trades`, which come oldest first, as live ones: the same for every client."""
        return ()

    def ticker_frame(self, tape: Tape) -> str:  # noqa: ARG002 - For those that have a ticker channel.
        """Return the frame of the ticker channel."""
        return ""

    def pulse(self, now_ns: int, number: int) -> None:  # noqa: ARG002 - The number is for those who do something every so many pulses.
        """Do what is done by the clock. Called every 50 ms with the steady time and a number that rises by one."""
        for connection in self.desk.connections:
            self.tend(connection, now_ns)

    def tend(self, connection: Connection, now_ns: int) -> None:
        """Ping the client; end the connection when it does not answer, or heard nothing for too long."""
        if self.ping_seconds and now_ns - connection.pinged_ns >= self.ping_seconds * SECOND_NS:
            connection.ping(now_ns)
        if self.pong_within_seconds and now_ns - connection.ponged_ns >= self.pong_within_seconds * SECOND_NS:
            connection.reset()
        elif now_ns - connection.told_ns >= connection.idle_ns:
            connection.close(1000, "no update")

    def ending(self, *, is_near: bool) -> None:  # noqa: B027 - Some venues give no notice.
        """Say that the venue is about to end its connections, or that this is over, where it has words for it."""

    def halting(self, symbol: Symbol | None) -> None:  # noqa: B027 - Most venues say it in REST's lists alone.
        """Say whether a symbol (None: the whole venue) is halted now, where the venue's socket has words for it."""

    def routes(self) -> Mapping[str, RestHandler]:
        """Return the venue's REST: addresses, with braces where a symbol stands, and who answers them."""
        return {}

    def rest_symbol(self, ask: RestAsk) -> Symbol | None:
        """Return the symbol a REST request is about, or None when it is about many."""
        said = ask.text("symbol")
        return Symbol(said) if said else None

    def rest_tape(self, ask: RestAsk) -> Tape:
        """Return the trades of the symbol a request is about.

        Raises:
            RestRefused: the venue does not list it.
        """
        symbol = self.rest_symbol(ask)
        tape = self.desk.tape(symbol) if symbol is not None else None
        if tape is None or self._has_vanished(tape):
            raise RestRefused(self.rest_unknown(symbol or Symbol("")))
        return tape

    def rest_tapes(self) -> list[Tape]:
        """Return the trades of every symbol on the venue's lists, or of the one a request names."""
        return [tape for tape in self.desk.tapes() if not self._has_vanished(tape)]

    def _has_vanished(self, tape: Tape) -> bool:
        return self.dead_vanish and self.desk.faults.delists(tape.listing.symbol)

    def rest_unknown(self, symbol: Symbol) -> RestAnswer:
        """Shape the answer for a symbol the venue does not list."""
        return self.rest_error(404, f"unknown symbol {symbol}")

    def rest_limited(self, *, is_banned: bool) -> RestAnswer:
        """Shape the answer to one request too many; `is_banned` where the venue has stopped listening."""
        return self.rest_error(403 if is_banned else 429, "too many requests")

    def rest_error(self, status: int, text: str) -> RestAnswer:
        """Shape a refusal as the venue's REST does."""
        return RestAnswer({"error": text, "message": text}, status)


def compact(value: object) -> str:
    """Write JSON as venues do, without blanks."""
    return json.dumps(value, separators=(",", ":"))

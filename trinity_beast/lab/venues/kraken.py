"""Kraken's spot socket, version 2, and REST. Facts: docs/exchanges.md; what is ours there is said here.

Ours, because nobody has seen or published it: fifty messages a second are too many; what is no request is refused with
`Malformed request`; the fifty trades of a snapshot go oldest first; a symbol that cannot be traded is refused like an unknown one;
a delisted pair leaves the list of pairs, a halted one stands there as `cancel_only`, and a halted venue is in `maintenance`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from trinity_beast.lab.connection import Connection
from trinity_beast.lab.digits import nanoseconds_of, rfc3339_us
from trinity_beast.lab.heartbeats import Metronome
from trinity_beast.lab.listings import Spelling
from trinity_beast.lab.model import SECOND_NS, MarketTrade, maker_of
from trinity_beast.lab.pace import Limit
from trinity_beast.lab.protocol import Desk, VenueProtocol, compact
from trinity_beast.lab.rest import RestAnswer, RestAsk, RestHandler
from trinity_beast.lab.tape import Tape
from trinity_beast.lab.venues import kraken_rows as rows
from trinity_beast.words import Symbol, Venue

SNAPSHOT_TRADES = 50
QUIET_NS = 60 * SECOND_NS
CONNECTION_ID = 4421894013101914413
MAINTENANCE = {"affected_services": ["spot_ws"], "phase": "announced", "recommended_action": "continue", "title": "Maintenance"}


class Kraken(VenueProtocol):
    """An ack for each symbol, several rows and symbols a frame oldest first, prices as numbers, a heartbeat each second."""

    venue: ClassVar[Venue] = Venue("kraken")
    spelling: ClassVar[Spelling] = Spelling(
        ("USD",), between="/", pads_digits=True, size_digits=8, time_step_ns=1000, dead=(("EOS", "0.1868"), ("MKR", "1225.1"))
    )
    socket_path: ClassVar[str] = "/v2"
    trades_channel: ClassVar[str] = "trade"
    ticker_channel: ClassVar[str] = "ticker"
    connection_limit: ClassVar[Limit] = Limit(150, 600, ban_seconds=600)
    message_limit: ClassVar[Limit | None] = Limit(50)
    rest_limit: ClassVar[Limit] = Limit(1)
    ban_covers_rest: ClassVar[bool] = True
    tells_retry_after: ClassVar[bool] = False

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._heartbeat = Metronome(SECOND_NS)
        self._told: dict[Symbol, str] = {}
        self._is_near_maintenance = False

    @classmethod
    def recorded_trades(cls, message: dict[str, Any]) -> Iterable[MarketTrade]:
        """Return the rows of an update."""
        if message.get("channel") == cls.trades_channel and message.get("type") == "update":
            for row in message["data"]:
                price, size, maker = str(row["price"]), str(row["qty"]), maker_of(row["side"])
                yield MarketTrade(Symbol(row["symbol"]), row["trade_id"], price, size, nanoseconds_of(row["timestamp"]), maker)

    def opened(self, connection: Connection) -> None:
        """Tell the state of the system before anything else."""
        connection.put(self._status(connection))

    def ending(self, *, is_near: bool) -> None:
        """Tell everybody that maintenance is near, or is not any more."""
        self._is_near_maintenance = is_near
        self._tell_status()

    def halting(self, symbol: Symbol | None) -> None:
        """Tell everybody that the venue is in maintenance, or goes on; of a single pair only REST's list speaks."""
        if symbol is None:
            self._tell_status()

    @property
    def _system(self) -> str:
        return "maintenance" if self.desk.faults.halts(None) else "online"

    def _tell_status(self) -> None:
        for connection in self.desk.connections:
            connection.put(self._status(connection))

    def _status(self, connection: Connection) -> str:
        state = {"version": "2.0.10", "system": self._system, "api_version": "v2", "connection_id": CONNECTION_ID + connection.number}
        near = [MAINTENANCE] if self._is_near_maintenance else []
        return compact({"channel": "status", "type": "update", "data": [state | {"upcoming_maintenance": near, "emergency": []}]})

    def asked(self, connection: Connection, message: dict[str, Any]) -> None:
        """Answer a ping, or each symbol of a request."""
        method, params = message.get("method"), message.get("params")
        if method == "ping":
            connection.put(self._reply(message, "pong"))
        elif method not in {"subscribe", "unsubscribe"} or not isinstance(params, dict):
            connection.put(self._reply(message, str(method), error="Malformed request", success=False))
        elif params.get("channel") not in {self.trades_channel, self.ticker_channel} or not isinstance(params.get("symbol"), list):
            connection.put(self._reply(message, str(method), error="Unsupported channel", success=False))
        else:
            for name in params["symbol"]:
                self._change(connection, message, Symbol(str(name)))

    def unreadable(self, connection: Connection, text: str) -> None:  # noqa: ARG002 - Whatever it was.
        """Refuse a text that is no JSON."""
        connection.put(self._reply({}, "", error="Malformed request", success=False))

    def too_fast(self, connection: Connection) -> None:
        """Complain; the request is lost."""
        connection.put('{"Error":"Exceeded msg rate"}')

    def _change(self, connection: Connection, message: dict[str, Any], symbol: Symbol) -> None:
        params, is_wanted = message["params"], message["method"] == "subscribe"
        channel = params["channel"]
        if is_wanted and self.refuses(symbol):
            refusal = f"Currency pair not supported {symbol}"
            connection.put(self._reply(message, "subscribe", error=refusal, success=False, symbol=symbol), symbol=symbol)
            return
        shows_past = params.get("snapshot", channel == self.ticker_channel) is True
        result = {"channel": channel, "snapshot": shows_past, "symbol": symbol} if is_wanted else {"channel": channel, "symbol": symbol}
        connection.put(self._reply(message, message["method"], result=result, success=True), symbol=symbol)
        if not is_wanted:
            connection.leave(channel, symbol)
            return
        connection.hold(channel, symbol)
        past = self.desk.history(symbol, SNAPSHOT_TRADES) if shows_past else ()
        if past and channel == self.ticker_channel:
            connection.put(self._ticker(symbol, "snapshot"), symbol=symbol)
        elif past:
            connection.put(rows.frame(channel, "snapshot", rows.trade_rows(symbol, past)), symbol=symbol)

    def _reply(self, message: dict[str, Any], method: str, **more: object) -> str:
        now = rfc3339_us(self.desk.now_ns)
        echoed = {"req_id": message["req_id"]} if isinstance(message.get("req_id"), int) else {}
        error = {"error": more.pop("error")} if "error" in more else {}
        return compact({**error, "method": method, **echoed, **more, "time_in": now, "time_out": now})

    def publish(self, symbol: Symbol, trades: Sequence[MarketTrade]) -> None:
        """Keep rows for this pulse's frame, which may hold several symbols, unless a fault wants each symbol's by itself."""
        if symbol in self._told or self.desk.faults.names_symbols:
            self._flush()
        if self.holders(self.trades_channel, symbol):
            self._told[symbol] = rows.trade_rows(symbol, trades)
        for connection in self.holders(self.ticker_channel, symbol):
            connection.put(self._ticker(symbol, "update"), symbol=symbol)

    def _flush(self) -> None:
        for connection in self.desk.connections if self._told else ():
            held = [symbol for symbol in self._told if connection.holds(self.trades_channel, symbol)]
            if held:
                text = rows.frame(self.trades_channel, "update", ",".join(self._told[symbol] for symbol in held))
                connection.put(text, symbol=held[0] if len(held) == 1 else None)
        self._told.clear()

    def _ticker(self, symbol: Symbol, kind: str) -> str:
        return rows.frame(self.ticker_channel, kind, rows.ticker_row(self.listed_tape(symbol), self.desk.now_ns))

    def pulse(self, now_ns: int, number: int) -> None:
        """Tell this pulse's trades; beat each second for whoever is subscribed to anything."""
        self._flush()
        for connection in self.desk.connections if self._heartbeat.is_due(now_ns) else ():
            if connection.channels:
                connection.put('{"channel":"heartbeat"}')
        super().pulse(now_ns, number)

    def tend(self, connection: Connection, now_ns: int) -> None:
        """Close who is not subscribed and asks nothing for a minute."""
        if not connection.channels and now_ns - connection.heard_ns >= QUIET_NS:
            connection.close(1000, "inactive")

    def routes(self) -> Mapping[str, RestHandler]:
        """Return the addresses of REST."""
        return {
            "/0/public/Trades": self._trades,
            "/0/public/Ticker": lambda ask: self._many(ask, rows.rest_ticker),
            "/0/public/AssetPairs": self._pairs,
            "/0/public/SystemStatus": lambda _: _result({"status": self._system, "timestamp": rfc3339_us(self.desk.now_ns)}),
        }

    def rest_symbol(self, ask: RestAsk) -> Symbol | None:
        """Return the symbol, which may be asked for by any of the pair's names."""
        said = ask.text("pair")
        names = (tape.listing.symbol for tape in self.desk.tapes() if said in {tape.listing.symbol, *rows.names(tape.listing.symbol)})
        return next(names, Symbol(said)) if said else None

    def _trades(self, ask: RestAsk) -> object:
        tape = self.rest_tape(ask)
        trades = self.desk.rest_trades(tape, ask.count("count", default=1000, most=1000))
        return rows.rest_trades(tape, trades[::-1], self.desk.now_ns)

    def _pair(self, tape: Tape) -> object:
        return rows.rest_pair(tape, is_online=self.is_trading(tape.listing.symbol))

    def _pairs(self, ask: RestAsk) -> object:
        tapes = [self.rest_tape(ask)] if ask.text("pair") else self.rest_tapes()
        kept = [tape for tape in tapes if not self.desk.faults.delists(tape.listing.symbol)]
        return _result({rows.names(tape.listing.symbol)[0]: self._pair(tape) for tape in kept})

    def _many(self, ask: RestAsk, shape: Callable[[Tape], object]) -> object:
        tapes = [self.rest_tape(ask)] if ask.text("pair") else self.rest_tapes()
        return _result({rows.names(tape.listing.symbol)[0]: shape(tape) for tape in tapes})

    def rest_unknown(self, symbol: Symbol) -> RestAnswer:  # noqa: ARG002 - It is not named.
        """Refuse with status 200, as REST does here."""
        return RestAnswer({"error": ["EQuery:Unknown asset pair"]})

    def rest_limited(self, *, is_banned: bool) -> RestAnswer:
        """Refuse one request too many with status 200; a banned address is refused by the edge."""
        return self.rest_error(403, "banned") if is_banned else RestAnswer({"error": ["EGeneral:Too many requests"]})

    def rest_error(self, status: int, text: str) -> RestAnswer:
        """Shape a refusal."""
        return RestAnswer({"error": ["EGeneral:Too many requests" if status == 429 else f"EService:{text}"]}, status)


def _result(result: object) -> object:
    return {"error": [], "result": result}

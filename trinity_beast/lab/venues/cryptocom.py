"""Crypto.com Exchange's market socket, version 1, and REST. Facts: docs/exchanges.md; what is ours there is said here.

Ours, because nobody has seen it: what is asked in the first second is refused with 42901 (limits are prorated, "early frames
can be refused"); the history answer has up to a hundred rows, and none where there is none; what is too fast is refused with
42901 on the socket, too; an instrument that cannot be traded is unknown to the socket.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from trinity_beast.lab.connection import Connection
from trinity_beast.lab.digits import decimal_text, plain_text
from trinity_beast.lab.heartbeats import Metronome, Questions
from trinity_beast.lab.listings import Spelling
from trinity_beast.lab.model import MS_NS, SECOND_NS, MarketTrade, maker_of
from trinity_beast.lab.pace import Limit
from trinity_beast.lab.protocol import Desk, VenueProtocol, compact
from trinity_beast.lab.rest import RestAnswer, RestAsk, RestHandler
from trinity_beast.lab.tape import Tape
from trinity_beast.words import Symbol, Venue

UNKNOWN, FULL, TOO_MANY = 40003, 40107, 42901
HISTORY_TRADES = 100
CHANNELS_MOST = 400
HEARTBEAT_NS = 30 * SECOND_NS
UNANSWERED_MOST = 2
IN_USDT = ("WLD", "COMP", "1INCH", "ORDI", "RUNE", "CRO", "TAO", "AGLD", "AUDIO")
IN_USD = ("APE", "ENS", "USDT")
QUOTES_OF = {**dict.fromkeys(IN_USDT, ("USDT",)), **dict.fromkeys(IN_USD, ("USD",))}
"""Coins that are known to be priced in one of the two; all others are listed in both."""


class CryptoCom(VenueProtocol):
    """The first answer of a channel is history, by its id; a heartbeat every 30 s must be answered; rows newest first."""

    venue: ClassVar[Venue] = Venue("cryptocom")
    spelling: ClassVar[Spelling] = Spelling(("USD", "USDT"), between="_", only=QUOTES_OF, dead=(("MKR", "1225.1"),))
    socket_path: ClassVar[str] = "/exchange/v1/market"
    trades_channel: ClassVar[str] = "trade"
    ticker_channel: ClassVar[str] = "ticker"
    message_limit: ClassVar[Limit | None] = Limit(100)
    rest_limit: ClassVar[Limit] = Limit(100)
    rest_counts_each_address: ClassVar[bool] = True
    ping_seconds: ClassVar[int] = 5
    planned_close: ClassVar[int] = 1013

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._heartbeat, self._beats = Metronome(HEARTBEAT_NS), Questions(UNANSWERED_MOST)

    @classmethod
    def recorded_trades(cls, message: dict[str, Any]) -> Iterable[MarketTrade]:
        """Return the rows of a push: those with an id of their own are history."""
        result = message.get("result")
        if message.get("id") == -1 and isinstance(result, dict) and result.get("channel") == cls.trades_channel:
            for row in reversed(result["data"]):
                yield MarketTrade(Symbol(row["i"]), int(row["d"]), row["p"], row["q"], row["t"] * MS_NS, maker_of(row["s"]))

    def asked(self, connection: Connection, message: dict[str, Any]) -> None:
        """Answer a heartbeat's answer with nothing, a request channel by channel."""
        method = message.get("method")
        if method == "public/respond-heartbeat":
            self._beats.answered(connection, message.get("id"))
        elif self.desk.steady_ns - connection.opened_ns < SECOND_NS:
            self._refuse(connection, message, TOO_MANY, "TOO_MANY_REQUESTS")
        elif method not in {"subscribe", "unsubscribe"}:
            self._refuse(connection, message, UNKNOWN, "No such method")
        else:
            params = message.get("params")
            channels = params.get("channels") if isinstance(params, dict) else None
            for channel in channels if isinstance(channels, list) else [""]:
                kind, _, name = str(channel).partition(".")
                self._change(connection, message, kind, Symbol(name))
            if method == "unsubscribe":
                connection.put(compact({"id": message.get("id"), "method": method, "code": 0}))

    def too_fast(self, connection: Connection) -> None:
        """Refuse what goes beyond the limit."""
        self._refuse(connection, {"id": -1, "method": "subscribe"}, TOO_MANY, "TOO_MANY_REQUESTS")

    def _change(self, connection: Connection, message: dict[str, Any], kind: str, symbol: Symbol) -> None:
        if message["method"] == "unsubscribe":
            connection.leave(kind, symbol)
        elif kind not in {self.trades_channel, self.ticker_channel}:
            self._refuse(connection, message, UNKNOWN, "Unrecognized channel", f"{kind}.{symbol}")
        elif self.refuses(symbol):
            self._refuse(connection, message, UNKNOWN, "Unknown symbol", f"{kind}.{symbol}")
        elif connection.subscriptions >= CHANNELS_MOST and not connection.holds(kind, symbol):
            self._refuse(connection, message, FULL, "Maximum subscriptions exceeded")
        else:
            connection.hold(kind, symbol)
            past = self.desk.history(symbol, HISTORY_TRADES)
            rows = _rows(symbol, past) if kind == self.trades_channel else compact(self._tick(self.listed_tape(symbol))) if past else ""
            connection.put(_data(compact(message.get("id", 0)), kind, symbol, rows), symbol=symbol)

    def _refuse(self, connection: Connection, message: dict[str, Any], code: int, text: str, channel: str = "") -> None:
        named = {"channel": channel} if channel else {}
        head = {"id": message.get("id", 0), "method": str(message.get("method", "")), "code": code}
        connection.put(compact({**head, **named, "message": text}))

    def trade_frames(self, symbol: Symbol, trades: Sequence[MarketTrade]) -> Iterable[str]:
        """Write all rows into one frame, newest first."""
        return (_data("-1", self.trades_channel, symbol, _rows(symbol, trades)),)

    def ticker_frame(self, tape: Tape) -> str:
        """Write a ticker."""
        return _data("-1", self.ticker_channel, tape.listing.symbol, compact(self._tick(tape)))

    def pulse(self, now_ns: int, number: int) -> None:
        """Send everybody a heartbeat every 30 s; close who left the last two without an answer."""
        beat = self.desk.now_ns // MS_NS
        for connection in self.desk.connections if self._heartbeat.is_due(now_ns) else ():
            if self._beats.ask(connection, beat):
                connection.put(f'{{"id":{beat},"method":"public/heartbeat","code":0}}')
            else:
                connection.close(1000, "heartbeat not answered")
        super().pulse(now_ns, number)

    def closed(self, connection: Connection) -> None:
        """Forget the client's heartbeats."""
        self._beats.forget(connection)

    def routes(self) -> Mapping[str, RestHandler]:
        """Return the addresses of REST."""
        return {
            "/exchange/v1/public/get-trades": self._trades,
            "/exchange/v1/public/get-tickers": lambda ask: self._answer("get-tickers", [self._tick(tape) for tape in self._tapes(ask)]),
            "/exchange/v1/public/get-instruments": lambda _: self._answer(
                "get-instruments", list(map(self._instrument, self.rest_tapes()))
            ),
        }

    def rest_symbol(self, ask: RestAsk) -> Symbol | None:
        """Return the instrument a request is about."""
        said = ask.text("instrument_name")
        return Symbol(said) if said else None

    def _tapes(self, ask: RestAsk) -> list[Tape]:
        return [self.rest_tape(ask)] if self.rest_symbol(ask) else self.rest_tapes()

    def _answer(self, method: str, data: object) -> object:
        return {"id": -1, "method": f"public/{method}", "code": 0, "result": {"data": data}}

    def _trades(self, ask: RestAsk) -> object:
        tape = self.rest_tape(ask)
        rows = [
            {
                "s": trade.taker, "p": trade.price, "q": trade.size, "t": trade.time_ms, "tn": trade.time_ns, "d": str(trade.trade_id),
                "i": tape.listing.symbol,
            }
            for trade in self.desk.rest_trades(tape, ask.count("count", default=25, most=150))
        ]  # fmt: skip
        return self._answer("get-trades", rows)

    def _tick(self, tape: Tape) -> object:
        (bid, offer), decimals = tape.best(), tape.listing.price_decimals
        return {
            "h": plain_text(tape.high, decimals), "l": plain_text(tape.low, decimals), "a": tape.last_price,
            "c": plain_text(tape.change, 4), "b": bid, "bs": "0.27217", "k": offer, "ks": "0.23532", "i": tape.listing.symbol,
            "v": plain_text(tape.volume, 4), "vv": plain_text(tape.quote_volume, 2), "oi": "0", "t": self.desk.now_ns // MS_NS,
        }  # fmt: skip

    def _instrument(self, tape: Tape) -> object:
        listing = tape.listing
        base, quote = self.spelling.parts(listing.symbol)
        return {
            "symbol": listing.symbol, "inst_type": "CCY_PAIR", "display_name": f"{base}/{quote}", "base_ccy": base, "quote_ccy": quote,
            "quote_decimals": listing.price_decimals, "quantity_decimals": listing.size_decimals,
            "price_tick_size": decimal_text(1, listing.price_decimals), "qty_tick_size": decimal_text(1, listing.size_decimals),
            "max_leverage": "50", "tradable": self.is_trading(listing.symbol), "expiry_timestamp_ms": 0, "beta_product": False,
            "margin_buy_enabled": False, "margin_sell_enabled": False,
        }  # fmt: skip

    def rest_error(self, status: int, text: str) -> RestAnswer:
        """Shape a refusal."""
        code = {404: UNKNOWN, 429: TOO_MANY}.get(status, 50001)
        return RestAnswer({"id": -1, "code": code, "message": "TOO_MANY_REQUESTS" if code == TOO_MANY else text}, status)


def _rows(symbol: Symbol, trades: Sequence[MarketTrade]) -> str:
    return ",".join(
        f'{{"d":"{trade.trade_id}","t":{trade.time_ms},"p":"{trade.price}","q":"{trade.size}","s":"{trade.taker.upper()}",'
        f'"i":"{symbol}","m":"{trade.trade_id}"}}'
        for trade in reversed(trades)
    )


def _data(number: str, kind: str, symbol: Symbol, rows: str) -> str:
    return (
        f'{{"id":{number},"method":"subscribe","code":0,"result":{{"instrument_name":"{symbol}","subscription":"{kind}.{symbol}",'
        f'"channel":"{kind}","data":[{rows}]}}}}'
    )

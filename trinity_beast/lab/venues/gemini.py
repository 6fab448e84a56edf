"""Gemini's market data socket and REST. Facts: docs/exchanges.md; what is ours there is said here.

Ours, because nobody has seen it: acks come up to 50 ms late, so that data may come before them, as was recorded once; a
closed symbol cannot be subscribed and REST goes on telling its last price; `list_subscriptions` answers under `result`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from trinity_beast.lab.connection import Connection
from trinity_beast.lab.digits import decimal_text, plain_text
from trinity_beast.lab.listings import Spelling
from trinity_beast.lab.model import MS_NS, SECOND_NS, MakerSide, MarketTrade
from trinity_beast.lab.pace import Limit
from trinity_beast.lab.protocol import Desk, VenueProtocol, compact
from trinity_beast.lab.rest import RestAnswer, RestAsk, RestHandler
from trinity_beast.lab.tape import Tape
from trinity_beast.words import Symbol, Venue

INVALID, UNSUPPORTED, TOO_MANY = -1013, -1020, -1003
STATUS_OF = {INVALID: 400, UNSUPPORTED: 400, TOO_MANY: 429}
CONNINFO = [
    {"rateLimitType": "REQUEST_WEIGHT", "interval": "SECOND", "intervalNum": 10, "limit": 7000, "count": 33},
    {"rateLimitType": "CONNECTION_ATTEMPTS", "interval": "MINUTE", "intervalNum": 5, "limit": 300, "count": 2},
]


class Gemini(VenueProtocol):
    """Streams by name, one trade a frame, nanoseconds; one unknown stream refuses its whole request."""

    venue: ClassVar[Venue] = Venue("gemini")
    spelling: ClassVar[Spelling] = Spelling(
        ("USD",), is_lower=True, pads_digits=True, price_digits=5, size_digits=10, time_step_ns=1, dead=(("MKR", "1225.10000"),)
    )
    trades_channel: ClassVar[str] = "trade"
    ticker_channel: ClassVar[str] = "bookTicker"
    connection_limit: ClassVar[Limit] = Limit(300, 300)
    message_limit: ClassVar[Limit | None] = Limit(7000, 10)
    rest_limit: ClassVar[Limit] = Limit(120, 60)
    ping_seconds: ClassVar[int] = 20

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._late: list[tuple[Connection, str]] = []

    @classmethod
    def recorded_trades(cls, message: dict[str, Any]) -> Iterable[MarketTrade]:
        """Return the trade, if the frame is one."""
        if "t" in message and "p" in message and "e" not in message:
            maker = MakerSide.BUY if message["m"] else MakerSide.SELL
            yield MarketTrade(Symbol(message["s"]), message["t"], message["p"], message["q"], message["E"], maker)

    def asked(self, connection: Connection, message: dict[str, Any]) -> None:
        """Answer a request by its method, in lower or upper case."""
        method = str(message.get("method", "")).lower()
        if method in {"subscribe", "unsubscribe"}:
            self._change(connection, message, is_wanted=method == "subscribe")
        elif method == "ping":
            self._answer(connection, message)
        elif method == "time":
            self._answer(connection, message, result={"serverTime": self.desk.now_ns // MS_NS})
        elif method == "conninfo":
            self._answer(connection, message, rateLimits=CONNINFO)
        elif method == "list_subscriptions":
            self._answer(connection, message, result=[f"{name}@{kind}" for kind, held in connection.channels.items() for name in held])
        else:
            self._refuse(connection, message, UNSUPPORTED, "Unsupported operation")

    def unreadable(self, connection: Connection, text: str) -> None:  # noqa: ARG002 - Whatever it was.
        """Refuse a text that is no JSON."""
        self._refuse(connection, {}, INVALID, "Malformed request")

    def too_fast(self, connection: Connection) -> None:
        """Refuse what goes beyond the request weight."""
        self._refuse(connection, {}, TOO_MANY, "Too many requests")

    def _change(self, connection: Connection, message: dict[str, Any], *, is_wanted: bool) -> None:
        streams = message.get("params")
        names = [str(stream) for stream in streams] if isinstance(streams, list) else [""]
        parts = [self._parts(name) for name in names]
        bad = [name for name, (kind, symbol) in zip(names, parts, strict=True) if not kind or (is_wanted and self.refuses(symbol))]
        if bad:
            self._refuse(connection, message, INVALID, f"Invalid stream name: {bad[0]}")
            return
        for kind, symbol in parts:
            if is_wanted:
                connection.hold(kind, symbol)
            else:
                connection.leave(kind, symbol)
        self._late.append((connection, compact({"id": message.get("id"), "status": 200})))

    def _parts(self, stream: str) -> tuple[str, Symbol]:
        name, _, kind = stream.partition("@")
        return kind if kind in {self.trades_channel, self.ticker_channel} else "", Symbol(name.lower())

    def _answer(self, connection: Connection, message: dict[str, Any], **more: object) -> None:
        connection.put(compact({"id": message.get("id"), "status": 200, **more}))

    def _refuse(self, connection: Connection, message: dict[str, Any], code: int, text: str) -> None:
        connection.put(compact({"id": message.get("id"), "status": STATUS_OF[code], "error": {"code": code, "msg": text}}))

    def trade_frames(self, symbol: Symbol, trades: Sequence[MarketTrade]) -> Iterable[str]:
        """Write a frame for each trade; `m` says that the buyer was the maker."""
        for trade in trades:
            maker_bought = "true" if trade.maker_side is MakerSide.BUY else "false"
            yield f'{{"E":{trade.time_ns},"s":"{symbol}","t":{trade.trade_id},"p":"{trade.price}","q":"{trade.size}","m":{maker_bought}}}'

    def ticker_frame(self, tape: Tape) -> str:
        """Write a book ticker: `c` is the last price."""
        bid, ask = tape.best()
        number, last = self.desk.now_ns // 1000, tape.last
        return (
            f'{{"u":{number},"E":{self.desk.now_ns},"s":"{tape.listing.symbol}","b":"{bid}","B":"0.0102979000","a":"{ask}",'
            f'"A":"0.0122571700","c":"{tape.last_price}","C":"{last.size if last else "0"}"}}'
        )

    def pulse(self, now_ns: int, number: int) -> None:
        """Acknowledge what was asked since the last pulse."""
        for connection, text in self._late:
            connection.put(text)
        self._late.clear()
        super().pulse(now_ns, number)

    def routes(self) -> Mapping[str, RestHandler]:
        """Return the addresses of REST."""
        return {
            "/v1/trades/{symbol}": self._trades,
            "/v1/pubticker/{symbol}": self._ticker,
            "/v2/ticker/{symbol}": self._ticker_v2,
            "/v1/pricefeed": lambda _: [self._fed(tape) for tape in self.rest_tapes()],
            "/v1/symbols": lambda _: [tape.listing.symbol for tape in self.rest_tapes()],
            "/v1/symbols/details/all": lambda _: f"[{','.join(map(self._details, self.rest_tapes()))}]",
            "/v1/symbols/details/{symbol}": lambda ask: self._details(self.rest_tape(ask)),
        }

    def rest_symbol(self, ask: RestAsk) -> Symbol | None:
        """Return the symbol, which may be asked for in any case."""
        return Symbol(ask.text("symbol").lower()) if ask.text("symbol") else None

    def _trades(self, ask: RestAsk) -> object:
        trades = self.desk.rest_trades(self.rest_tape(ask), ask.count("limit_trades", default=50, most=500))
        return [
            {
                "timestamp": trade.time_ns // SECOND_NS, "timestampms": trade.time_ms, "tid": trade.trade_id, "price": trade.price,
                "amount": trade.size, "exchange": "gemini", "type": trade.taker,
            }
            for trade in trades
        ]  # fmt: skip

    def _ticker(self, ask: RestAsk) -> object:
        tape = self.rest_tape(ask)
        bid, offer = tape.best()
        base, quote = self.spelling.parts(tape.listing.symbol)
        volume: dict[str, object] = {base: plain_text(tape.volume, 10), quote: plain_text(tape.quote_volume, 10)}
        return {"bid": bid, "ask": offer, "volume": volume | {"timestamp": self.desk.now_ns // MS_NS}, "last": tape.last_price}

    def _ticker_v2(self, ask: RestAsk) -> object:
        tape = self.rest_tape(ask)
        bid, offer = tape.best()
        shown = {"open": tape.open, "high": tape.high, "low": tape.low}
        prices = {name: plain_text(price, tape.listing.price_decimals) for name, price in shown.items()}
        return {"symbol": tape.listing.symbol.upper(), **prices, "close": tape.last_price, "changes": [], "bid": bid, "ask": offer}

    def _fed(self, tape: Tape) -> object:
        return {"pair": tape.listing.symbol.upper(), "price": tape.last_price, "percentChange24h": plain_text(tape.change, 4)}

    def _details(self, tape: Tape) -> str:
        base, quote = self.spelling.parts(tape.listing.symbol)
        tick, increment = (decimal_text(1, decimals) for decimals in (tape.listing.size_decimals, tape.listing.price_decimals))
        symbol = tape.listing.symbol
        status = "open" if self.is_trading(symbol) else "cancel_only" if self.is_listed(symbol) else "closed"
        return (
            f'{{"symbol":"{tape.listing.symbol.upper()}","quote_currency":"{quote}","tick_size":{tick},"quote_increment":{increment},'
            f'"min_order_size":"0.00001","status":"{status}","wrap_enabled":false,"product_type":"spot","contract_type":"vanilla",'
            f'"contract_price_currency":"{quote}","base_currency":"{base}"}}'
        )

    def rest_error(self, status: int, text: str) -> RestAnswer:
        """Shape a refusal."""
        reason = {404: "InvalidSymbol", 429: "RateLimit"}.get(status, "System")
        return RestAnswer({"result": "error", "reason": reason, "message": text}, status)

"""Binance's combined spot streams, and REST. Facts: docs/exchanges.md; what is ours there is said here.

Ours, because nobody has seen it: an unknown stream is acknowledged and silent; whoever sends too many messages or asks for too
many streams is closed; REST takes 240 requests a minute (6,000 of weight, 25 each) and bans for two minutes whoever goes on
after ten refusals; a market without trading has the status BREAK.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from trinity_beast.lab.connection import Connection
from trinity_beast.lab.digits import decimal_text, plain_text
from trinity_beast.lab.listings import Spelling
from trinity_beast.lab.model import MS_NS, SECOND_NS, MakerSide, MarketTrade
from trinity_beast.lab.pace import Limit
from trinity_beast.lab.protocol import VenueProtocol, compact
from trinity_beast.lab.rest import RestAnswer, RestAsk, RestHandler
from trinity_beast.lab.tape import Tape
from trinity_beast.words import Symbol, Venue

STREAMS_MOST = 1024
LIFE_NS = 24 * 3600 * SECOND_NS
BASE = "/api/v3"


class Binance(VenueProtocol):
    """Streams in lower case, data in upper; one trade a frame, in an envelope; five messages a second, a day's life."""

    venue: ClassVar[Venue] = Venue("binance")
    spelling: ClassVar[Spelling] = Spelling(
        ("USDT",),
        pads_digits=True,
        price_digits=8,
        size_digits=8,
        dead=(("FTM", "0.52610000"), ("MKR", "1225.10000000")),
        only={"USDT": ()},
    )
    socket_path: ClassVar[str] = "/stream"
    trades_channel: ClassVar[str] = "trade"
    ticker_channel: ClassVar[str] = "ticker"
    connection_limit: ClassVar[Limit] = Limit(300, 300)
    message_limit: ClassVar[Limit | None] = Limit(5)
    rest_limit: ClassVar[Limit] = Limit(240, 60, ban_seconds=120, patience=10)
    ping_seconds: ClassVar[int] = 20
    pong_within_seconds: ClassVar[int] = 60

    @classmethod
    def recorded_trades(cls, message: dict[str, Any]) -> Iterable[MarketTrade]:
        """Return the trade of a frame."""
        row = message.get("data")
        if isinstance(row, dict) and row.get("e") == cls.trades_channel:
            maker = MakerSide.BUY if row["m"] else MakerSide.SELL
            yield MarketTrade(Symbol(row["s"]), row["t"], row["p"], row["q"], row["T"] * MS_NS, maker)

    def heard_control(self, connection: Connection) -> None:
        """Count pings and pongs as messages."""
        super().heard_control(connection)
        if not connection.may_speak():
            self.too_fast(connection)

    def asked(self, connection: Connection, message: dict[str, Any]) -> None:
        """Answer a request."""
        method, streams = message.get("method"), message.get("params")
        if method == "LIST_SUBSCRIPTIONS":
            held = [f"{symbol.lower()}@{kind}" for kind, symbols in connection.channels.items() for symbol in symbols]
            connection.put(compact({"result": held, "id": message.get("id")}))
        elif method not in {"SUBSCRIBE", "UNSUBSCRIBE"}:
            self._refuse(connection, message, f"Invalid request: unknown variant {method}")
        elif not isinstance(streams, list) or not all(isinstance(stream, str) for stream in streams):
            self._refuse(connection, message, "Invalid request: params must be a list of streams")
        elif self.desk.faults.refuses_subscribe([self._parts(stream)[1] for stream in streams]):
            self._refuse(connection, message, "Invalid request: refused")
        else:
            self._change(connection, message, streams)

    def unreadable(self, connection: Connection, text: str) -> None:  # noqa: ARG002 - Whatever it was.
        """Refuse a text that is no JSON."""
        self._refuse(connection, {}, "Invalid JSON: expected value at line 1 column 1")

    def _change(self, connection: Connection, message: dict[str, Any], streams: list[str]) -> None:
        for stream in streams:
            kind, symbol = self._parts(stream)
            if message["method"] == "SUBSCRIBE":
                connection.hold(kind, symbol)
            else:
                connection.leave(kind, symbol)
        if connection.subscriptions > STREAMS_MOST:
            connection.close(1008, "too many streams")
        else:
            connection.put(compact({"result": None, "id": message.get("id")}))

    def _parts(self, stream: str) -> tuple[str, Symbol]:
        """Return a stream's kind and symbol. One in upper case is another stream, of which nothing ever comes."""
        name, _, kind = stream.partition("@")
        return kind, Symbol(name.upper() if name.islower() else f"{name}?")

    def _refuse(self, connection: Connection, message: dict[str, Any], text: str) -> None:
        connection.put(compact({"code": 2, "msg": text, "id": message.get("id")}))

    def trade_frames(self, symbol: Symbol, trades: Sequence[MarketTrade]) -> Iterable[str]:
        """Write a frame for each trade; `m` says that the buyer was the maker."""
        head, now_ms = f'{{"stream":"{symbol.lower()}@trade","data":{{"e":"trade","E":', self.desk.now_ns // MS_NS
        for trade in trades:
            maker_bought = "true" if trade.maker_side is MakerSide.BUY else "false"
            yield (
                f'{head}{now_ms},"s":"{symbol}","t":{trade.trade_id},"p":"{trade.price}","q":"{trade.size}","T":{trade.time_ms},'
                f'"m":{maker_bought},"M":true}}}}'
            )

    def ticker_frame(self, tape: Tape) -> str:
        """Write a ticker: `c` last price, `C` close time, `q` quote volume."""
        now_ms, symbol = self.desk.now_ns // MS_NS, tape.listing.symbol
        row = {"e": "24hrTicker", "E": now_ms, "s": symbol, "c": tape.last_price, "C": now_ms, "q": plain_text(tape.quote_volume, 8)}
        return compact({"stream": f"{symbol.lower()}@ticker", "data": row})

    def tend(self, connection: Connection, now_ns: int) -> None:
        """End a connection after a day."""
        if now_ns - connection.opened_ns >= LIFE_NS:
            connection.close(1001, "24 hours")
        else:
            super().tend(connection, now_ns)

    def ending(self, *, is_near: bool) -> None:
        """Announce that the server shuts down."""
        for connection in self.desk.connections if is_near else ():
            row = {"e": "serverShutdown", "E": self.desk.now_ns // MS_NS}
            connection.put(compact({"stream": "!serverShutdown", "data": row}))

    def routes(self) -> Mapping[str, RestHandler]:
        """Return the addresses of REST."""
        return {f"{BASE}/trades": self._trades, f"{BASE}/ticker/24hr": self._tickers, f"{BASE}/exchangeInfo": self._info}

    def _trades(self, ask: RestAsk) -> object:
        return [
            {
                "id": trade.trade_id, "price": trade.price, "qty": trade.size, "quoteQty": trade.size, "time": trade.time_ms,
                "isBuyerMaker": trade.maker_side is MakerSide.BUY, "isBestMatch": True,
            }
            for trade in reversed(self.desk.rest_trades(self.rest_tape(ask), ask.count("limit", default=500, most=1000)))
        ]  # fmt: skip

    def _tickers(self, ask: RestAsk) -> object:
        return self._tick(self.rest_tape(ask)) if self.rest_symbol(ask) else [self._tick(tape) for tape in self.rest_tapes()]

    def _tick(self, tape: Tape) -> object:
        now_ms, decimals = self.desk.now_ns // MS_NS, tape.listing.price_decimals
        opened, high, low = (plain_text(price, decimals) for price in (tape.open, tape.high, tape.low))
        return {
            "symbol": tape.listing.symbol, "lastPrice": tape.last_price, "openPrice": opened, "highPrice": high, "lowPrice": low,
            "volume": plain_text(tape.volume, 8), "quoteVolume": plain_text(tape.quote_volume, 8), "closeTime": now_ms, "count": tape.count,
        }  # fmt: skip

    def _info(self, _ask: RestAsk) -> object:
        shaped = [self._market(tape) for tape in self.rest_tapes()]
        return {"timezone": "UTC", "serverTime": self.desk.now_ns // MS_NS, "rateLimits": [], "symbols": shaped}

    def _market(self, tape: Tape) -> object:
        listing = tape.listing
        base, quote = self.spelling.parts(listing.symbol)
        tick = {"filterType": "PRICE_FILTER", "tickSize": decimal_text(1, listing.price_decimals)}
        return {
            "symbol": listing.symbol, "status": "TRADING" if self.is_trading(listing.symbol) else "BREAK", "baseAsset": base,
            "quoteAsset": quote, "isSpotTradingAllowed": True, "filters": [tick], "permissions": ["SPOT"],
        }  # fmt: skip

    def rest_unknown(self, symbol: Symbol) -> RestAnswer:  # noqa: ARG002 - It is not named.
        """Refuse an unknown symbol."""
        return RestAnswer({"code": -1121, "msg": "Invalid symbol."}, 400)

    def rest_limited(self, *, is_banned: bool) -> RestAnswer:
        """Refuse one request too many with 429, and with 418 whoever goes on."""
        return self.rest_error(418 if is_banned else 429, "Too many requests")

    def rest_error(self, status: int, text: str) -> RestAnswer:
        """Shape a refusal."""
        return RestAnswer({"code": -1003 if status in {418, 429} else -1001, "msg": text}, status)

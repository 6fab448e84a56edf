"""Gate.io's spot socket, version 4, and REST. Facts: docs/exchanges.md; what is ours there is said here.

Ours, because nobody has seen it: a pair that cannot be traded is refused like an unknown one, REST goes on telling its last
price, and `limit=1` of REST's trades gives the newest.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar
from zlib import crc32

from trinity_beast.lab.connection import Connection
from trinity_beast.lab.digits import milliseconds_text, plain_text, unix_ns
from trinity_beast.lab.listings import Spelling
from trinity_beast.lab.model import MS_NS, SECOND_NS, MarketTrade, maker_of
from trinity_beast.lab.pace import Limit
from trinity_beast.lab.protocol import VenueProtocol, compact
from trinity_beast.lab.rest import RestAnswer, RestAsk, RestHandler
from trinity_beast.lab.tape import Tape
from trinity_beast.words import Symbol, Venue

MALFORMED, INVALID = 1, 2
BARE_NS, DATALESS_NS = 30 * SECOND_NS, 60 * SECOND_NS
"""After how much silence a socket is cut: one without subscriptions, and one that is only acknowledged."""
BASE = "/api/v4/spot"


class GateIo(VenueProtocol):
    """One request, one answer: an unknown pair fails them all. One trade a frame, as an object; milliseconds with a fraction."""

    venue: ClassVar[Venue] = Venue("gateio")
    spelling: ClassVar[Spelling] = Spelling(("USDT",), between="_", time_step_ns=1000, dead=(("FTM", "0.5261"), ("MKR", "1225.1")))
    socket_path: ClassVar[str] = "/ws/v4/"
    trades_channel: ClassVar[str] = "spot.trades"
    ticker_channel: ClassVar[str] = "spot.tickers"
    connection_limit: ClassVar[Limit] = Limit(300, 60)
    rest_limit: ClassVar[Limit] = Limit(200, 10)
    rest_counts_each_address: ClassVar[bool] = True

    @classmethod
    def recorded_trades(cls, message: dict[str, Any]) -> Iterable[MarketTrade]:
        """Return the trade of an update."""
        if message.get("channel") == cls.trades_channel and message.get("event") == "update":
            row = message["result"]
            time_ns = unix_ns(row["create_time_ms"], MS_NS)
            yield MarketTrade(Symbol(row["currency_pair"]), row["id"], row["price"], row["amount"], time_ns, maker_of(row["side"]))

    def asked(self, connection: Connection, message: dict[str, Any]) -> None:
        """Answer a ping or a request."""
        channel, event, payload = message.get("channel"), message.get("event"), message.get("payload")
        is_sound = isinstance(message.get("time", 0), int) and isinstance(channel, str)
        if is_sound and channel == "spot.ping":
            connection.put(self._reply(connection, "spot.pong", event="", result=None))
        elif not is_sound or event not in {"subscribe", "unsubscribe"} or not isinstance(payload, list):
            error = {"code": MALFORMED, "message": "request payload does not follow json schema"}
            time = self.desk.now_ns // SECOND_NS
            connection.put(compact({"time": time, "channel": "", "event": "", "error": error, "result": None}))
        elif channel not in {self.trades_channel, self.ticker_channel}:
            self._fail(connection, message, f"Unknown channel {channel}")
        else:
            self._change(connection, message, [Symbol(str(name)) for name in payload])

    def _change(self, connection: Connection, message: dict[str, Any], symbols: list[Symbol]) -> None:
        channel, is_wanted = message["channel"], message["event"] == "subscribe"
        bad = [symbol for symbol in symbols if is_wanted and self.refuses(symbol)]
        if bad:
            self._fail(connection, message, f"unknown currency pair: {bad[0]}")
            return
        for symbol in symbols:
            if is_wanted:
                connection.hold(channel, symbol)
            else:
                connection.leave(channel, symbol)
        echoed = {"event": message["event"], "payload": message["payload"]}
        connection.put(self._reply(connection, channel, message, **echoed, result={"status": "success"}))
        # A socket with nothing but its ack is cut after a minute: an ack is not data.
        connection.told_ns = connection.opened_ns

    def _fail(self, connection: Connection, message: dict[str, Any], text: str) -> None:
        request = f"{crc32(compact(message).encode()):032x}"
        failed = {"error": {"code": INVALID, "message": text}, "result": {"status": "fail"}, "requestId": request}
        asked = {"trace_id": request, "event": message.get("event"), "payload": message.get("payload")}
        connection.put(self._reply(connection, str(message["channel"]), message, **asked, **failed))

    def _reply(self, connection: Connection, channel: str, message: Mapping[str, Any] | None = None, **more: object) -> str:
        milliseconds = self.desk.now_ns // MS_NS
        echoed = {"id": message["id"]} if message and "id" in message else {}
        trace = {"trace_id": more.pop("trace_id")} if "trace_id" in more else {}
        head = {"time": milliseconds // 1000, "time_ms": milliseconds, **echoed, "conn_id": f"{connection.number:016x}", **trace}
        return compact({**head, "channel": channel, **more})

    def trade_frames(self, symbol: Symbol, trades: Sequence[MarketTrade]) -> Iterable[str]:
        """Write a frame for each trade."""
        milliseconds = self.desk.now_ns // MS_NS
        head = f'{{"time":{milliseconds // 1000},"time_ms":{milliseconds},"channel":"{self.trades_channel}","event":"update","result":'
        base, quote = symbol.split("_")
        for trade in trades:
            number = trade.trade_id
            yield (
                f'{head}{{"id":{number},"id_market":{number},"create_time":{trade.time_ns // SECOND_NS},'
                f'"create_time_ms":"{milliseconds_text(trade.time_ns)}","side":"{trade.taker}","currency_pair":"{symbol}",'
                f'"amount":"{trade.size}","price":"{trade.price}","range":"{number}-{number}","stock":"{base}","money":"{quote}",'
                f'"trade_mode":0}}}}'
            )

    def ticker_frame(self, tape: Tape) -> str:
        """Write a ticker."""
        milliseconds = self.desk.now_ns // MS_NS
        head = {"time": milliseconds // 1000, "time_ms": milliseconds, "channel": self.ticker_channel, "event": "update"}
        return compact({**head, "result": self._tick(tape)})

    def tend(self, connection: Connection, now_ns: int) -> None:
        """Cut, without a word, a socket on which neither side says anything."""
        if connection.channels:
            if now_ns - max(connection.told_ns, connection.heard_ns) >= DATALESS_NS:
                connection.reset()
        elif now_ns - connection.heard_ns >= BARE_NS:
            connection.reset()

    def routes(self) -> Mapping[str, RestHandler]:
        """Return the addresses of REST."""
        return {
            f"{BASE}/trades": self._trades,
            f"{BASE}/tickers": lambda ask: [self._tick(tape) for tape in self._tapes(ask)],
            f"{BASE}/currency_pairs": lambda _: [self._pair(tape) for tape in self.rest_tapes()],
            f"{BASE}/currency_pairs/{{symbol}}": lambda ask: self._pair(self.rest_tape(ask)),
        }

    def rest_symbol(self, ask: RestAsk) -> Symbol | None:
        """Return the pair a request is about."""
        said = ask.text("currency_pair") or ask.text("symbol")
        return Symbol(said) if said else None

    def _tapes(self, ask: RestAsk) -> list[Tape]:
        return [self.rest_tape(ask)] if self.rest_symbol(ask) else self.rest_tapes()

    def _trades(self, ask: RestAsk) -> object:
        tape = self.rest_tape(ask)
        return [
            {
                "id": str(trade.trade_id), "create_time": str(trade.time_ns // SECOND_NS),
                "create_time_ms": milliseconds_text(trade.time_ns), "currency_pair": tape.listing.symbol, "side": trade.taker,
                "amount": trade.size, "price": trade.price,
            }
            for trade in self.desk.rest_trades(tape, ask.count("limit", default=100, most=1000))
        ]  # fmt: skip

    def _tick(self, tape: Tape) -> dict[str, object]:
        (bid, offer), decimals = tape.best(), tape.listing.price_decimals
        return {
            "currency_pair": tape.listing.symbol, "last": tape.last_price, "lowest_ask": offer, "highest_bid": bid,
            "change_percentage": plain_text(tape.change * 100, 4), "base_volume": plain_text(tape.volume, 10),
            "quote_volume": plain_text(tape.quote_volume, 10), "high_24h": plain_text(tape.high, decimals),
            "low_24h": plain_text(tape.low, decimals),
        }  # fmt: skip

    def _pair(self, tape: Tape) -> object:
        listing = tape.listing
        base, quote = self.spelling.parts(listing.symbol)
        return {
            "id": listing.symbol, "base": base, "base_name": listing.name, "quote": quote, "quote_name": "Tether", "fee": "0.2",
            "min_base_amount": "0.01", "min_quote_amount": "0.001", "max_quote_amount": "50000",
            "amount_precision": listing.size_decimals, "precision": listing.price_decimals,
            "trade_status": "tradable" if self.is_trading(listing.symbol) else "untradable", "sell_start": 1607313600,
            "buy_start": 1700492400, "type": "normal", "trade_url": f"https://www.gate.com/trade/{listing.symbol}",
        }  # fmt: skip

    def rest_unknown(self, symbol: Symbol) -> RestAnswer:
        """Refuse an unknown pair."""
        return RestAnswer({"label": "INVALID_CURRENCY_PAIR", "message": f"Invalid currency pair {symbol}"}, 400)

    def rest_error(self, status: int, text: str) -> RestAnswer:
        """Shape a refusal."""
        return RestAnswer({"label": "TOO_MANY_REQUESTS" if status == 429 else "SERVER_ERROR", "message": text}, status)

"""Bybit's spot socket, version 5, and REST. Facts: docs/exchanges.md; what is ours there is said here.

Ours, because nobody has seen it: one refused topic refuses its whole request, and `ret_msg` names all that were bad; what is no
request gets `success` false; a connection without traffic for ten minutes is cut without a word; a code of REST that the
documents do not give is 10001 or, for what is too fast, 10006.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from trinity_beast.lab.connection import Connection
from trinity_beast.lab.digits import decimal_text, plain_text
from trinity_beast.lab.listings import Spelling
from trinity_beast.lab.model import MS_NS, SECOND_NS, MarketTrade, maker_of
from trinity_beast.lab.pace import Limit
from trinity_beast.lab.protocol import VenueProtocol, compact
from trinity_beast.lab.rest import RestAnswer, RestAsk, RestHandler
from trinity_beast.lab.tape import Tape
from trinity_beast.words import Symbol, Venue

ARGUMENTS_MOST = 10
ARGUMENT_CHARACTERS_MOST = 21_000
QUIET_NS = 600 * SECOND_NS
BASE = "/v5/market"


class Bybit(VenueProtocol):
    """Ten topics a request; every trade frame is called a snapshot, live ones too; rows oldest first."""

    venue: ClassVar[Venue] = Venue("bybit")
    spelling: ClassVar[Spelling] = Spelling(("USDT",))
    socket_path: ClassVar[str] = "/v5/public/spot"
    trades_channel: ClassVar[str] = "publicTrade"
    ticker_channel: ClassVar[str] = "tickers"
    connection_limit: ClassVar[Limit] = Limit(500, 300)
    rest_limit: ClassVar[Limit] = Limit(600, 5, ban_seconds=600)
    tells_retry_after: ClassVar[bool] = False
    dead_vanish: ClassVar[bool] = True

    @classmethod
    def recorded_trades(cls, message: dict[str, Any]) -> Iterable[MarketTrade]:
        """Return the rows of a push."""
        if str(message.get("topic", "")).startswith(f"{cls.trades_channel}."):
            for row in message["data"]:
                yield MarketTrade(Symbol(row["s"]), int(row["i"]), row["p"], row["v"], row["T"] * MS_NS, maker_of(row["S"]))

    def asked(self, connection: Connection, message: dict[str, Any]) -> None:
        """Answer a ping or a request."""
        op, topics = message.get("op"), message.get("args")
        if op == "ping":
            self._reply(connection, message, is_done=True, text="pong")
        elif op not in {"subscribe", "unsubscribe"} or not isinstance(topics, list):
            self._reply(connection, message, is_done=False, text="error:request format error")
        elif len(topics) > ARGUMENTS_MOST:
            self._reply(connection, message, is_done=False, text=f"args size >{ARGUMENTS_MOST}")
        else:
            self._change(connection, message, [str(topic) for topic in topics])

    def unreadable(self, connection: Connection, text: str) -> None:  # noqa: ARG002 - Whatever it was.
        """Refuse a text that is no JSON."""
        self._reply(connection, {"op": ""}, is_done=False, text="error:request format error")

    def _change(self, connection: Connection, message: dict[str, Any], topics: list[str]) -> None:
        is_wanted = message["op"] == "subscribe"
        parts = {topic: self._parts(topic) for topic in topics}
        bad = [topic for topic, (kind, symbol) in parts.items() if not kind or (is_wanted and self.refuses(symbol))]
        held = sum(len(f"{kind}.{symbol}") for kind, symbols in connection.channels.items() for symbol in symbols)
        if bad:
            self._reply(connection, message, is_done=False, text=f"Invalid symbol :[{','.join(bad)}]")
        elif is_wanted and held + sum(map(len, topics)) > ARGUMENT_CHARACTERS_MOST:
            self._reply(connection, message, is_done=False, text="args too long")
        else:
            for kind, symbol in parts.values():
                if is_wanted:
                    connection.hold(kind, symbol)
                else:
                    connection.leave(kind, symbol)
            self._reply(connection, message, is_done=True, text="subscribe" if is_wanted else "")
            for kind, symbol in parts.values():
                if is_wanted and kind == self.ticker_channel and self.desk.history(symbol, 1):
                    connection.put(self.ticker_frame(self.listed_tape(symbol)), symbol=symbol)

    def _parts(self, topic: str) -> tuple[str, Symbol]:
        kind, _, name = topic.partition(".")
        return kind if kind in {self.trades_channel, self.ticker_channel} else "", Symbol(name)

    def _reply(self, connection: Connection, message: dict[str, Any], *, is_done: bool, text: str) -> None:
        echoed = {"req_id": message["req_id"]} if "req_id" in message else {}
        head = {"success": is_done, "ret_msg": text, "conn_id": f"lab{connection.number:08x}"}
        connection.put(compact({**head, **echoed, "op": message.get("op")}))

    def trade_frames(self, symbol: Symbol, trades: Sequence[MarketTrade]) -> Iterable[str]:
        """Write all rows into one frame, oldest first."""
        rows = ",".join(
            f'{{"i":"{trade.trade_id}","T":{trade.time_ms},"p":"{trade.price}","v":"{trade.size}","S":"{trade.taker.title()}",'
            f'"seq":{trade.trade_id},"s":"{symbol}","BT":false,"RPI":false}}'
            for trade in trades
        )
        return (f'{{"topic":"{self.trades_channel}.{symbol}","ts":{self.desk.now_ns // MS_NS},"type":"snapshot","data":[{rows}]}}',)

    def ticker_frame(self, tape: Tape) -> str:
        """Write a ticker, whole each time."""
        head = {"topic": f"{self.ticker_channel}.{tape.listing.symbol}", "ts": self.desk.now_ns // MS_NS, "type": "snapshot"}
        return compact({**head, "cs": tape.count, "data": self._tick(tape)})

    def tend(self, connection: Connection, now_ns: int) -> None:
        """Cut a connection on which nobody says anything."""
        if now_ns - max(connection.told_ns, connection.heard_ns) >= QUIET_NS:
            connection.reset()

    def routes(self) -> Mapping[str, RestHandler]:
        """Return the addresses of REST."""
        return {
            f"{BASE}/recent-trade": self._trades,
            f"{BASE}/tickers": lambda ask: self._answer([self._tick(tape) for tape in self._tapes(ask)]),
            f"{BASE}/instruments-info": lambda ask: self._answer(
                [self._instrument(tape) for tape in self._tapes(ask) if self.is_trading(tape.listing.symbol)]
            ),
        }

    def _tapes(self, ask: RestAsk) -> list[Tape]:
        return [self.rest_tape(ask)] if self.rest_symbol(ask) else self.rest_tapes()

    def _answer(self, rows: object) -> object:
        result = {"category": "spot", "list": rows}
        return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": self.desk.now_ns // MS_NS}

    def _trades(self, ask: RestAsk) -> object:
        tape = self.rest_tape(ask)
        rows = [
            {
                "execId": str(trade.trade_id), "symbol": tape.listing.symbol, "price": trade.price, "size": trade.size,
                "side": trade.taker.title(), "time": str(trade.time_ms), "isBlockTrade": False, "isRPITrade": False,
                "seq": str(trade.trade_id),
            }
            for trade in self.desk.rest_trades(tape, ask.count("limit", default=60, most=60))
        ]  # fmt: skip
        return self._answer(rows)

    def _tick(self, tape: Tape) -> dict[str, object]:
        decimals = tape.listing.price_decimals
        high, low, opened = (plain_text(price, decimals) for price in (tape.high, tape.low, tape.open))
        return {
            "symbol": tape.listing.symbol, "lastPrice": tape.last_price, "highPrice24h": high, "lowPrice24h": low, "prevPrice24h": opened,
            "volume24h": plain_text(tape.volume, 8), "turnover24h": plain_text(tape.quote_volume, 8),
            "price24hPcnt": plain_text(tape.change, 4), "usdIndexPrice": tape.last_price,
        }  # fmt: skip

    def _instrument(self, tape: Tape) -> object:
        listing = tape.listing
        base, quote = self.spelling.parts(listing.symbol)
        return {
            "symbol": listing.symbol, "baseCoin": base, "quoteCoin": quote, "innovation": "0", "status": "Trading",
            "lotSizeFilter": {"basePrecision": decimal_text(1, listing.size_decimals)},
            "priceFilter": {"tickSize": decimal_text(1, listing.price_decimals)},
        }  # fmt: skip

    def rest_unknown(self, symbol: Symbol) -> RestAnswer:  # noqa: ARG002 - It is not named.
        """Refuse an unknown symbol with status 200."""
        return RestAnswer({"retCode": 10001, "retMsg": "Not supported symbols", "result": {}, "time": self.desk.now_ns // MS_NS})

    def rest_error(self, status: int, text: str) -> RestAnswer:
        """Shape a refusal."""
        code = 10006 if status in {403, 418, 429} else 10016
        return RestAnswer({"retCode": code, "retMsg": text, "result": {}, "time": self.desk.now_ns // MS_NS}, status)

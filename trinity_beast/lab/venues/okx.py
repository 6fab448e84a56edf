"""OKX's public socket, version 5, and REST. Facts: docs/exchanges.md; what is ours there is said here.

Ours, because nobody has seen it: a connection to which nothing was pushed for 30 s is cut without a word; operations beyond
480 an hour are refused with 60014; an instrument that is suspended is refused by the socket and keeps its last price in REST.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any, ClassVar

from trinity_beast.lab.connection import Connection
from trinity_beast.lab.digits import decimal_text, plain_text
from trinity_beast.lab.listings import Spelling
from trinity_beast.lab.model import MS_NS, SECOND_NS, MarketTrade, maker_of
from trinity_beast.lab.pace import Limit, Pace
from trinity_beast.lab.protocol import Desk, VenueProtocol, compact
from trinity_beast.lab.rest import RestAnswer, RestAsk, RestHandler
from trinity_beast.lab.tape import Tape
from trinity_beast.words import Symbol, Venue

MALFORMED, UNKNOWN, TOO_MANY, NOTICE = "60012", "60018", "60014", "64008"
OPERATIONS = Limit(480, 3600)
ARGUMENT_BYTES_MOST = 65_536
QUIET_NS = 30 * SECOND_NS
NO_INSTRUMENT = {"code": "51001", "data": [], "msg": "Instrument ID, Instrument ID code, or Spread ID doesn't exist."}
BASE = "/api/v5"


class Okx(VenueProtocol):
    """An ack for each argument, then one old trade, unmarked; a frame for each order and price; the text `ping`."""

    venue: ClassVar[Venue] = Venue("okx")
    spelling: ClassVar[Spelling] = Spelling(("USDT",), between="-", dead=(("FTM", "0.5261"), ("MKR", "1225.1")))
    socket_path: ClassVar[str] = "/ws/v5/public"
    ticker_channel: ClassVar[str] = "tickers"
    connection_limit: ClassVar[Limit] = Limit(3)
    rest_limit: ClassVar[Limit] = Limit(20, 2)
    rest_limits: ClassVar[Mapping[str, Limit]] = {f"{BASE}/market/trades": Limit(100, 2)}
    rest_counts_each_address: ClassVar[bool] = True
    tells_retry_after: ClassVar[bool] = False
    dead_vanish: ClassVar[bool] = True

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._operations = Pace(OPERATIONS)

    @classmethod
    def recorded_trades(cls, message: dict[str, Any]) -> Iterable[MarketTrade]:
        """Return the rows of a push. The one old trade at the beginning is not marked and comes with them."""
        if "data" in message and message.get("arg", {}).get("channel") == cls.trades_channel:
            for row in message["data"]:
                time_ns = int(row["ts"]) * MS_NS
                yield MarketTrade(Symbol(row["instId"]), int(row["tradeId"]), row["px"], row["sz"], time_ns, maker_of(row["side"]))

    def closed(self, connection: Connection) -> None:
        """Forget how often the client asked."""
        self._operations.forget(connection)

    def unreadable(self, connection: Connection, text: str) -> None:
        """Answer `ping`; refuse what is no JSON."""
        if text == "ping":
            connection.put("pong")
        else:
            self._refuse(connection, {}, MALFORMED, f"Illegal request: {text[:100]}")

    def asked(self, connection: Connection, message: dict[str, Any]) -> None:
        """Answer each argument of a request by itself."""
        op, arguments = message.get("op"), message.get("args")
        is_sound = op in {"subscribe", "unsubscribe"} and isinstance(arguments, list) and all(isinstance(one, dict) for one in arguments)
        if not is_sound or arguments is None or len(compact(arguments).encode()) > ARGUMENT_BYTES_MOST:
            self._refuse(connection, message, MALFORMED, f"Illegal request: {compact(message)[:100]}")
        elif not self._operations.allows(connection, self.desk.steady_ns):
            self._refuse(connection, message, TOO_MANY, "Requests too frequent")
        else:
            for argument in arguments:
                self._change(connection, message, argument)

    def _change(self, connection: Connection, message: dict[str, Any], argument: dict[str, Any]) -> None:
        channel, symbol = str(argument.get("channel")), Symbol(str(argument.get("instId")))
        is_wanted = message["op"] == "subscribe"
        if channel not in {self.trades_channel, self.ticker_channel} or (is_wanted and self.refuses(symbol)):
            missing = f"Subscribe failed, wrong URL or channel:{channel},instId:{symbol} doesn't exist."
            text = f"{missing} Please use the correct URL, channel and parameters referring to API document."
            self._refuse(connection, message, UNKNOWN, text)
            return
        done = {"event": message["op"], "arg": argument, "connId": _connection_id(connection)}
        connection.put(compact(_echoed(message) | done), symbol=symbol)
        if not is_wanted:
            connection.leave(channel, symbol)
            return
        connection.hold(channel, symbol)
        last = self.desk.history(symbol, 1)
        if last and channel == self.trades_channel:
            for text in self.trade_frames(symbol, last):
                connection.put(text, symbol=symbol)
        elif last:
            connection.put(self.ticker_frame(self.listed_tape(symbol)), symbol=symbol)

    def _refuse(self, connection: Connection, message: dict[str, Any], code: str, text: str) -> None:
        connection.put(compact(_echoed(message) | {"event": "error", "msg": text, "code": code, "connId": _connection_id(connection)}))

    def trade_frames(self, symbol: Symbol, trades: Sequence[MarketTrade]) -> Iterable[str]:
        """Write a frame for each order and price; what one order took at one price is folded into its last trade."""
        for folded in _folded(trades):
            trade, size = folded[-1], _sum(folded)
            yield (
                f'{{"arg":{{"channel":"trades","instId":"{symbol}"}},"data":[{{"instId":"{symbol}","tradeId":"{trade.trade_id}",'
                f'"px":"{trade.price}","sz":"{size}","side":"{trade.taker}","ts":"{trade.time_ms}","count":"{len(folded)}","source":"0",'
                f'"seqId":{trade.trade_id}}}]}}'
            )

    def ticker_frame(self, tape: Tape) -> str:
        """Write a ticker; its time is that of its making."""
        return compact({"arg": {"channel": "tickers", "instId": tape.listing.symbol}, "data": [self._tick(tape)]})

    def tend(self, connection: Connection, now_ns: int) -> None:
        """Cut a connection to which nothing was pushed."""
        if now_ns - connection.told_ns >= QUIET_NS:
            connection.reset()

    def ending(self, *, is_near: bool) -> None:
        """Give notice of an upgrade."""
        for connection in self.desk.connections if is_near else ():
            text = "The connection will soon be closed for a service upgrade. Please reconnect."
            connection.put(compact({"event": "notice", "code": NOTICE, "msg": text, "connId": _connection_id(connection)}))

    def routes(self) -> Mapping[str, RestHandler]:
        """Return the addresses of REST."""
        return {
            f"{BASE}/market/trades": self._trades,
            f"{BASE}/market/ticker": lambda ask: _data([self._tick(self.rest_tape(ask))]),
            f"{BASE}/market/tickers": lambda _: _data([self._tick(tape) for tape in self.rest_tapes()]),
            f"{BASE}/public/instruments": lambda _: _data([self._instrument(tape) for tape in self.rest_tapes()]),
        }

    def rest_symbol(self, ask: RestAsk) -> Symbol | None:
        """Return the instrument a request is about."""
        said = ask.text("instId")
        return Symbol(said) if said else None

    def _trades(self, ask: RestAsk) -> object:
        tape = self.rest_tape(ask)
        rows = [
            {
                "instId": tape.listing.symbol, "side": trade.taker, "sz": trade.size, "px": trade.price, "tradeId": str(trade.trade_id),
                "ts": str(trade.time_ms),
            }
            for trade in self.desk.rest_trades(tape, ask.count("limit", default=100, most=500))
        ]  # fmt: skip
        return _data(rows)

    def _tick(self, tape: Tape) -> object:
        (bid, offer), decimals, last = tape.best(), tape.listing.price_decimals, tape.last
        opened, high, low = (plain_text(price, decimals) for price in (tape.open, tape.high, tape.low))
        return {
            "instType": "SPOT", "instId": tape.listing.symbol, "last": tape.last_price, "lastSz": last.size if last else "0",
            "askPx": offer, "askSz": "1.55896972", "bidPx": bid, "bidSz": "0.23393", "open24h": opened, "high24h": high, "low24h": low,
            "sodUtc0": opened, "sodUtc8": opened, "volCcy24h": plain_text(tape.quote_volume, 8), "vol24h": plain_text(tape.volume, 8),
            "ts": str(self.desk.now_ns // MS_NS),
        }  # fmt: skip

    def _instrument(self, tape: Tape) -> object:
        listing = tape.listing
        base, quote = self.spelling.parts(listing.symbol)
        steps = {"lotSz": decimal_text(1, listing.size_decimals), "tickSz": decimal_text(1, listing.price_decimals)}
        empty = dict.fromkeys(("alias", "ctMult", "ctType", "ctVal", "ctValCcy", "expTime", "optType", "settleCcy", "stk", "uly"), "")
        return {
            **empty, "baseCcy": base, "category": "1", "instId": listing.symbol, "instType": "SPOT", "lever": "10",
            "listTime": "1548133413000", "minSz": "0.00001", "quoteCcy": quote,
            "state": "live" if self.is_trading(listing.symbol) else "suspend", **steps,
        }  # fmt: skip

    def rest_unknown(self, symbol: Symbol) -> RestAnswer:  # noqa: ARG002 - It is not named.
        """Refuse an unknown instrument with status 200."""
        return RestAnswer(NO_INSTRUMENT)

    def rest_error(self, status: int, text: str) -> RestAnswer:
        """Shape a refusal."""
        return RestAnswer({"code": "50011" if status in {403, 418, 429} else "50001", "data": [], "msg": text}, status)


def _folded(trades: Sequence[MarketTrade]) -> Iterator[list[MarketTrade]]:
    for _, same in groupby(trades, key=lambda trade: (trade.time_ns, trade.price, trade.maker_side)):
        yield list(same)


def _sum(trades: Sequence[MarketTrade]) -> str:
    if len(trades) == 1:
        return trades[0].size
    return f"{sum((Decimal(trade.size) for trade in trades), Decimal(0)):f}"


def _connection_id(connection: Connection) -> str:
    return f"{0x73220000 + connection.number:08x}"


def _echoed(message: dict[str, Any]) -> dict[str, object]:
    return {"id": message["id"]} if "id" in message else {}


def _data(rows: object) -> object:
    return {"code": "0", "msg": "", "data": rows}

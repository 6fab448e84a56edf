"""Bitstamp's socket, version 2, and REST. Facts: docs/exchanges.md; what is ours there is said here.

Ours, because nobody has seen it: a heartbeat and a request to reconnect are sent to every client; a planned end comes with code
1001; a pair that was taken off is acknowledged and silent, like one that never was, and REST marks it `Disabled`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from trinity_beast.lab.connection import Connection
from trinity_beast.lab.digits import plain_text, unix_ns
from trinity_beast.lab.listings import Spelling
from trinity_beast.lab.model import SECOND_NS, MakerSide, MarketTrade
from trinity_beast.lab.pace import Limit
from trinity_beast.lab.protocol import VenueProtocol, compact
from trinity_beast.lab.rest import RestAnswer, RestHandler
from trinity_beast.lab.tape import Tape
from trinity_beast.words import Symbol, Venue

FRAME_BYTES_MOST = 512
CHANNELS_MOST = 1024
CHANNEL = re.compile(r"live_trades_([0-9a-z]+)")
MICROSECOND_NS = 1000
TRADES = "live_trades"


class Bitstamp(VenueProtocol):
    """One channel a message, the symbol only in its name; an unknown pair is acknowledged and silent; frames under 512 bytes."""

    venue: ClassVar[Venue] = Venue("bitstamp")
    spelling: ClassVar[Spelling] = Spelling(
        ("USD",), is_lower=True, pads_digits=True, size_digits=8, time_step_ns=1000, dead=(("MKR", "1225.1"),)
    )
    trades_channel: ClassVar[str] = TRADES
    rest_limit: ClassVar[Limit] = Limit(8000, 600)
    ping_seconds: ClassVar[int] = 54

    @classmethod
    def recorded_trades(cls, message: dict[str, Any]) -> Iterable[MarketTrade]:
        """Return the trade of a frame."""
        if message.get("event") == "trade" and (named := CHANNEL.fullmatch(message["channel"])) is not None:
            row = message["data"]
            maker = MakerSide.BUY if row["type"] else MakerSide.SELL
            time_ns = unix_ns(row["microtimestamp"], MICROSECOND_NS)
            yield MarketTrade(Symbol(named[1]), row["id"], row["price_str"], row["amount_str"], time_ns, maker)

    def received(self, connection: Connection, text: str) -> None:
        """Close who sends too long a frame; answer the others."""
        if len(text.encode()) > FRAME_BYTES_MOST:
            connection.close(1009, "read limited at 513 bytes")
        else:
            super().received(connection, text)

    def asked(self, connection: Connection, message: dict[str, Any]) -> None:
        """Answer a heartbeat or a request for one channel."""
        event, data = message.get("event"), message.get("data")
        if event == "bts:heartbeat":
            connection.put('{"event": "bts:heartbeat", "channel": "", "data": {"status": "success"}}')
            return
        named = CHANNEL.fullmatch(str(data.get("channel"))) if isinstance(data, dict) else None
        if event not in {"bts:subscribe", "bts:unsubscribe"}:
            self._refuse(connection, "Bad subscription string.")
        elif named is None or (event == "bts:subscribe" and self.desk.faults.refuses_subscribe([Symbol(named[1])])):
            self._refuse(connection, "Invalid channel provided.")
        else:
            self._change(connection, Symbol(named[1]), is_wanted=event == "bts:subscribe")

    def unreadable(self, connection: Connection, text: str) -> None:  # noqa: ARG002 - Whatever it was.
        """Refuse a text that is no JSON."""
        self._refuse(connection, "Incorrect JSON format.")

    def _change(self, connection: Connection, symbol: Symbol, *, is_wanted: bool) -> None:
        if is_wanted:
            connection.hold(TRADES, symbol)
        else:
            connection.leave(TRADES, symbol)
        if connection.subscriptions > CHANNELS_MOST:
            connection.reset()
            return
        done = "bts:subscription_succeeded" if is_wanted else "bts:unsubscription_succeeded"
        connection.put(compact({"event": done, "channel": f"{TRADES}_{symbol}", "data": {}}), symbol=symbol)

    def _refuse(self, connection: Connection, text: str) -> None:
        connection.put(f'{{"event": "bts:error", "channel": "", "data": {{"code": null, "message": "{text}"}}}}')

    def trade_frames(self, symbol: Symbol, trades: Sequence[MarketTrade]) -> Iterable[str]:
        """Write a frame for each trade."""
        for trade in trades:
            yield (
                f'{{"data":{{"id":{trade.trade_id},"timestamp":"{trade.time_ns // SECOND_NS}","amount":{trade.size},'
                f'"amount_str":"{trade.size}","price":{trade.price},"price_str":"{trade.price}","type":{int(trade.taker == "sell")},'
                f'"microtimestamp":"{trade.time_ns // MICROSECOND_NS}","buy_order_id":{trade.trade_id * 2},'
                f'"sell_order_id":{trade.trade_id * 2 + 1}}},"channel":"{TRADES}_{symbol}","event":"trade"}}'
            )

    def ending(self, *, is_near: bool) -> None:
        """Ask everybody to reconnect."""
        for connection in self.desk.connections if is_near else ():
            connection.put('{"event":"bts:request_reconnect","channel":"","data":null}')

    def routes(self) -> Mapping[str, RestHandler]:
        """Return the addresses of REST."""
        return {
            "/api/v2/ticker/": lambda _: [self._tick(tape) for tape in self.rest_tapes()],
            "/api/v2/ticker/{symbol}/": lambda ask: self._tick(self.rest_tape(ask)),
            "/api/v2/markets/": lambda _: [self._market(tape) for tape in self.rest_tapes()],
        }

    def _tick(self, tape: Tape) -> object:
        (bid, offer), decimals = tape.best(), tape.listing.price_decimals
        last = next(iter(self.desk.rest_trades(tape, 1)), None)
        opened, high, low = (plain_text(price, decimals) for price in (tape.open, tape.high, tape.low))
        base, quote = self.spelling.parts(tape.listing.symbol)
        return {
            "timestamp": str((last.time_ns if last else self.desk.now_ns) // SECOND_NS), "high": high,
            "last": last.price if last else tape.last_price, "bid": bid, "vwap": opened, "volume": plain_text(tape.volume, 8), "low": low,
            "ask": offer, "open": opened, "open_24": opened, "percent_change_24": plain_text(tape.change * 100, 2),
            "pair": f"{base}/{quote}",
        }  # fmt: skip

    def _market(self, tape: Tape) -> object:
        listing = tape.listing
        base, quote = self.spelling.parts(listing.symbol)
        return {
            "name": f"{base}/{quote}", "market_symbol": listing.symbol, "base_currency": base, "base_decimals": listing.size_decimals,
            "counter_currency": quote, "counter_decimals": listing.price_decimals, "minimum_order_value": "10",
            "trading": "Enabled" if self.is_trading(listing.symbol) else "Disabled", "market_type": "SPOT",
        }  # fmt: skip

    def rest_error(self, status: int, text: str) -> RestAnswer:
        """Shape a refusal."""
        return RestAnswer({"status": "error", "reason": text, "code": f"API{status:04d}"}, status)

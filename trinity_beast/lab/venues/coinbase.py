"""Coinbase Advanced Trade's market data socket. Facts: docs/exchanges.md; what is ours there is said here.

Ours, because nobody has seen it: one unknown product refuses its whole request (the sister feed ignores such a request
whole), and a message past the rate limit is answered by the error frame and not done.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from trinity_beast.lab.connection import Connection
from trinity_beast.lab.digits import nanoseconds_of, rfc3339
from trinity_beast.lab.market import RecordedTrades
from trinity_beast.lab.model import SECOND_NS, Listing, MakerSide, MarketTrade
from trinity_beast.lab.pace import Limit
from trinity_beast.lab.protocol import Desk, VenueProtocol, compact
from trinity_beast.lab.rest import RestHandler
from trinity_beast.lab.venues import coinbase_rows as rows
from trinity_beast.lab.venues.coinbase_rest import CoinbaseRest
from trinity_beast.words import Asset, Symbol, Venue

SNAPSHOT_TRADES = 100
SUBSCRIBE_WITHIN_NS = 5 * SECOND_NS
TICKER_BATCH_PULSES = 100
PROCESS_AGE_NS = 41_000 * SECOND_NS
"""How long the server's process has run when the lab begins: heartbeats count its seconds."""

TRADES, TICKER, TICKER_BATCH, HEARTBEATS = "market_trades", "ticker", "ticker_batch", "heartbeats"
CHANNELS = {TRADES, TICKER, TICKER_BATCH, HEARTBEATS}
PRIVATE = {"user", "futures_balance_summary"}


class Coinbase(VenueProtocol):
    """Speaks Advanced Trade: snapshots, whole-state acks, one sequence per connection, heartbeats each second."""

    venue: ClassVar[Venue] = rows.VENUE
    batch_ms: ClassVar[int] = 250
    trades_channel: ClassVar[str] = TRADES
    connection_limit: ClassVar[Limit] = Limit(8)
    message_limit: ClassVar[Limit | None] = Limit(8)
    rest_limit: ClassVar[Limit] = Limit(10)
    idle_seconds: ClassVar[tuple[int, int]] = (60, 90)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._began_ns: int | None = None
        self._beat = 0
        self._batched: set[Symbol] = set()

    @classmethod
    def listings(cls, assets: Sequence[Asset]) -> list[Listing]:
        """Return the `-USD` products of `assets`, and the delisted ones."""
        return rows.listings(assets)

    @classmethod
    def listing_of(cls, symbol: Symbol, price: str, price_decimals: int, size_decimals: int) -> Listing:
        """Return the listing of a recorded product."""
        return rows.listing_of(symbol, price, price_decimals, size_decimals)

    @classmethod
    def read_recorded(cls, frame: str) -> Iterable[RecordedTrades]:
        """Return the trades in one recorded frame: rows come newest first, snapshots are history."""
        if '"channel":"market_trades"' not in frame[:64]:
            return
        for event in json.loads(frame)["events"]:
            told = [_recorded(row) for row in reversed(event["trades"])]
            for symbol in dict.fromkeys(trade.symbol for trade in told):
                of_symbol = tuple(trade for trade in told if trade.symbol == symbol)
                yield RecordedTrades(symbol, of_symbol, is_history=event["type"] == "snapshot")

    def routes(self) -> Mapping[str, RestHandler]:
        """Return the venue's REST."""
        return CoinbaseRest(self).routes()

    def too_fast(self, connection: Connection) -> None:
        """Refuse a ninth message in a second."""
        self._error(connection, "rate limit exceeded")

    def unreadable(self, connection: Connection, text: str) -> None:  # noqa: ARG002 - Whatever it was.
        """Refuse a text that is no JSON."""
        self._error(connection, "failure to subscribe")

    def asked(self, connection: Connection, message: dict[str, Any]) -> None:
        """Answer a client's message: the data first, then the whole present state."""
        if message.get("type") not in {"subscribe", "unsubscribe"}:
            self._error(connection, "failure to subscribe")
            return
        channel, products = message.get("channel"), message.get("product_ids", [])
        if channel in PRIVATE:
            self._error(connection, "authentication failure")
        elif channel not in CHANNELS or not isinstance(products, list) or not all(isinstance(name, str) for name in products):
            self._error(connection, "failure to subscribe")
        elif message["type"] == "subscribe":
            self._subscribe(connection, channel, [Symbol(name) for name in products])
        else:
            self._unsubscribe(connection, channel, [Symbol(name) for name in products])

    def _subscribe(self, connection: Connection, channel: str, asked: list[Symbol]) -> None:
        symbols = [self._book(symbol) for symbol in asked]
        is_sound = channel == HEARTBEATS or (symbols and all(self.is_listed(symbol) for symbol in symbols))
        if not is_sound or self.desk.faults.refuses_subscribe(symbols):
            self._error(connection, "failure to subscribe")
            return
        connection.has_asked = True
        held = connection.channels.setdefault(channel, {})
        if channel == HEARTBEATS:
            held[Symbol(HEARTBEATS)] = None
        else:
            held.update(dict.fromkeys(symbols))
            for symbol in dict.fromkeys(symbols):
                self._snapshot(connection, channel, symbol)
        self._state(connection)

    def _unsubscribe(self, connection: Connection, channel: str, asked: list[Symbol]) -> None:
        held = connection.channels.get(channel, {})
        for symbol in [self._book(symbol) for symbol in asked] if asked and channel != HEARTBEATS else list(held):
            held.pop(symbol, None)
        if not held:
            connection.channels.pop(channel, None)
        self._state(connection)

    def _book(self, symbol: Symbol) -> Symbol:
        """Return the product in whose book `symbol` trades: `-USDC` names are mostly aliases of `-USD`."""
        twin = Symbol(symbol.removesuffix("C")) if symbol.endswith("-USDC") else symbol
        return twin if self.desk.tape(symbol) is None and self.desk.tape(twin) is not None else symbol

    def _snapshot(self, connection: Connection, channel: str, symbol: Symbol) -> None:
        if channel == TRADES:
            past = self.desk.history(symbol, SNAPSHOT_TRADES)
            if past:
                self._tell(connection, TRADES, rows.trades_event("snapshot", reversed(past)), symbol)
        elif self.desk.history(symbol, 1):
            self._tell(connection, channel, self._ticker("snapshot", symbol, channel), symbol)

    def _ticker(self, kind: str, symbol: Symbol, channel: str) -> str:
        tape = self.desk.tape(symbol)
        assert tape is not None, "only listed products are subscribed"
        row = rows.ticker_row(tape, with_quotes=channel == TICKER)
        return compact({"type": kind, "tickers": [row]})

    def _state(self, connection: Connection) -> None:
        state = {channel: list(connection.channels[channel]) for channel in sorted(connection.channels)}
        self._tell(connection, "subscriptions", compact({"subscriptions": state}))

    def _tell(self, connection: Connection, channel: str, event: str, symbol: Symbol | None = None) -> None:
        number, connection.sequence = connection.sequence, connection.sequence + 1
        stamp = rfc3339(self.desk.now_ns)
        connection.put(f'{{"channel":"{channel}","timestamp":"{stamp}","sequence_num":{number},"events":[{event}]}}', symbol=symbol)

    def _error(self, connection: Connection, message: str) -> None:
        connection.put(compact({"type": "error", "message": message}))

    def publish(self, symbol: Symbol, trades: Sequence[MarketTrade]) -> None:
        """Tell `trades`, oldest first, to those who asked for the product; rows go newest first, each client's with its own number."""
        self._batched.add(symbol)
        event: str | None = None
        for connection in self.desk.connections:
            if symbol in connection.channels.get(TRADES, ()):
                event = event or rows.trades_event("update", reversed(trades))
                self._tell(connection, TRADES, event, symbol)
            if symbol in connection.channels.get(TICKER, ()):
                self._tell(connection, TICKER, self._ticker("update", symbol, TICKER), symbol)

    def pulse(self, now_ns: int, number: int) -> None:
        """Beat each second and send the five-second tickers."""
        if number % TICKER_BATCH_PULSES == 0:
            self._tell_batches()
        self._heartbeat(now_ns)
        super().pulse(now_ns, number)

    def tend(self, connection: Connection, now_ns: int) -> None:
        """Close who never asked."""
        if not connection.has_asked and now_ns - connection.opened_ns >= SUBSCRIBE_WITHIN_NS:
            connection.close(1008, "no subscription within 5 seconds")
        else:
            super().tend(connection, now_ns)

    def _tell_batches(self) -> None:
        for connection in self.desk.connections:
            for symbol in connection.channels.get(TICKER_BATCH, ()):
                if symbol in self._batched:
                    self._tell(connection, TICKER_BATCH, self._ticker("update", symbol, TICKER_BATCH), symbol)
        self._batched.clear()

    def _heartbeat(self, now_ns: int) -> None:
        if self._began_ns is None:
            self._began_ns = now_ns - PROCESS_AGE_NS
        beat, rest = divmod(now_ns - self._began_ns, SECOND_NS)
        if beat == self._beat:
            return
        self._beat = beat
        event = f'{{"current_time":"{go_time(self.desk.now_ns)} m=+{beat}.{rest:09d}","heartbeat_counter":{beat}}}'
        for connection in self.desk.connections:
            if HEARTBEATS in connection.channels:
                self._tell(connection, HEARTBEATS, event)


def go_time(time_ns: int) -> str:
    """Write a time as the venue's heartbeats do: a Go program's own notation, not RFC 3339."""
    return f"{rfc3339(time_ns).replace('T', ' ').removesuffix('Z')} +0000 UTC"


def _recorded(row: dict[str, str]) -> MarketTrade:
    return MarketTrade(
        symbol=Symbol(row["product_id"]),
        trade_id=int(row["trade_id"]),
        price=row["price"],
        size=row["size"],
        time_ns=nanoseconds_of(row["time"]),
        maker_side=MakerSide(row["side"]),
    )

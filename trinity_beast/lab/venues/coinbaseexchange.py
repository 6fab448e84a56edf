"""Coinbase Exchange's socket and REST, the sister of Advanced Trade. Facts: docs/exchanges.md; what is ours there is said here.

Ours, because nobody has published it: the preset interval of `status` is 5 s; a delisted product is `delisted` in the list and
no longer among the products of `status`; a halted one takes cancellations only.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from trinity_beast.lab.connection import Connection
from trinity_beast.lab.digits import decimal_text, nanoseconds_of, rfc3339_us
from trinity_beast.lab.heartbeats import Metronome
from trinity_beast.lab.listings import Spelling
from trinity_beast.lab.model import SECOND_NS, MakerSide, MarketTrade
from trinity_beast.lab.pace import Limit
from trinity_beast.lab.protocol import Desk, VenueProtocol, compact
from trinity_beast.lab.rest import RestAnswer, RestAsk, RestHandler
from trinity_beast.lab.tape import Tape
from trinity_beast.words import Symbol, Venue

MATCHES, HEARTBEAT, STATUS = "matches", "heartbeat", "status"
CHANNELS = frozenset([MATCHES, HEARTBEAT, STATUS])
EVERYTHING = Symbol(STATUS)
SUBSCRIBE_WITHIN_NS = 5 * SECOND_NS
ORDERS = ("1f7e3a2b-0000-4000-8000-{:012d}", "2c9d4b6e-0000-4000-8000-{:012d}")


class CoinbaseExchange(VenueProtocol):
    """Flat frames, one trade each; a heartbeat per product and second that names its last trade; one bad product refuses the request."""

    venue: ClassVar[Venue] = Venue("coinbaseexchange")
    spelling: ClassVar[Spelling] = Spelling(("USD",), between="-", time_step_ns=1000, dead=(("MKR", "1225.1"), ("EOS", "0.1868")))
    trades_channel: ClassVar[str] = MATCHES
    connection_limit: ClassVar[Limit] = Limit(8)
    message_limit: ClassVar[Limit | None] = Limit(100)
    rest_limit: ClassVar[Limit] = Limit(10)

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._beat, self._status_beat = Metronome(SECOND_NS), Metronome(5 * SECOND_NS)
        self._sequence = 0

    @classmethod
    def recorded_trades(cls, message: dict[str, Any]) -> Iterable[MarketTrade]:
        """Return the trade of a match."""
        if message.get("type") == "match":
            side = MakerSide(message["side"].upper())
            time_ns = nanoseconds_of(message["time"])
            yield MarketTrade(Symbol(message["product_id"]), message["trade_id"], message["price"], message["size"], time_ns, side)

    def unreadable(self, connection: Connection, text: str) -> None:  # noqa: ARG002 - Whatever it was.
        """Refuse a text that is no JSON."""
        self._refuse(connection, "Malformed JSON")

    def asked(self, connection: Connection, message: dict[str, Any]) -> None:
        """Answer a request: all of it, or none where one product or channel is unknown."""
        kind, asked = message.get("type"), _channels(message)
        if kind not in {"subscribe", "unsubscribe"} or not asked:
            self._refuse(connection, "Type has to be either subscribe or unsubscribe, with channels")
        elif not CHANNELS.issuperset(asked):
            self._refuse(connection, f"{next(name for name in asked if name not in CHANNELS)} is not a valid channel")
        elif kind == "subscribe" and (bad := [symbol for of in asked.values() for symbol in of if self.refuses(symbol)]):
            self._refuse(connection, f"{bad[0]} is not a valid product")
        elif kind == "subscribe" and any(name != STATUS and not of for name, of in asked.items()):
            self._refuse(connection, "You need to specify at least one product ID")
        else:
            connection.has_asked = True
            for name, symbols in asked.items():
                self._change(connection, name, symbols, is_wanted=kind == "subscribe")
            self._state(connection)

    def _change(self, connection: Connection, channel: str, symbols: list[Symbol], *, is_wanted: bool) -> None:
        for symbol in [EVERYTHING] if channel == STATUS else symbols or list(connection.channels.get(channel, ())):
            if not is_wanted:
                connection.leave(channel, symbol)
                continue
            connection.hold(channel, symbol)
            if channel == STATUS:
                connection.put(self._status())
            elif channel == MATCHES and (past := self.desk.history(symbol, 1)):
                connection.put(self._match("last_match", past[-1]), symbol=symbol)

    def _state(self, connection: Connection) -> None:
        held = [
            {"name": name, "product_ids": [symbol for symbol in of if symbol != EVERYTHING], "account_ids": None}
            for name, of in connection.channels.items()
        ]
        connection.put(compact({"type": "subscriptions", "channels": held}))

    def _refuse(self, connection: Connection, reason: str) -> None:
        connection.put(compact({"type": "error", "message": "Failed to subscribe", "reason": reason}))

    def trade_frames(self, symbol: Symbol, trades: Sequence[MarketTrade]) -> Iterable[str]:  # noqa: ARG002 - Each trade names it.
        """Write a frame for each trade."""
        return [self._match("match", trade) for trade in trades]

    def _match(self, kind: str, trade: MarketTrade) -> str:
        self._sequence += 1
        maker, taker = (order.format(trade.trade_id) for order in ORDERS)
        return (
            f'{{"type":"{kind}","trade_id":{trade.trade_id},"maker_order_id":"{maker}","taker_order_id":"{taker}",'
            f'"side":"{trade.maker_side.lower()}","size":"{trade.size}","price":"{trade.price}","product_id":"{trade.symbol}",'
            f'"sequence":{self._sequence},"time":"{rfc3339_us(trade.time_ns)}"}}'
        )

    def pulse(self, now_ns: int, number: int) -> None:
        """Beat each second for each product, and tell every product's status each five seconds."""
        if self._beat.is_due(now_ns):
            for connection in self.desk.connections:
                for symbol in connection.channels.get(HEARTBEAT, ()):
                    connection.put(self._heartbeat(symbol))
        if self._status_beat.is_due(now_ns):
            self.halting(None)
        super().pulse(now_ns, number)

    def _heartbeat(self, symbol: Symbol) -> str:
        last = self.desk.last_trade(symbol)
        stamp, last_id = rfc3339_us(self.desk.now_ns), last.trade_id if last is not None else 0
        return (
            f'{{"type":"heartbeat","sequence":{self._sequence},"last_trade_id":{last_id},"product_id":"{symbol}","time":"{stamp}"}}'
        )  # fmt: skip

    def halting(self, symbol: Symbol | None) -> None:  # noqa: ARG002 - Every frame of the channel tells of all products.
        """Tell the status of every product."""
        held = self.holders(STATUS, EVERYTHING)
        text = self._status() if held else ""
        for connection in held:
            connection.put(text)

    def _status(self) -> str:
        products = [self._product(tape) for tape in self.desk.tapes() if self.is_listed(tape.listing.symbol)]
        return compact({"type": "status", "products": products, "currencies": []})

    def _product(self, tape: Tape) -> dict[str, object]:
        listing = tape.listing
        is_alive = self.is_listed(listing.symbol)
        base, quote = self.spelling.parts(listing.symbol)
        return {
            "id": listing.symbol, "base_currency": base, "quote_currency": quote,
            "base_increment": decimal_text(1, listing.size_decimals), "quote_increment": decimal_text(1, listing.price_decimals),
            "display_name": listing.symbol, "status": "online" if is_alive else "delisted", "status_message": "", "min_market_funds": "1",
            "post_only": False, "limit_only": False, "cancel_only": is_alive and not self.is_trading(listing.symbol),
            "trading_disabled": not is_alive, "fx_stablecoin": False,
        }  # fmt: skip

    def tend(self, connection: Connection, now_ns: int) -> None:
        """Close who never asked."""
        if not connection.has_asked and now_ns - connection.opened_ns >= SUBSCRIBE_WITHIN_NS:
            connection.close(1008, "no subscription within 5 seconds")
        else:
            super().tend(connection, now_ns)

    def routes(self) -> Mapping[str, RestHandler]:
        """Return the addresses of REST."""
        return {
            "/products": lambda _: [self._product(tape) for tape in self.rest_tapes()],
            "/products/{symbol}": lambda ask: self._product(self.rest_tape(ask)),
            "/products/{symbol}/trades": self._trades,
        }

    def _trades(self, ask: RestAsk) -> object:
        trades = self.desk.rest_trades(self.rest_tape(ask), ask.count("limit", default=1000, most=1000))
        return [
            {
                "trade_id": trade.trade_id, "side": trade.maker_side.lower(), "size": trade.size, "price": trade.price,
                "time": rfc3339_us(trade.time_ns),
            }
            for trade in trades
        ]  # fmt: skip

    def rest_unknown(self, symbol: Symbol) -> RestAnswer:  # noqa: ARG002 - It is not named.
        """Refuse an unknown product."""
        return self.rest_error(404, "NotFound")

    def rest_error(self, status: int, text: str) -> RestAnswer:
        """Shape a refusal."""
        return RestAnswer({"message": text}, status)


def _channels(message: Mapping[str, Any]) -> dict[str, list[Symbol]]:
    """Return the channels of a request, each with its products: its own, or those at the root of the request."""
    root, channels = message.get("product_ids", []), message.get("channels", [])
    if not isinstance(root, list) or not isinstance(channels, list):
        return {}
    asked = {}
    for channel in channels:
        name, own = (channel.get("name"), channel.get("product_ids", root)) if isinstance(channel, dict) else (channel, root)
        if not isinstance(name, str) or not isinstance(own, list):
            return {}
        asked[name] = [Symbol(symbol) for symbol in own if isinstance(symbol, str)]
    return asked

"""HTX's spot socket: every frame gzipped, a ping whose number must come back. Facts: docs/exchanges.md; ours is said here.

Ours, because nobody has seen or published it: the shapes of a refusal and of the answer to `unsub`; two pings in a row that are
not answered end the connection without a word. The venue has no REST here: none is described for it.
"""

import base64
import gzip
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from trinity_beast.lab.connection import Connection
from trinity_beast.lab.digits import scientific
from trinity_beast.lab.heartbeats import Metronome, Questions
from trinity_beast.lab.listings import Spelling
from trinity_beast.lab.market import RecordedTrades
from trinity_beast.lab.model import MS_NS, SECOND_NS, MarketTrade, maker_of
from trinity_beast.lab.protocol import Desk, VenueProtocol, compact
from trinity_beast.words import Symbol, Venue

PING_NS = 5 * SECOND_NS
UNANSWERED_MOST = 2
BEFORE, AFTER = "market.", ".trade.detail"


class Htx(VenueProtocol):
    """One channel a message, the symbol only in its name, one old trade after the ack, prices as numbers with exponents."""

    venue: ClassVar[Venue] = Venue("htx")
    spelling: ClassVar[Spelling] = Spelling(("USDT",), is_lower=True)
    socket_path: ClassVar[str] = "/ws"
    is_gzipped: ClassVar[bool] = True

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._heartbeat, self._pings = Metronome(PING_NS), Questions(UNANSWERED_MOST)

    @classmethod
    def read_recorded(cls, frame: str) -> Iterable[RecordedTrades]:
        """Return the trades in one recorded frame, which is kept as base64."""
        return super().read_recorded(gzip.decompress(base64.b64decode(frame)).decode())

    @classmethod
    def recorded_trades(cls, message: dict[str, Any]) -> Iterable[MarketTrade]:
        """Return the rows of a push. The one old trade at the beginning is not marked and comes with them."""
        channel = str(message.get("ch", ""))
        if channel.endswith(AFTER) and "tick" in message:
            symbol = Symbol(channel.removeprefix(BEFORE).removesuffix(AFTER))
            for row in reversed(message["tick"]["data"]):
                maker, time_ns = maker_of(row["direction"]), row["ts"] * MS_NS
                yield MarketTrade(symbol, row["tradeId"], plain(str(row["price"])), plain(str(row["amount"])), time_ns, maker)

    def asked(self, connection: Connection, message: dict[str, Any]) -> None:
        """Take a pong, or answer a request for one channel."""
        if "pong" in message:
            self._pings.answered(connection, message["pong"])
            return
        word = "sub" if "sub" in message else "unsub"
        channel = str(message.get(word, ""))
        symbol = Symbol(channel.removeprefix(BEFORE).removesuffix(AFTER))
        is_sound = channel == f"{BEFORE}{symbol}{AFTER}"
        echoed = {"id": message["id"]} if "id" in message else {}
        now_ms = self.desk.now_ns // MS_NS
        if not is_sound or (word == "sub" and self.refuses(symbol)):
            refusal = {"status": "error", "err-code": "bad-request", "err-msg": f"invalid topic {channel}", "ts": now_ms}
            connection.put(compact(echoed | refusal))
            return
        connection.put(compact({**echoed, "status": "ok", f"{word}bed": channel, "ts": now_ms}), symbol=symbol)
        if word == "unsub":
            connection.leave(self.trades_channel, symbol)
            return
        connection.hold(self.trades_channel, symbol)
        last = self.desk.history(symbol, 1)
        for text in self.trade_frames(symbol, last) if last else ():
            connection.put(text, symbol=symbol)

    def closed(self, connection: Connection) -> None:
        """Forget the client's pings."""
        self._pings.forget(connection)

    def trade_frames(self, symbol: Symbol, trades: Sequence[MarketTrade]) -> Iterable[str]:
        """Write all rows into one frame, newest first."""
        newest = trades[-1]
        rows = ",".join(
            f'{{"id":{newest.trade_id}{trade.trade_id:012d},"ts":{trade.time_ms},"tradeId":{trade.trade_id},'
            f'"amount":{scientific(trade.size)},"price":{scientific(trade.price)},"direction":"{trade.taker}"}}'
            for trade in reversed(trades)
        )
        tick = f'{{"id":{newest.trade_id},"ts":{newest.time_ms},"data":[{rows}]}}'
        return (f'{{"ch":"{BEFORE}{symbol}{AFTER}","ts":{self.desk.now_ns // MS_NS},"tick":{tick}}}',)

    def pulse(self, now_ns: int, pulses: int) -> None:
        """Ping everybody every 5 s; cut who left the last two without an answer."""
        number = self.desk.now_ns // MS_NS
        for connection in list(self.desk.connections) if self._heartbeat.is_due(now_ns) else ():
            if self._pings.ask(connection, number):
                connection.put(f'{{"ping":{number}}}')
            else:
                connection.reset()
        super().pulse(now_ns, pulses)


def plain(text: str) -> str:
    """Return a number without its exponent."""
    return f"{Decimal(text):f}"

"""Faults in what is told: trades that are missing, old, repeated or wrong. The frames themselves are well made."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from trinity_beast.lab.errors import FaultMisspoken
from trinity_beast.lab.faults.fault import Fault, Stage
from trinity_beast.lab.model import SECOND_NS, MarketTrade
from trinity_beast.words import Symbol


@dataclass
class Mute(Fault):
    """Live trades stop coming; acks, heartbeats, history on subscribing and REST go on as if nothing were wrong."""

    verb: ClassVar[str] = "mute"

    def trades(self, trades: Sequence[MarketTrade], *, is_history: bool) -> Sequence[MarketTrade]:
        """Tell history only."""
        return trades if is_history else ()


@dataclass
class AckSilent(Fault):
    """Every subscription is acknowledged and nothing ever follows, neither history nor trades. Heartbeats go on."""

    verb: ClassVar[str] = "ack-silent"

    def trades(self, trades: Sequence[MarketTrade], *, is_history: bool) -> Sequence[MarketTrade]:
        """Tell nothing."""
        return ()


@dataclass
class Delist(Fault):
    """The symbol leaves the list: no more trades, REST calls it delisted and goes on naming its last price."""

    verb: ClassVar[str] = "delist"

    def trades(self, trades: Sequence[MarketTrade], *, is_history: bool) -> Sequence[MarketTrade]:
        """Tell history only."""
        return trades if is_history else ()

    def delists(self) -> bool:
        """Tell that the symbol is dead."""
        return True


@dataclass
class Halt(Fault):
    """Trading stops and the venue says so: nothing is printed, REST's list and, where it has words for it, the socket call it halted."""

    verb: ClassVar[str] = "halt"
    _is_said: bool = field(default=False, init=False)

    async def begin(self, stage: Stage) -> None:
        """Stop the market, and say so."""
        self._turn(stage, is_halted=True)

    def pulse(self, stage: Stage, now_ns: int) -> None:
        """Say so once the order is in force."""
        if not self._is_said:
            self._is_said = True
            stage.announce_halt(self.symbol)

    async def end(self, stage: Stage) -> None:
        """Let the market go on, and say so."""
        self._turn(stage, is_halted=False)
        stage.announce_halt(self.symbol)

    def halts(self) -> bool:
        """Tell that nothing is traded."""
        return True

    def _turn(self, stage: Stage, *, is_halted: bool) -> None:
        for tape in stage.books():
            if self.touches(tape.listing.symbol):
                tape.is_halted = is_halted


@dataclass
class Rename(Fault):
    """The symbol is called `to` from now on: its old name is unknown, subscribed or not, and whoever asks for the new one is served."""

    verb: ClassVar[str] = "rename"
    to: str = ""

    def __post_init__(self) -> None:
        if self.symbol is None or not self.to:
            raise ValueError("it takes a symbol and to=NEW-NAME")

    async def begin(self, stage: Stage) -> None:
        """Check that the new name is free.

        Raises:
            FaultMisspoken: something is listed under it.
        """
        if stage.is_known(Symbol(self.to)):
            raise FaultMisspoken(order=self.verb, reason=f"{self.venue} lists {self.to} already")

    def alias(self) -> Symbol | None:
        """Return the new name."""
        return Symbol(self.to)


@dataclass
class ClockStep(Fault):
    """The venue's clock jumps by `by_seconds`, back when below zero: in what trades and frames say of time since then."""

    verb: ClassVar[str] = "clock-step"
    takes_symbol: ClassVar[bool] = False
    signed: ClassVar[frozenset[str]] = frozenset({"by_seconds"})
    by_seconds: float = -5
    _since_ns: int = field(default=0, init=False)

    async def begin(self, stage: Stage) -> None:
        """Remember when: what was traded before keeps its time."""
        self._since_ns = stage.now_ns

    def clock_ahead_ns(self) -> int:
        """Return the jump."""
        return round(self.by_seconds * SECOND_NS)

    def trades(self, trades: Sequence[MarketTrade], *, is_history: bool) -> Sequence[MarketTrade]:
        """Stamp by the wrong clock what was traded since."""
        ahead_ns, since_ns = self.clock_ahead_ns(), self._since_ns
        return [replace(trade, time_ns=trade.time_ns + ahead_ns) if trade.time_ns > since_ns else trade for trade in trades]

    def rest_trades(self, symbol: Symbol, trades: list[MarketTrade]) -> list[MarketTrade]:
        """Do so in REST, too."""
        return list(self.trades(trades, is_history=True))


@dataclass
class FutureTimes(Fault):
    """Trades carry times `ahead_seconds` in the future."""

    verb: ClassVar[str] = "future-times"
    ahead_seconds: float = 3600

    def trades(self, trades: Sequence[MarketTrade], *, is_history: bool) -> Sequence[MarketTrade]:
        """Move the times of live trades."""
        ahead_ns = round(self.ahead_seconds * SECOND_NS)
        return trades if is_history else [replace(trade, time_ns=trade.time_ns + ahead_ns) for trade in trades]


@dataclass
class WrongUnits(Fault):
    """A number is told in the wrong unit: `of=time` gives seconds where milliseconds belong, `of=price` a price in cents."""

    verb: ClassVar[str] = "wrong-units"
    of: str = "time"

    def __post_init__(self) -> None:
        if self.of not in {"time", "price"}:
            raise ValueError("of must be time or price")

    def trades(self, trades: Sequence[MarketTrade], *, is_history: bool) -> Sequence[MarketTrade]:
        """Divide times by a thousand, or move the decimal point of prices by two places."""
        if self.of == "time":
            return [replace(trade, time_ns=trade.time_ns // 1000) for trade in trades]
        return [replace(trade, price=in_cents(trade.price)) for trade in trades]


def in_cents(price: str) -> str:
    """Return `price` a hundred times larger, by moving its point."""
    whole, _, fraction = price.partition(".")
    fraction = fraction.ljust(2, "0")
    moved, rest = (whole + fraction[:2]).lstrip("0") or "0", fraction[2:]
    return f"{moved}.{rest}" if rest else moved


@dataclass
class Replay(Fault):
    """The last `count` trades that are at least `older_than_seconds` old are sent again, once, as live ones."""

    verb: ClassVar[str] = "replay"
    instant: ClassVar[bool] = True
    count: int = 20
    older_than_seconds: float = 10

    async def begin(self, stage: Stage) -> None:
        """Send them."""
        until_ns = stage.now_ns - round(self.older_than_seconds * SECOND_NS)
        for tape in stage.books():
            if self.touches(tape.listing.symbol):
                stage.print_again(tape.listing.symbol, tape.between(0, until_ns)[-self.count :])

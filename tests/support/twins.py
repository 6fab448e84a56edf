"""Two worlds that hear the same frames: one reads all of them in Python, in the other the engine takes what is ordinary."""

import itertools
from collections.abc import Callable, Iterable, Sequence

from tests.support.clock import ManualClock
from tests.support.feeds import SECOND_NS, dice, knobs
from trinity_beast.engine import Clock, Engine, Intake, Limits
from trinity_beast.feeds import FeedRow, Look, MappedAsset, Moment
from trinity_beast.feeds.backoff import Attempts
from trinity_beast.feeds.counts import Counts
from trinity_beast.feeds.guard import TradeGuard
from trinity_beast.feeds.intake import SharedMemory
from trinity_beast.feeds.line import Dial, Line, Step
from trinity_beast.feeds.session import Close
from trinity_beast.parameters import Readings
from trinity_beast.pricing import Prices
from trinity_beast.words import Symbol, Venue


class Connection:
    """A venue's connection without its socket: what `Wire` and `Feed` do with a message, done by hand."""

    def __init__(self, row: FeedRow, symbols: Iterable[Symbol], prices: Prices, intake: Intake | None) -> None:
        self.counts, self._prices = Counts(), prices
        self._take: Callable[[bytes], bool] | None = None
        self._guard = TradeGuard(self.counts, SharedMemory(intake, row.venue) if intake is not None else None)
        known = knobs()
        self._line = Line(
            row,
            symbols,
            knobs=known,
            counts=self.counts,
            attempts=Attempts(known),
            dice=dice(),
            numbers=itertools.count(1),
            intake=intake,
        )
        self._number = 0
        self.taken = 0

    def open(self, now: Moment) -> None:
        self._perform(self._line.start(now), now)

    def tick(self, now: Moment) -> None:
        self._perform(self._line.tick(now), now)

    def _perform(self, steps: Iterable[Step], now: Moment) -> None:
        for number, step in steps:
            if isinstance(step, Dial):
                self._number, self._take = number, step.take
                self._perform(self._line.opened(number, now), now)
            elif isinstance(step, Close):
                self._number, self._take = 0, None

    def hear(self, payload: bytes, now: Moment) -> None:
        if self._take is not None and self._take(payload):
            self.taken += 1
            return
        heard, steps = self._line.received(self._number, payload, now)
        if heard is None:
            return  # The connection was given up.
        if heard.history:
            self.counts.trades_history += len(heard.history)
            self._prices.on_history(heard.history)
        if heard.trades and (admitted := self._guard.admitted(heard.trades, self._number)):
            self._prices.on_trades(admitted)
        self._perform(steps, now)

    def read_counts(self) -> dict[str, int]:
        self._line.catch_up()
        return self.counts.read()


class World:
    """Prices, their engine and their connections, at a time of the test's choosing."""

    def __init__(self, rows: Sequence[FeedRow], assets: Sequence[MappedAsset], *, by_engine: bool) -> None:
        self.clock = ManualClock()
        self._engine_clock = Clock.manual(self.clock.time_ns(), self.clock.monotonic_ns())
        self.engine = Engine(
            node="n",
            region="r",
            version="1",
            digest_secret=b"s",
            spool_directory=None,
            threads=1,
            clock=self._engine_clock,
            limits=Limits(),
        )
        intake = self.engine.intake if by_engine else None
        self.readings = Readings()
        self.prices = Prices(
            self.engine.book, assets, clock=self.clock, readings=self.readings, can_prove=lambda _: True, slots=intake
        )  # fmt: skip
        self.connections = {
            row.venue: Connection(row, [one.symbol for one in assets if one.venue == row.venue], self.prices, intake) for row in rows
        }
        for connection in self.connections.values():
            connection.open(self.now)
        for _ in range(20):
            self.pass_time(SECOND_NS // 10)  # Until everything is asked for.

    @property
    def now(self) -> Moment:
        return Moment(self.clock.time_ns(), self.clock.monotonic_ns())

    def pass_time(self, nanoseconds: int) -> None:
        self.clock._advance_ns(nanoseconds)
        self._engine_clock.advance(nanoseconds)
        for connection in self.connections.values():
            connection.tick(self.now)

    def hear(self, venue: str, payload: bytes) -> None:
        self.connections[Venue(venue)].hear(payload, self.now)

    def look(self, venue: str, symbol: str, look: Look) -> None:
        self.prices.hear()
        self.prices.on_look(self.prices.tick(Venue(venue), Symbol(symbol)), look)

    def told(self, asset: str) -> tuple[object, ...] | None:
        """Return what a caller would be told by the engine."""
        reading = self.engine.book.read(asset)
        if reading is None:
            return None
        return (
            reading.price,
            reading.venue,
            reading.source,
            reading.state,
            reading.exchange_time_ns,
            reading.received_time_ns,
            reading.age_ns,
        )

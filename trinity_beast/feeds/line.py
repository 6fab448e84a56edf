"""One connection's succession: dialled, in service, replaced in order, lost and dialled again. Pure, like the session."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from trinity_beast.feeds.backoff import Attempts, Backoff
from trinity_beast.feeds.counts import Counts
from trinity_beast.feeds.grammar.row import FeedRow
from trinity_beast.feeds.intake import Inlet, Intake
from trinity_beast.feeds.moment import Moment, nanoseconds
from trinity_beast.feeds.parameters import Knobs
from trinity_beast.feeds.reading import FrameReader, program_of
from trinity_beast.feeds.session import Action, Close, Heard, Session
from trinity_beast.words import Symbol

PLANNED_SPREAD_SECONDS = 1.0
"""A venue's notice reaches every node at once; their new connections should not."""


@dataclass(frozen=True, slots=True)
class Dial:
    """Open a connection to `endpoint`. `take` is shown every message first, and what it takes is told to nobody."""

    endpoint: str
    bytes_max: int
    take: Callable[[bytes], bool] | None = None


Step = tuple[int, Action | Dial]
"""Something to be done on the connection of that number. Numbers are given once and rise."""


@dataclass(slots=True)
class _Link:
    number: int
    session: Session
    dialled_ns: int
    opened_ns: int | None = None


class Line:
    """Holds a set of symbols over one connection at a time, over two while one takes the other's place."""

    def __init__(
        self,
        row: FeedRow,
        symbols: Iterable[Symbol],
        *,
        knobs: Knobs,
        counts: Counts,
        attempts: Attempts,
        dice: random.Random,
        numbers: Iterator[int],
        intake: Intake | None = None,
    ) -> None:
        """Take what a feed's lines share: `numbers` gives each connection its own, `intake` reads what is ordinary."""
        self.symbols = list(symbols)
        self.last_error = ""
        self._knobs, self._counts, self._attempts, self._dice, self._numbers = knobs, counts, attempts, dice, numbers
        self._current: _Link | None = None
        self._successor: _Link | None = None
        self._dial_ns: int | None = None
        self._intake = intake
        self._suspects: set[Symbol] = set()
        self._take_row(row)

    def _take_row(self, row: FeedRow) -> None:
        self.row, self._reader = row, FrameReader(row)
        self._program = program_of(row) if self._intake is not None else None
        seconds_min = row.control_rules.reconnect_seconds_min or 0.0
        self._backoff = Backoff(self._attempts, self._dice, self._knobs, seconds_min=seconds_min)

    def start(self, now: Moment) -> list[Step]:
        """Begin."""
        self._dial_ns = self._backoff.earliest(now.monotonic_ns)
        return self.tick(now)

    def tick(self, now: Moment) -> list[Step]:
        """Do what is due."""
        steps: list[Step] = []
        self.catch_up()
        for link in self._links():
            if link.opened_ns is not None:
                steps += self._apply(link, link.session.tick(now), now)
        if self._dial_ns is not None and now.monotonic_ns >= self._dial_ns:
            steps.append(self._dial(now))
        return steps + self._succeed(now)

    def opened(self, number: int, now: Moment) -> list[Step]:
        """Take in that a dialled connection stands."""
        link = self._link(number)
        if link is None:
            return [(number, Close("not wanted any more"))]
        link.opened_ns = now.monotonic_ns
        self._counts.connections_opened += 1
        link.session.subscriptions.want(self.symbols)
        return self._apply(link, link.session.opened(now), now)

    def ended(self, number: int, reason: str, now: Moment) -> list[Step]:
        """Take in that a connection could not be opened, or is lost."""
        link = self._link(number)
        if link is None:
            return []
        self.last_error = reason
        if link.opened_ns is None:
            self._counts.connections_failed += 1
        else:
            self._counts.connections_lost += 1
        self._drop(link, now)
        return self.tick(now)

    def received(self, number: int, payload: bytes, now: Moment, *, binary: bool = False) -> tuple[Heard | None, list[Step]]:
        """Take in a message; what was heard, and what is to be done."""
        link = self._link(number)
        if link is None:
            return None, []
        self.catch_up()
        heard = link.session.received(payload, now, binary=binary)
        if heard.proves_life and self._backoff.failures:
            self._backoff.proved()
        if heard.must_reconnect and self._successor is None and self._dial_ns is None:
            self._counts.reconnects_planned += 1
            self._dial_ns = self._backoff.earliest(now.monotonic_ns, self._dice.uniform(0, PLANNED_SPREAD_SECONDS))
        steps = self._apply(link, heard.actions, now) if heard.actions else []
        if link is self._successor:
            steps += self._succeed(now)
        return heard, steps

    def catch_up(self) -> None:
        """Take in what was read in our place. To be done before anything is judged by what was heard."""
        for link in self._links():
            if link.session.catch_up() and self._backoff.failures:
                self._backoff.proved()

    def control_frame(self, number: int, now: Moment) -> None:
        """Take in a WebSocket ping or pong."""
        if (link := self._link(number)) is not None:
            link.session.control_frame(now)

    def want(self, symbols: Iterable[Symbol], now: Moment) -> list[Step]:
        """Hold exactly these symbols from now on; the connection stays."""
        self.symbols = list(symbols)
        steps: list[Step] = []
        for link in self._links():
            if link.opened_ns is not None:
                steps += self._apply(link, link.session.want(self.symbols, now), now)
        return steps

    def renew(self, symbol: Symbol, now: Moment) -> list[Step] | None:
        """Ask for one symbol anew over the connection in service; None where it does not hold it."""
        link = self._current
        if link is None or link.opened_ns is None:
            return None
        actions = link.session.renew(symbol, now)
        return None if actions is None else self._apply(link, actions, now)

    def use(self, row: FeedRow, now: Moment) -> list[Step]:
        """Speak by another row: a new connection is made by it, and takes over once it has proved itself."""
        self._take_row(row)
        steps: list[Step] = []
        if self._successor is not None:  # It speaks by a row that is no longer wanted.
            self._successor.session.end()
            steps.append((self._successor.number, Close("replaced")))
            self._successor = None
        self._dial_ns = self._backoff.earliest(now.monotonic_ns)
        return steps + self.tick(now)

    def leave(self, now: Moment) -> list[Step]:
        """End in order; nothing is dialled any more."""
        self._dial_ns = None
        steps: list[Step] = [(link.number, action) for link in self._links() for action in link.session.leave(now)]
        for link in self._links():
            link.session.end()
        self._current = self._successor = None
        return steps

    def due_ns(self) -> int | None:
        """Return the monotonic time at which `tick` has something to do."""
        moments = [link.session.due_ns() for link in self._links() if link.opened_ns is not None]
        if self._dial_ns is not None:
            moments.append(self._dial_ns)
        if self._successor is not None and self._successor.opened_ns is not None:
            moments.append(self._successor.opened_ns + nanoseconds(self._knobs.settle_seconds.value))
        return min(moments, default=None)

    @property
    def session(self) -> Session | None:
        """Return the conversation in service."""
        return self._current.session if self._current is not None and self._current.opened_ns is not None else None

    @property
    def opened_ns(self) -> int | None:
        """Return since when (monotonic) the connection in service stands."""
        return self._current.opened_ns if self._current is not None else None

    @property
    def failures(self) -> int:
        """Return how many attempts have failed since the venue last showed life."""
        return self._backoff.failures

    def _links(self) -> list[_Link]:
        return [link for link in (self._current, self._successor) if link is not None]

    def _link(self, number: int) -> _Link | None:
        if self._current is not None and self._current.number == number:
            return self._current
        return self._successor if self._successor is not None and self._successor.number == number else None

    def _dial(self, now: Moment) -> Step:
        self._dial_ns = None
        self._backoff.tried(now.monotonic_ns)
        number = next(self._numbers)
        inlet = self._inlet(number)
        session = Session(
            self.row, self._reader, self.symbols, suspects=self._suspects, knobs=self._knobs, counts=self._counts, inlet=inlet
        )  # fmt: skip
        link = _Link(number, session, now.monotonic_ns)
        if self._current is None:
            self._current = link
        else:
            self._successor = link
        return number, Dial(self.row.endpoint, self._reader.bytes_max, None if inlet is None else inlet.take)

    def _inlet(self, number: int) -> Inlet | None:
        if self._intake is None or self._program is None:
            return None
        return self._intake.inlet(self.row.venue, number, self._program)

    def _apply(self, link: _Link, actions: Sequence[Action], now: Moment) -> list[Step]:
        for action in actions:
            if isinstance(action, Close):
                # A connection given up is forgotten at once; a half-open socket may take minutes to say that it closed.
                self.last_error = action.reason
                self._drop(link, now)
        return [(link.number, action) for action in actions]

    def _drop(self, link: _Link, now: Moment) -> None:
        link.session.end()
        self._suspects = set(link.session.subscriptions.suspects()) & set(self.symbols)
        if link is self._successor:
            self._successor = None  # The change it was dialled for is still wanted.
            self._dial_ns = self._backoff.failed(now.monotonic_ns)
            return
        self._current, self._successor = self._successor, None
        if self._current is None and self._dial_ns is None:
            self._dial_ns = self._backoff.failed(now.monotonic_ns)

    def _succeed(self, now: Moment) -> list[Step]:
        """Let the new connection take over once it is as good as the old one, or give it up when it shows no life."""
        current, successor = self._current, self._successor
        if current is None or successor is None or successor.opened_ns is None:
            return []
        impatient = now.monotonic_ns >= successor.opened_ns + nanoseconds(self._knobs.settle_seconds.value)
        if successor.session.settled or current.opened_ns is None or (impatient and successor.session.proved_life):
            self._current, self._successor = successor, None
            current.session.end()
            return [(current.number, Close("replaced"))]
        return self._apply(successor, [Close("showed no life")], now) if impatient else []

"""One venue's REST side: requests in turn, its answers judged, its list of living symbols kept."""

import asyncio
import math
from collections.abc import Awaitable
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TypeVar

from trinity_beast.clock import Clock
from trinity_beast.feeds.grammar import FeedRow
from trinity_beast.feeds.moment import SECOND_NS, nanoseconds
from trinity_beast.feeds.reading.conditions import condition
from trinity_beast.feeds.rest.breaker import Breaker
from trinity_beast.feeds.rest.model import LookCounts, LookFailed, Urgency
from trinity_beast.feeds.rest.opener import Answer, Opener
from trinity_beast.feeds.rest.parameters import RestKnobs
from trinity_beast.feeds.rest.reading import AnswerReader, address, alive_reader, last_trade_reader
from trinity_beast.feeds.rest.turns import Ticket, Turns
from trinity_beast.words import Symbol

T = TypeVar("T")
LIMITED = frozenset([418, 429])
BROKEN = frozenset(["late", "unreachable", "too_long", "unreadable", "refused"])


class Place:
    """One look's claim on a venue: how urgent it is, and when it is too late for it.

    `flight_ns` is how long one request may take once it has left, for those who wait long for their turn.
    """

    def __init__(self, urgency: Urgency, ends_ns: int, flight_ns: int | None = None) -> None:
        self.urgency, self.ends_ns, self.flight_ns = urgency, ends_ns, flight_ns
        self.ticket: Ticket | None = None
        self.order: int | None = None

    def lands_ns(self, now_ns: int) -> int:
        """Return by when a request that leaves now must have come back."""
        return self.ends_ns if self.flight_ns is None else min(self.ends_ns, now_ns + self.flight_ns)

    def hasten(self, urgency: Urgency, turns: Turns) -> None:
        """Let a more urgent asker pull the look ahead."""
        self.urgency = min(self.urgency, urgency)
        if self.ticket is not None:
            turns.hasten(self.ticket, urgency)


async def within(awaited: Awaitable[T], ends_ns: int, clock: Clock) -> T:
    """Return what is awaited, by `ends_ns` of the monotonic clock.

    Raises:
        LookFailed: `late`.
    """
    work = asyncio.ensure_future(awaited)
    limit = asyncio.ensure_future(clock.sleep((ends_ns - clock.monotonic_ns()) / SECOND_NS))
    try:
        await asyncio.wait({work, limit}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
        raise LookFailed("late")
    finally:
        limit.cancel()
        if not work.done():
            work.cancel()
        await asyncio.gather(work, limit, return_exceptions=True)


class Desk:
    """Asks one venue, never faster than its row allows. Every method that asks raises LookFailed."""

    def __init__(self, row: FeedRow, *, opener: Opener, clock: Clock, knobs: RestKnobs) -> None:
        self._opener, self._clock, self._knobs = opener, clock, knobs
        self.counts, self.turns, self._breaker = LookCounts(), Turns(), Breaker(knobs)
        self._gates: dict[Ticket, asyncio.Event] = {}
        self._flights = 0
        self._pumping: asyncio.Task[None] | None = None
        self._landed = asyncio.Event()
        self.use(row)

    def use(self, row: FeedRow) -> None:
        """Ask by another row from now on; pace, pauses and counters stay."""
        self.row, rules = row, row.rest_rules
        self._read, self._last_trade = AnswerReader(rules), last_trade_reader(rules)
        listed = rules.symbols if rules.symbols is not None and rules.symbols.alive is not None else None
        self._listed, self._alive_in = listed, alive_reader(listed) if listed is not None else None
        self._is_alive = condition(listed.alive) if listed is not None and listed.alive is not None else None
        self._alive: dict[Symbol | None, tuple[int, frozenset[Symbol]]] = {}

    @property
    def can_look(self) -> bool:
        """Return whether the row says how to see a symbol's last trade with its time."""
        return self.row.enabled and self._last_trade is not None

    async def last_trade(self, symbol: Symbol, place: Place) -> tuple[str, int, int]:
        """Return (price, exchange time, when we asked) of a symbol that is alive."""
        read, rules = self._last_trade, self.row.rest_rules.price
        if read is None or rules is None:
            raise LookFailed("refused", "no REST rules")
        await self._must_live(symbol, place)
        body, asked_ns = await self.ask(address(rules.url, symbol), place)
        price, time_ns = read(body)
        return price, time_ns, asked_ns

    def known_alive(self, symbol: Symbol) -> bool | None:
        """Return whether a symbol was alive when its own page was last looked at; None where that was never, or too long ago."""
        known = self._alive.get(symbol)
        if known is None or self._clock.monotonic_ns() - known[0] >= nanoseconds(self._knobs.list_seconds.value):
            return None
        return symbol in known[1]

    def heard_alive(self, alive: dict[Symbol | None, frozenset[Symbol]], asked_ns: int) -> None:
        """Take over what somebody else has read of the venue's list: all of it under None, or one symbol's own page."""
        self._alive.update({whose: (asked_ns, symbols) for whose, symbols in alive.items()})

    async def _must_live(self, symbol: Symbol, place: Place) -> None:
        """Raise unless the venue calls the symbol alive: a dead one keeps its last price for ever."""
        listed, alive_in, is_alive = self._listed, self._alive_in, self._is_alive
        if listed is None or alive_in is None or is_alive is None:
            return
        whose = None if listed.details_url is None else symbol
        known = self._alive.get(whose)
        if known is None or self._clock.monotonic_ns() - known[0] >= nanoseconds(self._knobs.list_seconds.value):
            if listed.details_url is None:
                answer, asked_ns = await self.ask(str(listed.url), place)
                known = asked_ns, alive_in(answer)
            else:
                answer, asked_ns = await self.ask(address(listed.details_url, symbol), place)
                known = asked_ns, frozenset([symbol] if is_alive(answer) else [])
            self._alive[whose] = known
        if symbol not in known[1]:
            raise LookFailed("not_traded")

    async def ask(self, url: str, place: Place) -> tuple[object, int]:
        """Return what the venue answers, read, and when we asked: in turn, and judged by what the row calls a good answer."""
        await self._turn(place)
        asked_ns = self._clock.monotonic_ns()
        self.counts.requests += 1
        try:
            answer = await within(self._opener.get(url, bytes_max=self._knobs.bytes_max.value), place.lands_ns(asked_ns), self._clock)
            return self._judged(answer), asked_ns
        except LookFailed as failure:
            # A refusal in the body may be about one symbol, or a limit told with status 200: in a row they count as the venue's.
            if failure.reason in BROKEN and self._breaker.failed(self._clock.monotonic_ns()):
                self.counts.pauses += 1
            raise
        finally:
            self._land()

    def _judged(self, answer: Answer) -> object:
        now_ns = self._clock.monotonic_ns()
        if answer.status in LIMITED:
            self._breaker.limited(now_ns, self._retry_after(answer.retry_after))
            self.counts.pauses += 1
            raise LookFailed("limited", str(answer.status))
        if answer.status >= 500 or 300 <= answer.status < 400:
            if self._breaker.failed(now_ns):
                self.counts.pauses += 1
            raise LookFailed("statuses", str(answer.status))
        if answer.status != 200:  # About this symbol alone: the venue itself is well.
            self._breaker.succeeded()
            raise LookFailed("statuses", str(answer.status))
        body = self._read.read(answer.body)
        self._breaker.succeeded()
        return body

    def _retry_after(self, told: str | None) -> float | None:
        """Return the seconds of a Retry-After header: a number, or a date by our clock."""
        if told is None:
            return None
        try:
            seconds = float(told)
            return seconds if math.isfinite(seconds) and seconds >= 0 else None
        except ValueError:
            pass
        try:
            when = parsedate_to_datetime(told)
        except ValueError:
            return None
        when = when if when.tzinfo is not None else when.replace(tzinfo=UTC)
        return max(0.0, (when - self._clock.now()).total_seconds())

    async def _turn(self, place: Place) -> None:
        """Return when it is this request's turn; fail at once where it cannot come in time."""
        now_ns = self._clock.monotonic_ns()
        if self._breaker.free_at_ns(now_ns) >= place.ends_ns:
            raise LookFailed("paused")
        ticket, ousted = self.turns.join(place.urgency, waiting_max=self._knobs.waiting_max.value, order=place.order)
        if ousted is not None:
            self._gates[ousted].set()
        if ticket is None:
            raise LookFailed("crowded")
        place.ticket, place.order, gate = ticket, ticket.order, asyncio.Event()
        self._gates[ticket] = gate
        if self._pumping is None or self._pumping.done():
            self._pumping = asyncio.get_running_loop().create_task(self._pump(), name=f"rest turns {self.row.venue}")
        try:
            await within(gate.wait(), place.ends_ns, self._clock)
        except (LookFailed, asyncio.CancelledError):
            if ticket.is_called:  # The turn came in the same moment as the end of our patience.
                self._land()
            raise
        finally:
            self.turns.leave(ticket)
            self._gates.pop(ticket)
            place.ticket = None
        if not ticket.is_called:
            raise LookFailed("crowded")

    def _land(self) -> None:
        self._flights -= 1
        self._breaker.given_up()
        self._landed.set()

    async def _pump(self) -> None:
        """Give turns until nobody waits."""
        while len(self.turns):
            now_ns = self._clock.monotonic_ns()
            free_ns = max(self.turns.free_at_ns(), self._breaker.free_at_ns(now_ns))
            if free_ns > now_ns:
                await self._clock.sleep((free_ns - now_ns) / SECOND_NS)
                continue
            if self._flights >= self._knobs.flights_max.value or not self._breaker.allows(now_ns):
                self._landed.clear()
                await self._landed.wait()
                continue
            per_second = self.row.rest_rules.requests_per_second or self._knobs.requests_per_second.value
            ticket = self.turns.next(now_ns, per_second)
            if ticket is None:
                self._breaker.given_up()
                return
            ticket.is_called = True
            self._flights += 1
            self._gates[ticket].set()

    async def stop(self) -> None:
        """Give no more turns."""
        if self._pumping is not None:
            self._pumping.cancel()
            await asyncio.gather(self._pumping, return_exceptions=True)

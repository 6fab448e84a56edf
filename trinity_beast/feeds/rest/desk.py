"""One venue's REST side: requests in turn, its answers judged, its list of living symbols kept."""

import asyncio
import math
from collections.abc import Awaitable
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import NamedTuple, TypeVar

from trinity_beast.clock import Clock
from trinity_beast.feeds.grammar import FeedRow
from trinity_beast.feeds.grammar.rest import RestSymbols
from trinity_beast.feeds.moment import SECOND_NS, nanoseconds
from trinity_beast.feeds.rest.breaker import Breaker
from trinity_beast.feeds.rest.model import LookCounts, LookFailed, RestStatus, Urgency
from trinity_beast.feeds.rest.opener import Answer, Opener
from trinity_beast.feeds.rest.parameters import RestKnobs
from trinity_beast.feeds.rest.reader import RestReader
from trinity_beast.feeds.rest.reading import Listing, address, details_reader, listing_reader
from trinity_beast.feeds.rest.turns import Ticket, Turns
from trinity_beast.words import Symbol

T = TypeVar("T")
LIMITED = frozenset([418, 429])
MISREAD = frozenset(["unreadable", "refused", "too_long"])
BROKEN = frozenset(["late", "unreachable", "too_long", "unreadable", "refused"])


class LastTold(NamedTuple):
    """A symbol's last trade as the venue told it; `halted_ns` is when (monotonic) its list called the symbol halted, if it did."""

    price: str
    exchange_time_ns: int
    asked_ns: int
    halted_ns: int | None


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
        self.row, self.reader = row, RestReader(row)

    @property
    def can_look(self) -> bool:
        """Return whether the row says how to see a symbol's last trade with its time."""
        return self.reader.can_look

    def status(self) -> RestStatus:
        """Return how the venue's REST side stands now."""
        now_ns = self._clock.monotonic_ns()
        return RestStatus(
            venue=self.row.venue,
            can_look=self.can_look,
            requests_per_second=self._per_second(),
            waiting=len(self.turns),
            under_way=self._flights,
            paused_seconds=(self._breaker.free_at_ns(now_ns) - now_ns) / SECOND_NS,
            counts=self.counts.read(),
        )

    async def last_trade(self, symbol: Symbol, place: Place, reader: RestReader) -> LastTold:
        """Return the last trade of a symbol that is alive or halted, as `reader` reads the venue."""
        read, rules = reader.last_trade, reader.price
        if read is None or rules is None:
            raise LookFailed("refused", "no REST rules")
        halted_ns = await self._must_be_listed(symbol, place, reader)
        body, asked_ns = await self.ask(address(rules.url, symbol), place, reader)
        price, time_ns = read(body)
        return LastTold(price, time_ns, asked_ns, halted_ns)

    def known_alive(self, symbol: Symbol) -> bool | None:
        """Return whether a symbol was alive when its own page was last looked at; None where that was never, or too long ago."""
        known = self.reader.listings.get(symbol)
        if known is None or self._clock.monotonic_ns() - known[0] >= nanoseconds(self._knobs.details_seconds.value):
            return None
        return symbol in known[1].alive

    def heard_alive(self, alive: dict[Symbol | None, frozenset[Symbol]], asked_ns: int) -> None:
        """Take over what somebody else has read of the venue's list: all of it under None, or one symbol's own page.

        Where the row tells the halted from the dead, it says too little, and the list is read again when it is needed.
        """
        rules = self.reader.symbols
        if rules is not None and rules.halted is None:
            self.reader.listings.update({whose: (asked_ns, Listing(symbols)) for whose, symbols in alive.items()})

    async def _must_be_listed(self, symbol: Symbol, place: Place, reader: RestReader) -> int | None:
        """Return when the venue called the symbol halted, None where it is alive; raise where it is neither.

        A dead symbol keeps its last price for ever.
        """
        rules = reader.symbols
        if rules is None:
            return None
        is_list = rules.details_url is None
        whose, believed = (None, self._knobs.list_seconds) if is_list else (symbol, self._knobs.details_seconds)
        known = reader.listings.get(whose)
        if known is None or self._clock.monotonic_ns() - known[0] >= nanoseconds(believed.value):
            known = await self._listed(rules, symbol, place, reader)
            reader.listings[whose] = known
        asked_ns, listing = known
        if symbol in listing.alive:
            return None
        if symbol not in listing.halted:
            raise LookFailed("not_traded")
        return asked_ns

    async def _listed(self, rules: RestSymbols, symbol: Symbol, place: Place, reader: RestReader) -> tuple[int, Listing]:
        if rules.details_url is None:
            answer, asked_ns = await self.ask(str(rules.url), place, reader)
            return asked_ns, listing_reader(rules)(answer)
        answer, asked_ns = await self.ask(address(rules.details_url, symbol), place, reader)
        return asked_ns, details_reader(rules)(symbol, answer)

    async def ask(self, url: str, place: Place, reader: RestReader | None = None) -> tuple[object, int]:
        """Return what the venue answers, read, and when we asked: in turn, and judged by what the row calls a good answer."""
        reader = reader or self.reader
        await self._turn(place)
        asked_ns = self._clock.monotonic_ns()
        self.counts.requests += 1
        try:
            answer = await within(self._opener.get(url, bytes_max=self._knobs.bytes_max.value), place.lands_ns(asked_ns), self._clock)
            return self._judged(answer, reader), asked_ns
        except LookFailed as failure:
            # A refusal in the body may be about one symbol, or a limit told with status 200: in a row they count as the venue's.
            is_about_us = reader is not self.reader and failure.reason in MISREAD  # A row that is tried may misread a venue that is well.
            if failure.reason in BROKEN and not is_about_us and self._breaker.failed(self._clock.monotonic_ns()):
                self.counts.pauses += 1
            raise
        finally:
            self._land()

    def _judged(self, answer: Answer, reader: RestReader) -> object:
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
        body = reader.read(answer.body)
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
            ticket = self.turns.next(now_ns, self._per_second())
            if ticket is None:
                self._breaker.given_up()
                return
            ticket.is_called = True
            self._flights += 1
            self._gates[ticket].set()

    def _per_second(self) -> float:
        return self.row.rest_rules.requests_per_second or self._knobs.requests_per_second.value

    async def stop(self) -> None:
        """Give no more turns."""
        if self._pumping is not None:
            self._pumping.cancel()
            await asyncio.gather(self._pumping, return_exceptions=True)

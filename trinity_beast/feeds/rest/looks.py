"""Looks at what venues say by REST was traded last, one flight per symbol however many ask."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from trinity_beast.clock import Clock
from trinity_beast.feeds.grammar import FeedRow
from trinity_beast.feeds.moment import SECOND_NS, Timekeeper, nanoseconds
from trinity_beast.feeds.parameters import FUTURE_SECONDS_MAX
from trinity_beast.feeds.rest.desk import Desk, Place, within
from trinity_beast.feeds.rest.model import Look, LookCounts, LookFailed, RestStatus, Urgency
from trinity_beast.feeds.rest.opener import Opener
from trinity_beast.feeds.rest.parameters import RestKnobs
from trinity_beast.feeds.rest.reader import RestReader
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings
from trinity_beast.words import Symbol, Trade, Venue

_log = get_log("feeds")


@dataclass(frozen=True, slots=True)
class _Flight:
    place: Place
    task: asyncio.Task[Look]


class Looks:
    """Every venue's REST side. A `Part` that has nothing to start."""

    name = "rest looks"

    def __init__(self, rows: Iterable[FeedRow], *, opener: Opener, clock: Clock, readings: Readings | None = None) -> None:
        readings = readings or Readings()
        self._opener, self._clock, self._knobs = opener, clock, RestKnobs(readings)
        self._timekeeper = Timekeeper(clock)
        self._future_seconds_max = readings.of(FUTURE_SECONDS_MAX)
        self._desks: dict[Venue, Desk] = {}
        self._flights: dict[tuple[Venue, Symbol], _Flight] = {}
        self._told: dict[Venue, str] = {}
        self.use(rows)

    async def start(self) -> None:
        """Wait for the first who asks."""

    async def stop(self) -> None:
        """Give up every look and every connection."""
        for flight in self._flights.values():
            flight.task.cancel()
        await asyncio.gather(*(flight.task for flight in self._flights.values()), return_exceptions=True)
        await asyncio.gather(*(desk.stop() for desk in self._desks.values()))
        await self._opener.close()

    def use(self, rows: Iterable[FeedRow]) -> None:
        """Ask by these rows from now on. A venue keeps its pace, its pauses and its counters."""
        wanted = {row.venue: row for row in rows}
        self._desks = {venue: desk for venue, desk in self._desks.items() if venue in wanted}
        for venue, row in wanted.items():
            known = self._desks.get(venue)
            if known is None:
                self._desks[venue] = Desk(row, opener=self._opener, clock=self._clock, knobs=self._knobs)
            elif known.row != row:
                known.use(row)

    def can_look(self, venue: Venue) -> bool:
        """Return whether the venue's row says how to see a symbol's last trade."""
        return (desk := self._desks.get(venue)) is not None and desk.can_look

    def desk(self, venue: Venue) -> Desk | None:
        """Return who asks a venue; None where it has no row."""
        return self._desks.get(venue)

    def counts(self) -> Mapping[Venue, Mapping[str, int]]:
        """Return what the looks at each venue came to."""
        return {venue: desk.counts.read() for venue, desk in self._desks.items()}

    def status(self) -> list[RestStatus]:
        """Return how each venue's REST side stands, by venue."""
        return [self._desks[venue].status() for venue in sorted(self._desks)]

    async def last_trade(self, venue: Venue, symbol: Symbol, urgency: Urgency, *, ends_ns: int | None = None) -> Look:
        """Return a symbol's last trade as the venue tells it now, or why it could not be had. Never raises.

        Whoever asks while a look is on its way shares it, and pulls it ahead where that is more urgent. `ends_ns` (monotonic)
        lets one that is not urgent wait longer for its turn than `rest_look_seconds`.
        """
        desk = self._desks.get(venue)
        if desk is None or not desk.can_look:
            return Look(venue, symbol, None, self._clock.monotonic_ns(), "no REST rules")
        look_ns = nanoseconds(self._knobs.look_seconds.value)
        patience_ns = self._clock.monotonic_ns() + look_ns if ends_ns is None else ends_ns
        flight = self._flights.get((venue, symbol))
        if flight is None:
            place = Place(urgency, patience_ns, look_ns)
            look = self._look(desk, symbol, place, desk.reader, desk.counts)
            task = asyncio.get_running_loop().create_task(look, name=f"look {venue} {symbol}")
            flight = self._flights[venue, symbol] = _Flight(place, task)
            task.add_done_callback(lambda _: self._flights.pop((venue, symbol), None))
        else:
            desk.counts.looks_shared += 1
            flight.place.hasten(urgency, desk.turns)
        landing = asyncio.shield(flight.task)  # One asker that goes away must not take the look from the others.
        if flight.place.ends_ns <= patience_ns:
            return await landing
        try:  # It was begun by somebody with more time than this one has.
            return await within(landing, patience_ns, self._clock)
        except LookFailed as failure:
            desk.counts.late += 1
            return Look(venue, symbol, None, self._clock.monotonic_ns(), str(failure))

    async def tried(self, reader: RestReader, symbol: Symbol) -> Look:
        """Return a symbol's last trade as another row than the one in use reads the venue; in turn, and within its budget."""
        desk = self._desks.get(reader.row.venue)
        if desk is None:
            desk = Desk(reader.row, opener=self._opener, clock=self._clock, knobs=self._knobs)
        place = Place(Urgency.CUSTOMER, self._clock.monotonic_ns() + nanoseconds(self._knobs.look_seconds.value))
        try:
            return await self._look(desk, symbol, place, reader, LookCounts())  # What is tried counts for nothing.
        finally:
            if desk is not self._desks.get(reader.row.venue):
                await desk.stop()

    async def _look(self, desk: Desk, symbol: Symbol, place: Place, reader: RestReader, counts: LookCounts) -> Look:
        venue = desk.row.venue
        counts.looks += 1
        try:
            told = await desk.last_trade(symbol, place, reader)
            now, time_ns = self._timekeeper.now(), told.exchange_time_ns
            trade = Trade(venue, symbol, told.price, time_ns, now.wall_ns, now.monotonic_ns)
            if time_ns > trade.received_time_ns + nanoseconds(self._future_seconds_max.value):
                raise LookFailed("future", f"by {time_ns - trade.received_time_ns} ns")
        except LookFailed as failure:
            setattr(counts, failure.reason, getattr(counts, failure.reason) + 1)
            if (
                counts is desk.counts and self._told.get(venue) != failure.reason
            ):  # The counter goes on; the log tells each new reason once.
                self._told[venue] = failure.reason
                _log.warning("rest look failed", venue=venue, symbol=symbol, reason=str(failure))
            return Look(venue, symbol, None, self._clock.monotonic_ns(), str(failure))
        counts.answered += 1
        self._told.pop(venue, None)
        is_halted = told.halted_ns is not None and _printed_ns(trade) <= told.halted_ns + SECOND_NS
        counts.halted += is_halted
        return Look(venue, symbol, trade, told.asked_ns, is_halted=is_halted)


def _printed_ns(trade: Trade) -> int:
    """Return when (monotonic) a trade was printed: one after the venue's word that the symbol is halted belies it."""
    return trade.received_monotonic_ns - (trade.received_time_ns - trade.exchange_time_ns)

"""The lab as a whole: the venues it plays, the pulse that drives them, the orders it takes."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from trinity_beast.clock import Clock
from trinity_beast.lab.digits import EPOCH
from trinity_beast.lab.errors import FaultMisspoken, VenueNotPlayed
from trinity_beast.lab.faults import Clear, Fault, fault_from, parse_fault
from trinity_beast.lab.market import Market, truth_at
from trinity_beast.lab.model import SECOND_NS, LabAddresses, MarketTrade, VenueStatus
from trinity_beast.lab.protocol import VenueProtocol
from trinity_beast.lab.server import VenueServer
from trinity_beast.lab.stand_in import PULSE_MS, StandIn
from trinity_beast.lab.venues import VENUES
from trinity_beast.log import get_log
from trinity_beast.randomness import Dice
from trinity_beast.words import Symbol, Venue

PULSE_NS = PULSE_MS * 1_000_000
CATCH_UP_NS = 600 * SECOND_NS
"""A lab that was held up longer, by a suspended machine, lets the missed part go and plays on from now."""
_log = get_log("lab")


class Lab:
    """Stand-ins for the venues of a market. Their time begins at the wall clock's and runs with the monotonic clock.

    So a step of the machine's clock moves no trade of theirs: venues have clocks of their own.
    """

    def __init__(self, market: Market, clock: Clock, dice: Dice, *, kinds: Mapping[Venue, type[VenueProtocol]] = VENUES) -> None:
        """Play each venue of `market` by its class in `kinds`.

        Raises:
            VenueNotPlayed: the market has a venue that is not among them.
        """
        unplayed = [venue for venue in market.listings if venue not in kinds]
        if unplayed:
            raise VenueNotPlayed(venue=", ".join(unplayed), played=", ".join(kinds))
        self.market = market
        self._clock = clock
        self._ahead_ns = clock.time_ns() - clock.monotonic_ns()
        self._stand_ins = {venue: StandIn(kinds[venue], market, self.now_ns) for venue in market.listings}
        self._servers = {venue: VenueServer(stand_in, clock, dice) for venue, stand_in in self._stand_ins.items()}
        self._pulsed = 0
        self._pulsing: asyncio.Task[None] | None = None

    def now_ns(self) -> int:
        """Return the venues' time in Unix nanoseconds."""
        return self._ahead_ns + self._clock.monotonic_ns()

    async def start(self, host: str = "127.0.0.1", *, first_port: int = 0) -> dict[Venue, LabAddresses]:
        """Begin the market and listen: sockets and REST of each venue on `first_port` and those after it, or on free ones.

        Raises:
            OSError: a port is taken.
        """
        self.market.begin(self.now_ns())
        self._pulsed = self.now_ns() // PULSE_NS
        addresses = {}
        try:
            for number, (venue, server) in enumerate(self._servers.items()):
                port = first_port + 2 * number if first_port else 0
                addresses[venue] = await server.start(host, ws_port=port, rest_port=port + 1 if port else 0)
        except OSError:
            await self.stop()
            raise
        self._pulsing = asyncio.create_task(self._pulse_on(), name="lab pulse")
        self._pulsing.add_done_callback(_pulsed)
        return addresses

    async def stop(self) -> None:
        """Cut every client and give the ports back. May be called twice."""
        if self._pulsing is not None:
            self._pulsing.cancel()
            await asyncio.gather(self._pulsing, return_exceptions=True)
            self._pulsing = None
        for server in self._servers.values():
            await server.stop()

    async def _pulse_on(self) -> None:
        while True:
            due_ns = (self._pulsed + 1) * PULSE_NS
            await self._clock.sleep((due_ns - self.now_ns()) / SECOND_NS)
            await self._catch_up()

    async def _catch_up(self) -> None:
        now_ns = self.now_ns()
        if now_ns - self._pulsed * PULSE_NS > CATCH_UP_NS:
            self.market.advance(now_ns - PULSE_NS)
            self._pulsed = now_ns // PULSE_NS - 1
        while (self._pulsed + 1) * PULSE_NS <= now_ns:
            self._pulsed += 1
            pulse_ns = self._pulsed * PULSE_NS
            for printed in self.market.advance(pulse_ns):
                self._stand_ins[printed.venue].take(printed)
            for stand_in in self._stand_ins.values():
                stand_in.pulse(pulse_ns, self._pulsed)
                if await stand_in.faults.expire(pulse_ns):
                    stand_in.stir()

    async def fault(self, order: str | Fault | Clear) -> Fault | Clear:
        """Let a fault begin, or end: `mute coinbase BTC-USD for_seconds=30`, `clear coinbase`, or the fault itself.

        Raises:
            FaultUnknown: no fault has this name.
            FaultMisspoken: it does not take this symbol or these options.
            VenueNotPlayed: the lab does not play this venue.
        """
        asked = parse_fault(order) if isinstance(order, str) else order
        if isinstance(asked, Clear):
            chosen = [self._stand_in(asked.venue)] if asked.venue else list(self._stand_ins.values())
            for stand_in in chosen:
                await stand_in.faults.clear(symbol=stand_in.book_of(asked.symbol))
                stand_in.stir()
            _log.info("faults cleared", venue=asked.venue, symbol=asked.symbol)
            return asked
        stand_in = self._stand_in(asked.venue)
        if asked.symbol is not None and not stand_in.is_known(asked.symbol):
            raise FaultMisspoken(order=asked.verb, reason=f"{asked.venue} does not list {asked.symbol}")
        asked.symbol = stand_in.book_of(asked.symbol)
        await stand_in.faults.order(asked)
        stand_in.stir()
        _log.info("fault ordered", verb=asked.verb, venue=asked.venue, symbol=asked.symbol)
        return asked

    async def fault_named(self, verb: str, venue: str | None, symbol: str | None, options: Mapping[str, object]) -> Fault | Clear:
        """Do as `fault` does, from the parts of an order."""
        return await self.fault(fault_from(verb, venue, symbol, options))

    def faults(self) -> list[Fault]:
        """Return the faults in force, of all venues."""
        return [fault for stand_in in self._stand_ins.values() for fault in stand_in.faults.active]

    def truth(self, venue: Venue, symbol: Symbol, at: datetime) -> MarketTrade | None:
        """Return the last trade of the symbol at `at` by the venue's clock, whatever faults hid it; None when there is none."""
        return self.truth_at(venue, symbol, (at - EPOCH) // timedelta(microseconds=1) * 1000)

    def truth_at(self, venue: Venue, symbol: Symbol, time_ns: int) -> MarketTrade | None:
        """Do as `truth` does, by Unix nanoseconds. A symbol that was renamed has its truth under both names."""
        book = self._stand_ins[venue].book_of(symbol) if venue in self._stand_ins else symbol
        return truth_at(self.market, venue, book or symbol, time_ns)

    def statuses(self) -> Sequence[VenueStatus]:
        """Return what each stand-in is doing."""
        return [stand_in.status() for stand_in in self._stand_ins.values()]

    def _stand_in(self, venue: Venue) -> StandIn:
        if venue not in self._stand_ins:
            raise VenueNotPlayed(venue=venue, played=", ".join(self._stand_ins))
        return self._stand_ins[venue]


def _pulsed(pulsing: asyncio.Task[None]) -> None:
    """Say so when the pulse ends by itself: every venue would stand still, with all its sockets open."""
    if not pulsing.cancelled() and (error := pulsing.exception()) is not None:
        _log.error("lab pulse failed", error=error)

"""The watch over silence: whoever is silent past its window is looked at by REST, and asked for anew where the socket lies."""

import asyncio
import heapq
import itertools
from collections.abc import Callable, Iterable

from trinity_beast.clock import Clock, pause
from trinity_beast.feeds import NOTHING, Look, Looks, MappedAsset, Said, Timekeeper, Urgency
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings
from trinity_beast.pricing.likeness import is_same
from trinity_beast.pricing.parameters import LivenessKnobs
from trinity_beast.pricing.phase import Verdict
from trinity_beast.pricing.service import Prices
from trinity_beast.pricing.tick import Tick
from trinity_beast.words import Symbol, Venue

SECOND_NS = 1_000_000_000
NAP_NS = 10 * SECOND_NS
"""A symbol is looked in on at least this often, for its window may have shrunk since."""
PAUSE_SECONDS_MIN = 0.01
_log = get_log("pricing")


def _nothing_said(_venue: Venue, _symbol: Symbol) -> Said:
    return NOTHING


class Watch:
    """Every symbol the feeds hold, by when it is next due. A `Part`.

    A trade costs it nothing and a turn costs what is due: each symbol stands in the heap once, and one that has traded
    since is put back by its new time when its old one comes.
    """

    name = "liveness"

    def __init__(
        self,
        prices: Prices,
        looks: Looks,
        asset_map: Iterable[MappedAsset],
        *,
        asked_ns: Callable[[Venue, Symbol], int | None],
        renew: Callable[[Venue, Symbol], bool],
        said_of: Callable[[Venue, Symbol], Said] = _nothing_said,
        clock: Clock,
        readings: Readings | None = None,
    ) -> None:
        """Take `asked_ns`, which tells when (wall) a symbol was subscribed, `renew`, which does it anew and says whether it could.

        `said_of` tells what the venue's own connection says of a symbol beside trades.
        """
        self._prices, self._looks, self._renew, self._clock = prices, looks, renew, clock
        self._asked_ns, self._said_of = asked_ns, said_of
        self._timekeeper = Timekeeper(clock)
        self._knobs = LivenessKnobs(readings or Readings())
        self._due: list[tuple[int, int, Tick]] = []
        self._order = itertools.count()
        self._watched: dict[tuple[Venue, Symbol], Tick] = {}
        self._place: dict[Tick, int] = {}
        self._looking: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._driving: asyncio.Task[None] | None = None
        self.verdicts = dict.fromkeys(Verdict, 0)
        self.attended = self.renewals = self.looks_put_off = self.looks_spared = 0
        self.use_map(asset_map)

    async def start(self) -> None:
        """Watch from here on."""
        self._driving = asyncio.get_running_loop().create_task(self._drive(), name="liveness")
        self._driving.add_done_callback(_driven)

    async def stop(self) -> None:
        """Watch no more; looks under way are given up."""
        tasks = [task for task in (self._driving, *self._looking) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def use_map(self, asset_map: Iterable[MappedAsset]) -> None:
        """Watch the symbols that the feeds hold by this map. To be told after `Prices` has the map."""
        held = {(row.venue, row.symbol): None for row in asset_map if row.enabled and row.prewarm}
        before, self._watched = self._watched, {}
        for venue, symbol in held:
            tick = self._prices.tick(venue, symbol)
            tick.can_prove = self._looks.can_look(venue)
            self._watched[venue, symbol] = tick
            if before.get((venue, symbol)) is not tick:
                self._put(tick, tick.due_ns(self._prices.bounds))
        self._place = {tick: order for tick, order in self._place.items() if self._watched.get((tick.venue, tick.symbol)) is tick}
        self._wake.set()

    def stir(self, venue: Venue, symbol: Symbol | None) -> None:
        """Look in on a symbol now, on all of a venue's where none is named: the venue has said something new of it."""
        found = [(venue, symbol)] if symbol is not None else [market for market in self._watched if market[0] == venue]
        for market in found:
            if (tick := self._watched.get(market)) is not None:
                self._prices.on_word(tick, self._said_of(*market))
                self._put(tick, tick.due_ns(self._prices.bounds))
        self._wake.set()

    @property
    def is_running(self) -> bool:
        """Return whether it watches."""
        return self._driving is not None and not self._driving.done()

    @property
    def watched(self) -> int:
        """Return how many symbols are watched."""
        return len(self._watched)

    @property
    def looks_under_way(self) -> int:
        """Return how many looks for proof are under way."""
        return len(self._looking)

    async def _drive(self) -> None:
        while True:
            self._wake.clear()
            now_ns = self._clock.monotonic_ns()
            self._prices.turn()
            while self._due and self._due[0][0] <= now_ns:
                _, order, tick = heapq.heappop(self._due)
                if self._place.get(tick) == order:
                    self._attend(tick, now_ns)
            seconds = max(PAUSE_SECONDS_MIN, (self._due[0][0] - now_ns) / SECOND_NS) if self._due else None
            await pause(self._clock, seconds, until=self._wake)

    def _attend(self, tick: Tick, now_ns: int) -> None:
        """Do for one symbol what is due."""
        self.attended += 1
        self._prices.hear_of(tick.venue, tick.symbol)
        self._note_subscription(tick)
        said = self._said_of(tick.venue, tick.symbol)
        self._prices.on_word(tick, said)
        if tick.must_renew(now_ns):
            is_asked = self._renew(tick.venue, tick.symbol)
            tick.renewed(now_ns=now_ns, wall_ns=self._timekeeper.now().wall_ns, is_asked=is_asked)
            if is_asked:
                self.renewals += 1
                _log.warning("symbol subscribed anew", venue=tick.venue, symbol=tick.symbol, times=tick.renewals)
        if tick.due_ns(self._prices.bounds) <= now_ns:
            self._hear_out(tick, said, now_ns)
        due_ns = tick.due_ns(self._prices.bounds)
        if due_ns > now_ns or not tick.can_prove:
            self._put(tick, min(max(due_ns, now_ns + SECOND_NS if not tick.can_prove else 0), now_ns + NAP_NS))
        elif len(self._looking) >= self._knobs.proofs_max.value:
            self.looks_put_off += 1
            self._put(tick, now_ns + self._prices.bounds.retry_ns)
        else:
            task = asyncio.get_running_loop().create_task(self._look(tick), name=f"proof {tick.venue} {tick.symbol}")
            self._looking.add(task)
            task.add_done_callback(self._looking.discard)

    def _hear_out(self, tick: Tick, said: Said, now_ns: int) -> None:
        """Take the venue's own word for a look, where it vouched lately for the very trade we hold: REST need not be asked then."""
        if said.last is None or tick.trade is None or not is_same(said.last, tick.trade):
            return
        if now_ns - said.told_ns >= self._prices.bounds.proof_ns // 2:
            return
        look = Look(tick.venue, tick.symbol, said.last, said.told_ns)
        if self._prices.on_look(tick, look) in {Verdict.QUIET, Verdict.HALTED}:
            self.looks_spared += 1

    async def _look(self, tick: Tick) -> None:
        heard_ns = tick.heard_ns
        look = await self._looks.last_trade(tick.venue, tick.symbol, Urgency.PROOF)
        self._prices.hear_of(tick.venue, tick.symbol)
        self._note_subscription(tick)
        if tick.heard_ns == heard_ns:  # Else the socket has spoken meanwhile, and knows better.
            self.verdicts[self._prices.on_look(tick, look)] += 1
        self._put(tick, tick.due_ns(self._prices.bounds))
        self._wake.set()

    def _note_subscription(self, tick: Tick) -> None:
        """Let the tick know since when the socket owes it trades: while nobody has asked for the symbol, not yet."""
        asked_ns = self._asked_ns(tick.venue, tick.symbol)
        tick.subscribed(self._timekeeper.now().wall_ns if asked_ns is None else asked_ns)

    def _put(self, tick: Tick, due_ns: int) -> None:
        if self._watched.get((tick.venue, tick.symbol)) is tick:
            order = self._place[tick] = next(self._order)  # Whatever stands in the heap for it under another number is void.
            heapq.heappush(self._due, (due_ns, order, tick))


def _driven(driving: asyncio.Task[None]) -> None:
    """Say so when the watch ends by itself: silence would go unnoticed, and prices go stale unproven."""
    if not driving.cancelled() and (error := driving.exception()) is not None:
        _log.error("liveness watch failed", error=error)

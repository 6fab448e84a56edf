"""The rehearsal of the feeds: every venue goes through its lane, all lanes at once, and everything that is told is judged."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field

from trinity_beast.rehearsal.errors import StatusUntold
from trinity_beast.rehearsal.model import MS_NS, SECOND_NS, Judgement, Market, Refused, Tally, Told
from trinity_beast.rehearsal.neighbours import Neighbours
from trinity_beast.rehearsal.plan import CalmStep, Lane, Step, SymbolStep, VenueStep
from trinity_beast.rehearsal.run import Run, note
from trinity_beast.rehearsal.scenarios import Scenario
from trinity_beast.rehearsal.stage import Stage
from trinity_beast.words import Asset, Venue

LOOK_SECONDS = 0.1
COUNT_SECONDS = 0.25
SHOWN_SECONDS = 1.0
"""A fault stays so long after all has shown that must, for answers to be judged under it."""
RECOVER_SECONDS = 40.0
SETTLE_SECONDS = 1.0
UNTRADED_NS = 12 * SECOND_NS
"""A market that has printed nothing for so long after a fault is waited for no longer."""
WELL = Scenario("well", "clear", (), 0)
FRESH_NS = 3 * SECOND_NS // 2
"""A symbol that traded within this is live beyond doubt: no window is shorter."""


@dataclass
class LaneState:
    """How one venue's lane stands."""

    lane: Lane
    runs: list[Run] = field(default_factory=list)
    neighbours: Neighbours | None = None
    done: int = 0

    def run_of(self, told: Told) -> Run | None:
        """Return the run a price belongs to: that of its asset, else any, for what it tells was told by this venue."""
        return next((run for run in self.runs if told.asset in run.markets), self.runs[0] if self.runs else None)


class Conductor:
    """Leads the lanes. `finished` are the runs that are over; `calm` counts what was told when nothing was wrong."""

    def __init__(self, stage: Stage, lanes: Sequence[Lane], *, ends_ns: int) -> None:
        """Begin no step after `ends_ns` of the lab's time."""
        self._stage, self._ends_ns = stage, ends_ns
        self.changed: Callable[[], None] = _nothing
        self.lanes = {lane.venue: LaneState(lane) for lane in lanes}
        self.finished: list[tuple[Venue, Run]] = []
        self.calm = Tally()
        self.total = Tally()
        self.problems: list[str] = []
        self._counts: dict[Venue, dict[str, int]] = {}
        self._alone = asyncio.Lock()
        self._last: dict[Asset, str] = {}
        """What was told of each asset at last, for whoever must find out why one is not back."""

    def told(self, told: Told, judgement: Judgement) -> None:
        """Take in a judged price."""
        note(self.total, told, judgement)
        if told.asked.venue is None:
            self._last[told.asset] = f"{told.source} {told.state}, {told.age_ms} ms old"
        lane = self.lanes.get(told.venue)
        run = lane.run_of(told) if lane is not None else None
        note(run.tally if run is not None else self.calm, told, judgement)
        for state in self.lanes.values():
            for each in state.runs:
                each.told(told)
            if state.neighbours is not None:
                state.neighbours.told(told)

    def refused(self, refused: Refused) -> None:
        """Take in that an asset was not priced."""
        self.total.refused += 1
        if refused.asked.venue is None and refused.asked.max_age_ms is None:
            self._last[refused.asset] = refused.code
        for state in self.lanes.values():
            for each in state.runs:
                each.refused(refused)
            if state.neighbours is not None:
                state.neighbours.refused(refused)

    async def run(self) -> None:
        """Go through everything.

        Raises:
            RehearsalBroken: the node ended, or tells its status no more.
        """
        self._counts = await self._stage.counts()
        await self._together(self._go)

    async def everywhere(self, scenario: Scenario) -> None:
        """Let one fault happen to every venue at once."""
        await self._together(lambda state: self._whole(state, VenueStep(scenario, ())))

    async def _together(self, work: Callable[[LaneState], Coroutine[None, None, None]]) -> None:
        counting = asyncio.create_task(self._count(), name="feed counters")
        try:
            async with asyncio.TaskGroup() as group:
                for state in self.lanes.values():
                    group.create_task(work(state), name=f"rehearse {state.lane.venue}")
        finally:
            counting.cancel()
            await asyncio.gather(counting, return_exceptions=True)

    async def well_again(self, seconds: float) -> list[str]:
        """Wait until every market kept warm is live by its socket with a fresh trade; return those that are not in time, and how."""
        runs = [self._begun(WELL, state.lane.venue, dict(state.lane.markets), "calm") for state in self.lanes.values()]
        for state, run in zip(self.lanes.values(), runs, strict=True):
            run.cleared(self._now_ns())
            state.runs = [run]
        await self._recovered(runs, seconds)
        for state in self.lanes.values():
            state.runs = []
        return [f"{asset} was not well at the end: {await self._standing(run.markets[asset])}" for run in runs for asset in run.missing]

    async def _go(self, state: LaneState) -> None:
        for step in state.lane.steps:
            if self._now_ns() >= self._ends_ns:
                if state.lane.count is None:
                    return
                self.problems.append(f"{state.lane.venue}: no time was left for {_name(step)}")
                continue
            match step:
                case CalmStep(seconds):
                    await self._stage.clock.sleep(seconds)
                case VenueStep(scenario) if scenario.is_alone:
                    async with self._alone:
                        await self._whole(state, step)
                case VenueStep():
                    await self._whole(state, step)
                case SymbolStep():
                    await self._single(state, step)
            state.done += 1
            self.changed()

    async def _whole(self, state: LaneState, step: VenueStep) -> None:
        """Let one fault happen to a whole venue."""
        venue, scenario = state.lane.venue, step.scenario
        only = {market.asset for market in step.muted} if any("{symbol}" in order for order in scenario.orders) else None
        markets = self._concerned(state.lane, only)
        run = self._begun(scenario, venue, markets, "venue")
        state.runs = [run]
        await self._played(state, scenario.orders_for(venue, [market.symbol for market in step.muted]), scenario.seconds)

    async def _single(self, state: LaneState, step: SymbolStep) -> None:
        """Let several faults happen at once, each to a symbol of its own, and watch the others."""
        venue = state.lane.venue
        state.runs = [self._begun(scenario, venue, {market.asset: market}, "symbol") for scenario, market in step.faults]
        hit = {market.asset for _, market in step.faults}
        others = {asset: market for asset, market in state.lane.markets.items() if asset not in hit}
        state.neighbours = neighbours = Neighbours(others, self._stage.truth.tapes, fresh_ns=FRESH_NS)
        orders = [order for scenario, market in step.faults for order in scenario.orders_for(venue, [market.symbol])]
        await self._played(state, orders, max(scenario.seconds for scenario, _ in step.faults))
        state.neighbours = None
        self.problems += [f"{venue}: {asset} was disturbed by a neighbour's fault: {how}" for asset, how in neighbours.disturbed.items()]

    async def _played(self, state: LaneState, orders: Iterable[str], seconds: float) -> None:
        """Order, wait for it to show, end it, wait until all is well."""
        venue, runs = state.lane.venue, state.runs
        self.changed()
        for order in orders:
            await self._stage.order(order)
        await self._shown(runs, seconds)
        await self._stage.clear(venue)
        for run in runs:
            run.cleared(self._now_ns())
        await self._recovered(runs)
        for run in runs:
            await self._ended(venue, run)
        await self._stage.clock.sleep(SETTLE_SECONDS)
        state.runs = []

    async def _shown(self, runs: Sequence[Run], seconds: float) -> None:
        ends_ns = self._now_ns() + round(seconds * SECOND_NS)
        while self._now_ns() < ends_ns:
            self._stage.must_run()
            if all(run.has_shown and not run.scenario.stays for run in runs):
                await self._stage.clock.sleep(SHOWN_SECONDS)
                return
            await self._stage.clock.sleep(LOOK_SECONDS)

    async def _recovered(self, runs: Sequence[Run], seconds: float = RECOVER_SECONDS) -> None:
        ends_ns = self._now_ns() + round(seconds * SECOND_NS)
        while any(run.missing for run in runs) and self._now_ns() < ends_ns:
            self._stage.must_run()
            await self._stage.clock.sleep(LOOK_SECONDS)
            for run in runs:
                run.excuse(self._untraded(run))

    def _untraded(self, run: Run) -> list[Asset]:
        """Return the assets missing whose market has printed nothing since the fault ended, so that nothing can have come."""
        since_ns = run.cleared_ns or run.begun_ns
        if self._now_ns() - since_ns < UNTRADED_NS:
            return []
        return [asset for asset in run.missing if self._stage.truth.tapes[run.markets[asset]].first_from(since_ns) is None]

    def _begun(self, scenario: Scenario, venue: Venue, markets: dict[Asset, Market], reach: str) -> Run:
        return Run(scenario, markets, self._now_ns(), reach, dict(self._counts.get(venue, {})))

    @staticmethod
    def _concerned(lane: Lane, only: set[Asset] | None) -> dict[Asset, Market]:
        """Return the markets whose prices must show the fault. Those that other venues price too fall over to them, and are judged only."""
        return {asset: market for asset, market in lane.markets.items() if only is None or asset in only}

    async def _ended(self, venue: Venue, run: Run) -> None:
        if not run.scenario.is_harmless and run.noticed_seconds is None:
            run.problems.append("it was not noticed")
        for asset in run.missing:
            run.problems.append(f"{asset} was not back after {RECOVER_SECONDS:.0f} s: {await self._standing(run.markets[asset])}")
        self.finished.append((venue, run))

    async def _standing(self, market: Market) -> str:
        """Return all we know of one market that is not well: what is told of it, what its feed says, what it truly traded."""
        try:
            feed = (await self._stage.feeds())[market.venue]
        except StatusUntold as error:
            return f"{self._last.get(market.asset)}; of its feed the node tells nothing: {error.facts['reason']}"
        symbol = next((each for each in feed["symbols"] if each["symbol"] == market.symbol), None)
        last = self._stage.truth.tapes[market].last_until(self._now_ns())
        ago_ms = None if last is None else (self._now_ns() - last.time_ns) // MS_NS
        counts = {name: feed["counts"].get(name) for name in ("requests_sent", "symbols_renewed", "refusals", "connections_opened")}
        return f"{self._last.get(market.asset)}; its feed: {feed['state']}, {symbol}, {counts}; traded {ago_ms} ms ago"

    async def _count(self) -> None:
        while True:
            await self._stage.clock.sleep(COUNT_SECONDS)
            try:
                self._counts = await self._stage.counts()
            except StatusUntold as error:
                self.problems.append(f"the node did not tell how its feeds run: {error.facts['reason']}")
                continue
            now_ns = self._now_ns()
            for venue, state in self.lanes.items():
                for run in state.runs:
                    run.counted(self._counts.get(venue, {}), now_ns)

    def _now_ns(self) -> int:
        return self._stage.lab.now_ns()


def _name(step: Step) -> str:
    match step:
        case CalmStep():
            return "calm"
        case VenueStep(scenario):
            return scenario.name
        case SymbolStep(faults):
            return f"{len(faults)} faults of one symbol each"


def _nothing() -> None:
    """Tell nobody."""

"""The lab, a node that listens to it, the sampler that asks the node, and the oracle that judges what it hears."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Protocol

import aiohttp

from trinity_beast.clock import Clock
from trinity_beast.lab import VENUES, WARM, Fault, Lab, Listing, open_market, write_ready_file
from trinity_beast.randomness import SecretSource, dice_from
from trinity_beast.rehearsal.deeds import Deed, Deeds
from trinity_beast.rehearsal.errors import RehearsalBroken, RehearsalUnknown, StatusUntold
from trinity_beast.rehearsal.model import SECOND_NS, Judgement, Market, Refused, Told
from trinity_beast.rehearsal.node import Environment, RunningNode, last_words, rehearsed_node
from trinity_beast.rehearsal.oracle import Oracle
from trinity_beast.rehearsal.promises import SHORTENED, Promises
from trinity_beast.rehearsal.sampler import Questions, Sampler
from trinity_beast.rehearsal.truth import Truth
from trinity_beast.words import Asset, Venue

SIX = tuple(Venue(name) for name in ("coinbase", "gemini", "kraken", "gateio", "cryptocom", "okx"))
EVERYWHERE = (Asset("BTC"), Asset("ETH"), Asset("SOL"))
"""Kept warm at every venue rehearsed, so that falling over from one to the next is judged too."""
RATES = (4.0, 3.0, 2.5, 2.0, 2.0, 2.0, 1.5, 1.5)
"""How many orders a second the symbols of a venue see, in turn: often enough for silence to mean something."""
QUIET_RATE = 0.03
"""The last symbol of each venue hardly trades: it is quiet, and must be told so, not as dead."""
WARM_UP_SECONDS = 12.0
"""How long all is well before the first fault: rhythms are learned."""
FEED_READY_SECONDS = 30.0


class Listener(Protocol):
    """Who wants to know what the node answered, and what the oracle says of it."""

    def told(self, told: Told, judgement: Judgement) -> None:
        """Take in a judged price."""
        ...

    def refused(self, refused: Refused) -> None:
        """Take in that an asset was not priced."""
        ...


@dataclass(frozen=True, slots=True)
class Means:
    """What a rehearsal is given by the program."""

    clock: Clock
    secrets: SecretSource
    environment: Environment
    folder: Path | None = None
    """Where the node's folder is made; None where temporary files are."""


@dataclass
class Stage:
    """All that runs."""

    lab: Lab
    node: RunningNode
    truth: Truth
    deeds: Deeds
    oracle: Oracle
    venues: tuple[Venue, ...]
    warm: Mapping[Venue, Mapping[Asset, Market]]
    """What each venue alone keeps warm and trades often."""
    quiet: Mapping[Venue, Market]
    """The market of each venue that hardly trades."""
    session: aiohttp.ClientSession
    clock: Clock
    in_force: dict[Venue, list[Deed]] = field(default_factory=dict)

    async def order(self, words: str) -> None:
        """Have the lab do something wrong, and let the oracle know."""
        fault = await self.lab.fault(words)
        assert isinstance(fault, Fault), "faults are ended by `clear`"
        options = {option.name: getattr(fault, option.name) for option in fields(fault) if option.init}
        deed = Deed(fault.verb, fault.venue, fault.symbol, self.lab.now_ns(), options=options)
        if fault.instant:
            deed.ended_ns = deed.begun_ns
        else:
            self.in_force.setdefault(fault.venue, []).append(deed)
        self.deeds.begin(deed)

    async def clear(self, venue: Venue) -> None:
        """Have the lab do nothing wrong at a venue any more."""
        await self.lab.fault(f"clear {venue}")
        for deed in self.in_force.pop(venue, []):
            deed.ended_ns = self.lab.now_ns()

    async def counts(self) -> dict[Venue, dict[str, int]]:
        """Return what each feed of the node has counted."""
        return {venue: feed["counts"] for venue, feed in (await self.feeds()).items()}

    async def feeds(self) -> dict[Venue, dict[str, Any]]:
        """Return how the node says that its feeds run.

        Raises:
            RehearsalBroken: it has ended.
            StatusUntold: it does not say.
        """
        try:
            async with self.session.get("/admin/feed-status") as answer:
                told = await answer.json()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            self.must_run()
            raise StatusUntold(reason=repr(error)) from error
        if not told.get("success"):
            raise StatusUntold(reason=str(told.get("code")))
        return {Venue(feed["venue"]): feed for feed in told["data"]["feeds"]}

    def must_run(self) -> None:
        """Raise when the node has ended unasked.

        Raises:
            RehearsalBroken: it has.
        """
        if self.node.has_ended:
            raise RehearsalBroken(reason=f"the node ended with {self.node.process.returncode}: {last_words(self.node.log)}")

    def hear(self, listener: Listener) -> Callable[[Sequence[Told], Sequence[Refused]], None]:
        """Return what takes in answers: the truth is brought up to date, then every price is judged."""

        def heard(prices: Sequence[Told], refused: Sequence[Refused]) -> None:
            self.truth.follow()
            for told in prices:
                listener.told(told, self.oracle.judge(told))
            for each in refused:
                listener.refused(each)

        return heard


def chosen_venues(venues: Collection[str]) -> tuple[Venue, ...]:
    """Return the venues named; all six where none is.

    Raises:
        RehearsalUnknown: one of them is not among the six.
    """
    for venue in venues:
        if venue not in SIX:
            raise RehearsalUnknown(asked=venue, known=", ".join(SIX))
    return tuple(venue for venue in SIX if not venues or venue in venues)


@asynccontextmanager
async def staged(
    venues: tuple[Venue, ...],
    seed: int,
    means: Means,
    *,
    parameters: Mapping[str, float] = SHORTENED,
    warm_up_seconds: float = WARM_UP_SECONDS,
) -> AsyncIterator[Stage]:
    """Give a stage on which all is well and every feed has learned its symbols' rhythm.

    Raises:
        RehearsalBroken: the node does not come up, or not all of its feeds do.
    """
    kinds = {venue: VENUES[venue] for venue in venues}
    lab = Lab(open_market(seed=seed, kinds=kinds, rate=_rate), means.clock, dice_from(f"{seed} lab"))
    deeds = Deeds()
    with tempfile.TemporaryDirectory(prefix="beast-lab-", dir=means.folder) as folder:
        addresses = await lab.start()
        try:
            file = Path(folder) / "lab.json"
            write_ready_file(file, addresses)
            async with rehearsed_node(
                file, parameters, environment=means.environment, secrets=means.secrets, clock=means.clock, folder=means.folder
            ) as node, aiohttp.ClientSession(
                node.url, headers={"Authorization": f"Bearer {node.admin_key}"}, timeout=aiohttp.ClientTimeout(total=10)
            ) as session:  # fmt: skip
                truth = Truth(lab, venues)
                compared = EVERYWHERE if len(venues) > 1 else ()
                oracle = Oracle(truth.tapes, deeds, Promises.of(parameters), compared=compared)
                stage = Stage(lab, node, truth, deeds, oracle, venues, _warm(truth, venues), _quiet(truth), session, means.clock)
                await node.keep_warm(EVERYWHERE, venues)
                await _warmed_up(stage, warm_up_seconds)
                yield stage
        finally:
            await lab.stop()


@asynccontextmanager
async def questioned(stage: Stage, listener: Listener, seed: int, *, every_seconds: float = 0.1) -> AsyncIterator[Sampler]:
    """Ask the node about everything for the length of a block."""
    assets = sorted(
        {market.asset for of_venue in stage.warm.values() for market in of_venue.values()}
        | {*EVERYWHERE, *(market.asset for market in stage.quiet.values())}
    )
    sampler = Sampler(
        stage.node,
        Questions(assets, stage.venues, every_seconds),
        now_ns=stage.lab.now_ns,
        hear=stage.hear(listener),
        clock=stage.clock,
        dice=dice_from(f"{seed} sampler"),
    )
    asking = asyncio.create_task(sampler.run(), name="sampler")
    try:
        yield sampler
        if asking.done():
            await asking
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


def _rate(listing: Listing) -> float:
    warm = WARM[listing.venue]
    if listing.asset not in warm:
        return listing.trades_per_second
    if listing.asset == _quiet_asset(listing.venue):
        return QUIET_RATE
    return RATES[warm.index(listing.asset) % len(RATES)]


def _own(venue: Venue) -> list[Asset]:
    """Return the assets that are kept warm at this venue alone."""
    return [asset for asset in WARM[venue] if asset not in EVERYWHERE and sum(asset in WARM[other] for other in SIX) == 1]


def _quiet_asset(venue: Venue) -> Asset:
    return _own(venue)[-1]


def _warm(truth: Truth, venues: Sequence[Venue]) -> dict[Venue, dict[Asset, Market]]:
    """Return, by venue, the markets a node keeps warm there and nowhere else. A coin in two quotes is kept warm in the first."""
    found: dict[Venue, dict[Asset, Market]] = {venue: {} for venue in venues}
    for market in truth.tapes:
        if market.asset in _own(market.venue) and market.asset != _quiet_asset(market.venue):
            found[market.venue].setdefault(market.asset, market)
    return found


def _quiet(truth: Truth) -> dict[Venue, Market]:
    """Return the market of each venue that hardly trades."""
    found: dict[Venue, Market] = {}
    for market in truth.tapes:
        if market.asset == _quiet_asset(market.venue):
            found.setdefault(market.venue, market)
    return found


async def _warmed_up(stage: Stage, seconds: float) -> None:
    """Wait until every venue's feed trades, and then until rhythms are known."""
    ends_ns = stage.lab.now_ns() + round(FEED_READY_SECONDS * SECOND_NS)
    while True:
        counts = await stage.counts()
        late = [venue for venue in stage.venues if not counts.get(venue, {}).get("trades")]
        if not late:
            break
        if stage.lab.now_ns() > ends_ns:
            raise RehearsalBroken(reason=f"no trade came from {', '.join(late)}")
        await stage.clock.sleep(0.2)
    await stage.clock.sleep(seconds)

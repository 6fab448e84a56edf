"""The lab's venues, the program's own feeds, prices and audits on them, on a clock that a test moves."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TypeVar

import sqlalchemy as sa

from tests.support.book import Ledger
from tests.support.clock import ManualClock
from tests.support.feeds import DOCUMENTED
from trinity_beast.feeds import (
    AssetEditor,
    Auditor,
    Audits,
    Discovery,
    FeedRow,
    Feeds,
    FeedState,
    HttpOpener,
    Listings,
    Looks,
    MappedAsset,
    Syncer,
    parse_row,
)
from trinity_beast.feeds.auditing import AuditedAsset, Finding
from trinity_beast.feeds.tables import exchange_asset_map
from trinity_beast.lab import Lab, Market, row_for_lab
from trinity_beast.parameters import Readings
from trinity_beast.pricing import Prices, Smoke, Watch
from trinity_beast.randomness import dice_from
from trinity_beast.storage import Database
from trinity_beast.words import Venue

T = TypeVar("T")
STEP_SECONDS = 0.05


class ReadBook:
    """Keeps `ToldBook` over a ledger: what was published last, its age reckoned as the engine does."""

    def __init__(self, ledger: Ledger, clock: ManualClock) -> None:
        self._ledger, self._clock = ledger, clock

    def read(self, asset: str) -> SimpleNamespace | None:
        told = self._ledger.told(asset)
        if not told:
            return SimpleNamespace(price=None, venue="", state="unavailable", age_ns=0) if asset in self._ledger.announced else None
        last = told[-1]
        age_ns = max(0, self._clock.time_ns() - last["exchange_time_ns"])
        state = last["state"] if age_ns < last["usable_for_ns"] else "stale"
        return SimpleNamespace(price=last["price"], venue=last["venue"], state=state, age_ns=age_ns)


@dataclass
class Audited:
    """All that runs."""

    lab: Lab
    feeds: Feeds
    looks: Looks
    listings: Listings
    auditor: Auditor
    asset_map: Sequence[MappedAsset]
    clock: ManualClock
    readings: Readings

    async def within(self, awaited: Awaitable[T], *, seconds: float = 120.0) -> T:
        """Return what is awaited, letting time pass meanwhile."""
        work = asyncio.ensure_future(awaited)
        for _ in range(round(seconds / STEP_SECONDS)):
            if work.done():
                break
            await self.clock.let_pass(STEP_SECONDS)
        return work.result()

    async def audit(self, *, seconds: float = 120.0) -> dict[tuple[str, str], AuditedAsset]:
        """Audit the whole map, without a database."""
        rows = [row for row in self.asset_map if row.enabled]
        found = await self.within(self.auditor.run(rows, self.asset_map, lambda: None), seconds=seconds)
        return {(one.asset, one.venue): one for one in found}

    def audits(self, database: Database, *, node: str = "BeastMain") -> Audits:
        return Audits(database, self.auditor, node=node, clock=self.clock, readings=self.readings)

    def discovery(self, database: Database) -> Discovery:
        return Discovery(database, self.listings, clock=self.clock, readings=self.readings)

    def syncer(self, database: Database, audits: Audits) -> Syncer:
        editor = AssetEditor(database)
        return Syncer(audits, self.discovery(database), self.listings, editor, clock=self.clock, readings=self.readings)


@asynccontextmanager
async def audited(
    market: Market,
    asset_map: Sequence[MappedAsset],
    clock: ManualClock,
    *,
    off: Sequence[str] = (),
    settle_seconds: float = 12.0,
    **turned: object,
) -> AsyncIterator[Audited]:
    """Run everything for the length of a block, once every feed has settled. `off` names venues that are there and off."""
    lab = Lab(market, clock, dice_from("lab"))
    rows = [_row(venue, row_for_lab(DOCUMENTED[venue], at), is_on=venue not in off) for venue, at in (await lab.start()).items()]
    readings, ledger = Readings(), Ledger()
    looks = Looks(rows, opener=HttpOpener(), clock=clock, readings=readings)
    prices = Prices(ledger, asset_map, clock=clock, readings=readings, can_prove=looks.can_look)
    feeds = Feeds(rows, asset_map, prices.on_trades, on_history=prices.on_history, clock=clock, dice=dice_from("feeds"), readings=readings)
    watch = Watch(prices, looks, asset_map, asked_ns=feeds.asked_ns, renew=feeds.renew, clock=clock, readings=readings)
    listings = Listings(looks, clock, readings)
    auditor = Auditor(feeds, listings, looks, Smoke(prices, ReadBook(ledger, clock), looks), clock=clock, readings=readings)
    try:
        for name, value in turned.items():
            readings.turn(name, value)
        await _settled(feeds, watch, clock, settle_seconds)
        yield Audited(lab, feeds, looks, listings, auditor, asset_map, clock, readings)
    finally:
        stopping = asyncio.gather(watch.stop(), feeds.stop(), looks.stop())
        async with asyncio.timeout(20):
            while not stopping.done():
                await clock.let_pass(STEP_SECONDS)
        await lab.stop()


async def _settled(feeds: Feeds, watch: Watch, clock: ManualClock, seconds: float) -> None:
    """Start, and let the feeds come to rest."""
    await feeds.start()
    await watch.start()
    async with asyncio.timeout(20):
        while any(status.state not in {FeedState.LIVE, FeedState.OFF} for status in feeds.status()):
            await clock.let_pass(STEP_SECONDS)
    await clock.let_pass(seconds)


def _row(venue: Venue, values: dict[str, object], *, is_on: bool) -> FeedRow:
    assert values["venue"] == venue
    return parse_row(values | {"enabled": is_on})


async def map_only(database: Database, asset_map: Sequence[MappedAsset]) -> None:
    """Let the database's map hold these rows and no other."""
    names = ("asset", "venue", "symbol", "quote", "enabled", "prewarm", "category")
    async with database.transaction() as tx:
        await tx.execute(sa.delete(exchange_asset_map))
        if asset_map:
            await tx.execute(sa.insert(exchange_asset_map), [{name: getattr(row, name) for name in names} for row in asset_map])


def finding(one: AuditedAsset, layer: str) -> Finding:
    """What one layer found."""
    return next(found for found in one.findings if found.layer == layer)

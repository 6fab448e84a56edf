"""Audits whose auditor finds what it is told, as soon as it is let."""

import asyncio
from collections.abc import Callable, Sequence

from tests.support.clock import ManualClock
from tests.support.feeds import mapped
from trinity_beast.feeds import Auditor, Audits, MappedAsset
from trinity_beast.feeds.auditing import Audit, AuditedAsset, AuditState, Finding, Layer, Outcome, Proposal, ProposalKind, WantedAudit
from trinity_beast.parameters import Readings
from trinity_beast.storage import Database
from trinity_beast.words import Venue

ALL = WantedAudit()
ROWS = [
    mapped("BTC"),
    mapped("ETH"),
    mapped("SOL", prewarm=False),
    mapped("ADA", enabled=False),
    mapped("BTC", venue="kraken", symbol="BTC/USD"),
]
BROKEN = Finding(Layer.LISTED, Outcome.FAILED, "not_listed", "=it is gone", {"symbol": "X"})
OFFERED = Proposal(ProposalKind.RENAME, "it has a new name", "coinbase", "ETH2-USD", "USD")


class Told(Auditor):
    """An auditor that finds what it is told, as soon as it is let."""

    def __init__(self, *venues: str) -> None:
        self.on, self.rows = [Venue(venue) for venue in venues], list[MappedAsset]()
        self.may_end, self.is_at_work = asyncio.Event(), asyncio.Event()
        self.fails: Exception | None = None
        self.steps: Callable[[], None] = lambda: None

    def venues(self) -> list[Venue]:
        return self.on

    async def run(self, rows: Sequence[MappedAsset], asset_map: Sequence[MappedAsset], stepped: Callable[[], None]) -> list[AuditedAsset]:
        assert set(rows) <= set(asset_map)
        self.rows, self.steps = list(rows), stepped
        self.is_at_work.set()
        await self.may_end.wait()
        if self.fails is not None:
            raise self.fails
        return [self._found(row) for row in rows]

    def _found(self, row: MappedAsset) -> AuditedAsset:
        is_broken = row.asset == "ETH"
        findings = (BROKEN,) if is_broken else (Finding(Layer.LISTED, Outcome.PASSED),)
        return AuditedAsset(row.asset, row.venue, row.symbol, row.quote, row.prewarm, findings, OFFERED if is_broken else None)


class Bench:
    """Audits over a database, with an auditor that does as it is told."""

    def __init__(self, database: Database, clock: ManualClock, *, node: str = "BeastMain", **turned: object) -> None:
        self.clock, self.auditor, readings = clock, Told("coinbase", "kraken"), Readings()
        self.audits = Audits(database, self.auditor, node=node, clock=clock, readings=readings)
        for name, value in turned.items():
            readings.turn(name, value)

    async def begun(self) -> Audit:
        """Begin an audit of everything, and return it once it is at work."""
        audit = await self.audits.begin(ALL, by="Ada")
        async with asyncio.timeout(5):
            await self.auditor.is_at_work.wait()
        return audit

    async def over(self, audit: Audit) -> Audit:
        """Let the audit end, and return it once it is over."""
        self.auditor.may_end.set()
        async with asyncio.timeout(20):
            while (found := await self.audits.read(audit.audit_id)).state is AuditState.RUNNING:
                await self.clock.let_pass(0.001)
        return found

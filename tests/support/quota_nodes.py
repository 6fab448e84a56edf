"""Nodes that share quotas over a real database, each with a real engine that was never started, and that can be killed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.clock import ManualClock
from trinity_beast.access import EngineGate, Grant, Keys, QuotaBlocks
from trinity_beast.access.admission import in_month_of
from trinity_beast.access.cluster import store
from trinity_beast.access.roll import Roll
from trinity_beast.engine import Clock as EngineClock
from trinity_beast.engine import Engine, Limits
from trinity_beast.storage import Database, DependencyAway

MICROSECONDS_PER_REQUEST = 200_000


class ForgetfulDatabase(Database):
    """A database that may lose the answer to a commit, or be away, when the test says so."""

    loses_commits = False
    is_away = False

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        if self.is_away:
            raise DependencyAway(part="database", reason="the test says so")
        async with super().transaction() as tx:
            yield tx
        if self.loses_commits:
            raise DependencyAway(part="database", reason="the answer to the commit was lost")


class QuotaNode:
    """One node, from life to life."""

    def __init__(self, name: str, folder: Path, keys: Keys, database: Database, clock: ManualClock) -> None:
        self.name, self._folder, self._keys, self._database, self._clock = name, folder, keys, database, clock
        self.let_through = 0
        self.begin()

    def begin(self) -> None:
        """Begin a life. What the one before left is on disk and in the store."""
        self._hands = EngineClock.manual(self._clock.time_ns(), 100_000_000_000)
        self.engine = Engine(
            node=self.name, region="local", version="1", digest_secret=bytes(range(32)), spool_directory=None,
            quota_directory=str(self._folder / self.name), threads=1, clock=self._hands, limits=Limits(),
        )  # fmt: skip
        self._gate, self.roll = EngineGate(self.engine.keys), Roll()
        self.blocks = QuotaBlocks(self.engine.quotas, self._keys, self._database, self.name, self._clock, admitted=lambda: self.roll)

    async def wake(self) -> None:
        """Settle what the last life left, and be seen."""
        async with self._database.transaction() as tx:
            await store.see_node(tx, self.name, self.name, nodes_known=1)
        await self.blocks.settle_former_lives()

    async def let_in(self, secret: str) -> None:
        digest = self.engine.keys.digest_of(secret)
        grant = (await self.blocks.resolve([digest]))[digest]
        assert isinstance(grant, Grant)
        self._gate.admit(digest, grant)
        self.roll.admit(digest, grant, due_ns=2**62)

    def ask(self, secret: str, times: int = 1) -> list[str]:
        """Ask for so many prices, slowly enough for the rate, and return what was told each time."""
        told = []
        for _ in range(times):
            self._hands.advance(MICROSECONDS_PER_REQUEST * 1_000)
            code = self.engine.keys.take(secret).code
            told.append(self.engine.keys.charge(secret).code if code == "OK" else code)
        self.let_through += told.count("OK")
        return told

    def let_pass(self, duration: timedelta) -> None:
        """Let time pass for the engine."""
        self._hands.advance(round(duration.total_seconds() * 1e9))

    def begin_month(self, secret: str) -> None:
        """Let a key into the month that has begun, as the doorman does."""
        digest = self.engine.keys.digest_of(secret)
        grant = self.roll.grant_of(digest)
        assert grant is not None
        begun = in_month_of(grant, self._clock.now())
        self._gate.admit(digest, begun)
        self.roll.admit(digest, begun, due_ns=2**62)

    def month_left(self, secret: str) -> int | None:
        standing = self.engine.keys.standing(self.engine.keys.digest_of(secret))
        assert standing is not None
        return standing.quota_left

    async def kill(self) -> None:
        """End as kill -9 does, and come back."""
        self.begin()
        await self.wake()


async def set_tier(database: Database, tier: str, *, quota: int | None, rate: int = 5, burst: int = 10) -> None:
    """Give a tier such limits."""
    async with database.transaction() as tx:
        await tx.execute(
            sa.text("UPDATE rate_limit_template SET monthly_quota = :quota, rate_per_second = :rate, burst = :burst WHERE tier = :tier"),
            {"quota": quota, "rate": rate, "burst": burst, "tier": tier},
        )


async def handed_out(database: Database) -> dict[str, int]:
    """Return what the store has handed out, by subject."""
    async with database.transaction() as tx:
        rows = await tx.execute(sa.text("SELECT subject, handed FROM quota_months"))
        return {row.subject: row.handed for row in rows}


async def blocks_left(database: Database) -> int:
    async with database.transaction() as tx:
        return int((await tx.execute(sa.text("SELECT count(*) FROM quota_blocks"))).scalar_one())

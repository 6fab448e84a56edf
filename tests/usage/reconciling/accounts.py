"""A small world in which everything is accounted for: rows stored and partly summed up, and records still on the spool."""

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from tests.support.clock import ManualClock
from tests.support.segments import Layout, Written
from trinity_beast.engine import UsageBatch
from trinity_beast.storage import Database
from trinity_beast.usage import Days, EngineCount, Reconciler, Waiting, Writer
from trinity_beast.usage.reconciling import Reconciled, Sought

NOON_NS = 1_795_176_000_000_000_000  # 2026-11-20T12:00:00Z
DAY_NS = 86_400_000_000_000
STORED_EACH, WAITING_EACH = 40, 12
NODES = (b"node1", b"node2")
THREADS = (0, 1)
EVERYTHING = Sought()
ONE = "(SELECT ctid FROM usage_logs_20261120 WHERE lane_id = (SELECT min(lane_id) FROM usage_lanes) AND sequence = 7)"


@dataclass
class Accounts:
    """`files` are the segments that wait, those of one lane in their order."""

    database: Database
    spool: Path
    files: list[Path]

    async def reconcile(self, sought: Sought = EVERYTHING, *, counted: EngineCount | None = None) -> Reconciled:
        count = None if counted is None else lambda: counted
        reconciler = Reconciler(self.database, [self.spool], ManualClock(), nodes=["node1", "node2"], count=count, settle_seconds=0)
        return await reconciler.reconcile(sought)

    async def kinds(self) -> set[str]:
        return {each.kind.value for each in (await self.reconcile()).differences}

    async def say(self, statement: str) -> int:
        """Change something behind everybody's back; how many rows. `{one}` is where a row of the first lane lies."""
        async with self.database.transaction() as tx:
            return (await tx.execute(sa.text(statement.replace("{one}", ONE)))).rowcount


def records_of(count: int, *, first: int = 0) -> list[Written]:
    """Return records of two days and three keys, no two alike."""
    return [
        Written(
            time_ns=NOON_NS + (place % 2) * DAY_NS + place * 1_000_000, request_id=1_000 + place, key_id=7 + place % 3,
            latency_ns=5_000 + place, answer_bytes=400 + place, status=429 if place % 5 == 0 else 200, flags=place % 5 > 0,
        )
        for place in range(first, first + count)
    ]  # fmt: skip


async def opened(database: Database, folder: Path) -> Accounts:
    """Return a world of two nodes with two lanes each: 40 records of each lane stored, some summed up, 24 more waiting."""
    spool = folder / "spool"
    spool.mkdir()
    files: list[Path] = []
    for node in NODES:
        for thread in THREADS:
            layout = Layout(node=node, boot=node.ljust(16, b"\0"), thread=thread, first_sequence=1)
            path = layout.write(spool, records_of(STORED_EACH))
            for batch in UsageBatch.of_segment(str(path), records_max=11):
                await Writer(database).store(batch)
            path.unlink()
            files += _waiting(layout, spool)
        if node == NODES[0]:
            await Days(database).roll_up()
    return Accounts(database, spool, files)


def _waiting(layout: Layout, spool: Path) -> list[Path]:
    files = []
    for place, number in enumerate((2, 3)):
        first = STORED_EACH + place * WAITING_EACH
        later = Layout(node=layout.node, boot=layout.boot, thread=layout.thread, number=number, first_sequence=first + 1, sealed=True)
        files.append(later.write(spool, records_of(WAITING_EACH, first=first)))
    if layout.thread == 0:
        files[0] = Waiting(spool).compress(files[0], records_max=5)
    return files

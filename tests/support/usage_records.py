"""Usage records of some days around one noon, and the batches they come in."""

from datetime import date
from pathlib import Path

import sqlalchemy as sa
from hypothesis import strategies as st

from tests.support.segments import Layout, Written
from trinity_beast import engine
from trinity_beast.storage import Database

NOON_NS = 1_795_176_000_000_000_000  # 2026-11-20T12:00:00Z
DAY_NS = 86_400_000_000_000
TODAY = date(2026, 11, 20)

a_record = st.builds(
    Written,
    time_ns=st.integers(-2 * DAY_NS, 2 * DAY_NS).map(lambda away: NOON_NS + away),
    key_id=st.integers(1, 3),
    asset=st.sampled_from([b"BTC", b"ETH"]),
    latency_ns=st.integers(0, 2**32 - 1),
    answer_bytes=st.integers(0, 2**32 - 1),
    status=st.sampled_from([200, 429]),
    asset_count=st.integers(0, 5),
    source=st.integers(0, 1),
    cache_tier=st.integers(0, 2),
    protocol=st.integers(1, 2),
    state=st.integers(0, 2),
    code=st.integers(0, 3),
    flags=st.integers(0, 3),
)


def batches(folder: Path, records: list[Written], *, thread: int = 3, records_max: int = 5) -> list[engine.UsageBatch]:
    segment = Layout(thread=thread, capacity=max(100, len(records))).write(folder, records)
    return engine.UsageBatch.of_segment(str(segment), records_max=records_max)


async def emptied(database: Database) -> None:
    """Take every trace of usage out of a database, for a property's next example."""
    async with database.transaction() as tx:
        await tx.execute(sa.text("TRUNCATE usage_days, usage_day_changes, usage_logs, usage_key_days, usage_lanes"))

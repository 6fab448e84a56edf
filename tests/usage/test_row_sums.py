"""The number the engine reckons for each row is the one PostgreSQL reckons from what is stored."""

from pathlib import Path

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.segments import Layout, Written
from trinity_beast.engine import UsageBatch
from trinity_beast.storage import Database
from trinity_beast.usage import Writer

NOON_NS = 1_795_176_000_000_000_000  # 2026-11-20T12:00:00Z
DAY_NS = 86_400_000_000_000

SMALL = st.integers(0, 255)
RECORDS = st.builds(
    Written,
    time_ns=st.integers(NOON_NS, NOON_NS + DAY_NS),
    request_id=st.integers(0, 2**60 - 1),
    key_id=st.integers(0, 2**31 - 1),
    asset=st.text("ABCXYZ019", max_size=16).map(str.encode),
    latency_ns=st.integers(0, 2**32 - 1),
    answer_bytes=st.integers(0, 2**32 - 1),
    status=st.integers(100, 599),
    asset_count=st.integers(0, 1_000),
    cache_tier=SMALL,
    protocol=SMALL,
    state=SMALL,
    code=SMALL,
    flags=SMALL,
)
_STORED = sa.text(
    "SELECT (time AT TIME ZONE 'UTC')::date, count(*), sum(hash_record_extended(ROW(time, key_id, asset, source_id, node_id, status,"
    " asset_count, code, state, cache_tier, protocol, flags, latency_ns, answer_bytes, request_id, lane_id, sequence), 0))"
    " FROM usage_logs GROUP BY 1 ORDER BY 1"
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(RECORDS, min_size=1, max_size=12))
async def test_what_is_noted_of_a_lane_and_day_is_what_its_rows_sum_up_to(
    own_database: Database, tmp_path: Path, records: list[Written]
) -> None:
    async with own_database.transaction() as tx:
        await tx.execute(sa.text("TRUNCATE usage_logs, usage_key_days, usage_lanes, usage_lane_days"))
    [batch] = UsageBatch.of_segment(str(Layout().write(tmp_path, records)), records_max=1_000)
    await Writer(own_database).store(batch)
    async with own_database.transaction() as tx:
        noted = (await tx.execute(sa.text("SELECT day, records, row_sum FROM usage_lane_days ORDER BY day"))).all()
        stored = (await tx.execute(_STORED)).all()
    assert noted == stored


async def test_batches_that_come_in_parts_add_up(database: Database, tmp_path: Path) -> None:
    records = [Written(time_ns=NOON_NS + place, key_id=place % 3) for place in range(50)]
    path = str(Layout().write(tmp_path, records))
    for records_max in (7, 50, 3):
        for batch in UsageBatch.of_segment(path, records_max=records_max):
            await Writer(database).store(batch)
    async with database.transaction() as tx:
        noted = (await tx.execute(sa.text("SELECT day, records, row_sum FROM usage_lane_days"))).all()
        stored = (await tx.execute(_STORED)).all()
    assert noted == stored
    assert noted[0][1] == 50

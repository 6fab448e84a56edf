"""Note with each batch how many rows of a day a lane stored and what they sum up to, to hold the rows to. Expand: old code ignores it.

What code from before stores after this step is not noted: `beast reconcile` tells such a lane and day as one that differs.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

NOTE_WHAT_IS_THERE = """
INSERT INTO usage_lane_days (lane_id, day, records, row_sum)
SELECT lane_id, (time AT TIME ZONE 'UTC')::date, count(*), sum(hash_record_extended(ROW(
    time, key_id, asset, source_id, node_id, status, asset_count, code, state, cache_tier, protocol, flags, latency_ns, answer_bytes,
    request_id, lane_id, sequence
), 0))
FROM usage_logs GROUP BY 1, 2
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")  # Give up rather than make every reader queue behind us.
    op.create_table(
        "usage_lane_days",
        sa.Column("lane_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("records", sa.BigInteger, nullable=False),
        sa.Column("row_sum", sa.Numeric(30, 0), nullable=False),
    )
    op.execute(NOTE_WHAT_IS_THERE)

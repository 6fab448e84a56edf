"""Sum usage up by day, and note with each batch what is not summed up yet. Expand: old code ignores both tables.

What code from before stores after this step is noted nowhere; the nightly comparison with `usage_key_days` finds such a day and
sums it up anew. A partition is attached from here on, not created in place, so that making one waits for no reader.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# A bucket is a thirty-second of a doubling wide, 2.2 per cent. An element of `latencies` is its bucket * 2^40 + how many.
LATENCY_BUCKET = """
CREATE FUNCTION usage_latency_bucket(latency_ns bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT floor(32 * ln(greatest(latency_ns, 1)::double precision) / ln(2::double precision))::bigint
$$
"""
LATENCIES_SUM = """
CREATE FUNCTION usage_latencies_sum(one bigint[], other bigint[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg((bucket << 40) + requests ORDER BY bucket), '{}') FROM (
        SELECT packed >> 40 AS bucket, sum(packed & ((1::bigint << 40) - 1))::bigint AS requests
        FROM unnest(one || other) AS packed GROUP BY 1
    ) AS counted
$$
"""
ENSURE_PARTITION = """
CREATE OR REPLACE FUNCTION ensure_usage_partition(day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    partition text := 'usage_logs_' || to_char(day, 'YYYYMMDD');
BEGIN
    IF to_regclass(partition) IS NOT NULL THEN
        RETURN;  -- Without a lock on usage_logs, which would wait for every reader.
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('usage_logs partitions'));
    IF EXISTS (SELECT FROM pg_tables WHERE tablename = partition AND schemaname = current_schema()) THEN
        RETURN;  -- Another made it while we waited. Asked of the table itself: to_regclass may still answer from before.
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE usage_logs INCLUDING DEFAULTS INCLUDING INDEXES)', partition);
    EXECUTE format(
        'ALTER TABLE usage_logs ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        partition, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC'
    );
END $$
"""
NOTE_WHAT_IS_THERE = """
INSERT INTO usage_day_changes (day, lane_id, node_id, spans, first_at, last_at)
SELECT day, lane_id, node_id, stored, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC'
FROM usage_lanes, (
    SELECT to_date(right(inhrelid::regclass::text, 8), 'YYYYMMDD') AS day FROM pg_inherits WHERE inhparent = 'usage_logs'::regclass
) AS partitions
WHERE stored <> '{}' AND changed_at >= day::timestamp AT TIME ZONE 'UTC'
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")  # Give up rather than make every reader queue behind us.
    create_days()
    op.create_table(
        "usage_day_changes",
        sa.Column("change_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("lane_id", sa.Integer, nullable=False),
        sa.Column("node_id", sa.SmallInteger, nullable=False),
        sa.Column("spans", pg.INT8MULTIRANGE, nullable=False),
        sa.Column("records", sa.BigInteger),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("usage_day_changes_day_idx", "usage_day_changes", ["day", "change_id"])
    rolled = op.create_table(
        "usage_rolled",
        sa.Column("is_only", sa.Boolean, primary_key=True, server_default=sa.true()),
        sa.Column("complete_until", sa.DateTime(timezone=True)),
        sa.CheckConstraint("is_only", name="usage_rolled_is_only_check"),
    )
    op.bulk_insert(rolled, [{"is_only": True}])
    op.create_table(
        "usage_days_dropped",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
    )
    for function in (LATENCY_BUCKET, LATENCIES_SUM, ENSURE_PARTITION, NOTE_WHAT_IS_THERE):
        op.execute(function)


def create_days() -> None:
    op.create_table(
        "usage_days",
        sa.Column("key_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("asset", sa.Text, primary_key=True),
        sa.Column("source_id", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("node_id", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("status", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("code", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("state", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("cache_tier", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("protocol", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("requests", sa.BigInteger, nullable=False),
        sa.Column("charged", sa.BigInteger, nullable=False),
        sa.Column("assets", sa.BigInteger, nullable=False),
        sa.Column("answer_bytes", sa.BigInteger, nullable=False),
        sa.Column("latency_ns", sa.Numeric(30, 0), nullable=False),
        sa.Column("latency_ns_min", sa.BigInteger, nullable=False),
        sa.Column("latency_ns_max", sa.BigInteger, nullable=False),
        sa.Column("latencies", pg.ARRAY(sa.BigInteger), nullable=False),
        # Rows change in place all day long; with room on their page no index changes with them.
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index("usage_days_day_idx", "usage_days", ["day"])

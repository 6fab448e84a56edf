"""Keep what the spool ships: a row for each answer, by day, which ranges are stored, and each key's counts. Expand: old code ignores it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ENSURE_PARTITION = """
CREATE FUNCTION ensure_usage_partition(day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    partition text := 'usage_logs_' || to_char(day, 'YYYYMMDD');
BEGIN
    IF to_regclass(partition) IS NOT NULL THEN
        RETURN;  -- Without a lock on usage_logs, which would wait for every reader.
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('usage_logs partitions'));
    EXECUTE format(
        'CREATE TABLE IF NOT EXISTS %I PARTITION OF usage_logs FOR VALUES FROM (%L) TO (%L)',
        partition, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC'
    );
END $$
"""


def upgrade() -> None:
    create_names()
    create_rows()
    op.create_table(
        "usage_key_days",
        sa.Column("key_id", sa.Integer, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("requests", sa.BigInteger, nullable=False),
        sa.Column("charged", sa.BigInteger, nullable=False),
        sa.Column("refused", sa.BigInteger, nullable=False),
        sa.Column("answer_bytes", sa.BigInteger, nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "usage_set_aside",
        sa.Column("set_aside_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("node", sa.Text, nullable=False),
        sa.Column("boot", sa.Text, nullable=False),
        sa.Column("thread", sa.SmallInteger, nullable=False),
        sa.Column("first_sequence", sa.BigInteger, nullable=False),
        sa.Column("last_sequence", sa.BigInteger, nullable=False),
        sa.Column("records", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("packed", sa.LargeBinary, nullable=False),
        sa.Column("set_aside_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.UniqueConstraint("node", "boot", "thread", "first_sequence", "last_sequence", name="usage_set_aside_batch_key"),
    )


def create_names() -> None:
    """Small numbers for what every row names, and for each lane which of its sequences are stored."""
    op.create_table(
        "usage_nodes",
        sa.Column("node_id", sa.SmallInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("node", sa.Text, nullable=False, unique=True),
    )
    sources = op.create_table(
        "usage_sources",
        sa.Column("source_id", sa.SmallInteger, sa.Identity(), primary_key=True),
        sa.Column("venue", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.UniqueConstraint("venue", "source", name="usage_sources_venue_source_key"),
    )
    op.bulk_insert(sources, [{"source_id": 0, "venue": "", "source": ""}])  # No price was served.
    op.create_table(
        "usage_words",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("number", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("word", sa.Text, nullable=False),
    )
    op.create_table(
        "usage_lanes",
        sa.Column("lane_id", sa.Integer, sa.Identity(always=True), primary_key=True),
        sa.Column("node_id", sa.SmallInteger, sa.ForeignKey("usage_nodes.node_id"), nullable=False),
        sa.Column("boot", sa.Text, nullable=False),
        sa.Column("thread", sa.SmallInteger, nullable=False),
        sa.Column("stored", pg.INT8MULTIRANGE, nullable=False, server_default=sa.text("'{}'::int8multirange")),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.UniqueConstraint("node_id", "boot", "thread", name="usage_lanes_lane_key"),
    )


def create_rows() -> None:
    op.create_table(
        "usage_logs",
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key_id", sa.Integer, nullable=False),
        sa.Column("asset", sa.Text, nullable=False),
        sa.Column("source_id", sa.SmallInteger, nullable=False),
        sa.Column("node_id", sa.SmallInteger, nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("asset_count", sa.SmallInteger, nullable=False),
        sa.Column("code", sa.SmallInteger, nullable=False),
        sa.Column("state", sa.SmallInteger, nullable=False),
        sa.Column("cache_tier", sa.SmallInteger, nullable=False),
        sa.Column("protocol", sa.SmallInteger, nullable=False),
        sa.Column("flags", sa.SmallInteger, nullable=False),
        sa.Column("latency_ns", sa.BigInteger, nullable=False),
        sa.Column("answer_bytes", sa.BigInteger, nullable=False),
        sa.Column("request_id", sa.BigInteger, nullable=False),
        sa.Column("lane_id", sa.Integer, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        postgresql_partition_by="RANGE (time)",
    )
    for dimension in ("key_id", "asset", "source_id", "node_id"):
        op.create_index(f"usage_logs_{dimension}_time_idx", "usage_logs", [dimension, "time"])
    op.execute(ENSURE_PARTITION)

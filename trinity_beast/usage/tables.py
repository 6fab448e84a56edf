"""The tables of usage. Nobody else writes them. `usage_logs` has a partition for each day: `usage_logs_20261120`."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from trinity_beast.storage import metadata

usage_nodes = sa.Table(
    "usage_nodes",
    metadata,
    sa.Column("node_id", sa.SmallInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("node", sa.Text, nullable=False, unique=True),
)

usage_sources = sa.Table(
    "usage_sources",
    metadata,
    sa.Column("source_id", sa.SmallInteger, sa.Identity(), primary_key=True),
    sa.Column("venue", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.UniqueConstraint("venue", "source", name="usage_sources_venue_source_key"),
)

usage_words = sa.Table(
    "usage_words",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("number", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("word", sa.Text, nullable=False),
)

usage_lanes = sa.Table(
    "usage_lanes",
    metadata,
    sa.Column("lane_id", sa.Integer, sa.Identity(always=True), primary_key=True),
    sa.Column("node_id", sa.SmallInteger, sa.ForeignKey("usage_nodes.node_id"), nullable=False),
    sa.Column("boot", sa.Text, nullable=False),
    sa.Column("thread", sa.SmallInteger, nullable=False),
    sa.Column("stored", pg.INT8MULTIRANGE, nullable=False, server_default=sa.text("'{}'::int8multirange")),
    sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
    sa.UniqueConstraint("node_id", "boot", "thread", name="usage_lanes_lane_key"),
)

usage_logs = sa.Table(
    "usage_logs",
    metadata,
    # The order is that of the engine's COPY stream (`engine/src/usage/copy.rs`).
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
    *[sa.Index(f"usage_logs_{dimension}_time_idx", dimension, "time") for dimension in ("key_id", "asset", "source_id", "node_id")],
    postgresql_partition_by="RANGE (time)",
)

usage_lane_days = sa.Table(
    # How many rows of a lane were stored of each day, and the sum of their numbers: what `beast reconcile` holds the rows to.
    "usage_lane_days",
    metadata,
    sa.Column("lane_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("records", sa.BigInteger, nullable=False),
    sa.Column("row_sum", sa.Numeric(30, 0), nullable=False),
)

usage_key_days = sa.Table(
    "usage_key_days",
    metadata,
    sa.Column("key_id", sa.Integer, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("requests", sa.BigInteger, nullable=False),
    sa.Column("charged", sa.BigInteger, nullable=False),
    sa.Column("refused", sa.BigInteger, nullable=False),
    sa.Column("answer_bytes", sa.BigInteger, nullable=False),
    sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
)

usage_days = sa.Table(
    "usage_days",
    metadata,
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
    # Each element is a bucket of `usage_latency_bucket` * 2^40 + how many requests fell into it, in the order of buckets.
    sa.Column("latencies", pg.ARRAY(sa.BigInteger), nullable=False),
    sa.Index("usage_days_day_idx", "day"),
)

usage_day_changes = sa.Table(
    # What is stored and not in `usage_days` yet: rows of one day and lane whose sequence lies in `spans`.
    "usage_day_changes",
    metadata,
    sa.Column("change_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("lane_id", sa.Integer, nullable=False),
    sa.Column("node_id", sa.SmallInteger, nullable=False),
    sa.Column("spans", pg.INT8MULTIRANGE, nullable=False),
    sa.Column("records", sa.BigInteger),
    sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
    sa.Index("usage_day_changes_day_idx", "day", "change_id"),
)

usage_rolled = sa.Table(
    "usage_rolled",
    metadata,
    sa.Column("is_only", sa.Boolean, primary_key=True, server_default=sa.true()),
    sa.Column("complete_until", sa.DateTime(timezone=True)),
    sa.CheckConstraint("is_only", name="is_only"),
)

usage_days_dropped = sa.Table(
    "usage_days_dropped",
    metadata,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
)

usage_set_aside = sa.Table(
    "usage_set_aside",
    metadata,
    sa.Column("set_aside_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    # Of which lane, where it is a batch.
    sa.Column("node", sa.Text),
    sa.Column("boot", sa.Text),
    sa.Column("thread", sa.SmallInteger),
    sa.Column("first_sequence", sa.BigInteger),
    sa.Column("last_sequence", sa.BigInteger),
    sa.Column("records", sa.Integer),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    # The batch as it is packed, or the message as it came.
    sa.Column("packed", sa.LargeBinary, nullable=False),
    sa.Column("set_aside_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
    sa.Column("kind", sa.Text, nullable=False, server_default=sa.text("'batch'::text")),
    sa.Column("message_id", sa.Text),
    sa.Column("message_type", sa.Text),
    sa.Column("settled_at", sa.DateTime(timezone=True)),
    sa.Column("settled_by", sa.Text),
    sa.Column("outcome", sa.Text),
    sa.UniqueConstraint("node", "boot", "thread", "first_sequence", "last_sequence", name="usage_set_aside_batch_key"),
    sa.UniqueConstraint("message_id", name="usage_set_aside_message_key"),
    sa.CheckConstraint(
        "kind = 'batch' AND node IS NOT NULL AND boot IS NOT NULL AND thread IS NOT NULL AND first_sequence IS NOT NULL"
        " AND last_sequence IS NOT NULL AND records IS NOT NULL OR kind = 'message' AND message_id IS NOT NULL",
        name="usage_set_aside_kind_check",
    ),
    sa.CheckConstraint("outcome IN ('stored', 'discarded')", name="usage_set_aside_outcome_check"),
    sa.Index("usage_set_aside_waiting_idx", "set_aside_id", postgresql_where=sa.text("settled_at IS NULL")),
)

"""Count each key's reports by day and month, and keep what was asked for; find a key's predecessors. Expand: old code ignores it."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")  # Give up rather than make every look at a key queue behind us.
    op.create_index("api_keys_successor_id_idx", "api_keys", ["successor_id"])
    op.create_table(
        "report_count",
        sa.Column("key_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("day_count", sa.BigInteger, nullable=False),
        sa.Column("month", sa.Date, nullable=False),
        sa.Column("month_count", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("day_count >= 0 AND month_count >= 0", name="report_count_counts_check"),
    )
    op.create_table(
        "report_usage_logs",
        sa.Column("report_log_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key_id", sa.Integer, nullable=False),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("report", sa.Text, nullable=False),
        sa.Column("format", sa.Text, nullable=False),
        sa.Column("filters", sa.Text, nullable=False),
        sa.Column("protocol", sa.Text, nullable=False),
        sa.Column("node", sa.Text, nullable=False),
        sa.Column("charged", sa.Boolean, nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("answer_bytes", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("latency_ns", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    )
    op.create_index("report_usage_logs_key_id_report_log_id_idx", "report_usage_logs", ["key_id", "report_log_id"])
    op.create_index("report_usage_logs_time_idx", "report_usage_logs", ["time"])

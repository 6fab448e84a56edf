"""The tables of reports: how many each key had, and what was asked for. Nobody else writes them."""

import sqlalchemy as sa

from trinity_beast.storage import metadata

report_count = sa.Table(
    "report_count",
    metadata,
    sa.Column("key_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("day_count", sa.BigInteger, nullable=False),
    sa.Column("month", sa.Date, nullable=False),
    sa.Column("month_count", sa.BigInteger, nullable=False),
    sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("day_count >= 0 AND month_count >= 0", name="counts"),
)

report_usage_logs = sa.Table(
    "report_usage_logs",
    metadata,
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
    sa.Index("report_usage_logs_key_id_report_log_id_idx", "key_id", "report_log_id"),
    sa.Index("report_usage_logs_time_idx", "time"),
)

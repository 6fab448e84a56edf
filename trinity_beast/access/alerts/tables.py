"""The table of quota alerts: events, kept for whoever delivers them."""

import sqlalchemy as sa

from trinity_beast.storage import metadata

quota_alerts = sa.Table(
    "quota_alerts",
    metadata,
    sa.Column("alert_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("key_id", sa.Integer, sa.ForeignKey("api_keys.key_id", ondelete="CASCADE"), nullable=False),
    sa.Column("month", sa.Date, nullable=False),
    sa.Column("percent", sa.SmallInteger, nullable=False),
    sa.Column("quota", sa.BigInteger, nullable=False),
    sa.Column("used", sa.BigInteger, nullable=False),
    sa.Column("reached_at", sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("percent BETWEEN 1 AND 100", name="percent"),
    sa.UniqueConstraint("key_id", "month", "percent", name="quota_alerts_key_id_month_percent_key"),
)

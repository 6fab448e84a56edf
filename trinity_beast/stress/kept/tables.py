"""The table of kept reports: each whole, and beside it what a list tells."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from trinity_beast.storage import metadata

stress_reports = sa.Table(
    "stress_reports",
    metadata,
    sa.Column("report_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("stored_by", sa.Text, nullable=False),
    sa.Column("steps", sa.Integer, nullable=False),
    sa.Column("asked", sa.BigInteger, nullable=False),
    sa.Column("success", sa.Double, nullable=False),
    sa.Column("best_per_second", sa.Double, nullable=False),
    sa.Column("report", pg.JSONB, nullable=False),
    sa.UniqueConstraint("name", "began_at", name="stress_reports_name_began_at_key"),
    sa.CheckConstraint("name <> ''", name="name"),
)

"""The table of kept dashboards."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from trinity_beast.storage import metadata

daily_dashboards = sa.Table(
    "daily_dashboards",
    metadata,
    sa.Column("dashboard_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("node", sa.Text, nullable=False),
    sa.Column("made_by", sa.Text, nullable=False),
    sa.Column("sections", pg.JSONB, nullable=False),
)
sa.Index("daily_dashboards_made_at_idx", daily_dashboards.c.made_at)

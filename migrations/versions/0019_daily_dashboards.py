"""Keep the dashboards of the last day, so that an operator can see how things stood in the night. Expand: old code ignores the table."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "daily_dashboards",
        sa.Column("dashboard_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("node", sa.Text, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("sections", pg.JSONB, nullable=False),
    )
    op.create_index("daily_dashboards_made_at_idx", "daily_dashboards", ["made_at"])

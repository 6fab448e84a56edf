"""Let several nodes share limits: who they are, and which units of a month each was handed. Expand: old code ignores the tables.

Code from before counts a month's use by itself; while both run, each is bound by what the other has written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cluster_nodes",
        sa.Column("node_id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("nodes_known", sa.Integer, nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("nodes_known >= 1", name="cluster_nodes_nodes_known_check"),
    )
    op.create_table(
        "quota_months",
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("month", sa.Date, primary_key=True),
        sa.Column("handed", sa.BigInteger, nullable=False),
        sa.Column("starved_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("subject ~ '^(key|account):[0-9]+$'", name="quota_months_subject_check"),
        sa.CheckConstraint("handed >= 0", name="quota_months_handed_check"),
    )
    op.create_table(
        "quota_blocks",
        sa.Column("node_id", sa.Text, primary_key=True),
        sa.Column("life", sa.Text, primary_key=True),
        sa.Column("key_id", sa.Integer, sa.ForeignKey("api_keys.key_id", ondelete="CASCADE"), primary_key=True),
        sa.Column("month", sa.Date, primary_key=True),
        sa.Column("account_id", sa.Integer),
        sa.Column("handed", sa.BigInteger, nullable=False),
        sa.Column("spent", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.CheckConstraint("spent >= 0", name="quota_blocks_spent_check"),
        sa.CheckConstraint("handed >= spent", name="quota_blocks_handed_check"),
    )
    op.create_index("quota_blocks_key_idx", "quota_blocks", ["key_id", "month"])

"""Keep queue messages nobody can read beside batches nobody takes, and what became of each. Expand: old code goes on as it did."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

LANE_COLUMNS = ("node", "boot", "thread", "first_sequence", "last_sequence", "records")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")  # Give up rather than make every writer queue behind us.
    for column in (
        sa.Column("kind", sa.Text, nullable=False, server_default=sa.text("'batch'::text")),
        sa.Column("message_id", sa.Text),
        sa.Column("message_type", sa.Text),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("settled_by", sa.Text),
        sa.Column("outcome", sa.Text),
    ):
        op.add_column("usage_set_aside", column)
    for name in LANE_COLUMNS:
        op.alter_column("usage_set_aside", name, nullable=True)
    op.create_unique_constraint("usage_set_aside_message_key", "usage_set_aside", ["message_id"])
    whole = " AND ".join(f"{name} IS NOT NULL" for name in LANE_COLUMNS)
    op.create_check_constraint(
        "usage_set_aside_kind_check", "usage_set_aside", f"kind = 'batch' AND {whole} OR kind = 'message' AND message_id IS NOT NULL"
    )
    op.create_check_constraint("usage_set_aside_outcome_check", "usage_set_aside", "outcome IN ('stored', 'discarded')")
    # What waits for a person is looked for often, and is little among all that ever was.
    op.create_index("usage_set_aside_waiting_idx", "usage_set_aside", ["set_aside_id"], postgresql_where=sa.text("settled_at IS NULL"))
    op.execute(
        "CREATE TRIGGER usage_set_aside_keep_audit AFTER UPDATE OF settled_at ON usage_set_aside"
        " FOR EACH ROW EXECUTE FUNCTION keep_audit('usage_set_aside', 'set_aside_id', 'packed')"
    )

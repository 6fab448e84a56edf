"""Keep who is blocked and why, and when a key came near the end of its month. Expand: old code ignores both tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NOTE_BLOCK_CHANGE = """
CREATE FUNCTION note_block_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('blocklist', '');
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    NEW.changed_at := clock_timestamp();
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "blocklist",
        sa.Column("block_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("network", pg.CIDR, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("blocked_by", sa.Text, nullable=False),
        sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("lifted_at", sa.DateTime(timezone=True)),
        sa.Column("lifted_by", sa.Text),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()),
        sa.CheckConstraint("reason <> ''", name="blocklist_reason_check"),
        sa.CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="blocklist_lifted_check"),
    )
    op.create_index("blocklist_network_idx", "blocklist", ["network"])
    op.create_index("blocklist_changed_at_idx", "blocklist", ["changed_at"])
    # A trigger rather than a statement in the store: a block set by hand, in psql, reaches every engine too.
    op.execute(NOTE_BLOCK_CHANGE)
    op.execute(
        "CREATE TRIGGER blocklist_note_change BEFORE INSERT OR UPDATE OR DELETE ON blocklist"
        " FOR EACH ROW EXECUTE FUNCTION note_block_change()"
    )
    op.create_table(
        "quota_alerts",
        sa.Column("alert_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("key_id", sa.Integer, sa.ForeignKey("api_keys.key_id", ondelete="CASCADE"), nullable=False),
        sa.Column("month", sa.Date, nullable=False),
        sa.Column("percent", sa.SmallInteger, nullable=False),
        sa.Column("quota", sa.BigInteger, nullable=False),
        sa.Column("used", sa.BigInteger, nullable=False),
        sa.Column("reached_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("percent BETWEEN 1 AND 100", name="quota_alerts_percent_check"),
        # This is what makes an alert happen once, whichever node sees it and however often it was started.
        sa.UniqueConstraint("key_id", "month", "percent", name="quota_alerts_key_id_month_percent_key"),
    )

"""Keep every form a feed row has had, with who changed it and why, and number the rows of the map. Expand: old code ignores both.

The versions are written by a trigger rather than by the store: a row changed by hand, in psql, is kept as well.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEEP_FEED_VERSION = """
CREATE FUNCTION keep_feed_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    change jsonb := coalesce(nullif(current_setting('beast.feed_change', true), ''), '{}')::jsonb;
    old_row jsonb := CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE to_jsonb(OLD) END;
    new_row jsonb := CASE WHEN TG_OP = 'DELETE' THEN NULL ELSE to_jsonb(NEW) END;
    changed text := coalesce(new_row, old_row) ->> 'venue';
BEGIN
    IF old_row IS NOT DISTINCT FROM new_row THEN
        RETURN NULL;
    END IF;
    INSERT INTO exchange_feed_versions (venue, number, changed_by, reason, is_forced, evidence, before, after)
    SELECT changed, coalesce(max(number), 0) + 1, coalesce(change ->> 'changed_by', session_user),
           coalesce(change ->> 'reason', 'changed in the database'), coalesce((change ->> 'is_forced')::boolean, false),
           nullif(change -> 'evidence', 'null'::jsonb), old_row, new_row
    FROM exchange_feed_versions WHERE venue = changed;
    RETURN NULL;
END $$
"""
NUMBER_MAP_CHANGE = """
CREATE FUNCTION number_map_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := OLD.version + 1;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")  # Give up rather than make every reader queue behind us.
    op.create_table(
        "exchange_feed_versions",
        sa.Column("venue", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("is_forced", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("evidence", pg.JSONB),
        sa.Column("before", pg.JSONB),
        sa.Column("after", pg.JSONB),
    )
    op.execute(
        "INSERT INTO exchange_feed_versions (venue, number, changed_by, reason, after)"
        " SELECT venue, 1, 'migration', 'the row as it was when versions began', to_jsonb(feed) FROM exchange_feeds AS feed"
    )
    op.execute(KEEP_FEED_VERSION)
    op.execute(
        "CREATE TRIGGER exchange_feeds_keep_version AFTER INSERT OR UPDATE OR DELETE"
        " ON exchange_feeds FOR EACH ROW EXECUTE FUNCTION keep_feed_version()"
    )
    op.add_column("exchange_asset_map", sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False))
    op.add_column("exchange_asset_map", sa.Column("version", sa.Integer, nullable=False, server_default=sa.text("1")))
    op.create_index("exchange_asset_map_id_idx", "exchange_asset_map", ["id"], unique=True)
    op.execute(NUMBER_MAP_CHANGE)
    op.execute(
        "CREATE TRIGGER exchange_asset_map_number_change BEFORE UPDATE ON exchange_asset_map"
        " FOR EACH ROW WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION number_map_change()"
    )

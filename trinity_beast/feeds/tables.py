"""The tables of the feeds. Nobody else reads or writes them."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from trinity_beast.storage import HISTORY, metadata

exchange_feeds = sa.Table(
    "exchange_feeds",
    metadata,
    sa.Column("venue", sa.Text, primary_key=True),
    sa.Column("display_name", sa.Text, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("endpoint", sa.Text, nullable=False),
    sa.Column("frame_codec", sa.Text, nullable=False, server_default=sa.text("'text'")),
    sa.Column("subscribe_template", sa.Text, nullable=False),
    sa.Column("unsubscribe_template", sa.Text, nullable=False),
    sa.Column("symbol_template", sa.Text, nullable=False),
    sa.Column("symbols_per_message", sa.Integer, nullable=False),
    sa.Column("trade_match", pg.JSONB, nullable=False),
    sa.Column("trade_rows_path", sa.Text, nullable=False),
    sa.Column("price_path", sa.Text, nullable=False),
    sa.Column("symbol_path", sa.Text, nullable=False),
    sa.Column("time_path", sa.Text, nullable=False),
    sa.Column("time_format", sa.Text, nullable=False),
    sa.Column("ping_interval_seconds", sa.Double),
    sa.Column("ping_payload", sa.Text),
    sa.Column("control_rules", pg.JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")),
    sa.Column("rest_rules", pg.JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")),
    sa.CheckConstraint("venue ~ '^[a-z0-9]{1,20}$'", name="venue"),
    sa.CheckConstraint("symbols_per_message >= 1", name="symbols_per_message"),
)

exchange_asset_map = sa.Table(
    "exchange_asset_map",
    metadata,
    sa.Column("asset", sa.Text, primary_key=True),
    sa.Column("venue", sa.Text, sa.ForeignKey("exchange_feeds.venue"), primary_key=True),
    sa.Column("symbol", sa.Text, nullable=False),
    sa.Column("quote", sa.Text, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("prewarm", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("category", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
    sa.Column("version", sa.Integer, nullable=False, server_default=sa.text("1")),
    sa.CheckConstraint("asset ~ '^[A-Z0-9]{1,16}$'", name="asset"),
    sa.CheckConstraint("quote ~ '^[A-Z0-9]{1,8}$'", name="quote"),
    sa.CheckConstraint("symbol ~ '^[A-Za-z0-9/_.:-]{1,40}$'", name="symbol"),
    sa.Index("exchange_asset_map_venue_idx", "venue", "symbol"),
    sa.Index("exchange_asset_map_id_idx", "id", unique=True),
)

# Written by a trigger, so that a change by hand is kept too; the store only says who and why.
exchange_feed_versions = sa.Table(
    "exchange_feed_versions",
    metadata,
    sa.Column("venue", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
    sa.Column("changed_by", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("is_forced", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("evidence", pg.JSONB),
    sa.Column("before", pg.JSONB),
    sa.Column("after", pg.JSONB),
    info=HISTORY,
)

prewarm_audits = sa.Table(
    "prewarm_audits",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("started_by", sa.Text, nullable=False),
    sa.Column("node", sa.Text, nullable=False),
    sa.Column("venues", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("only_prewarmed", sa.Boolean, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("done", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("total", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("finished_at", sa.DateTime(timezone=True)),
    sa.Column("seconds", sa.Double),
    sa.Column("told", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("counts", pg.JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")),
    sa.CheckConstraint("state IN ('running', 'done', 'broken')", name="state"),
    sa.Index("prewarm_audits_running_idx", "state", unique=True, postgresql_where=sa.text("state = 'running'")),
)

prewarm_audit_results = sa.Table(
    "prewarm_audit_results",
    metadata,
    sa.Column("audit", sa.BigInteger, sa.ForeignKey("prewarm_audits.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True),
    sa.Column("asset", sa.Text, nullable=False),
    sa.Column("venue", sa.Text, nullable=False),
    sa.Column("symbol", sa.Text, nullable=False),
    sa.Column("quote", sa.Text, nullable=False),
    sa.Column("prewarm", sa.Boolean, nullable=False),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("layers", pg.JSONB, nullable=False),
    sa.Column("proposal", pg.JSONB),
)

"""Say which exchanges there are and how each is spoken to, and which of their symbols prices which asset, as rows.

The ten rows are those of `docs/exchanges.md`, kept beside this file as JSON; only Coinbase is switched on. Its 25 assets
are prewarmed. CELO is the market's name for what Coinbase lists as CGLD, so both names lead to that symbol.
"""

import json
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FEEDS = Path(__file__).parent / "0002_exchange_feeds.json"
CATEGORIES = {
    "chain": ("BTC", "ETH", "SOL", "DOT", "AVAX", "ETC", "ICP", "NEAR", "CGLD"),
    "payment": ("XRP", "LTC", "XLM", "BCH", "DASH", "ZEC"),
    "meme": ("DOGE", "PEPE", "BONK"),
    "defi": ("LINK", "UNI"),
    "infrastructure": ("RENDER", "STORJ", "JASMY"),
    "gaming": ("AXS", "CHZ"),
}
NOTE_FEED_CHANGE = """
CREATE FUNCTION note_feed_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('exchange_feeds', TG_TABLE_NAME);
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    create_feeds()
    create_map()
    # A trigger rather than a statement in the store: a row changed by hand, in psql, reaches every node too.
    op.execute(NOTE_FEED_CHANGE)
    for table in ("exchange_feeds", "exchange_asset_map"):
        op.execute(
            f"CREATE TRIGGER {table}_note_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE"
            f" ON {table} FOR EACH STATEMENT EXECUTE FUNCTION note_feed_change()"
        )


def create_feeds() -> None:
    feeds = op.create_table(
        "exchange_feeds",
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
        sa.CheckConstraint("venue ~ '^[a-z0-9]{1,20}$'", name="exchange_feeds_venue_check"),
        sa.CheckConstraint("symbols_per_message >= 1", name="exchange_feeds_symbols_per_message_check"),
    )
    op.bulk_insert(feeds, json.loads(FEEDS.read_text(encoding="utf-8")))


def create_map() -> None:
    asset_map = op.create_table(
        "exchange_asset_map",
        sa.Column("asset", sa.Text, primary_key=True),
        sa.Column("venue", sa.Text, sa.ForeignKey("exchange_feeds.venue"), primary_key=True),
        sa.Column("symbol", sa.Text, nullable=False),
        sa.Column("quote", sa.Text, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("prewarm", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("category", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.CheckConstraint("asset ~ '^[A-Z0-9]{1,16}$'", name="exchange_asset_map_asset_check"),
        sa.CheckConstraint("quote ~ '^[A-Z0-9]{1,8}$'", name="exchange_asset_map_quote_check"),
        sa.CheckConstraint("symbol ~ '^[A-Za-z0-9/_.:-]{1,40}$'", name="exchange_asset_map_symbol_check"),
    )
    op.create_index("exchange_asset_map_venue_idx", "exchange_asset_map", ["venue", "symbol"])
    assets = [(asset, asset, True, category) for category, members in CATEGORIES.items() for asset in members]
    op.bulk_insert(
        asset_map,
        [
            {"asset": asset, "venue": "coinbase", "symbol": f"{base}-USD", "quote": "USD", "prewarm": prewarm, "category": category}
            for asset, base, prewarm, category in [*assets, ("CELO", "CGLD", False, "chain")]
        ],
    )

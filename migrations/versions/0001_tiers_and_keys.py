"""Who may ask, how fast and how much: the tiers with their first values, and the keys that belong to them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

DAY_SECONDS = 86_400
FEATURES = {
    "demo": {"udp": True, "streams": False, "history": False, "batch_assets_max": 25},
    "free": {"udp": True, "streams": False, "history": False, "batch_assets_max": 25},
    "paid": {"udp": True, "streams": True, "history": True, "batch_assets_max": 1_000},
}
TIERS = [
    # tier, rate, burst, monthly quota, report quota, unlimited, features, key cache seconds
    ("demo", 3, 6, None, 0, False, "demo", DAY_SECONDS),
    ("free", 10, 20, 100_000, 100, False, "free", 300),
    ("pro", 100, 200, 10_000_000, 10_000, False, "paid", 300),
    ("enterprise", 1_000, 2_000, 250_000_000, 100_000, False, "paid", 600),
    ("unlimited", 100_000, 200_000, None, None, False, "paid", 600),
    ("lifetime", 100, 200, 10_000_000, 10_000, False, "paid", 3_600),
    ("partner", 100_000, 200_000, None, None, True, "paid", 3_600),
    ("internal", 100_000, 200_000, None, None, True, "paid", 3_600),
]

NOTE_KEY_CHANGE = """
CREATE FUNCTION note_key_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM pg_notify('api_keys', 'digest ' || encode(OLD.digest, 'hex'));
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.digest <> NEW.digest THEN
        PERFORM pg_notify('api_keys', 'digest ' || encode(OLD.digest, 'hex'));
    END IF;
    NEW.changed_at := clock_timestamp();
    PERFORM pg_notify('api_keys', 'digest ' || encode(NEW.digest, 'hex'));
    RETURN NEW;
END $$
"""
NOTE_TIER_CHANGE = """
CREATE FUNCTION note_tier_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_at := clock_timestamp();
    PERFORM pg_notify('api_keys', 'tier ' || NEW.tier);
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    create_tiers()
    create_keys()
    # A trigger rather than a statement in the store: a change made by hand, in psql, reaches every engine too.
    op.execute(NOTE_KEY_CHANGE)
    op.execute(NOTE_TIER_CHANGE)
    op.execute(
        "CREATE TRIGGER api_keys_note_change BEFORE INSERT OR DELETE OR UPDATE OF digest, kind, tier, expires_at, revoked_at, retiring_at"
        " ON api_keys FOR EACH ROW EXECUTE FUNCTION note_key_change()"
    )
    op.execute(
        "CREATE TRIGGER rate_limit_template_note_change BEFORE INSERT OR UPDATE"
        " ON rate_limit_template FOR EACH ROW EXECUTE FUNCTION note_tier_change()"
    )


def create_tiers() -> None:
    tiers = op.create_table(
        "rate_limit_template",
        sa.Column("tier", sa.Text, primary_key=True),
        sa.Column("rate_per_second", sa.Numeric(12, 3), nullable=False),
        sa.Column("burst", sa.Integer, nullable=False),
        sa.Column("monthly_quota", sa.BigInteger),
        sa.Column("report_quota", sa.BigInteger),
        sa.Column("unlimited", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("features", pg.JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")),
        sa.Column("key_cache_seconds", sa.Integer, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()),
        sa.CheckConstraint("rate_per_second > 0", name="rate_limit_template_rate_per_second_check"),
        sa.CheckConstraint("burst >= 1", name="rate_limit_template_burst_check"),
        sa.CheckConstraint("monthly_quota >= 0", name="rate_limit_template_monthly_quota_check"),
        sa.CheckConstraint("report_quota >= 0", name="rate_limit_template_report_quota_check"),
        sa.CheckConstraint("key_cache_seconds BETWEEN 1 AND 86400", name="rate_limit_template_key_cache_seconds_check"),
    )
    names = ("tier", "rate_per_second", "burst", "monthly_quota", "report_quota", "unlimited", "features", "key_cache_seconds")
    op.bulk_insert(tiers, [dict(zip(names, row, strict=True)) | {"features": FEATURES[str(row[6])]} for row in TIERS])


def create_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.Integer, sa.Identity(always=True), primary_key=True),
        sa.Column("public_id", sa.Text, nullable=False, unique=True),
        sa.Column("digest", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("digest_secret", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("tier", sa.Text, sa.ForeignKey("rate_limit_template.tier"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("retiring_at", sa.DateTime(timezone=True)),
        sa.Column("successor_id", sa.Integer, sa.ForeignKey("api_keys.key_id")),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        sa.Column("quota_month", sa.Date),
        sa.Column("quota_used", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()),
        sa.CheckConstraint("octet_length(digest) = 32", name="api_keys_digest_check"),
        sa.CheckConstraint("kind IN ('live', 'test', 'demo', 'url')", name="api_keys_kind_check"),
        sa.CheckConstraint("quota_used >= 0", name="api_keys_quota_used_check"),
    )
    op.create_index("api_keys_changed_at_idx", "api_keys", ["changed_at"])

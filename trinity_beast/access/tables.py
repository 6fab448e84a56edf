"""The tables of access. Nobody else reads or writes them."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from trinity_beast.storage import metadata

rate_limit_template = sa.Table(
    "rate_limit_template",
    metadata,
    sa.Column("tier", sa.Text, primary_key=True),
    sa.Column("rate_per_second", sa.Numeric(12, 3), nullable=False),
    sa.Column("burst", sa.Integer, nullable=False),
    sa.Column("monthly_quota", sa.BigInteger),
    sa.Column("report_quota", sa.BigInteger),
    sa.Column("unlimited", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("features", pg.JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")),
    sa.Column("key_cache_seconds", sa.Integer, nullable=False),
    sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()),
    sa.Column("version", sa.Integer, nullable=False, server_default=sa.text("1")),
    sa.CheckConstraint("rate_per_second > 0", name="rate_per_second"),
    sa.CheckConstraint("burst >= 1", name="burst"),
    sa.CheckConstraint("monthly_quota >= 0", name="monthly_quota"),
    sa.CheckConstraint("report_quota >= 0", name="report_quota"),
    sa.CheckConstraint("key_cache_seconds BETWEEN 1 AND 86400", name="key_cache_seconds"),
)

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("account_id", sa.Integer, sa.Identity(always=True), primary_key=True),
    sa.Column("public_id", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
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
    sa.Column("account_id", sa.Integer, sa.ForeignKey("accounts.account_id")),
    sa.Column("rate_per_second", sa.Numeric(12, 3)),
    sa.Column("burst", sa.Integer),
    sa.Column("monthly_quota", sa.BigInteger),
    sa.Column("scopes", sa.ARRAY(sa.Text)),
    sa.Column("networks", sa.ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'::text[]")),
    sa.Column("origins", sa.ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'::text[]")),
    sa.Column("on_leak", sa.Text, nullable=False, server_default=sa.text("'revoke'::text")),
    sa.Column("leaked_at", sa.DateTime(timezone=True)),
    sa.CheckConstraint("octet_length(digest) = 32", name="digest"),
    sa.CheckConstraint("kind IN ('live', 'test', 'demo', 'url')", name="kind"),
    sa.CheckConstraint("quota_used >= 0", name="quota_used"),
    sa.CheckConstraint("on_leak IN ('revoke', 'notify')", name="on_leak"),
    sa.CheckConstraint("rate_per_second > 0", name="rate_per_second"),
    sa.CheckConstraint("burst >= 1", name="burst"),
    sa.CheckConstraint("monthly_quota >= 0", name="monthly_quota"),
    sa.Index("api_keys_changed_at_idx", "changed_at"),
    sa.Index("api_keys_account_id_idx", "account_id"),
    sa.Index("api_keys_successor_id_idx", "successor_id"),
)

key_leaks = sa.Table(
    "key_leaks",
    metadata,
    sa.Column("leak_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("key_id", sa.Integer, sa.ForeignKey("api_keys.key_id"), nullable=False),
    sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("reporter", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.UniqueConstraint("key_id", "url", name="key_leaks_key_id_url_key"),
    sa.CheckConstraint("action IN ('revoked', 'noted', 'ended')", name="action"),
)

leak_reporters = sa.Table(
    "leak_reporters",
    metadata,
    sa.Column("identifier", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("public_key", sa.Text, nullable=False),
    sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
)

server_secret = sa.Table(
    "server_secret",
    metadata,
    sa.Column("is_only", sa.Boolean, primary_key=True, server_default=sa.true()),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("is_only", name="is_only"),
)
"""Which server secret the digests were made under: one for all nodes of the database. The secret itself is not here."""

cluster_nodes = sa.Table(
    "cluster_nodes",
    metadata,
    sa.Column("node_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("nodes_known", sa.Integer, nullable=False),
    sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("left_at", sa.DateTime(timezone=True)),
    sa.CheckConstraint("nodes_known >= 1", name="nodes_known"),
)

quota_months = sa.Table(
    "quota_months",
    metadata,
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("month", sa.Date, primary_key=True),
    sa.Column("handed", sa.BigInteger, nullable=False),
    sa.Column("starved_at", sa.DateTime(timezone=True)),
    sa.CheckConstraint("subject ~ '^(key|account):[0-9]+$'", name="subject"),
    sa.CheckConstraint("handed >= 0", name="handed"),
)

quota_blocks = sa.Table(
    "quota_blocks",
    metadata,
    sa.Column("node_id", sa.Text, primary_key=True),
    sa.Column("life", sa.Text, primary_key=True),
    sa.Column("key_id", sa.Integer, sa.ForeignKey("api_keys.key_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("month", sa.Date, primary_key=True),
    sa.Column("account_id", sa.Integer),
    sa.Column("handed", sa.BigInteger, nullable=False),
    sa.Column("spent", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    sa.CheckConstraint("spent >= 0", name="spent"),
    sa.CheckConstraint("handed >= spent", name="handed"),
    sa.Index("quota_blocks_key_idx", "key_id", "month"),
)

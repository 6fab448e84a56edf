"""Let keys be kept to less than their tier, belong to accounts and be found leaked, and keep a trail of who changed what.

Expand: old code ignores every new column and table, and its changes are in the trail all the same, for triggers write it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KEEP_AUDIT = """
CREATE FUNCTION keep_audit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    -- TG_ARGV: the kind, the column that names a row, then the columns nobody wants to see.
    signature jsonb := coalesce(nullif(current_setting('beast.signature', true), ''), '{}')::jsonb;
    left_out text[] := TG_ARGV[2:];
    old_row jsonb := CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE to_jsonb(OLD) - left_out END;
    new_row jsonb := CASE WHEN TG_OP = 'DELETE' THEN NULL ELSE to_jsonb(NEW) - left_out END;
    subject text := coalesce(new_row, old_row) ->> TG_ARGV[1];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(key, value) INTO old_row FROM jsonb_each(to_jsonb(OLD) - left_out)
        WHERE value IS DISTINCT FROM new_row -> key;
        IF old_row IS NULL THEN
            RETURN NULL;
        END IF;
        SELECT jsonb_object_agg(key, value) INTO new_row FROM jsonb_each(new_row) WHERE old_row ? key;
    END IF;
    INSERT INTO audit_log (by, reason, action, kind, subject, before, after)
    VALUES (coalesce(signature ->> 'by', session_user), coalesce(signature ->> 'reason', ''),
            coalesce(nullif(signature ->> 'action', ''),
                     CASE TG_OP WHEN 'INSERT' THEN 'created' WHEN 'UPDATE' THEN 'changed' ELSE 'removed' END),
            TG_ARGV[0], subject, old_row, new_row);
    RETURN NULL;
END $$
"""
NUMBER_TIER_CHANGE = """
CREATE FUNCTION number_tier_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := OLD.version + 1;
    RETURN NEW;
END $$
"""
NOTE_TIER_REMOVAL = """
CREATE FUNCTION note_tier_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('api_keys', 'tier ' || OLD.tier);
    RETURN NULL;
END $$
"""
TELLING = (
    "digest, kind, tier, expires_at, revoked_at, retiring_at, account_id, rate_per_second, burst, monthly_quota, scopes, networks, origins"
)
"""What of a key's row the nodes must hear of; its use is written every few seconds and concerns nobody."""


def upgrade() -> None:
    create_trail()
    create_accounts()
    restrict_keys()
    create_leaks()
    number_tiers()
    keep_server_secret()


def create_trail() -> None:
    op.create_table(
        "audit_log",
        sa.Column("entry_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("before", pg.JSONB),
        sa.Column("after", pg.JSONB),
    )
    op.create_index("audit_log_subject_idx", "audit_log", ["kind", "subject", "entry_id"])
    op.execute(KEEP_AUDIT)


def keep(table: str, kind: str, name: str, *left_out: str) -> None:
    arguments = ", ".join(f"'{each}'" for each in (kind, name, *left_out))
    op.execute(
        f"CREATE TRIGGER {table}_keep_audit AFTER INSERT OR UPDATE OR DELETE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION keep_audit({arguments})"
    )


def create_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("account_id", sa.Integer, sa.Identity(always=True), primary_key=True),
        sa.Column("public_id", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    keep("accounts", "account", "public_id")


def restrict_keys() -> None:
    for column in (
        sa.Column("account_id", sa.Integer, sa.ForeignKey("accounts.account_id")),
        sa.Column("rate_per_second", sa.Numeric(12, 3)),
        sa.Column("burst", sa.Integer),
        sa.Column("monthly_quota", sa.BigInteger),
        sa.Column("scopes", sa.ARRAY(sa.Text)),
        sa.Column("networks", sa.ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'::text[]")),
        sa.Column("origins", sa.ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'::text[]")),
        sa.Column("on_leak", sa.Text, nullable=False, server_default=sa.text("'revoke'::text")),
        sa.Column("leaked_at", sa.DateTime(timezone=True)),
    ):
        op.add_column("api_keys", column)
    op.create_check_constraint("api_keys_on_leak_check", "api_keys", "on_leak IN ('revoke', 'notify')")
    op.create_check_constraint("api_keys_rate_per_second_check", "api_keys", "rate_per_second > 0")
    op.create_check_constraint("api_keys_burst_check", "api_keys", "burst >= 1")
    op.create_check_constraint("api_keys_monthly_quota_check", "api_keys", "monthly_quota >= 0")
    op.create_index("api_keys_account_id_idx", "api_keys", ["account_id"])
    op.execute("DROP TRIGGER api_keys_note_change ON api_keys")
    op.execute(
        f"CREATE TRIGGER api_keys_note_change BEFORE INSERT OR DELETE OR UPDATE OF {TELLING}"
        " ON api_keys FOR EACH ROW EXECUTE FUNCTION note_key_change()"
    )
    # What a key was used for is no change of it, and its digest is nobody's to read.
    keep("api_keys", "key", "public_id", "digest", "digest_secret", "changed_at", "last_used_at", "quota_month", "quota_used")


def create_leaks() -> None:
    op.create_table(
        "key_leaks",
        sa.Column("leak_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("key_id", sa.Integer, sa.ForeignKey("api_keys.key_id"), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reporter", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.UniqueConstraint("key_id", "url", name="key_leaks_key_id_url_key"),
        sa.CheckConstraint("action IN ('revoked', 'noted', 'ended')", name="key_leaks_action_check"),
    )
    op.create_table(
        "leak_reporters",
        sa.Column("identifier", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("public_key", sa.Text, nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
    )
    keep("leak_reporters", "leak_reporter", "identifier")


def number_tiers() -> None:
    op.add_column("rate_limit_template", sa.Column("version", sa.Integer, nullable=False, server_default=sa.text("1")))
    op.execute(NUMBER_TIER_CHANGE)
    op.execute(
        "CREATE TRIGGER rate_limit_template_number_change BEFORE UPDATE ON rate_limit_template"
        " FOR EACH ROW WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION number_tier_change()"
    )
    op.execute(NOTE_TIER_REMOVAL)
    op.execute(
        "CREATE TRIGGER rate_limit_template_note_removal AFTER DELETE ON rate_limit_template"
        " FOR EACH ROW EXECUTE FUNCTION note_tier_removal()"
    )
    keep("rate_limit_template", "tier", "tier", "changed_at", "version")


def keep_server_secret() -> None:
    op.create_table(
        "server_secret",
        sa.Column("is_only", sa.Boolean, primary_key=True, server_default=sa.true()),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("is_only", name="server_secret_is_only_check"),
    )
    # A database that has keys already has a secret they were made under.
    op.execute("INSERT INTO server_secret (fingerprint, noted_at) SELECT digest_secret, now() FROM api_keys ORDER BY key_id LIMIT 1")

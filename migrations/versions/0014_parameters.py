"""Keep what an operator has turned, every change of it, saved profiles, and which version each node runs. Expand: old code ignores it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# Notices are sent when the transaction commits, so whoever hears one finds what it is about.
NOTE_VERSION = """
CREATE FUNCTION note_parameter_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('application_parameters', NEW.version::text);
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "application_parameters",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", pg.JSONB, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "application_parameter_versions",
        sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("profile", sa.Text, nullable=False, server_default=sa.text("''")),
    )
    op.create_table(
        "application_parameter_changes",
        sa.Column("version", sa.BigInteger, sa.ForeignKey("application_parameter_versions.version"), primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("before", pg.JSONB),
        sa.Column("after", pg.JSONB),
    )
    op.create_index("application_parameter_changes_name_idx", "application_parameter_changes", ["name", "version"])
    op.create_table(
        "application_parameter_profiles",
        sa.Column("profile", sa.Text, primary_key=True),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("values", pg.JSONB, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.Column("changed_by", sa.Text, nullable=False),
    )
    op.create_table(
        "application_parameter_nodes",
        sa.Column("node_id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
    )
    op.execute(NOTE_VERSION)
    op.execute(
        "CREATE TRIGGER application_parameter_versions_note AFTER INSERT OR UPDATE"
        " ON application_parameter_versions FOR EACH ROW EXECUTE FUNCTION note_parameter_version()"
    )
    for table, kind, name, left_out in (
        ("application_parameters", "parameter", "name", ("version",)),
        ("application_parameter_profiles", "profile", "profile", ("changed_at", "changed_by")),
    ):
        arguments = ", ".join(f"'{each}'" for each in (kind, name, *left_out))
        op.execute(
            f"CREATE TRIGGER {table}_keep_audit AFTER INSERT OR UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION keep_audit({arguments})"
        )

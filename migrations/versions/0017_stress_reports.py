"""Keep the reports of stress tests, so that a run can be held against one of weeks ago. Expand: old code ignores the table."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stress_reports",
        sa.Column("report_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stored_by", sa.Text, nullable=False),
        sa.Column("steps", sa.Integer, nullable=False),
        sa.Column("asked", sa.BigInteger, nullable=False),
        sa.Column("success", sa.Double, nullable=False),
        sa.Column("best_per_second", sa.Double, nullable=False),
        sa.Column("report", pg.JSONB, nullable=False),
        sa.UniqueConstraint("name", "began_at", name="stress_reports_name_began_at_key"),
        sa.CheckConstraint("name <> ''", name="stress_reports_name_check"),
    )
    # Who kept and removed them belongs to the trail; what stands in them does not.
    op.execute(
        "CREATE TRIGGER stress_reports_keep_audit AFTER INSERT OR UPDATE OR DELETE ON stress_reports"
        " FOR EACH ROW EXECUTE FUNCTION keep_audit('stress_report', 'report_id', 'report')"
    )

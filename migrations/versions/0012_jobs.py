"""Keep jobs in the database: the schema of procrastinate 3.10, as it ships it. Expand: old code ignores its tables.

Where a later release of procrastinate changes its schema, the next step here runs the files it adds under
`procrastinate/sql/migrations`, in their order; a test says when.
"""

from pathlib import Path

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SCHEMA = Path(__file__).parent / "procrastinate_3_10.sql"


def upgrade() -> None:
    # By the driver itself: in this text a colon is a cast, and a per cent sign nothing special.
    op.get_bind().exec_driver_sql(SCHEMA.read_text(encoding="utf-8").replace("%", "%%"))

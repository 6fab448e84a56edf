"""Keep jobs in the database: the schema of procrastinate, as the package ships it. Expand: old code ignores its tables.

Written for release 3.10. Where a later one changes its schema, a test says so: databases made before then need a step that
runs what the release adds under `procrastinate/sql/migrations`, and those made since have it from here.
"""

from importlib.resources import files

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    schema = files("procrastinate.sql").joinpath("schema.sql").read_text(encoding="utf-8")
    # By the driver itself: in this text a colon is a cast, and a per cent sign nothing special.
    op.get_bind().exec_driver_sql(schema.replace("%", "%%"))

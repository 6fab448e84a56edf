"""Keep audits of the asset map; teach exchanges' rows all last prices, volumes, other names. Expand: old code ignores the tables.

A rule somebody has set is left as it is: its exchange is audited by looks at one market after the other instead. Code of
the last release does not know the new words and would refuse a row with them, so all nodes of a cluster are brought up together.
"""

import copy
import json
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

REST_RULES = Path(__file__).parent / "0007_rest_rules.json"

FOLD_FIRST_FORMS = """
WITH untouched AS (
    DELETE FROM exchange_feed_versions AS second
    WHERE number = 2 AND changed_by = 'migration' AND EXISTS (
        SELECT FROM exchange_feed_versions AS first WHERE first.venue = second.venue AND first.number = 1 AND first.changed_by = 'migration'
    ) AND NOT EXISTS (SELECT FROM exchange_feed_versions AS later WHERE later.venue = second.venue AND later.number > 2)
    RETURNING venue, after
)
UPDATE exchange_feed_versions AS first SET after = untouched.after
FROM untouched WHERE first.venue = untouched.venue AND first.number = 1
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")  # Give up rather than make every reader queue behind us.
    create_audits()
    create_results()
    teach_rest_rules()


def create_audits() -> None:
    op.create_table(
        "prewarm_audits",
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
        sa.CheckConstraint("state IN ('running', 'done', 'broken')", name="prewarm_audits_state_check"),
    )
    # One at a time over all nodes: they share the exchanges' budgets.
    op.create_index("prewarm_audits_running_idx", "prewarm_audits", ["state"], unique=True, postgresql_where=sa.text("state = 'running'"))


def create_results() -> None:
    op.create_table(
        "prewarm_audit_results",
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


def teach_rest_rules() -> None:
    changes = json.loads(REST_RULES.read_text(encoding="utf-8"))
    told = {"changed_by": "migration", "reason": "where all last prices, volumes and other names are told"}
    op.execute(sa.select(sa.func.set_config("beast.feed_change", json.dumps(told), True)))
    for venue in dict.fromkeys(change["venue"] for change in changes):
        teach(venue, [change for change in changes if change["venue"] == venue])
    op.execute(sa.select(sa.func.set_config("beast.feed_change", "", True)))
    # What nobody has touched yet is still in its first form.
    op.execute(FOLD_FIRST_FORMS)


def teach(venue: str, changes: list[dict[str, Any]]) -> None:
    """Set each rule whose place is there and as it was; all of a venue's are one version of its row."""
    feeds = sa.table("exchange_feeds", sa.column("venue", sa.Text), sa.column("rest_rules", pg.JSONB))
    stored = op.get_bind().scalar(sa.select(feeds.c.rest_rules).where(feeds.c.venue == venue).with_for_update())
    if stored is None:
        return
    wanted = copy.deepcopy(stored)
    for change in changes:
        place: Any = wanted
        *above, name = change["path"]
        for step in above:
            place = place.get(step) if isinstance(place, dict) else None
        if isinstance(place, dict) and place.get(name) == change.get("was"):
            place[name] = change["value"]
    if wanted != stored:
        op.execute(sa.update(feeds).where(feeds.c.venue == venue).values(rest_rules=wanted))

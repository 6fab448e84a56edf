"""Tell by rows who is halted, and add the feed of Coinbase whose heartbeats name the last trade. A rule somebody has set is left alone.

Advanced Trade's heartbeats name no product and no trade, so its row cannot prove by them; the sister feed's do. It is off.
Expand: code of the last release does not know the new rules, keeps the row it has and says so.
"""

import copy
import json
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

WORDS = Path(__file__).parent / "0008_halts_and_proofs.json"
TOLD = json.dumps({"changed_by": "migration", "reason": "the row learned to tell who is halted"})
FOLD_FIRST_FORMS = """
WITH untouched AS (
    DELETE FROM exchange_feed_versions AS second
    WHERE number = 2 AND changed_by = 'migration' AND EXISTS (
        SELECT FROM exchange_feed_versions AS first WHERE first.venue = second.venue AND first.number = 1 AND first.changed_by = 'migration'
    )
    RETURNING venue, after
)
UPDATE exchange_feed_versions AS first SET after = untouched.after
FROM untouched WHERE first.venue = untouched.venue AND first.number = 1
"""
JSON_COLUMNS = ("trade_match", "control_rules", "rest_rules")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")  # Give up rather than make every reader queue behind us.
    told = json.loads(WORDS.read_text(encoding="utf-8"))
    op.execute(sa.select(sa.func.set_config("beast.feed_change", TOLD, True)))
    for venue in dict.fromkeys(change["venue"] for change in told["changes"]):
        add_rules(venue, [change for change in told["changes"] if change["venue"] == venue])
    for row in told["rows"]:
        columns = (sa.column(name, pg.JSONB() if name in JSON_COLUMNS else None) for name in row)
        op.execute(pg.insert(sa.table("exchange_feeds", *columns)).values(row).on_conflict_do_nothing(index_elements=["venue"]))
    op.execute(sa.select(sa.func.set_config("beast.feed_change", "", True)))
    # What nobody has touched yet is still in its first form.
    op.execute(FOLD_FIRST_FORMS)


def add_rules(venue: str, changes: list[dict[str, Any]]) -> None:
    """Add each rule whose place is there and empty; all of a venue's are one version of its row."""
    rules = [sa.column("control_rules", pg.JSONB()), sa.column("rest_rules", pg.JSONB())]
    feeds = sa.table("exchange_feeds", sa.column("venue", sa.Text), *rules)
    stored = op.get_bind().execute(sa.select(*rules).where(feeds.c.venue == venue).with_for_update()).mappings().one_or_none()
    if stored is None:
        return
    wanted = copy.deepcopy(dict(stored))
    for change in changes:
        place: Any = wanted[change["column"]]
        *above, name = change["path"]
        for step in above:
            place = place.get(step) if isinstance(place, dict) else None
        if isinstance(place, dict):
            place.setdefault(name, change["value"])
    if wanted != stored:
        op.execute(sa.update(feeds).where(feeds.c.venue == venue).values(wanted))

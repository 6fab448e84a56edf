"""The trail. Triggers write it, so a row changed by hand, in psql, is kept as well; nobody updates or deletes here."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from trinity_beast.storage import HISTORY, metadata

audit_log = sa.Table(
    "audit_log",
    metadata,
    sa.Column("entry_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("before", pg.JSONB),
    sa.Column("after", pg.JSONB),
    sa.Index("audit_log_subject_idx", "kind", "subject", "entry_id"),
    info=HISTORY,
)

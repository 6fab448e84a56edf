"""The table of blocks. A block that ended stays, as the record of what was done."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from trinity_beast.storage import metadata

blocklist = sa.Table(
    "blocklist",
    metadata,
    sa.Column("block_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("network", pg.CIDR, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("blocked_by", sa.Text, nullable=False),
    sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("expires_at", sa.DateTime(timezone=True)),
    sa.Column("lifted_at", sa.DateTime(timezone=True)),
    sa.Column("lifted_by", sa.Text),
    sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()),
    sa.CheckConstraint("reason <> ''", name="reason"),
    sa.CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="lifted"),
    sa.Index("blocklist_network_idx", "network"),
    sa.Index("blocklist_changed_at_idx", "changed_at"),
)

"""The tables of parameters. Nobody else reads or writes them."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from trinity_beast.storage import HISTORY, metadata

application_parameters = sa.Table(
    "application_parameters",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", pg.JSONB, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
)

application_parameter_versions = sa.Table(
    "application_parameter_versions",
    metadata,
    sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
    sa.Column("changed_by", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("profile", sa.Text, nullable=False, server_default=sa.text("''")),
    info=HISTORY,
)

application_parameter_changes = sa.Table(
    "application_parameter_changes",
    metadata,
    sa.Column("version", sa.BigInteger, sa.ForeignKey("application_parameter_versions.version"), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("before", pg.JSONB),
    sa.Column("after", pg.JSONB),
    sa.Index("application_parameter_changes_name_idx", "name", "version"),
    info=HISTORY,
)

application_parameter_profiles = sa.Table(
    "application_parameter_profiles",
    metadata,
    sa.Column("profile", sa.Text, primary_key=True),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("values", pg.JSONB, nullable=False),
    sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
    sa.Column("changed_by", sa.Text, nullable=False),
)

application_parameter_nodes = sa.Table(
    "application_parameter_nodes",
    metadata,
    sa.Column("node_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
)

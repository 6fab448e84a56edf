"""How Alembic reaches the database: over the connection `storage.migrations.upgrade` hands it, under its lock."""

import sqlalchemy as sa
from alembic import context

connection: sa.Connection = context.config.attributes["connection"]
context.configure(connection=connection, transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()

"""Every SQL statement of backups."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

_TABLES = sa.text(
    "SELECT format('%I.%I', n.nspname, c.relname), c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname"
)


async def one_moment(tx: AsyncConnection) -> str:
    """Have all that `tx` reads be of one moment, and return the name by which others may read the same moment."""
    await tx.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    return str((await tx.execute(sa.text("SELECT pg_export_snapshot()"))).scalar_one())


async def rows_by_table(tx: AsyncConnection) -> Mapping[str, int]:
    """Return how many rows each of our tables has, its partitions counted with it."""
    tables = [(str(quoted), str(name)) for quoted, name in await tx.execute(_TABLES)]
    counts = {}
    for quoted, name in tables:
        counts[name] = int((await tx.execute(sa.text(f"SELECT count(*) FROM {quoted}"))).scalar_one())  # noqa: S608 - Quoted by PostgreSQL itself.
    return counts


async def database_bytes(tx: AsyncConnection) -> int:
    """Return how much disk the database takes."""
    return int((await tx.execute(sa.text("SELECT pg_database_size(current_database())"))).scalar_one())


async def server_major(tx: AsyncConnection) -> int:
    """Return the server's major version."""
    return int((await tx.execute(sa.text("SELECT CAST(current_setting('server_version_num') AS integer)"))).scalar_one()) // 10_000

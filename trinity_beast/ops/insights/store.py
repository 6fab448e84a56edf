"""What is asked of PostgreSQL's own views."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.ops.insights.model import Partitioned, Statement, TableUse

STATEMENT_CHARACTERS_MAX = 2_000
_DATABASE = sa.text(
    "SELECT current_setting('server_version'), pg_database_size(datid),"
    " blks_hit::double precision / nullif(blks_hit + blks_read, 0) FROM pg_stat_database WHERE datname = current_database()"
)
_HAS_STATEMENTS = sa.text(
    "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_stat_statements'),"
    " 'pg_stat_statements' = ANY(string_to_array(replace(current_setting('shared_preload_libraries', true), ' ', ''), ','))"
)
_STATEMENTS = (
    "SELECT left(query, :characters_max), calls, total_exec_time, mean_exec_time, rows,"
    " shared_blks_hit::double precision / nullif(shared_blks_hit + shared_blks_read, 0)"
    " FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
    # A statement that sets a password is counted with it.
    " AND query !~* 'password' ORDER BY {by} DESC LIMIT :top"
)
_TABLES = sa.text(
    "WITH roots AS (SELECT relid, coalesce(parent.inhparent, relid) AS root, n_live_tup, n_dead_tup, seq_scan, seq_tup_read, idx_scan,"
    "  greatest(last_analyze, last_autoanalyze) AS last_analyzed_at"
    "  FROM pg_stat_user_tables LEFT JOIN pg_inherits AS parent ON parent.inhrelid = relid)"
    " SELECT root::regclass::text, count(*) FILTER (WHERE relid <> root), sum(n_live_tup)::bigint, sum(n_dead_tup)::bigint,"
    " sum(pg_total_relation_size(relid))::bigint, sum(seq_scan)::bigint, sum(seq_tup_read)::bigint,"
    " sum(coalesce(idx_scan, 0))::bigint, max(last_analyzed_at)"
    " FROM roots GROUP BY root ORDER BY sum(pg_total_relation_size(relid)) DESC, 1 LIMIT :top"
)
_PARTITIONED = sa.text(
    "SELECT parent.relname, count(inhrelid), min(child.relname), max(child.relname),"
    " coalesce(sum(pg_total_relation_size(inhrelid)), 0)::bigint"
    " FROM pg_class AS parent LEFT JOIN pg_inherits ON inhparent = parent.oid LEFT JOIN pg_class AS child ON child.oid = inhrelid"
    " WHERE parent.relkind = 'p' GROUP BY parent.relname ORDER BY 1"
)


async def database(tx: AsyncConnection) -> tuple[str, int, float | None]:
    """Return the server's version, the database's bytes, and how much of what was read was in memory."""
    version, size, ratio = (await tx.execute(_DATABASE)).one()
    return str(version), int(size), ratio


async def statements_missing(tx: AsyncConnection) -> str:
    """Return why statements are not counted; empty where they are."""
    is_made, is_loaded = (await tx.execute(_HAS_STATEMENTS)).one()
    if not is_loaded:
        return "the server does not load pg_stat_statements (shared_preload_libraries)"
    return "" if is_made else "this database lacks the extension: CREATE EXTENSION pg_stat_statements"


async def statements(tx: AsyncConnection, *, top: int, by_calls: bool) -> Sequence[Statement]:
    """Return the statements that took longest in all, or came most often."""
    statement = _STATEMENTS.replace("{by}", "calls" if by_calls else "total_exec_time")
    rows = await tx.execute(sa.text(statement), {"top": top, "characters_max": STATEMENT_CHARACTERS_MAX})
    return [Statement(*row) for row in rows]


async def counted_since(tx: AsyncConnection) -> Any:
    """Return since when statements are counted."""
    return (await tx.execute(sa.text("SELECT stats_reset FROM pg_stat_statements_info"))).scalar_one_or_none()


async def count_anew(tx: AsyncConnection) -> None:
    """Forget what statements of this database have cost."""
    await tx.execute(sa.text("SELECT pg_stat_statements_reset(0, (SELECT oid FROM pg_database WHERE datname = current_database()), 0)"))


async def tables(tx: AsyncConnection, *, top: int) -> Sequence[TableUse]:
    """Return the largest tables, partitions with their parent."""
    return [TableUse(*row) for row in await tx.execute(_TABLES, {"top": top})]


async def partitioned(tx: AsyncConnection) -> Sequence[Partitioned]:
    """Return every table that is cut into parts."""
    return [Partitioned(*row) for row in await tx.execute(_PARTITIONED)]

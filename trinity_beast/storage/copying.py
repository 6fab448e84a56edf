"""Rows by the shortest way: PostgreSQL's COPY, its binary stream made elsewhere."""

from collections.abc import AsyncIterator, Mapping

import psycopg
from psycopg import sql
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.storage.errors import RowsRefused

CHUNK_BYTES = 1 << 18
TABLE_MISSING = "42P01"
"""SQLSTATE: undefined_table."""


async def copy_into(tx: AsyncConnection, table: str, stream: bytes) -> None:
    """Copy a whole binary stream into a table, all of whose columns it gives in their order, as a part of `tx`.

    Source: https://www.postgresql.org/docs/15/sql-copy.html, "Binary Format", read 2026-11-20.

    Raises:
        RowsRefused: the database has no such table, or does not take these bytes for its rows. The transaction is lost.
        DependencyAway: as whatever else is done in a transaction, told where the transaction was opened.
    """
    driver = (await tx.get_raw_connection()).driver_connection
    assert isinstance(driver, psycopg.AsyncConnection), "the address says psycopg"
    statement = sql.SQL("COPY {} FROM STDIN (FORMAT binary)").format(sql.Identifier(table))
    view = memoryview(stream)
    try:
        async with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for start in range(0, len(stream), CHUNK_BYTES):
                await copy.write(view[start : start + CHUNK_BYTES])
    except (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise RowsRefused(table=table, reason=reason, is_table_missing=error.sqlstate == TABLE_MISSING) from error


async def copy_out(tx: AsyncConnection, query: str, values: Mapping[str, object]) -> AsyncIterator[bytes]:
    """Go through what `query` finds as PostgreSQL's COPY tells it in text: some whole rows at a time, each ended by a line feed.

    Columns are parted by tabs. Backslash, tab, line feed and the like within a value come as two characters each.
    Source: https://www.postgresql.org/docs/15/sql-copy.html, "Text Format", read 2026-11-20.
    """
    driver = (await tx.get_raw_connection()).driver_connection
    assert isinstance(driver, psycopg.AsyncConnection), "the address says psycopg"
    # A COPY takes no parameters: the driver writes the values into it, quoted.
    async with driver.cursor() as cursor, cursor.copy(sql.SQL("COPY ({}) TO STDOUT").format(sql.SQL(query)), values) as copy:
        rows: list[bytes] = []
        size = 0
        async for row in copy:
            rows.append(bytes(row))
            size += len(row)
            if size >= CHUNK_BYTES:
                yield b"".join(rows)
                rows, size = [], 0
        if rows:
            yield b"".join(rows)

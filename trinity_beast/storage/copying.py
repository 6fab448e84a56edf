"""Rows by the shortest way: PostgreSQL's COPY, its binary stream made elsewhere."""

import psycopg
from psycopg import sql
from sqlalchemy.ext.asyncio import AsyncConnection

CHUNK_BYTES = 1 << 18


async def copy_into(tx: AsyncConnection, table: str, stream: bytes) -> None:
    """Copy a whole binary stream into a table, all of whose columns it gives in their order, as a part of `tx`.

    Source: https://www.postgresql.org/docs/15/sql-copy.html, "Binary Format", read 2026-11-20.

    Raises:
        DependencyAway: as whatever else is done in a transaction, told where the transaction was opened.
    """
    driver = (await tx.get_raw_connection()).driver_connection
    assert isinstance(driver, psycopg.AsyncConnection), "the address says psycopg"
    statement = sql.SQL("COPY {} FROM STDIN (FORMAT binary)").format(sql.Identifier(table))
    view = memoryview(stream)
    async with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for start in range(0, len(stream), CHUNK_BYTES):
            await copy.write(view[start : start + CHUNK_BYTES])

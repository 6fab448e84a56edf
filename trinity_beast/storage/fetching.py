"""Rows some at a time: the database keeps a cursor, so that as many as there are cost the memory of a few."""

import itertools
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

_NUMBERS = itertools.count(1)


class _Declared(sa.Executable, sa.ClauseElement):
    """A query whose rows are fetched later."""

    inherit_cache = False

    def __init__(self, name: str, query: sa.Select[Any] | sa.CompoundSelect[Any]) -> None:
        self.name, self.query = name, query


@compiles(_Declared)
def _declared(declared: _Declared, compiler: SQLCompiler, **given: Any) -> str:
    return f"DECLARE {declared.name} NO SCROLL CURSOR FOR {compiler.process(declared.query, **given)}"


async def fetched(
    tx: AsyncConnection, query: sa.Select[Any] | sa.CompoundSelect[Any], at_once: int
) -> AsyncGenerator[Sequence[sa.Row[Any]], None]:
    """Go through the rows of `query`, `at_once` at a time, the last time fewer. Left early, the cursor stays until `tx` ends.

    SQLAlchemy's own streams leave cursors open where the rows end with a full part.
    """
    name = f"beast_rows_{next(_NUMBERS)}"
    fetch = sa.text(f"FETCH {int(at_once)} FROM {name}")
    await tx.execute(_Declared(name, query))
    rows: Sequence[sa.Row[Any]] = (await tx.execute(fetch)).all()
    while rows:
        yield rows
        rows = (await tx.execute(fetch)).all() if len(rows) == at_once else ()
    await tx.execute(sa.text(f"CLOSE {name}"))

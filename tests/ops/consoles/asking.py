"""Asking a desk as an operator does, over a database of a test's own."""

from typing import Any

from trinity_beast.access import Digests
from trinity_beast.audit import Audit, Entry, Signature, Sought
from trinity_beast.ops import SqlDesk
from trinity_beast.ops.consoles.service import Told
from trinity_beast.storage import (
    Bounds,
    Database,
)

DIGESTS = Digests(bytes(range(32)))
BY = Signature("Ada (127.0.0.1)", "looking")
SECRET_VALUES = "SELECT count(*) FROM api_keys WHERE digest IS NOT NULL"


async def read(desk: SqlDesk, statement: str, *arguments: Any, **bounds: Any) -> Told:
    return await desk.ask(statement, arguments, Bounds(**bounds), may_write=False, by=BY)


async def write(desk: SqlDesk, statement: str, *arguments: Any) -> Told:
    return await desk.ask(statement, arguments, Bounds(), may_write=True, by=BY)


async def trail(database: Database) -> list[Entry]:
    return list(reversed(await Audit(database).entries(Sought(limit=1_000))))


async def reader_of(desk: SqlDesk) -> str:
    return str((await read(desk, "SELECT current_user")).answer.rows[0][0])

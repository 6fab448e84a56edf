"""Where every table is declared, so that the schema and the migrations can be compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import MetaData

SECRET: dict[str, Any] = {"secret": True}
"""`info=SECRET` on a column: what it holds is read by the program alone, never by a person at a console."""

HISTORY: dict[str, Any] = {"history": True}
"""`info=HISTORY` on a table: what was, written by the program alone and changed by nobody."""

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_name)s_key",
        "ix": "%(table_name)s_%(column_0_name)s_idx",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)
"""The names are PostgreSQL's own, so what a migration leaves unnamed is called the same."""


@dataclass(frozen=True, slots=True)
class OpenTable:
    """What of a table a person may see: the columns that hold no secret, and whether rows may be changed by hand."""

    columns: tuple[str, ...]
    is_history: bool


def open_tables() -> Mapping[str, OpenTable]:
    """Return what of each declared table a person may see. What nobody declared here is nobody's to see."""
    return {
        name: OpenTable(
            tuple(column.name for column in table.columns if not column.info.get("secret")), is_history=bool(table.info.get("history"))
        )
        for name, table in metadata.tables.items()
    }

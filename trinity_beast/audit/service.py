"""Reading the trail. It is written by the database itself, in the transaction of the change."""

from collections.abc import Sequence

from trinity_beast.audit import store
from trinity_beast.audit.model import Entry, Sought
from trinity_beast.storage import Database


class Audit:
    """What was changed by whom."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def entries(self, sought: Sought) -> Sequence[Entry]:
        """Return the entries wanted, the newest first."""
        async with self._database.transaction() as tx:
            return await store.entries(tx, sought)

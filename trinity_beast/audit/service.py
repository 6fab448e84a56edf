"""Reading the trail. Changes of rows are written by the database itself, in their transaction; what changes no row, here."""

from collections.abc import Mapping, Sequence

from trinity_beast.audit import store
from trinity_beast.audit.model import Entry, Note, Signature, Sought
from trinity_beast.storage import Database


class Audit:
    """What was changed by whom."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def entries(self, sought: Sought) -> Sequence[Entry]:
        """Return the entries wanted, the newest first."""
        async with self._database.transaction() as tx:
            return await store.entries(tx, sought)

    async def keep(self, signature: Signature, kind: str, subject: str, facts: Mapping[str, object]) -> None:
        """Write down what is about to be done that changes no row of a kept table. It is committed when this returns.

        Raises:
            DependencyAway: it is not written; do not do it.
        """
        await self.keep_all([Note(signature, kind, subject, facts)])

    async def keep_all(self, notes: Sequence[Note]) -> None:
        """Write down several things at once, in their order.

        Raises:
            DependencyAway: none of them is written.
        """
        async with self._database.transaction() as tx:
            await store.note_all(tx, notes)

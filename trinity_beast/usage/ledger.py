"""The ledger: which batches need no more care, as the database knows it."""

from collections.abc import Sequence

from trinity_beast.storage import Database
from trinity_beast.usage import store
from trinity_beast.usage.model import BatchName


class Ledger:
    """Tells what has become of batches that somebody else stores."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def settled(self, names: Sequence[BatchName]) -> set[BatchName]:
        """Return those of `names` whose every record is stored, or was set aside.

        Raises:
            DependencyAway: the database is not there.
        """
        async with self._database.transaction() as tx:
            return {names[place] for place in await store.settled(tx, names)}

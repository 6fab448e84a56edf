"""Asking PostgreSQL how it fares."""

from trinity_beast.audit import Signature, note
from trinity_beast.ops.errors import StatementsUncounted
from trinity_beast.ops.insights import store
from trinity_beast.ops.insights.model import Insight
from trinity_beast.storage import Database


class Insights:
    """What the database tells of itself, and counting its statements anew."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def look(self, *, top: int, by_calls: bool = False) -> Insight:
        """Return how the database fares, with the `top` statements and tables.

        Raises:
            DependencyAway: it is away.
        """
        async with self._database.transaction() as tx:
            version, size, ratio = await store.database(tx)
            missing = await store.statements_missing(tx)
            return Insight(
                server_version=version,
                database_bytes=size,
                buffer_hit_ratio=ratio,
                counted_since=None if missing else await store.counted_since(tx),
                statements=None if missing else await store.statements(tx, top=top, by_calls=by_calls),
                statements_missing=missing,
                tables=await store.tables(tx, top=top),
                partitioned=await store.partitioned(tx),
            )

    async def count_anew(self, by: Signature) -> None:
        """Begin to count statements anew, and note who did.

        Raises:
            StatementsUncounted: they are not counted here.
            DependencyAway: the database is away.
        """
        async with self._database.transaction() as tx:
            missing = await store.statements_missing(tx)
            if missing:
                raise StatementsUncounted(reason=missing)
            await note(tx, by, "database", "statements", {})
            await store.count_anew(tx)

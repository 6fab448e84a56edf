"""What the judge reads of the database: by statements of its own, so that it does not agree with a mistake of the product's."""

from collections.abc import Mapping

import sqlalchemy as sa

from trinity_beast.rehearsal.meter.model import Counted, Row
from trinity_beast.storage import Database

_ROWS = sa.text(
    "SELECT node, request_id, key_id, status, word, (extract(epoch FROM time) * 1000000)::bigint * 1000"
    " FROM usage_logs JOIN usage_nodes USING (node_id) LEFT JOIN usage_words ON kind = 'code' AND number = code"
)
_COUNTERS = sa.text("SELECT key_id, sum(requests)::bigint, sum(refused)::bigint FROM usage_key_days GROUP BY key_id")
_ASIDE = sa.text("SELECT coalesce(sum(records), 0) FROM usage_set_aside")


async def rows_of(database: Database) -> list[Row]:
    """Return every stored row."""
    async with database.transaction() as tx:
        return [Row(*row) for row in await tx.execute(_ROWS)]


async def counters_of(database: Database) -> Mapping[int, Counted]:
    """Return each key's counters."""
    async with database.transaction() as tx:
        return {key_id: Counted(int(requests), int(refused)) for key_id, requests, refused in await tx.execute(_COUNTERS)}


async def records_set_aside(database: Database) -> int:
    """Return how many records were set aside: there is no reason for any."""
    async with database.transaction() as tx:
        return int((await tx.execute(_ASIDE)).scalar_one())

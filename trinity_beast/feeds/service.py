"""What the tables say of the feeds: read whole, each row by itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from trinity_beast.feeds import store
from trinity_beast.feeds.grammar import FeedRow, RowInvalid, parse_row
from trinity_beast.feeds.model import MappedAsset
from trinity_beast.storage import Database


@dataclass(frozen=True, slots=True)
class FeedTables:
    """One reading of both tables. `invalid` holds the rows that break the grammar; they take no other with them."""

    rows: tuple[FeedRow, ...]
    asset_map: tuple[MappedAsset, ...]
    invalid: tuple[RowInvalid, ...] = ()


RawRow = Mapping[str, object]


async def read_tables(database: Database, *, readdressed: Callable[[RawRow], RawRow] = dict) -> FeedTables:
    """Read the feed rows and the asset map, as of one moment.

    `readdressed` may give a row another address before it is read, as a rehearsal on stand-ins does.

    Raises:
        DependencyAway: the database does not answer.
    """
    async with database.transaction() as tx:
        raw, asset_map = await store.feed_rows(tx), await store.asset_map(tx)
    rows, invalid = [], []
    for values in raw:
        try:
            rows.append(parse_row(readdressed(values)))
        except RowInvalid as error:
            invalid.append(error)
    return FeedTables(tuple(rows), tuple(asset_map), tuple(invalid))

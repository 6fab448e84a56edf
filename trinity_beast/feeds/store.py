"""Every SQL statement of the feeds."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.feeds.model import MappedAsset
from trinity_beast.feeds.tables import exchange_asset_map, exchange_feeds
from trinity_beast.words import Asset, Symbol, Venue


async def feed_rows(tx: AsyncConnection) -> Sequence[Mapping[str, object]]:
    """Return every feed row as it stands in the table, read by nobody yet, by venue."""
    rows = (await tx.execute(sa.select(exchange_feeds).order_by(exchange_feeds.c.venue))).mappings()
    return [dict(row) for row in rows]


async def asset_map(tx: AsyncConnection) -> Sequence[MappedAsset]:
    """Return the whole asset map, by asset and venue."""
    table = exchange_asset_map
    rows = (await tx.execute(sa.select(table).order_by(table.c.asset, table.c.venue))).mappings()
    return [
        MappedAsset(
            asset=Asset(row["asset"]),
            venue=Venue(row["venue"]),
            symbol=Symbol(row["symbol"]),
            quote=row["quote"],
            enabled=row["enabled"],
            prewarm=row["prewarm"],
            category=row["category"],
        )
        for row in rows
    ]

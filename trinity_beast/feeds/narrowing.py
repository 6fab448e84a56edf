"""Holding fewer assets from the start than the map says."""

from dataclasses import replace

from trinity_beast.feeds.service import FeedTables


def narrowed(tables: FeedTables, prewarm_assets: str) -> FeedTables:
    """Return the tables with only `prewarm_assets` of what the map holds from the start; all of it where none are named.

    An asset nobody maps, or that the map does not hold from the start, changes nothing.
    """
    wanted = {name.strip().upper() for name in prewarm_assets.split(",")} - {""}
    if not wanted:
        return tables
    asset_map = tuple(replace(row, prewarm=row.prewarm and row.asset in wanted) for row in tables.asset_map)
    return FeedTables(tables.rows, asset_map, tables.invalid)

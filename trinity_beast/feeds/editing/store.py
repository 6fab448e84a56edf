"""Every SQL statement that changes the feeds' tables, or reads them for whoever changes them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.feeds.editing.model import Change, MapFilter, MapRow, StoredFeed, Version, WantedMapRow
from trinity_beast.feeds.tables import exchange_asset_map, exchange_feed_versions, exchange_feeds

_KEPT = ("symbol", "quote", "enabled", "prewarm", "category")


async def feeds(tx: AsyncConnection) -> list[StoredFeed]:
    """Return every feed row with its version, by venue."""
    newest = {row["venue"]: row["newest"] for row in (await tx.execute(_newest_versions())).mappings()}
    rows = (await tx.execute(sa.select(exchange_feeds).order_by(exchange_feeds.c.venue))).mappings()
    return [StoredFeed(row["venue"], dict(row), newest.get(row["venue"], 0)) for row in rows]


async def feed(tx: AsyncConnection, venue: str, *, locked: bool = False) -> StoredFeed | None:
    """Return one feed row; `locked` keeps others from changing it until the transaction ends."""
    query = sa.select(exchange_feeds).where(exchange_feeds.c.venue == venue)
    row = (await tx.execute(query.with_for_update() if locked else query)).mappings().one_or_none()
    return None if row is None else StoredFeed(venue, dict(row), await newest_version(tx, venue))


async def hold_venue(tx: AsyncConnection, venue: str) -> None:
    """Let nobody else change the row of a venue, one that is not there yet included, until the transaction ends."""
    await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"exchange_feeds {venue}", 0))))


async def write_feed(tx: AsyncConnection, values: Mapping[str, object], change: Change, evidence: Mapping[str, object] | None) -> None:
    """Save a whole row; the database keeps the version, with who and why."""
    told = {"changed_by": change.by, "reason": change.reason, "is_forced": change.is_forced, "evidence": evidence}
    await tx.execute(sa.select(sa.func.set_config("beast.feed_change", json.dumps(told), True)))
    insert = pg.insert(exchange_feeds).values(dict(values))
    others = {name: insert.excluded[name] for name in values if name != "venue"}
    await tx.execute(insert.on_conflict_do_update(index_elements=["venue"], set_=others))
    await tx.execute(sa.select(sa.func.set_config("beast.feed_change", "", True)))


async def versions(tx: AsyncConnection, venue: str, *, before: int | None, limit: int) -> list[Version]:
    """Return a venue's versions, newest first, those below `before` where it is given."""
    table = exchange_feed_versions
    query = sa.select(table).where(table.c.venue == venue).order_by(table.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(table.c.number < before)
    return [Version(**row) for row in (await tx.execute(query)).mappings()]


async def version(tx: AsyncConnection, venue: str, number: int) -> Version | None:
    """Return one version."""
    table = exchange_feed_versions
    query = sa.select(table).where(table.c.venue == venue, table.c.number == number)
    row = (await tx.execute(query)).mappings().one_or_none()
    return None if row is None else Version(**row)


async def newest_version(tx: AsyncConnection, venue: str) -> int:
    """Return the number of a venue's newest version; 0 when it never had a row."""
    table = exchange_feed_versions
    found: int | None = await tx.scalar(sa.select(sa.func.max(table.c.number)).where(table.c.venue == venue))
    return found or 0


async def mapped_counts(tx: AsyncConnection) -> dict[str, tuple[int, int, int]]:
    """Return how many rows of the map each venue has: all, enabled, and held from the start."""
    table = exchange_asset_map
    enabled, prewarmed = sa.func.count().filter(table.c.enabled), sa.func.count().filter(table.c.enabled & table.c.prewarm)
    rows = await tx.execute(sa.select(table.c.venue, sa.func.count(), enabled, prewarmed).group_by(table.c.venue))
    return {venue: (count, on, held) for venue, count, on, held in rows}


async def map_rows(tx: AsyncConnection, wanted: MapFilter) -> list[MapRow]:
    """Return one row more than `limit`, where there is one, so that the caller sees whether it goes on."""
    table = exchange_asset_map
    query = sa.select(table).order_by(table.c.asset, table.c.venue).limit(wanted.limit + 1)
    if wanted.venue:
        query = query.where(table.c.venue == wanted.venue)
    if wanted.asset:
        query = query.where(table.c.asset == wanted.asset)
    if wanted.after is not None:
        query = query.where(sa.tuple_(table.c.asset, table.c.venue) > sa.tuple_(*map(sa.literal, wanted.after)))
    return [_map_row(row) for row in (await tx.execute(query)).mappings()]


async def map_rows_of(tx: AsyncConnection, keys: Iterable[tuple[str, str]], *, locked: bool = False) -> list[MapRow]:
    """Return the rows of those assets and venues that there are; `locked` keeps others from changing them."""
    table = exchange_asset_map
    query = sa.select(table).where(sa.tuple_(table.c.asset, table.c.venue).in_(list(keys))).order_by(table.c.asset, table.c.venue)
    return [_map_row(row) for row in (await tx.execute(query.with_for_update() if locked else query)).mappings()]


async def map_row(tx: AsyncConnection, row_id: int) -> MapRow | None:
    """Return a row of the map by its id."""
    query = sa.select(exchange_asset_map).where(exchange_asset_map.c.id == row_id)
    row = (await tx.execute(query)).mappings().one_or_none()
    return None if row is None else _map_row(row)


async def hold_map(tx: AsyncConnection) -> None:
    """Let nobody else save rows of the map until the transaction ends: two batches must not wait for each other's rows."""
    await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended("exchange_asset_map", 0))))


async def write_map_rows(tx: AsyncConnection, rows: Sequence[WantedMapRow]) -> None:
    """Save rows of the map, whether they are new or there already."""
    insert = pg.insert(exchange_asset_map).values(
        [{"asset": row.asset, "venue": row.venue} | {name: getattr(row, name) for name in _KEPT} for row in rows]
    )
    others = {name: insert.excluded[name] for name in _KEPT}
    await tx.execute(insert.on_conflict_do_update(index_elements=["asset", "venue"], set_=others))


async def switch_map_row(tx: AsyncConnection, row_id: int, switches: Mapping[str, bool]) -> None:
    """Set `enabled`, `prewarm` or both on one row."""
    await tx.execute(sa.update(exchange_asset_map).where(exchange_asset_map.c.id == row_id).values(dict(switches)))


def _newest_versions() -> sa.Select[Any]:
    table = exchange_feed_versions
    return sa.select(table.c.venue, sa.func.max(table.c.number).label("newest")).group_by(table.c.venue)


def _map_row(row: Mapping[Any, Any]) -> MapRow:
    return MapRow(
        row_id=row["id"],
        asset=row["asset"],
        venue=row["venue"],
        symbol=row["symbol"],
        quote=row["quote"],
        enabled=row["enabled"],
        prewarm=row["prewarm"],
        category=row["category"],
        version=row["version"],
    )

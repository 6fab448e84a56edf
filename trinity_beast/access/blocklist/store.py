"""Every SQL statement of the blocklist."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.access.blocklist.model import Block, Standing
from trinity_beast.access.blocklist.network import Network
from trinity_beast.access.blocklist.tables import blocklist

ONE_AT_A_TIME = 7_046_029_254_386_353_131
"""The advisory lock under which blocks are set and lifted, so that one network has one block."""

_NETWORK = sa.cast(blocklist.c.network, sa.Text).label("network")
_BLOCK = [_NETWORK if column.name == "network" else column for column in blocklist.c if column.name != "changed_at"]


async def take_turn(tx: AsyncConnection) -> None:
    """Wait until nobody else sets or lifts blocks, for the length of the transaction."""
    await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(ONE_AT_A_TIME)))


async def insert_block(tx: AsyncConnection, block: Block) -> Block:
    """Keep a block and return it with its number."""
    values = {
        "network": _cidr(block.network),
        "reason": block.reason,
        "blocked_by": block.blocked_by,
        "blocked_at": block.blocked_at,
        "expires_at": block.expires_at,
    }
    return _block((await tx.execute(sa.insert(blocklist).values(values).returning(*_BLOCK))).one())


async def lift(tx: AsyncConnection, network: Network, *, by: str, at: datetime) -> Sequence[Block]:
    """End the blocks of exactly this network that stand at `at`, and return them."""
    statement = (
        sa.update(blocklist).where(blocklist.c.network == _cidr(network), _stands(at)).values(lifted_at=at, lifted_by=by).returning(*_BLOCK)
    )
    return [_block(row) for row in await tx.execute(statement)]


async def count_standing(tx: AsyncConnection, *, at: datetime) -> int:
    """Return how many blocks stand."""
    return int((await tx.execute(sa.select(sa.func.count()).select_from(blocklist).where(_stands(at)))).scalar_one())


async def blocks(tx: AsyncConnection, *, at: datetime, ended: bool, before: int | None, limit: int) -> Sequence[Block]:
    """Return blocks numbered below `before`, the newest first; those that have ended only where `ended` says so."""
    statement = sa.select(*_BLOCK).order_by(blocklist.c.block_id.desc()).limit(limit)
    if not ended:
        statement = statement.where(_stands(at))
    if before is not None:
        statement = statement.where(blocklist.c.block_id < before)
    return [_block(row) for row in await tx.execute(statement)]


async def standings(tx: AsyncConnection, *, at: datetime, changed_after: datetime | None) -> Sequence[Standing]:
    """Return how each network stands that was changed after a moment by the database's clock; without one, each that is blocked."""
    which = _stands(at)
    if changed_after is not None:
        changed = sa.select(blocklist.c.network).where(blocklist.c.changed_at > changed_after)
        which = blocklist.c.network.in_(changed)
    for_ever = sa.and_(_stands(at), blocklist.c.expires_at.is_(None))
    statement = (
        sa.select(
            _NETWORK,
            sa.func.bool_or(_stands(at)).label("is_blocked"),
            sa.func.bool_or(for_ever).label("for_ever"),
            sa.func.max(blocklist.c.expires_at).filter(_stands(at)).label("expires_at"),
        )
        .where(which)
        .group_by(blocklist.c.network)
    )
    return [Standing(Network.read(row.network), row.is_blocked, row.for_ever, row.expires_at) for row in await tx.execute(statement)]


async def database_now(tx: AsyncConnection) -> datetime:
    """Return the time by the database's clock, by which changes are stamped."""
    return (await tx.execute(sa.select(sa.func.clock_timestamp(type_=sa.DateTime(timezone=True))))).scalar_one()


def _stands(at: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(blocklist.c.lifted_at.is_(None), sa.or_(blocklist.c.expires_at.is_(None), blocklist.c.expires_at > at))


def _cidr(network: Network) -> sa.ColumnElement[str]:
    return sa.cast(str(network), pg.CIDR)


def _block(row: sa.Row[tuple[object, ...]]) -> Block:
    fields = dict(row._mapping)
    return Block(**fields | {"network": Network.read(str(fields["network"]))})

"""The statements about leaks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.access.leaks.model import Leak, Reporter
from trinity_beast.access.tables import api_keys, key_leaks, leak_reporters
from trinity_beast.audit import versions

AUDITED_AS = "leak_reporter"


async def reporter(tx: AsyncConnection, identifier: str) -> Reporter | None:
    """Return a reporter."""
    row = (await tx.execute(sa.select(leak_reporters).where(leak_reporters.c.identifier == identifier))).one_or_none()
    return None if row is None else Reporter(**row._mapping)


async def reporters(tx: AsyncConnection) -> Sequence[Reporter]:
    """Return every reporter."""
    rows = await tx.execute(sa.select(leak_reporters).order_by(leak_reporters.c.identifier))
    return await _at_their_versions(tx, [Reporter(**row._mapping) for row in rows])


async def save_reporter(tx: AsyncConnection, reporter: Reporter) -> Reporter:
    """Keep a reporter and return them at their new version; one of that identifier gets another name and key."""
    values = {
        "identifier": reporter.identifier,
        "name": reporter.name,
        "public_key": reporter.public_key,
        "added_at": reporter.added_at,
    }
    changed = {"name": reporter.name, "public_key": reporter.public_key}
    await tx.execute(insert(leak_reporters).values(values).on_conflict_do_update(index_elements=["identifier"], set_=changed))
    (saved,) = await _at_their_versions(tx, [reporter])
    return saved


async def remove_reporter(tx: AsyncConnection, identifier: str) -> bool:
    """Forget a reporter; whether there was one."""
    statement = sa.delete(leak_reporters).where(leak_reporters.c.identifier == identifier).returning(leak_reporters.c.identifier)
    return (await tx.execute(statement)).one_or_none() is not None


async def _at_their_versions(tx: AsyncConnection, found: Sequence[Reporter]) -> Sequence[Reporter]:
    numbers = await versions(tx, AUDITED_AS, [each.identifier for each in found])
    return [replace(each, version=numbers[each.identifier]) for each in found]


async def note_leak(tx: AsyncConnection, leak: Mapping[str, object]) -> bool:
    """Keep a leak; False when that key was reported at that place before."""
    statement = insert(key_leaks).values(leak).on_conflict_do_nothing().returning(key_leaks.c.leak_id)
    return (await tx.execute(statement)).one_or_none() is not None


async def mark_leaked(tx: AsyncConnection, key_id: int, *, at: datetime) -> None:
    """Mark a key as leaked; one that was before keeps its time."""
    await tx.execute(sa.update(api_keys).where(api_keys.c.key_id == key_id, api_keys.c.leaked_at.is_(None)).values(leaked_at=at))


async def leaks(tx: AsyncConnection, *, before: int | None, limit: int) -> Sequence[Leak]:
    """Return leaks, the newest first."""
    statement = sa.select(key_leaks, api_keys.c.public_id).join(api_keys, api_keys.c.key_id == key_leaks.c.key_id)
    statement = statement.order_by(key_leaks.c.leak_id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(key_leaks.c.leak_id < before)
    return [Leak(**row._mapping) for row in await tx.execute(statement)]

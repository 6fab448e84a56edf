"""Every SQL statement about what was set aside."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.usage.aside.model import Kind, Outcome, SetAside, Standing
from trinity_beast.usage.model import PackedBatch
from trinity_beast.usage.tables import usage_set_aside

_ROW = usage_set_aside.c
_WAITS = _ROW.settled_at.is_(None)
_TOLD = [column for column in _ROW if column.name != "packed"]


async def insert_batch(tx: AsyncConnection, batch: PackedBatch, *, reason: str, tries: int) -> int | None:
    """Keep a batch and return its number; None where it is kept already."""
    statement = insert(usage_set_aside).values(
        node=batch.node,
        boot=batch.boot,
        thread=batch.thread,
        first_sequence=batch.span.first,
        last_sequence=batch.span.last,
        records=batch.records,
        packed=batch.packed,
        reason=reason,
        tries=tries,
    )
    found = (await tx.execute(statement.on_conflict_do_nothing().returning(_ROW.set_aside_id))).scalar_one_or_none()
    return None if found is None else int(found)


async def keep_message(tx: AsyncConnection, *, message_id: str, message_type: str, body: bytes, reason: str, tries: int) -> None:
    """Keep a message as it came. Kept already, it is kept with the newest reason."""
    values = {"kind": Kind.MESSAGE.value, "message_id": message_id, "message_type": message_type, "packed": body}
    statement = insert(usage_set_aside).values({**values, "reason": reason, "tries": tries})
    again = {name: statement.excluded[name] for name in ("reason", "tries")}
    await tx.execute(statement.on_conflict_do_update(constraint="usage_set_aside_message_key", set_=again))


async def page(tx: AsyncConnection, *, settled: bool, before: int | None, limit: int) -> list[SetAside]:
    """Return those that wait, settled ones too where that says so, the newest first."""
    statement = sa.select(*_TOLD, sa.func.octet_length(_ROW.packed).label("packed_bytes")).order_by(_ROW.set_aside_id.desc()).limit(limit)
    if not settled:
        statement = statement.where(_WAITS)
    if before is not None:
        statement = statement.where(_ROW.set_aside_id < before)
    return [_told(row._mapping) for row in await tx.execute(statement)]


async def standing(tx: AsyncConnection) -> Standing:
    """Return how much waits."""
    is_batch = _ROW.kind == Kind.BATCH.value
    statement = sa.select(
        sa.func.count().filter(is_batch),
        sa.func.coalesce(sa.func.sum(_ROW.records), 0),
        sa.func.count().filter(sa.not_(is_batch)),
        sa.func.min(_ROW.set_aside_at),
    ).where(_WAITS)
    batches, records, messages, oldest_at = (await tx.execute(statement)).one()
    return Standing(batches, int(records), messages, oldest_at)


async def waiting_after(tx: AsyncConnection, set_aside_id: int, limit: int) -> Sequence[int]:
    """Return the numbers of those that wait, from the first past `set_aside_id` on."""
    statement = sa.select(_ROW.set_aside_id).where(_WAITS, _ROW.set_aside_id > set_aside_id).order_by(_ROW.set_aside_id).limit(limit)
    return list((await tx.execute(statement)).scalars())


async def evidence(tx: AsyncConnection, set_aside_id: int) -> tuple[Kind, bytes] | None:
    """Return what one that waits is, and its bytes; None where none does under this number."""
    row = (await tx.execute(sa.select(_ROW.kind, _ROW.packed).where(_WAITS, _ROW.set_aside_id == set_aside_id))).one_or_none()
    return None if row is None else (Kind(row.kind), bytes(row.packed))


async def settle(tx: AsyncConnection, set_aside_id: int, *, by: str, outcome: Outcome) -> bool:
    """Note what became of one that waits; whether there was one."""
    statement = (
        sa.update(usage_set_aside)
        .where(_WAITS, _ROW.set_aside_id == set_aside_id)
        .values(settled_at=sa.func.clock_timestamp(), settled_by=by, outcome=outcome.value)
        .returning(_ROW.set_aside_id)
    )
    return (await tx.execute(statement)).one_or_none() is not None


async def refused_again(tx: AsyncConnection, set_aside_id: int, reason: str) -> None:
    """Note that a further try came to nothing, and why."""
    changes = {"tries": _ROW.tries + 1, "reason": reason}
    await tx.execute(sa.update(usage_set_aside).where(_WAITS, _ROW.set_aside_id == set_aside_id).values(changes))


async def forget_settled(tx: AsyncConnection, before: datetime, *, most: int) -> int:
    """Forget some that were settled before a moment, of discarded batches their bytes alone; return how many that were."""
    is_given_up = sa.and_(_ROW.kind == Kind.BATCH.value, _ROW.outcome == Outcome.DISCARDED.value)
    has_evidence = sa.func.octet_length(_ROW.packed) > 0
    due = sa.select(_ROW.set_aside_id).where(_ROW.settled_at < before, sa.or_(sa.not_(is_given_up), has_evidence))
    chosen = list((await tx.execute(due.order_by(_ROW.set_aside_id).limit(most).with_for_update(skip_locked=True))).scalars())
    await tx.execute(sa.update(usage_set_aside).where(_ROW.set_aside_id.in_(chosen), is_given_up).values(packed=b""))
    await tx.execute(sa.delete(usage_set_aside).where(_ROW.set_aside_id.in_(chosen), sa.not_(is_given_up)))
    return len(chosen)


def _told(row: Mapping[Any, Any]) -> SetAside:
    values = dict(row)
    texts = {name: values[name] or "" for name in ("node", "boot", "message_id", "message_type", "settled_by")}
    values |= texts | {"kind": Kind(values["kind"]), "outcome": Outcome(values["outcome"]) if values["outcome"] else None}
    return SetAside(**values)

"""The statements that make and drop days. Names of partitions are made from dates, never taken from anybody."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.usage.store import ensure_partition, partition_of

LOCK_SECONDS = 2
"""Longer than this nobody queues behind us: whoever cannot have a lock by then comes again in an hour."""
_DAYS = sa.text(
    "SELECT to_date(right(child.relname, 8), 'YYYYMMDD'), inhrelid IS NOT NULL, coalesce(inhdetachpending, false)"
    " FROM pg_class AS parent JOIN pg_class AS child ON child.relnamespace = parent.relnamespace"
    " LEFT JOIN pg_inherits ON inhrelid = child.oid AND inhparent = parent.oid"
    " WHERE parent.oid = 'usage_logs'::regclass AND child.relkind = 'r' AND child.relname ~ '^usage_logs_[0-9]{8}$' ORDER BY 1"
)
_IS_SUMMED_UP = sa.text(
    "SELECT NOT EXISTS (SELECT FROM usage_day_changes WHERE day = :day)"
    " AND (SELECT coalesce(sum(requests), 0) FROM usage_days WHERE day = :day)"
    "   >= (SELECT coalesce(sum(requests), 0) FROM usage_key_days WHERE day = :day)"
)


async def days(tx: AsyncConnection) -> dict[date, tuple[bool, bool]]:
    """Return the days there are, each with whether it is attached to `usage_logs`, and whether it was being detached."""
    return {day: (is_attached, is_leaving) for day, is_attached, is_leaving in await tx.execute(_DAYS)}


async def make(tx: AsyncConnection, day: date) -> None:
    """Make a day where there is none."""
    await tx.execute(sa.text("SELECT set_config('lock_timeout', :text, true)"), {"text": f"{LOCK_SECONDS}s"})
    await ensure_partition(tx, day)


async def detach(alone: AsyncConnection, day: date, *, is_leaving: bool) -> None:
    """Take a day out of `usage_logs` without making anybody wait: we do, for whoever is reading it.

    `is_leaving` goes on with what a killed process began. `alone` is a connection that commits each statement by itself.
    """
    await alone.execute(sa.text(f"SET lock_timeout = '{LOCK_SECONDS}s'"))
    try:
        how = "FINALIZE" if is_leaving else "CONCURRENTLY"
        await alone.execute(sa.text(f"ALTER TABLE usage_logs DETACH PARTITION {partition_of(day)} {how}"))
    finally:
        await alone.execute(sa.text("RESET lock_timeout"))


async def lock_day(tx: AsyncConnection, day: date) -> None:
    """Let nobody store rows of a detached day until `tx` ends."""
    await tx.execute(sa.text("SELECT set_config('lock_timeout', :text, true)"), {"text": f"{LOCK_SECONDS}s"})
    await tx.execute(sa.text(f"LOCK TABLE {partition_of(day)} IN ACCESS EXCLUSIVE MODE"))


async def is_summed_up(tx: AsyncConnection, day: date) -> bool:
    """Whether every row of a day is in its sums: nothing is pending, and they reach what the counts of keys say."""
    return bool((await tx.execute(_IS_SUMMED_UP, {"day": day})).scalar_one())


async def drop(tx: AsyncConnection, day: date) -> None:
    """Drop a detached day, and note that its rows are not to be had any more."""
    await tx.execute(sa.text("INSERT INTO usage_days_dropped (day) VALUES (:day) ON CONFLICT DO NOTHING"), {"day": day})
    await tx.execute(sa.text(f"DROP TABLE {partition_of(day)}"))

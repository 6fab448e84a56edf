"""The lock that only one synchronisation can hold."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

_LOCK = 2679_6379
"""An advisory lock's number; any that nobody else uses in this database."""


async def locked(alone: AsyncConnection) -> bool:
    """Take the lock for as long as the connection stands; whether nobody else has it."""
    return bool((await alone.execute(sa.text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _LOCK})).scalar_one())


async def unlock(alone: AsyncConnection) -> None:
    """Give the lock back."""
    await alone.execute(sa.text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})

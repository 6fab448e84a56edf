"""Every SQL statement of the examination."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.ops.doctor.model import StoreTold


async def store_told(tx: AsyncConnection) -> StoreTold:
    """Return what the database says of itself."""
    row = (
        await tx.execute(
            sa.text("SELECT CAST(current_setting('server_version_num') AS integer), current_setting('server_version'), clock_timestamp()")
        )
    ).one()
    now: datetime = row[2]
    return StoreTold(int(row[0]), str(row[1]), now)

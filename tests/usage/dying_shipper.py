"""A shipper that is killed at its nth step, for n = 1, 2, 3 … until it gets through: `python -m tests.usage.dying_shipper SPOOL URL`."""

import asyncio
import sys
from pathlib import Path

from tests.usage.dying import DyingDatabase, DyingWaiting, Fate, killed_until_done
from trinity_beast.clock import SystemClock
from trinity_beast.parameters import Readings
from trinity_beast.randomness import dice_from
from trinity_beast.usage import InPlace, Shipper, Writer

BATCH_RECORDS = 100


async def ship(spool: Path, url: str, fate: Fate) -> None:
    database, readings = DyingDatabase(url, fate), Readings({"usage_batch_records": str(BATCH_RECORDS)})
    carrier = InPlace(Writer(database), clock=SystemClock(), readings=readings)
    shipper = Shipper(DyingWaiting(spool, fate), carrier, clock=SystemClock(), dice=dice_from("kill"), readings=readings)
    try:
        assert await shipper.ship()
    finally:
        await database.close()


if __name__ == "__main__":
    sys.exit(killed_until_done(lambda fate: asyncio.run(ship(Path(sys.argv[1]), sys.argv[2], fate))))

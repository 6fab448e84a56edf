"""A shipper that is killed at its nth step, for n = 1, 2, 3 … until it gets through: `python -m tests.usage.dying_shipper SPOOL URL`.

It prints how many kills it took. Each try is a process of its own, killed as a machine kills: no code of ours runs after.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.clock import SystemClock
from trinity_beast.engine import UsageBatch
from trinity_beast.parameters import Readings
from trinity_beast.randomness import dice_from
from trinity_beast.storage import Database
from trinity_beast.usage import InPlace, Shipper, Waiting, Writer

STEPS_MAX = 500
BATCH_RECORDS = 100


class Fate:
    """Counts steps down, and kills at the last."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def step(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class DyingDatabase(Database):
    """One that may be the last thing the process saw: before a transaction, before its commit, after it."""

    def __init__(self, url: str, fate: Fate) -> None:
        super().__init__(url)
        self._fate = fate

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        self._fate.step()
        async with super().transaction() as tx:
            yield tx
            self._fate.step()
        self._fate.step()


class DyingWaiting(Waiting):
    """Files that may be the last thing the process touched."""

    def __init__(self, directory: Path, fate: Fate) -> None:
        super().__init__(directory)
        self._fate = fate

    def batches(self, path: Path, *, records_max: int) -> list[UsageBatch]:
        self._fate.step()
        return super().batches(path, records_max=records_max)

    def stored(self, path: Path) -> None:
        self._fate.step()
        super().stored(path)
        self._fate.step()


async def ship(spool: Path, url: str, fate: Fate) -> None:
    database, readings = DyingDatabase(url, fate), Readings()
    carrier = InPlace(Writer(database), clock=SystemClock(), readings=readings)
    shipper = Shipper(DyingWaiting(spool, fate), carrier, clock=SystemClock(), dice=dice_from("kill"), readings=readings)
    readings.turn("usage_batch_records", BATCH_RECORDS)
    try:
        assert await shipper.ship()
    finally:
        await database.close()


def main(spool: Path, url: str) -> int:
    for steps in range(1, STEPS_MAX):
        child = os.fork()
        if child == 0:
            asyncio.run(ship(spool, url, Fate(steps)))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            sys.stdout.write(f"{steps - 1}\n")
            return os.WEXITSTATUS(status)
    return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))

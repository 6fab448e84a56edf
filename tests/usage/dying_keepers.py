"""Who sums usage up, or mirrors it, and is killed at the nth step, for n = 1, 2, 3 … until he gets through.

`python -m tests.usage.dying_keepers days|mirror URL VALKEY_URL` prints how many kills it took, and what each life had done.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from tests.usage.dying import DyingDatabase, Fate
from trinity_beast.clock import SystemClock
from trinity_beast.parameters import Readings
from trinity_beast.storage import Answer, Call, Command, Valkey
from trinity_beast.usage import Days, UsageMirror

STEPS_MAX = 300


class DyingValkey(Valkey):
    """A way to the cache that may be the last thing the process saw: before commands go, and after they were carried out."""

    def __init__(self, url: str, fate: Fate) -> None:
        super().__init__(url, clock=SystemClock(), command_seconds=20.0)
        self._fate = fate

    async def pipeline(self, commands: Sequence[Command | Call], **how: Any) -> list[Answer]:
        self._fate.step()
        answers = await super().pipeline(commands, **how)
        self._fate.step()
        return answers

    async def pour(self, packed: bytes, answers: int, *, within_seconds: float | None = None) -> None:
        self._fate.step()
        await super().pour(packed, answers, within_seconds=within_seconds)
        self._fate.step()


async def sum_up(url: str, _valkey_url: str, fate: Fate) -> None:
    database = DyingDatabase(url, fate)
    await Days(database, records_max=20).roll_up()
    await database.close()


async def mirror(url: str, valkey_url: str, fate: Fate) -> None:
    database, valkey = DyingDatabase(url, fate), DyingValkey(valkey_url, fate)
    done = await UsageMirror(database, valkey, SystemClock(), Readings({"usage_kept_days": "3000"}), batch_rows=10, mark_every=2).sync()
    sys.stdout.write(f"rows of the last life: {done.rows}\n")
    sys.stdout.flush()
    await valkey.close()
    await database.close()


LIVES: dict[str, Callable[[str, str, Fate], Coroutine[Any, Any, None]]] = {"days": sum_up, "mirror": mirror}


def main(life: str, url: str, valkey_url: str, steps_each: int) -> int:
    """Live again and again. With `steps_each` every life has so many steps, else each one more than the one before."""
    for lives in range(1, STEPS_MAX):
        child = os.fork()
        if child == 0:
            asyncio.run(LIVES[life](url, valkey_url, Fate(steps_each or lives)))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            sys.stdout.write(f"{lives - 1}\n")
            return os.WEXITSTATUS(status)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))

"""What may be the last thing a process touches: each step counts down, and the last one kills as a machine kills."""

import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.cloud import Queue, Received
from trinity_beast.engine import UsageBatch
from trinity_beast.storage import Database
from trinity_beast.usage import Waiting

STEPS_MAX = 500


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


class DyingQueue(Queue):
    """A queue whose sending, giving out or deleting may be the last thing the process asked for."""

    fate: Fate

    async def send(self, bodies: Sequence[str]) -> Sequence[int]:
        self.fate.step()
        refused = await super().send(bodies)
        self.fate.step()
        return refused

    async def receive(self, *, wait_seconds: int, visible_after_seconds: int) -> Sequence[Received]:
        messages = await super().receive(wait_seconds=wait_seconds, visible_after_seconds=visible_after_seconds)
        if messages:  # How often it gives none is a matter of time, and no step.
            self.fate.step()
        return messages

    async def delete(self, messages: Sequence[Received]) -> Sequence[Received]:
        self.fate.step()
        left = await super().delete(messages)
        self.fate.step()
        return left


def killed_until_done(work: Callable[[Fate], None]) -> int:
    """Do `work` in a process that is killed at its nth step, for n = 1, 2, 3 … until it gets through.

    Prints how many kills it took and returns an exit status. No code of ours runs after a kill.
    """
    for steps in range(1, STEPS_MAX):
        child = os.fork()
        if child == 0:
            work(Fate(steps))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            sys.stdout.write(f"{steps - 1}\n")
            return os.WEXITSTATUS(status)
    return 1

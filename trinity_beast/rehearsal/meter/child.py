"""A process of the rehearsal: killed when told, started again until it answers, ended in order at the end."""

import asyncio
import signal
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from trinity_beast.clock import Clock
from trinity_beast.rehearsal.errors import RehearsalBroken
from trinity_beast.rehearsal.node import last_words

READY_SECONDS = 90.0
STOP_SECONDS = 40.0
LOOK_SECONDS = 0.05
AGAIN_SECONDS = 0.3
"""A process that left by itself, as a node does whose database is away, is started again after this."""


class Child:
    """Keeps one command running. `answers` says whether what runs is ready; it is asked again and again after each start."""

    def __init__(
        self,
        name: str,
        words: Sequence[str],
        *,
        environment: Mapping[str, str],
        log: Path,
        answers: Callable[[], Awaitable[bool]],
        clock: Clock,
        ready_file: Path | None = None,
    ) -> None:
        """Run `words`. A `ready_file` that a killed one left is removed before the next start."""
        self.name, self.log = name, log
        self._ready_file = ready_file
        self._words, self._environment, self._answers, self._clock = words, environment, answers, clock
        self._process: Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._is_leaving = False
        self._down_seconds = AGAIN_SECONDS
        self.is_ready = False
        self.kills = 0
        self.left_by_itself = 0

    async def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            RehearsalBroken: it does not.
        """
        self._keeper = asyncio.create_task(self._keep(), name=f"keep {self.name}")
        await self.ready()

    async def ready(self) -> None:
        """Wait until it answers.

        Raises:
            RehearsalBroken: it does not in a long time.
        """
        ends_ns = self._clock.monotonic_ns() + round(READY_SECONDS * 1e9)
        while not self.is_ready:
            if self._clock.monotonic_ns() > ends_ns:
                raise RehearsalBroken(reason=f"{self.name} does not answer; it said: {last_words(self.log)}")
            await self._clock.sleep(LOOK_SECONDS)

    def kill(self, down_seconds: float) -> bool:
        """End it as kill -9 does, to be started again after so long; whether there was anything to kill."""
        process = self._process
        if process is None or process.returncode is not None:
            return False
        self._down_seconds, self.is_ready = down_seconds, False
        with suppress(ProcessLookupError):
            process.kill()
        self.kills += 1
        return True

    async def stop(self) -> None:
        """End it in order, and start it no more."""
        self._is_leaving = True
        process = self._process
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
            if process.returncode is None:
                process.kill()
                await process.wait()
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)

    async def _keep(self) -> None:
        while not self._is_leaving:
            await asyncio.to_thread(self._tidy)
            with self.log.open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    *self._words, env=dict(self._environment), stdin=DEVNULL, stdout=log, stderr=log
                )
            looking = asyncio.create_task(self._look(self._process), name=f"look at {self.name}")
            try:
                await self._process.wait()
            finally:
                looking.cancel()
                self.is_ready = False
            self.left_by_itself += self._process.returncode != -signal.SIGKILL and not self._is_leaving
            down_seconds, self._down_seconds = self._down_seconds, AGAIN_SECONDS
            await self._clock.sleep(down_seconds)

    def _tidy(self) -> None:
        if self._ready_file is not None:
            self._ready_file.unlink(missing_ok=True)

    async def _look(self, process: Process) -> None:
        while process.returncode is None and not self.is_ready:
            self.is_ready = await self._answers() and process.returncode is None
            await self._clock.sleep(LOOK_SECONDS)

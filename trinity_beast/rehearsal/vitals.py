"""What a process holds, as the kernel counts it and as the node itself tells."""

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp

from trinity_beast.clock import Clock
from trinity_beast.rehearsal.errors import RehearsalBroken
from trinity_beast.rehearsal.growth import Vitals
from trinity_beast.rehearsal.node import RunningNode

KIB = 1_024
TRIES_MAX, AGAIN_SECONDS = 6, 5.0
_MEMORY, _THREADS = re.compile(r"^RssAnon:\s*(\d+) kB$", re.MULTILINE), re.compile(r"^Threads:\s*(\d+)$", re.MULTILINE)


def held_by(pid: int, *, tasks: int, seconds: float) -> Vitals:
    """Return what a process holds now. Files that are mapped are no memory of its own.

    Raises:
        RehearsalBroken: there is no such process any more.
    """
    folder = Path(f"/proc/{pid}")
    try:
        status = (folder / "status").read_text()
        opened = [_target(descriptor) for descriptor in (folder / "fd").iterdir()]
    except FileNotFoundError as error:
        raise RehearsalBroken(reason="the node is gone") from error
    memory, threads = _MEMORY.search(status), _THREADS.search(status)
    if memory is None or threads is None:
        raise RehearsalBroken(reason="the kernel does not tell what the node holds")
    sockets = sum(target.startswith("socket:") for target in opened)
    files = sum(target.startswith("/") for target in opened)
    return Vitals(seconds, int(memory[1]) * KIB, int(threads[1]), tasks, sockets, files)


def _target(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except FileNotFoundError:
        return ""  # It was closed between the listing and the look.


async def told_at_last(ask: Callable[[], Awaitable[int]], clock: Clock) -> int:
    """Return what the node tells, asked again while it does not: on a busy machine it may be late, and a soak goes on.

    Raises:
        RehearsalBroken: it did not tell in `TRIES_MAX` tries.
    """
    for _ in range(TRIES_MAX - 1):
        with suppress(RehearsalBroken):
            return await ask()
        await clock.sleep(AGAIN_SECONDS)
    return await ask()


async def tasks_of(node: RunningNode, session: aiohttp.ClientSession) -> int:
    """Return how many tasks the node's event loop has, as the node tells.

    Raises:
        RehearsalBroken: it does not tell.
    """
    try:
        async with session.get(f"{node.health_url}/health") as answer:
            told: dict[str, Any] = await answer.json()
        return next(int(part["facts"]["tasks"]) for part in told["data"]["parts"] if part["part"] == "event loop")
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError, StopIteration) as error:
        raise RehearsalBroken(reason=f"the node does not tell its tasks: {error!r}") from error

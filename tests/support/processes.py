"""Waiting for what other processes do, without sleeping where the kernel can tell us."""

import os
import queue
import select
import threading
from collections.abc import Callable
from pathlib import Path

EVENT_SECONDS = 30.0


def wait_for_end(pid: int, *, within_seconds: float = EVENT_SECONDS) -> None:
    """Return once the process, whose child it need not be of ours, has ended."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([descriptor], [], [], within_seconds)[0], f"process {pid} still runs after {within_seconds} s"
    finally:
        os.close(descriptor)


def lives(pid: int) -> bool:
    """Whether the process runs: one that has ended and was not yet collected does not."""
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(holds: Callable[[], bool], what: str, *, within_seconds: float = EVENT_SECONDS) -> None:
    """Look every few milliseconds for something only a file or another process can tell."""
    pause = threading.Event()
    for _ in range(round(within_seconds / 0.005)):
        if holds():
            return
        pause.wait(0.005)
    raise AssertionError(f"{what} did not happen within {within_seconds} s")


class Heard:
    """Collects events from another thread, to be waited for by name."""

    def __init__(self) -> None:
        self._events: queue.Queue[tuple[str, dict[str, object]]] = queue.Queue()

    def __call__(self, event: str, **facts: object) -> None:
        self._events.put((event, facts))

    def next(self, event: str) -> dict[str, object]:
        """Return the facts of the next `event`; others before it are skipped."""
        while True:
            name, facts = self._events.get(timeout=EVENT_SECONDS)
            if name == event:
                return facts

"""How a process stands until it is told to stop, and how it says that it stands."""

import asyncio
import json
import os
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def signals_heeded(stopping: asyncio.Event) -> Iterator[None]:
    """Set `stopping` at the first SIGTERM or SIGINT; at a second SIGINT, which a hand gives, end as the system does.

    A second SIGTERM changes nothing: whoever ends a whole process group sends it once and `make` passes it on again.
    """
    loop = asyncio.get_running_loop()

    def heed() -> None:
        stopping.set()
        loop.remove_signal_handler(signal.SIGINT)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, heed)
    try:
        yield
    finally:
        heed()
        loop.remove_signal_handler(signal.SIGTERM)


@contextmanager
def ready_file(path: Path | None, told: Mapping[str, object]) -> Iterator[None]:
    """Keep a file of JSON that says what is `told` and our process, whole from its first moment, for the length of a block."""
    if path is None:
        yield
        return
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w") as file:
        json.dump({**told, "pid": os.getpid()}, file)
    Path(draft).replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)

"""The product as its README has it started: `beast serve` in a folder of its own, on ports of its own choosing."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.processes import wait_until

ROOT = Path(__file__).resolve().parents[2]
BEAST = Path(sys.executable).with_name("beast")
PORTS = (
    "BEAST_PRICE_PORT",
    "BEAST_PRICE_HEALTH_PORT",
    "BEAST_REPORT_PORT",
    "BEAST_REPORT_HEALTH_PORT",
    "BEAST_PRICE_UDP_PORT",
    "BEAST_REPORT_UDP_PORT",
    "BEAST_PUSH_HEALTH_PORT",
)
READY_SECONDS = 60.0
STOP_SECONDS = 40.0


@dataclass(frozen=True, slots=True)
class Product:
    """A running node and what its ready file says."""

    process: subprocess.Popen[bytes]
    folder: Path
    ready: dict[str, Any]

    def log(self) -> str:
        """What it has said so far."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")


@contextmanager
def running(folder: Path, *arguments: str, **settings: str) -> Iterator[Product]:
    """Run `beast serve` on the data folder `folder`/data until the end of the block, then have it stop in order.

    `settings` are added to its environment.
    """
    ready_file = folder / "ready.json"
    ready_file.unlink(missing_ok=True)
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [str(BEAST), "serve", "--data-dir", str(folder / "data"), "--ready-file", str(ready_file), *arguments],
            cwd=folder,
            env={**os.environ, **dict.fromkeys(PORTS, "0"), **settings},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        wait_until(lambda: ready_file.exists() or process.poll() is not None, "being ready", within_seconds=READY_SECONDS)
        if process.poll() is not None:
            raise AssertionError(f"beast serve ended with {process.returncode}: {(folder / 'log').read_text(encoding='utf-8')[-2_000:]}")
        yield Product(process, folder, json.loads(ready_file.read_text(encoding="utf-8")))
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(STOP_SECONDS)

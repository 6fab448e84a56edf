"""The product itself, `beast serve`, started in a folder of its own."""

import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import RunBroken
from trinity_beast.clock import SystemClock

PATIENCE_SECONDS = 60
CLOCK = SystemClock()
PORTS = (
    "BEAST_PRICE_PORT",
    "BEAST_PRICE_HEALTH_PORT",
    "BEAST_REPORT_PORT",
    "BEAST_REPORT_HEALTH_PORT",
    "BEAST_PRICE_UDP_PORT",
    "BEAST_REPORT_UDP_PORT",
    "BEAST_PUSH_HEALTH_PORT",
)


@dataclass(frozen=True, slots=True)
class WholeNode:
    """A running `beast serve` and what it wrote when it was ready."""

    pid: int
    ready: dict[str, Any]

    def port(self, name: str) -> int:
        """Return the port of one of its addresses."""
        return int(str(self.ready["addresses"][name]).rpartition(":")[2])


@contextmanager
def whole_node() -> Iterator[WholeNode]:
    """Run `beast serve --feeds lab` in a folder of its own, in order to its end.

    Raises:
        RunBroken: it left, or was not ready in time.
    """
    with tempfile.TemporaryDirectory(prefix="beast-bench-") as folder, node_in(Path(folder)) as running:
        yield running


@contextmanager
def node_beside_a_lab() -> Iterator[WholeNode]:
    """Run the same with the exchanges' stand-ins in a process of their own, as a node has exchanges.

    Raises:
        RunBroken: one of the two left, or was not ready in time.
    """
    with tempfile.TemporaryDirectory(prefix="beast-bench-") as folder, tempfile.TemporaryDirectory(prefix="beast-bench-") as street:
        exchanges = Path(street) / "ready.json"
        with _running(Path(street), "lab"), node_in(Path(folder), "--lab", str(exchanges)) as running:
            yield running


@contextmanager
def node_in(folder: Path, *words: str) -> Iterator[WholeNode]:
    """Run `beast serve --feeds lab` on the data folder `folder`/data and ports of its own choosing, in order to its end.

    Raises:
        RunBroken: it left, or was not ready in time.
    """
    folder.chmod(0o755)  # PostgreSQL's user has to reach what lies in it; else its cluster is made in /var/lib, and stays.
    with _running(folder, "serve", "--feeds", "lab", "--data-dir", str(folder / "data"), *words) as running:
        yield running


@contextmanager
def _running(folder: Path, *words: str) -> Iterator[WholeNode]:
    beast = Path(sys.executable).with_name("beast")
    if not beast.exists():
        raise RunBroken("there is no beast beside this Python: run `make build` first")
    ready_file, log = folder / "ready.json", folder / "log"
    environment = {**os.environ, **dict.fromkeys(PORTS, "0")}
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(beast), *words, "--ready-file", str(ready_file)], env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        yield WholeNode(process.pid, ready_file_of(ready_file, process, log))
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(PATIENCE_SECONDS)


def issue_key(folder: Path, *words: str) -> str:
    """Have the node on `folder`/data issue a key, as `beast keys issue` does, and return it.

    Raises:
        RunBroken: it did not.
    """
    beast = Path(sys.executable).with_name("beast")
    command = [str(beast), "keys", "issue", "--name", "bench", "--data-dir", str(folder / "data"), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    if done.returncode != 0:
        raise RunBroken(f"no key was issued: {done.stderr.strip()[-400:]}")
    return done.stdout.strip()


def counters_of(health_port: int) -> dict[str, int]:
    """Return what the node behind this health port has counted."""
    told: dict[str, int] = json.loads(_asked(health_port, "/counters"))["data"]
    return told


def metrics_of(health_port: int) -> dict[str, float]:
    """Return the metrics without labels of their own, by name, of the node behind this health port."""
    lines = [line for line in _asked(health_port, "/metrics").decode().splitlines() if not line.startswith("#")]
    return {line.partition("{")[0]: float(line.rpartition(" ")[2]) for line in lines}


def _asked(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    finally:
        connection.close()


def ready_file_of(ready_file: Path, process: subprocess.Popen[bytes], log: Path) -> dict[str, Any]:
    """Return what a node wrote once it was ready.

    Raises:
        RunBroken: it left, or was not ready in time.
    """
    ends = CLOCK.monotonic_ns() + PATIENCE_SECONDS * 1_000_000_000
    while CLOCK.monotonic_ns() < ends and process.poll() is None:
        if ready_file.exists():
            ready: dict[str, Any] = json.loads(ready_file.read_text())
            return ready
        threading.Event().wait(0.05)
    raise RunBroken(f"beast was not ready; it said: {log.read_text()[-800:]}")

"""A node that shares limits with others, without feeds: `python -m tests.support.limit_node`, settings in the environment.

It is joined as the product joins it, has one price, says in one line of JSON where it listens, and stops when its input ends.
"""

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.support.node import CHECKOUT
from trinity_beast.clock import SystemClock
from trinity_beast.compose.doors import engine_of
from trinity_beast.compose.gates import gates_of
from trinity_beast.compose.ground import ground
from trinity_beast.parts import Parts
from trinity_beast.randomness import SystemSecrets, dice
from trinity_beast.settings import read_settings
from trinity_beast.telemetry import Counters

DAY_NS = 86_400_000_000_000


@dataclass
class LimitNode:
    """The program as its starter sees it."""

    process: subprocess.Popen[str]
    port: int

    def kill(self) -> None:
        """End it as kill -9 does."""
        self.process.kill()
        self.process.communicate()

    def stop(self) -> None:
        """End it in order."""
        self.process.communicate(timeout=60)


def start_limit_node(folder: Path, name: str, *, database_url: str, cache_url: str, server_secret: bytes) -> LimitNode:
    """Start a node on the data folder `folder`/`name` and wait until it listens."""
    data = folder / name
    secrets = data / "secrets"
    secrets.mkdir(parents=True, exist_ok=True)
    (secrets / "server-secret").write_bytes(server_secret)
    settings = {"CLUSTER_NODE": name, "BEAST_DATA_DIR": str(data), "DATABASE_URL": database_url, "CACHE_URL": cache_url}
    with (folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.limit_node"],
            cwd=CHECKOUT,
            env={**os.environ, **settings, "BEAST_ENGINE_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout is not None
    return LimitNode(process, int(json.loads(process.stdout.readline())["port"]))


async def serve() -> None:
    clock = SystemClock()
    async with ground(read_settings(), clock, SystemSecrets(), dice()) as on:
        engine = engine_of(on)
        gates = gates_of(on, engine, Counters(engine.counters))
        engine.book.publish(
            "BTC", "97123.45", "USD", "coinbase", "coinbase-ws",
            exchange_time_ns=clock.time_ns(), received_monotonic_ns=clock.monotonic_ns(), usable_for_ns=DAY_NS,
        )  # fmt: skip
        parts = Parts(gates.parts)
        await parts.start()
        port = engine.listen_http("127.0.0.1", 0)
        engine.start()
        sys.stdout.write(json.dumps({"port": port}) + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
        await asyncio.to_thread(engine.stop, 1.0)
        await parts.stop()


if __name__ == "__main__":
    asyncio.run(serve())

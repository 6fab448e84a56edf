"""A real stand-in of AWS for the whole test session, and one of a test's own that may be killed or frozen."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import closing
from http.client import HTTPConnection
from itertools import count
from pathlib import Path

import pytest
from aiobotocore.session import get_session

from tests.support.places import quick_place
from trinity_beast.cloud import Queue
from trinity_beast.storage.postmaster import dying_with

REGION = "us-east-2"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
"""It asks for none, but who signs must have some."""
START_TRIES = 5
ANSWER_SECONDS = 30.0
_NUMBERS = count(1)


class MiniStackOfATest:
    """MiniStack on a port of 127.0.0.1 that stays its own through kills and restarts. What its queues held goes with it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it at its port, or at a free one the first time, and return once it answers."""
        for _ in range(START_TRIES):
            port = self.port or _free_port()
            self._process = self._started(port)
            if self._answers(port):
                self.port = port
                return
        raise AssertionError(f"MiniStack did not start: {(self._folder / 'log').read_text(errors='replace')[-2000:]}")

    def kill(self) -> None:
        """End it as kill -9 does."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(ANSWER_SECONDS)

    def freeze(self) -> None:
        """Stop it where it stands: connections stay open, nothing is answered."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen one go on."""
        self._signal(signal.SIGCONT)

    def make_queue(self, name: str = "") -> str:
        """Make a queue, under a name of its own unless one is given, and return its address."""
        name = name or f"usage-{next(_NUMBERS)}"
        body = f"Action=CreateQueue&QueueName={name}&Version=2012-11-05"
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)) as line:
            line.request("POST", "/", body, {"Content-Type": "application/x-www-form-urlencoded", "Authorization": _AUTHORIZATION})
            answer = line.getresponse()
            assert answer.status == 200, answer.read()
        return f"{self.url}/000000000000/{name}"

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            os.kill(self._process.pid, number)

    def _started(self, port: int) -> subprocess.Popen[bytes]:
        own = {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "SERVICES": "sqs,cloudwatch",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
        }
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                [Path(sys.executable).with_name("ministack")],
                env={**_plain_environment(), **own, **CREDENTIALS, "TMPDIR": str(self._folder)},
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=dying_with(os.getpid(), signal.SIGKILL),  # noqa: PLW1509 - A killed test run leaves nothing behind.
            )

    def _answers(self, port: int) -> bool:
        assert self._process is not None
        pause = threading.Event()
        for _ in range(round(ANSWER_SECONDS / 0.02)):
            if self._process.poll() is not None:
                return False  # Somebody else has the port.
            try:
                with closing(HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)) as line:
                    line.request("GET", "/_ministack/health")
                    if line.getresponse().status == 200:
                        return True
            except OSError:
                pass
            pause.wait(0.02)
        self.kill()
        return False


_AUTHORIZATION = f"AWS4-HMAC-SHA256 Credential=test/20261120/{REGION}/sqs/aws4_request, SignedHeaders=host, Signature=0"


def _plain_environment() -> Mapping[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _served() -> Iterator[MiniStackOfATest]:
    with tempfile.TemporaryDirectory(prefix="trinity-beast-ministack-", dir=quick_place()) as folder:
        server = MiniStackOfATest(Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.thaw()
            server.kill()


@pytest.fixture(scope="session")
def ministack() -> Iterator[MiniStackOfATest]:
    """The session's stand-in of AWS."""
    yield from _served()


@pytest.fixture
def own_ministack() -> Iterator[MiniStackOfATest]:
    """A stand-in of AWS of this test's own, to be killed, restarted or frozen."""
    yield from _served()


@pytest.fixture
def queue_url(ministack: MiniStackOfATest) -> str:
    """The address of a queue of this test's own, empty."""
    return ministack.make_queue()


@pytest.fixture
async def queue(ministack: MiniStackOfATest, queue_url: str) -> AsyncIterator[Queue]:
    """The way to a queue of this test's own, empty."""
    queue = queue_at(queue_url, ministack)
    yield queue
    await queue.close()


def queue_at(url: str, server: MiniStackOfATest, *, call_seconds: float = ANSWER_SECONDS) -> Queue:
    """Return the way to a queue."""
    session = get_session()
    session.set_credentials(*CREDENTIALS.values())
    return Queue(url, region=REGION, endpoint_url=server.url, call_seconds=lambda: call_seconds, session=session)

"""The servers under test and their references, each in its own process on the server's processor."""

import http.client
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import RunBroken
from bench.machine import pinned
from bench.processes import tree_of
from bench.supplies import ECHO
from trinity_beast.clock import SystemClock

REPOSITORY = Path(__file__).parent.parent
PATIENCE_SECONDS = 30
CLOCK = SystemClock()


def ask_line(key: str, port: int) -> bytes:
    """Return the bytes of one request for a price, the same for every server."""
    return f"GET /price?asset=BTC HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\n\r\n".encode()


def ask_datagram(key: str) -> bytes:
    """Return one datagram that asks for a price; the generator puts its id where the signs are."""
    return json.dumps({"key": key, "asset": "BTC", "id": "############"}, separators=(",", ":")).encode()


class Node:
    """A running `bench.node`, told what to do over its stdin."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        if process.stdin is None or process.stdout is None:
            raise RunBroken("a node is told what to do through pipes")
        self._process, self._orders, self._answers = process, process.stdin, process.stdout
        told = self._heard()
        self.pid: int = process.pid
        self.http_port: int = told["http"]
        self.udp_port: int = told["udp"]
        self.key: str = told["key"]
        self.cheap_key: str = told["cheap_key"]

    def counters(self) -> dict[str, int]:
        """Return what the engine has counted."""
        counted: dict[str, int] = self._ask("counters")
        return counted

    def govern(self) -> None:
        """Switch its governor on."""
        self._ask("govern")

    def hold_gil(self) -> None:
        """Have a Python thread hold the GIL from now on."""
        self._ask("busy")

    def release_gil(self) -> None:
        """End that."""
        self._ask("calm")

    def stop(self) -> dict[str, Any]:
        """Stop it in order and return its last words: connections cut, and the counters."""
        words: dict[str, Any] = self._ask("stop")
        self._process.wait(PATIENCE_SECONDS)
        return words

    def kill(self) -> None:
        """Kill it with no chance to tidy up."""
        self._process.kill()
        self._process.wait(PATIENCE_SECONDS)

    def end(self) -> None:
        """Make sure that it is gone and its pipes are closed."""
        if self._process.poll() is None:
            self.kill()
        self._orders.close()
        self._answers.close()

    def _ask(self, order: str) -> Any:
        self._orders.write(order + "\n")
        self._orders.flush()
        return self._heard()

    def _heard(self) -> Any:
        line = self._answers.readline()
        if not line:
            raise RunBroken(f"the node left with {self._process.wait(PATIENCE_SECONDS)}; its own words are above")
        return json.loads(line)


@contextmanager
def node(*options: str, core: int | None = None, spool: Path | None = None) -> Iterator[Node]:
    """Run an engine in its own process, on `core` where one is named, its records in `spool` or a folder of its own."""
    words = [sys.executable, "-m", "bench.node", *options]
    with tempfile.TemporaryDirectory(prefix="beast-bench-") as own:
        words += ["--spool", str(spool or Path(own) / "spool")]
        process = subprocess.Popen(
            words if core is None else pinned(core, *words), cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        running = None
        try:
            running = Node(process)
            yield running
        finally:
            if running is not None:
                running.end()
            elif process.poll() is None:
                process.kill()
                process.wait(PATIENCE_SECONDS)


@dataclass(frozen=True, slots=True)
class Reference:
    """A server to be measured against: where it listens and which process does the work."""

    port: int
    pid: int


def sample_body(port: int, key: str) -> bytes:
    """Return the body of one answer of the engine, for the reference to give."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", "/price?asset=BTC", headers={"Authorization": f"Bearer {key}"})
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise RunBroken(f"the engine answered {answer.status}: {body[:200]!r}")
    return body


NGINX_CONF = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 16384; multi_accept on; }}
http {{
    access_log off;
    default_type application/json;
    keepalive_timeout 3600s;
    keepalive_requests 1000000000;
    tcp_nodelay on;
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{ return 200 '{body}'; }}
    }}
}}
"""


@contextmanager
def nginx(core: int, body: bytes) -> Iterator[Reference]:
    """Run nginx in the foreground with one worker that gives `body` to whoever asks.

    Raises:
        RunBroken: it did not start.
    """
    folder = Path(tempfile.mkdtemp(prefix="beast-bench-nginx-"))
    folder.chmod(0o755)
    port = _free_port()
    text = body.decode()
    if set(text) & set("'\\$"):
        raise RunBroken("the answer holds a sign that nginx would read as something else")
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX_CONF.format(folder=folder, port=port, body=text))
    master = subprocess.Popen(pinned(core, "nginx", "-p", str(folder), "-c", str(configuration)), stderr=subprocess.DEVNULL)
    try:
        _wait_until_heard(port, master)
        workers = [pid for pid, _ in tree_of(master.pid) if pid != master.pid]
        if len(workers) != 1:
            raise RunBroken(f"nginx runs {len(workers)} workers, one was asked for")
        yield Reference(port, workers[0])
    finally:
        master.terminate()
        master.wait(PATIENCE_SECONDS)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def echo(core: int, answer_bytes: int) -> Iterator[Reference]:
    """Run the bare UDP echo that answers every datagram with `answer_bytes` bytes."""
    process = subprocess.Popen(pinned(core, str(ECHO), "0", str(answer_bytes)), stdout=subprocess.PIPE, text=True)
    try:
        told = process.stdout.readline() if process.stdout else ""
        if not told:
            raise RunBroken("the echo did not start")
        yield Reference(int(told), process.pid)
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE_SECONDS)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def _wait_until_heard(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until `port` answers.

    Raises:
        RunBroken: the process left, or was silent for too long.
    """
    ends = CLOCK.monotonic_ns() + PATIENCE_SECONDS * 1_000_000_000
    while CLOCK.monotonic_ns() < ends and process.poll() is None:
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        threading.Event().wait(0.02)
    raise RunBroken("nginx did not start")

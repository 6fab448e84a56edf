"""`beast verify` against a real node, against one that lies, and against nobody."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.readme.product import running
from tests.support.randomness import SeededSecrets
from tests.support.shell import beast, done
from trinity_beast.ops.verifying import Verdict, Verifier, Whom

pytestmark = pytest.mark.timeout(600)


class Liar(BaseHTTPRequestHandler):
    """Answers everything with the same cheerful page."""

    def answer(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}" if self.command != "HEAD" else b"")

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - The library's name.
        """Say nothing."""


class TooFast(Liar):
    """Answers that everything comes too fast, and says for how long."""

    def answer(self) -> None:
        self.send_response(429)
        self.send_header("Retry-After", "7")
        self.send_header("Content-Length", "0")
        self.end_headers()


@contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join(10)


def test_a_node_of_ours_keeps_every_promise(own_database_url: str, tmp_path: Path) -> None:
    settings, where = {"DATABASE_URL": own_database_url}, ("--data-dir", tmp_path / "data")
    with running(tmp_path, "--feeds", "lab", **settings):
        key = done("keys", "issue", "--tier", "enterprise", "--name", "verifies", *where, **settings)["secret"]
        told = beast("verify", "--key", key, *where, "--json")

    verdicts = json.loads(told.stdout)["verdicts"]
    assert [each for each in verdicts if each["faults"]] == []
    assert [each["name"] for each in verdicts if each["skipped"]] == []
    assert len(verdicts) > 45
    found = {each["name"]: each["found"] for each in verdicts}
    assert (found["reports: a summary"], found["a summary by datagram"]) == ("200 OK", "OK")
    assert told.returncode == 0


def test_one_that_lies_is_found_out() -> None:
    with served(Liar) as url:
        told = beast("verify", url, "--key", "tb_live_x")

    assert told.returncode == 1
    assert "wrong" in told.stdout
    assert "no page of another origin may read it" in " ".join(told.stdout.split())


def test_where_nobody_answers_that_is_told() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        told = beast("verify", f"http://127.0.0.1:{nobody.getsockname()[1]}")

    assert told.returncode == 1
    assert "does not answer as a node does" in told.stderr
    assert beast("verify", "ftp://127.0.0.1").returncode == 1
    assert beast("verify", "http://127.0.0.1:1", "--udp", "nowhere").returncode == 2


def test_a_key_that_asks_too_fast_waits_as_it_is_told_and_not_for_ever() -> None:
    waits: list[float] = []
    with served(TooFast) as url:
        verdicts = list(Verifier(Whom(url, key="tb_live_x"), SeededSecrets(), waits.append).verdicts())

    assert set(waits) == {7.0}
    assert all(not each.is_good for each in verdicts if not each.skipped and "429" not in each.found)
    assert len(waits) < 200


def test_without_a_key_what_needs_one_is_left_out() -> None:
    with served(Liar) as url:
        verdicts: list[Verdict] = list(Verifier(Whom(url), SeededSecrets(), lambda _: None).verdicts())

    assert {each.name for each in verdicts if each.skipped} >= {"a price", "own limits", "datagrams", "reports", "reports: datagrams"}

"""Whatever callers do to a node, the well-behaved ones among them are answered.

Nothing here looks at a clock: what the crowd costs the others in time is measured by `python -m bench hostile`.
"""

import http.client
import json
import select
import socket
from collections.abc import Callable, Iterator

import pytest

from bench.processes import raise_file_limit
from bench.servers import Node, node
from tests.faults.crowd import PATIENCE_SECONDS, crowd, deaf, half_closed, oversized, silent, slow

SILENT = 5_000
SPARE_FILES = 500
WELL_BEHAVED = 200


@pytest.fixture
def running() -> Iterator[Node]:
    """Give a node that waits one second for a header and for a reader, no longer."""
    with node("--header-seconds", "1", "--unsent-seconds", "1") as started:
        yield started


def prices_asked(running: Node, count: int) -> list[str]:
    """Ask for `count` prices over one connection and return them."""
    connection = http.client.HTTPConnection("127.0.0.1", running.http_port, timeout=PATIENCE_SECONDS)
    prices = []
    try:
        for _ in range(count):
            connection.request("GET", "/price?asset=BTC", headers={"Authorization": f"Bearer {running.key}"})
            answer = connection.getresponse()
            body = json.loads(answer.read())
            assert (answer.status, body["success"]) == (200, True), body
            prices.append(body["data"]["price"])
    finally:
        connection.close()
    return prices


def rest_of(caller: socket.socket) -> bytes:
    """Return all that a node says until it closes; nothing when it cut the line."""
    told = b""
    try:
        while came := caller.recv(65_536):
            told += came
    except ConnectionError:
        return told
    return told


@pytest.mark.parametrize(("kind", "count"), [(silent, 1_000), (slow, 500), (half_closed, 500), (oversized, 200), (deaf, 50)])
def test_prices_are_answered_in_the_midst_of(running: Node, kind: Callable[[Node], socket.socket], count: int) -> None:
    raise_file_limit(count + SPARE_FILES)
    with crowd(running, kind, count):
        assert len(prices_asked(running, WELL_BEHAVED)) == WELL_BEHAVED
    assert prices_asked(running, 1)


def test_prices_are_answered_beside_five_thousand_connections_that_send_nothing(running: Node) -> None:
    assert raise_file_limit(SILENT + SPARE_FILES) >= SILENT + SPARE_FILES, "this machine allows too few open files"
    with crowd(running, silent, SILENT):
        assert len(prices_asked(running, WELL_BEHAVED)) == WELL_BEHAVED


def test_a_header_that_never_ends_is_given_up(running: Node) -> None:
    with crowd(running, slow, 20) as callers:
        for caller in callers:
            rest_of(caller)  # It returns, so the node has closed.
        assert running.counters()["header_timeouts"] >= len(callers)


def test_an_oversized_header_is_refused_and_the_line_closed(running: Node) -> None:
    with crowd(running, oversized, 20) as callers:
        told = [rest_of(caller) for caller in callers]
    assert any(told), "all were cut without a word"
    for answer in filter(None, told):
        assert answer.startswith(b"HTTP/1.1 431 "), answer[:100]
        assert b"REQUEST_TOO_LARGE" in answer


def test_a_caller_that_closed_its_sending_half_is_still_answered(running: Node) -> None:
    with crowd(running, half_closed, 100) as callers:
        for caller in callers:
            assert rest_of(caller).startswith(b"HTTP/1.1 200 ")


def test_a_caller_that_never_reads_is_cut(running: Node) -> None:
    with crowd(running, deaf, 20) as callers:
        for caller in callers:
            hung_up = select.poll()
            hung_up.register(caller, 0)  # A hang-up is told without being asked for; nothing is read.
            assert hung_up.poll(PATIENCE_SECONDS * 1000), "its answers are still being kept"
        assert running.counters()["slow_readers_cut"] >= len(callers)
    assert prices_asked(running, 1)

"""What the engine does not answer goes to Python: socket, bytes and all."""

import socket
from collections.abc import Callable

import pytest

from tests.support.callers import Caller, request
from tests.support.engines import SECRET, Node
from trinity_beast.engine import Handed

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"


def answer_by_python(node: Node, handed: Handed) -> None:
    """Answer as the Python server would, and end the connection."""
    with socket.socket(fileno=handed.descriptor) as theirs:
        theirs.setblocking(True)
        theirs.sendall(ANSWER)
    node.engine.door.closed(handed.ticket)


ELSEWHERE = {
    "another path": request("/health"),
    "root": request("/"),
    "post of a list": request("/prices", method="POST", secret=SECRET, Content_Length="7") + b'["BTC"]',
    "unknown asset": request("/price?asset=NOPE", secret=SECRET),
    "unknown asset among others": request("/prices?assets=BTC,NOPE", secret=SECRET),
    "lower case": request("/price?asset=btc", secret=SECRET),
    "no asset": request("/price", secret=SECRET),
    "another venue": request("/price?asset=BTC&venue=kraken", secret=SECRET),
    "another option": request("/price?asset=BTC&mode=consensus", secret=SECRET),
    "odd option": request("/price?asset=BTC&max_age_ms=soon", secret=SECRET),
    "another scheme": request("/price?asset=BTC", Authorization="Basic dTpw"),
    "two keys": request("/price?asset=BTC", secret=SECRET, X_API_Key="another"),
    "body on a get": request("/price?asset=BTC", secret=SECRET, Content_Length="4") + b"body",
    "upgrade": request("/stream", Upgrade="websocket", Connection="Upgrade"),
    "leave to go on": request("/upload", method="POST", Expect="100-continue", Content_Length="9"),
    "chunks": request("/upload", method="POST", Transfer_Encoding="chunked") + b"4\r\nbody\r\n",
    "whole address": request("http://localhost/price?asset=BTC", secret=SECRET),
    "old version": request("/health", version="1.0"),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_is_not_ours_is_handed_over_with_its_bytes(node: Node, caller: Caller, name: str) -> None:
    caller.send(ELSEWHERE[name])
    handed = node.handed()
    assert handed.first_bytes == ELSEWHERE[name]
    assert handed.peer == caller.socket.getsockname()
    answer_by_python(node, handed)
    assert caller.answer().body == b"hi"
    assert caller.hears_the_end()
    assert (node.counted("handed_over"), node.counted("handed_open"), node.counted("connections_open")) == (1, 0, 0)


def test_handing_over_costs_the_key_nothing(node: Node, caller: Caller) -> None:
    digest = node.admit(burst=5, quota=5, quota_left=5)
    caller.send(ELSEWHERE["unknown asset"])
    answer_by_python(node, node.handed())
    standing = node.engine.keys.standing(digest)
    assert standing is not None
    assert (standing.tokens_left, standing.quota_left) == (5, 5)


def test_earlier_answers_leave_before_the_connection_does(node: Node, caller: Caller) -> None:
    first = request("/price?asset=BTC", secret=SECRET)
    rest = request("/health") + request("/price?asset=BTC", secret=SECRET)
    caller.send(first * 3 + rest)
    handed = node.handed()
    assert handed.first_bytes == rest
    answer_by_python(node, handed)
    assert [len(caller.answer().body) > 100 for _ in range(4)] == [True, True, True, False]


def test_a_slow_reader_gets_earlier_answers_before_the_connection_leaves(make_node: Callable[..., Node]) -> None:
    node = make_node(unsent_bytes_max=4_000_000)
    node.admit()
    node.publish()
    caller = node.caller(receive_bytes=4_096)
    caller.send(request("/price?asset=BTC", secret=SECRET) * 8_000 + request("/health"))
    told = [caller.answer().status for _ in range(8_000)]
    assert told == [200] * 8_000
    answer_by_python(node, node.handed())
    assert caller.answer().body == b"hi"


def test_bytes_not_yet_read_stay_in_the_socket(node: Node, caller: Caller) -> None:
    body = b"x" * 300_000
    caller.send(request("/upload", method="POST", Content_Length=str(len(body))))
    handed = node.handed()
    caller.send(body)
    with socket.socket(fileno=handed.descriptor) as theirs:
        theirs.setblocking(True)
        theirs.settimeout(10)
        got = handed.first_bytes.partition(b"\r\n\r\n")[2]
        while len(got) < len(body):
            got += theirs.recv(65_536)
    node.engine.door.closed(handed.ticket)
    assert got == body


def test_no_more_connections_are_handed_over_than_are_allowed(make_node: Callable[..., Node]) -> None:
    node = make_node(handed_max=2)
    first, second, third = node.caller(), node.caller(), node.caller()
    first.send(request("/health"))
    handed = node.handed()
    second.send(request("/health"))
    later = node.handed()
    third.send(request("/upload", method="POST", Content_Length="200000") + b"x" * 200_000)
    refused = third.answer()
    assert (refused.status, refused.envelope["code"], refused.headers["connection"]) == (503, "OVERLOADED", "close")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert node.counted("handed_refused") == 1

    answer_by_python(node, handed)
    node.engine.door.closed(handed.ticket)
    assert first.answer().body == b"hi"
    with node.caller() as fourth:
        fourth.send(request("/health"))
        answer_by_python(node, node.handed())
        assert fourth.answer().body == b"hi"
    answer_by_python(node, later)
    assert node.counted("handed_open") == 0


def test_a_handed_connection_counts_for_its_address_until_it_ends(make_node: Callable[..., Node]) -> None:
    node = make_node(connections_per_address_max=1)
    caller = node.caller()
    caller.send(request("/health"))
    handed = node.handed()
    assert node.caller().answer().status == 503
    answer_by_python(node, handed)
    with node.caller() as other:
        other.send(request("/health"))
        answer_by_python(node, node.handed())
        assert other.answer().body == b"hi"


def test_connections_nobody_took_are_closed_when_the_engine_stops(node: Node, caller: Caller) -> None:
    caller.send(request("/health"))
    node.until_counted("handed_open", 1)
    node.engine.stop(0.0)
    assert caller.hears_the_end()

"""Callers that are slow, silent, or many: each bound holds and others do not feel it."""

import contextlib
import socket
from collections.abc import Callable

from tests.support.callers import Caller, request
from tests.support.engines import SECRET, Node

ASK = request("/price?asset=BTC", secret=SECRET)


def ready(node: Node) -> Node:
    node.admit()
    node.publish(usable_for_ns=10**15)
    return node


def test_a_header_that_does_not_end_in_time_ends_the_connection(node: Node, caller: Caller) -> None:
    caller.send(ASK[:20])
    other = node.caller()
    assert other.ask("/price?asset=BTC", secret=SECRET).status == 200  # The slow one's first bytes were read before.
    node.advance(9.9)
    caller.send(ASK[20:21])
    assert other.ask("/price?asset=BTC", secret=SECRET).status == 200
    assert node.counted("header_timeouts") == 0

    node.advance(0.1)
    assert caller.hears_the_end()
    assert (node.counted("header_timeouts"), node.counted("idle_timeouts")) == (1, 0)


def test_a_chunk_that_does_not_come_in_time_ends_the_connection(node: Node, caller: Caller) -> None:
    caller.send(b"POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert node.caller().ask("/price?asset=BTC", secret=SECRET).status == 200
    node.advance(10)
    assert caller.hears_the_end()
    assert node.counted("header_timeouts") == 1


def test_a_connection_that_asks_nothing_ends_after_its_time(make_node: Callable[..., Node]) -> None:
    node = ready(make_node())
    silent, asking = node.caller(), node.caller()
    assert asking.ask("/price?asset=BTC", secret=SECRET).status == 200
    node.advance(40)
    assert asking.ask("/price?asset=BTC", secret=SECRET).status == 200
    node.advance(35)
    assert silent.hears_the_end()
    assert asking.ask("/price?asset=BTC", secret=SECRET).status == 200
    assert node.counted("idle_timeouts") == 1


def test_no_more_connections_are_kept_than_are_allowed(make_node: Callable[..., Node]) -> None:
    node = ready(make_node(connections_max=3, threads=2))
    kept = [node.caller() for _ in range(3)]
    assert [caller.ask("/price?asset=BTC", secret=SECRET).status for caller in kept] == [200] * 3
    refused = node.caller()
    assert refused.answer().envelope["code"] == "OVERLOADED"
    assert refused.hears_the_end()
    assert (node.counted("connections_refused"), node.counted("connections_open")) == (1, 3)

    assert kept[0].ask("/price?asset=BTC", secret=SECRET, Connection="close").status == 200
    assert kept[0].hears_the_end()
    kept[0].socket.close()
    node.until_counted("connections_open", 2)
    assert node.caller().ask("/price?asset=BTC", secret=SECRET).status == 200


def test_no_more_connections_are_kept_from_one_address_than_are_allowed(make_node: Callable[..., Node]) -> None:
    node = ready(make_node(connections_per_address_max=2))
    kept = [node.caller() for _ in range(2)]
    assert [caller.ask("/price?asset=BTC", secret=SECRET).status for caller in kept] == [200] * 2
    assert node.caller().answer().status == 503
    other = socket.create_connection(("127.0.0.1", node.port), timeout=5, source_address=("127.0.0.2", 0))
    with other:
        other.sendall(ASK)
        assert other.recv(12) == b"HTTP/1.1 200"


def test_a_reader_that_takes_nothing_is_cut_and_costs_bounded_bytes(make_node: Callable[..., Node]) -> None:
    node = ready(make_node(unsent_bytes_max=50_000))
    slow = node.caller(receive_bytes=2_048)
    slow.socket.settimeout(0.3)
    sent = 0
    try:
        while sent < 50_000_000:
            sent += slow.socket.send(ASK * 100)
    except TimeoutError:
        pass
    assert sent < 50_000_000, "the engine went on reading from somebody who does not read"
    assert node.counted("tcp_requests") < 20_000
    assert node.caller().ask("/price?asset=BTC", secret=SECRET).status == 200

    node.advance(20)
    node.until_counted("slow_readers_cut", 1)
    assert node.counted("connections_open") == 1


def test_many_readers_that_take_nothing_cost_bounded_bytes_together(make_node: Callable[..., Node]) -> None:
    node = ready(make_node(unsent_bytes_max=100_000_000))
    for _ in range(4):
        slow = node.caller(receive_bytes=2_048)
        with contextlib.suppress(OSError):  # Whoever is one too many is cut while it still asks.
            for _ in range(300):
                slow.send(ASK * 100)
    for _ in range(1_000):
        if node.counted("slow_readers_cut"):
            break
        assert node.caller().ask("/price?asset=BTC", secret=SECRET, Connection="close").status == 200
    assert 1 <= node.counted("slow_readers_cut") < 4
    assert node.caller().ask("/price?asset=BTC", secret=SECRET).status == 200


def test_a_reader_that_takes_at_last_gets_everything_in_order(make_node: Callable[..., Node]) -> None:
    node = ready(make_node(unsent_bytes_max=20_000))
    for number in range(20):
        node.publish(f"A{number}", str(number), usable_for_ns=10**15)
    asked = [f"A{number % 20}" for number in range(5_000)]
    caller = node.caller(receive_bytes=4_096)
    text = b"".join(request(f"/price?asset={name}", secret=SECRET) for name in asked)
    told: list[str] = []
    while len(told) < len(asked):
        if text:
            caller.socket.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                text = text[caller.socket.send(text[:200_000]) :]
            caller.socket.settimeout(10)
        told.append(caller.answer().envelope["data"]["asset"])
    assert told == asked
    assert node.counted("tcp_requests") == 5_000


def test_a_caller_that_stops_sending_still_gets_its_answers(caller: Caller) -> None:
    caller.send(ASK * 3)
    caller.socket.shutdown(socket.SHUT_WR)
    assert [caller.answer().status for _ in range(3)] == [200] * 3
    assert caller.hears_the_end()


def test_a_caller_that_stops_sending_in_the_middle_is_let_go(node: Node, caller: Caller) -> None:
    caller.send(ASK + ASK[:30])
    caller.socket.shutdown(socket.SHUT_WR)
    assert caller.answer().status == 200
    assert caller.hears_the_end()
    assert node.counted("requests_malformed") == 0


def test_a_slow_reader_that_stops_sending_still_gets_its_answers(make_node: Callable[..., Node]) -> None:
    node = ready(make_node(unsent_bytes_max=20_000))
    caller = node.caller(receive_bytes=4_096)
    caller.send(ASK * 1_000)
    caller.socket.shutdown(socket.SHUT_WR)
    assert [caller.answer().status for _ in range(1_000)] == [200] * 1_000
    assert caller.hears_the_end()


def test_a_blocked_address_is_refused_at_the_door(node: Node) -> None:
    node.engine.blocklist.block("127.0.0.3/32", seconds=60)
    blocked = socket.create_connection(("127.0.0.1", node.port), timeout=5, source_address=("127.0.0.3", 0))
    with blocked, contextlib.suppress(ConnectionResetError):
        assert blocked.recv(1) == b""
    assert node.counted("blocked_refused") == 1
    assert node.caller().ask("/price?asset=BTC", secret=SECRET).status == 200

    node.advance(60)
    with socket.create_connection(("127.0.0.1", node.port), timeout=5, source_address=("127.0.0.3", 0)) as free:
        free.sendall(ASK)
        assert free.recv(12) == b"HTTP/1.1 200"

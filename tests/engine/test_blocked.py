"""Whoever is blocked is refused where they are: at the door, in the middle of a conversation, and by datagram."""

import contextlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.engine.test_udp import asked, asking
from tests.support.callers import request
from tests.support.engines import SECRET, Node
from trinity_beast.access.key_format import with_checksum

ASK = request("/price?asset=BTC", secret=SECRET)


@contextmanager
def connected(node: Node, address: str = "127.0.0.3") -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", node.port), timeout=10, source_address=(address, 0)) as caller:
        caller.sendall(ASK)
        assert caller.recv(65_536).startswith(b"HTTP/1.1 200")
        yield caller


def ended(caller: socket.socket) -> bool:
    with contextlib.suppress(ConnectionResetError):
        return caller.recv(1) == b""
    return True


def test_an_open_connection_is_cut_at_its_next_request(node: Node) -> None:
    with connected(node) as blocked, connected(node, "127.0.0.4") as other:
        node.engine.blocklist.block("127.0.0.3", seconds=None)
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            blocked.sendall(ASK)
        assert ended(blocked)
        other.sendall(ASK)
        assert other.recv(65_536).startswith(b"HTTP/1.1 200")
    assert node.counted("blocked_refused") == 1


def test_an_open_connection_that_asks_nothing_is_cut_all_the_same(node: Node) -> None:
    with connected(node) as blocked:
        node.engine.blocklist.block("127.0.0.0/29", seconds=60)
        assert ended(blocked)


def test_a_waiting_request_of_whoever_is_blocked_is_dropped(node: Node) -> None:
    with connected(node) as blocked:
        blocked.sendall(request("/price?asset=BTC", secret=with_checksum("tb_live_" + "n" * 32)))
        ticket, _ = node.question()
        node.engine.blocklist.block("127.0.0.3", seconds=60)
        assert ended(blocked)
        node.engine.questions.answer_all([(ticket, "KEY_INVALID")])
    node.until_counted("connections_open", 0)


def test_a_datagram_from_a_blocked_address_gets_no_answer(node: Node) -> None:
    with asking(node) as caller:
        assert asked(caller, key=SECRET, asset="BTC")["code"] == "OK"
        node.engine.blocklist.block("127.0.0.1/32", seconds=60)
        caller.send(b'{"key":"x","asset":"BTC"}'.ljust(300))
        node.until_counted("blocked_refused", 1)
        node.engine.blocklist.unblock("127.0.0.1")
        assert asked(caller, key=SECRET, asset="BTC")["code"] == "OK"


def test_other_doors_can_ask_who_is_blocked(node: Node) -> None:
    blocklist = node.engine.blocklist
    blocklist.block("203.0.113.0/24", seconds=60)
    blocklist.block("fe80::1", seconds=60)
    assert all(blocklist.refuses(each) for each in ("203.0.113.7", "::ffff:203.0.113.7", "fe80::1%lo"))
    assert not blocklist.refuses("203.0.114.1")
    node.advance(61)
    assert not blocklist.refuses("203.0.113.7")
    with pytest.raises(ValueError, match="address: an IP address"):
        blocklist.refuses("nobody")


def test_a_block_without_end_outlives_any_clock_and_is_listed_so(node: Node) -> None:
    node.engine.blocklist.block("203.0.113.0/24", seconds=None)
    node.advance(10**8)
    assert node.engine.blocklist.entries() == [("203.0.113.0/24", float("inf"))]

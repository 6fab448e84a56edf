"""Bounds that are turned while the engine runs hold from the next request on, for connections that are open too."""

from collections.abc import Callable

import pytest

from tests.support.callers import request
from tests.support.engines import SECRET, Node
from trinity_beast.engine import Limits

ASK = "/price?asset=BTC"


@pytest.fixture
def node(make_node: Callable[..., Node]) -> Node:
    node = make_node()
    node.admit()
    node.publish(usable_for_ns=10**15)
    return node


@pytest.mark.parametrize("most", [1_024, 65_536])
def test_a_header_may_be_so_long(node: Node, most: int) -> None:
    caller = node.caller()
    assert caller.ask(ASK, secret=SECRET).status == 200
    node.engine.set_limits(Limits(header_bytes_max=most))
    head = len(request(ASK, secret=SECRET, **{"X-Long": ""}))
    assert caller.ask(ASK, secret=SECRET, **{"X-Long": "x" * (most - head)}).status == 200
    assert caller.ask(ASK, secret=SECRET, **{"X-Long": "x" * (most - head + 1)}).status == 431


@pytest.mark.parametrize("seconds", [1.0, 3_600.0])
def test_a_connection_that_is_open_may_be_silent_so_long(node: Node, seconds: float) -> None:
    silent, other = node.caller(), node.caller()
    assert silent.ask(ASK, secret=SECRET).status == 200
    node.engine.set_limits(Limits(idle_seconds=seconds))
    node.advance(seconds * 0.6)
    assert other.ask(ASK, secret=SECRET).status == 200
    assert node.counted("idle_timeouts") == 0
    node.advance(seconds * 0.4)
    assert silent.hears_the_end()
    assert other.ask(ASK, secret=SECRET).status == 200


@pytest.mark.parametrize("seconds", [0.1, 600.0])
def test_a_header_may_take_so_long(node: Node, seconds: float) -> None:
    node.engine.set_limits(Limits(header_seconds=seconds, idle_seconds=3_600.0))
    slow, other = node.caller(), node.caller()
    slow.send(request(ASK, secret=SECRET)[:20])
    assert other.ask(ASK, secret=SECRET).status == 200
    node.advance(seconds)
    assert slow.hears_the_end()
    assert node.counted("header_timeouts") == 1


def test_fewer_connections_are_let_in_and_nobody_is_sent_away(node: Node) -> None:
    kept = [node.caller() for _ in range(3)]
    assert [each.ask(ASK, secret=SECRET).status for each in kept] == [200] * 3
    node.engine.set_limits(Limits(connections_max=2))
    assert node.caller().answer().envelope["code"] == "OVERLOADED"
    assert [each.ask(ASK, secret=SECRET).status for each in kept] == [200] * 3
    node.engine.set_limits(Limits(connections_per_address_max=3))
    assert node.caller().answer().status == 503
    node.engine.set_limits(Limits())
    assert node.caller().ask(ASK, secret=SECRET).status == 200

"""Prices over UDP, asked of a whole engine: its threads, its sockets, and Python behind it."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.callers import WAIT_SECONDS
from tests.support.engines import SECRET, STRANGER, Node
from trinity_beast.usage import SpoolReader


@contextmanager
def asking(node: Node) -> Iterator[socket.socket]:
    """Give a socket that speaks to the node's datagram port, opened for this."""
    port = node.engine.listen_udp("127.0.0.1", 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        caller.settimeout(WAIT_SECONDS)
        caller.connect(("127.0.0.1", port))
        yield caller


def asked(caller: socket.socket, **request: object) -> dict[str, Any]:
    """Ask, with room for any answer, and return it."""
    caller.send(json.dumps(request).encode().ljust(300))
    answer = json.loads(caller.recv(2_048))
    assert isinstance(answer, dict)
    return answer


def test_a_price_is_answered_and_its_record_is_in_the_spool(make_node: Callable[..., Node], tmp_path: Path) -> None:
    node = make_node(spool_directory=str(tmp_path), threads=2)
    node.admit()
    node.publish()
    with asking(node) as caller:
        answer = asked(caller, key=SECRET, asset="BTC", id="a")
    assert (answer["success"], answer["price"], answer["source"], answer["id"]) == (True, "97123.45", "coinbase-ws", "a")
    records = list(SpoolReader(tmp_path).records())
    assert [(record.request_id, record.protocol, record.status) for record in records] == [(answer["request_id"], "udp", 200)]


def test_a_new_key_is_looked_up_while_its_datagram_waits(node: Node) -> None:
    with asking(node) as caller:
        caller.send(json.dumps({"key": STRANGER, "asset": "BTC"}).encode().ljust(300))
        ticket, digest = node.question()
        assert digest == node.engine.keys.digest_of(STRANGER)
        node.admit(STRANGER, key_id=8)
        node.engine.questions.answer_all([(ticket, None)])
        assert json.loads(caller.recv(2_048))["code"] == "OK"


def test_a_wrong_key_is_refused_with_no_more_bytes_than_it_sent(node: Node) -> None:
    with asking(node) as caller:
        request = json.dumps({"key": STRANGER, "asset": "BTC"}).encode().ljust(90)
        caller.send(request)
        ticket, digest = node.question()
        node.engine.keys.refuse(digest, "KEY_INVALID", seconds=60)
        node.engine.questions.answer_all([(ticket, "KEY_INVALID")])
        answer = caller.recv(2_048)
        assert json.loads(answer)["code"] == "KEY_INVALID"
        assert len(answer) <= len(request)


def test_a_tier_without_udp_is_told_so(node: Node) -> None:
    node.admit("tb_live_http_only", udp=False)
    with asking(node) as caller:
        assert asked(caller, key="tb_live_http_only", asset="BTC")["code"] == "TIER_FORBIDS"


def test_what_is_in_flight_is_answered_before_the_socket_closes(node: Node) -> None:
    with asking(node) as caller:
        for number in range(50):
            caller.send(json.dumps({"key": SECRET, "asset": "BTC", "id": number}).encode().ljust(200))
        node.engine.stop(1.0)
        assert [json.loads(caller.recv(2_048))["id"] for _ in range(50)] == list(range(50))


def test_the_buffer_the_kernel_gave_is_told(node: Node) -> None:
    assert node.counted("udp_receive_buffer_bytes") == 0
    with asking(node):
        assert node.counted("udp_receive_buffer_bytes") > 4_096

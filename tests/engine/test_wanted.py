"""Datagrams that ask for a price nobody holds yet wait for Python, in their place, once paid for."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.engine.test_udp import asked, asking
from tests.support.engines import SECRET, STRANGER, Node, wait_for
from trinity_beast.usage import SpoolReader


def send(caller: Any, **request: object) -> None:
    caller.send(json.dumps({"key": SECRET} | request).encode().ljust(400))


def told(caller: Any) -> dict[str, Any]:
    answer = json.loads(caller.recv(2_048))
    assert isinstance(answer, dict)
    return answer


def wanted(node: Node) -> list[tuple[int, list[str]]]:
    wait_for(node.engine.wanted)
    return node.engine.wanted.take()


def test_a_datagram_for_a_price_on_demand_waits_until_it_was_fetched(make_node: Callable[..., Node], tmp_path: Path) -> None:
    node = make_node(spool_directory=str(tmp_path))
    node.admit(quota=5, quota_left=5)
    node.engine.book.offer(["COLD"])
    with asking(node) as caller:
        send(caller, asset="COLD", id="a")
        [(ticket, assets)] = wanted(node)
        assert assets == ["COLD"]
        node.publish("COLD", "7.5", state="rest", source="coinbase-rest", prewarmed=False)
        node.engine.wanted.answer(ticket)
        answer = told(caller)
        assert (answer["price"], answer["state"], answer["id"]) == ("7.5", "rest", "a")
        assert asked(caller, key=SECRET, asset="COLD")["price"] == "7.5"
    records = list(SpoolReader(tmp_path).records())
    assert [(record.request_id == answer["request_id"], record.status) for record in records] == [(True, 200), (False, 200)]
    standing = node.engine.keys.standing(node.engine.keys.digest_of(SECRET))
    assert standing is not None
    assert standing.quota_left == 3


def test_a_name_that_is_not_offered_is_refused_at_once_and_reaches_nobody(node: Node) -> None:
    node.engine.book.offer(["COLD"])
    with asking(node) as caller:
        for number in range(200):
            assert asked(caller, key=SECRET, asset=f"X{number}")["code"] == "ASSET_UNKNOWN"
    assert node.engine.wanted.take() == []
    assert node.counted("questions_asked") == 0


def test_what_could_not_be_fetched_is_unavailable_and_not_asked_for_again(node: Node) -> None:
    node.engine.book.offer(["COLD"])
    with asking(node) as caller:
        send(caller, asset="COLD")
        node.engine.wanted.answer(wanted(node)[0][0])
        assert told(caller)["code"] == "PRICE_UNAVAILABLE"
    assert node.engine.wanted.take() == []


def test_a_datagram_nobody_answers_is_told_so_in_time(node: Node) -> None:
    node.engine.book.offer(["COLD"])
    with asking(node) as caller:
        send(caller, asset="COLD")
        [(ticket, _)] = wanted(node)
        node.advance(5.0)
        assert told(caller)["code"] == "PRICE_UNAVAILABLE"
        assert node.counted("questions_timed_out") == 1
        node.engine.wanted.answer(ticket)  # Too late: the ticket is stale and nothing happens.
        assert asked(caller, key=SECRET, asset="BTC")["code"] == "OK"


def test_a_list_waits_for_all_that_is_missing_of_it(node: Node) -> None:
    node.engine.book.offer(["COLD", "ICE"])
    with asking(node) as caller:
        send(caller, assets=["BTC", "COLD", "ICE", "NOPE", "COLD"])
        [(ticket, assets)] = wanted(node)
        assert assets == ["COLD", "ICE"]
        node.publish("COLD", "7.5")
        node.engine.wanted.answer(ticket)
        answer = told(caller)
    assert [price["asset"] for price in answer["prices"]] == ["BTC", "COLD", "COLD"]
    assert {missing["asset"]: missing["code"] for missing in answer["missing"]} == {"ICE": "PRICE_UNAVAILABLE", "NOPE": "ASSET_UNKNOWN"}


def test_whoever_asks_too_fast_asks_nobody(make_node: Callable[..., Node]) -> None:
    node = make_node()
    node.admit(rate_per_second=0.001, burst=2)
    node.engine.book.offer(["COLD"])
    with asking(node) as caller:
        for _ in range(5):
            send(caller, asset="COLD")
        assert [told(caller)["code"] for _ in range(3)] == ["RATE_LIMITED"] * 3
        tickets = [ticket for ticket, _ in wanted(node)]
        assert len(tickets) == 2
        for ticket in tickets:
            node.engine.wanted.answer(ticket)
        assert [told(caller)["code"] for _ in range(2)] == ["PRICE_UNAVAILABLE"] * 2


def test_no_more_wait_than_may_and_the_rest_are_told_at_once(make_node: Callable[..., Node]) -> None:
    node = make_node(questions_max=4)
    node.admit()
    node.engine.book.offer(["COLD"])
    with asking(node) as caller:
        for _ in range(5):
            send(caller, asset="COLD")
        assert [told(caller)["code"] for _ in range(3)] == ["PRICE_UNAVAILABLE"] * 3
        assert len(wanted(node)) == 2
        send(caller, key=STRANGER, asset="BTC")
        assert node.question()[1] == node.engine.keys.digest_of(STRANGER), "keys have room of their own"


def test_a_new_key_may_ask_for_a_price_on_demand(node: Node) -> None:
    node.engine.book.offer(["COLD"])
    with asking(node) as caller:
        send(caller, key=STRANGER, asset="COLD")
        ticket, _ = node.question()
        node.admit(STRANGER, key_id=8)
        node.engine.questions.answer_all([(ticket, None)])
        [(ticket, _)] = wanted(node)
        node.publish("COLD", "7.5")
        node.engine.wanted.answer(ticket)
        assert told(caller)["price"] == "7.5"


def test_an_answer_that_was_fetched_is_no_larger_than_three_times_its_request(node: Node) -> None:
    node.engine.book.offer(["COLD"])
    with asking(node) as caller:
        request = json.dumps({"key": SECRET, "asset": "COLD"}).encode()
        caller.send(request)
        [(ticket, _)] = wanted(node)
        node.publish("COLD", "7.5")
        node.engine.wanted.answer(ticket)
        assert len(caller.recv(2_048)) <= 3 * len(request)


def test_over_http_an_offered_asset_is_handed_over_like_any_unknown_one(node: Node) -> None:
    node.engine.book.offer(["COLD"])
    caller = node.caller()
    caller.send(f"GET /price?asset=COLD HTTP/1.1\r\nHost: x\r\nX-API-Key: {SECRET}\r\n\r\n".encode())
    assert node.handed().first_bytes.startswith(b"GET /price?asset=COLD")


def test_those_who_wait_are_answered_when_the_engine_stops(node: Node) -> None:
    node.engine.book.offer(["COLD"])
    with asking(node) as caller:
        send(caller, asset="COLD")
        wanted(node)
        node.engine.stop(1.0)
        assert told(caller)["code"] == "PRICE_UNAVAILABLE"

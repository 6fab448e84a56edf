"""Wrong keys: so many from one address, then nothing of its is looked up for a while, and nobody else is hurt."""

import json
import socket
from collections.abc import Callable

import pytest

from tests.engine.test_udp import asking
from tests.support.callers import Answer, Caller, request
from tests.support.engines import SECRET, STRANGER, Node
from trinity_beast.access.key_format import with_checksum

ASK = "/price?asset=BTC"


def wrong(number: int) -> str:
    return with_checksum(f"tb_live_{number:032}")


def guess(node: Node, caller: Caller, number: int) -> Answer:
    """Ask with a key that nobody issued, and have Python look it up where it is asked to."""
    caller.send(f"GET {ASK} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {wrong(number)}\r\n\r\n".encode())
    ticket, digest = node.question()
    node.engine.keys.refuse(digest, "KEY_INVALID", seconds=300)
    node.engine.questions.answer_all([(ticket, "KEY_INVALID")])
    return caller.answer()


@pytest.fixture
def spent(node: Node) -> Caller:
    """A connection whose address has just sent its last wrong key."""
    node.engine.tries.set_bounds(most=3, window_seconds=60, pause_seconds=42)
    caller = node.caller()
    assert [guess(node, caller, number).envelope["code"] for number in range(3)] == ["KEY_INVALID"] * 3
    return caller


def test_who_was_wrong_is_told_to_operators_the_worst_first(node: Node, spent: Caller) -> None:
    node.engine.tries.fail("2001:db8::7", "a guess")
    told = node.engine.tries.worst(most=5)

    assert [one[:3] for one in told] == [("127.0.0.1", "http", 3), ("2001:db8::/64", "http", 1)]
    assert [round(one[3]) for one in told] == [42, 0]
    assert node.engine.tries.worst(most=1) == told[:1]
    with pytest.raises(OverflowError):
        node.engine.tries.worst(most=-1)


def test_after_so_many_wrong_keys_no_further_one_is_looked_up(node: Node, spent: Caller) -> None:
    asked = node.counted("questions_asked")
    answer = spent.ask(ASK, secret=wrong(99))
    assert (answer.status, answer.envelope["code"], answer.headers["retry-after"]) == (429, "KEY_TRIES_SPENT", "42")
    assert answer.headers["ratelimit-policy"] == '"tries";q=3;w=60'
    assert answer.headers["ratelimit"] == '"tries";r=0;t=42'
    assert [answer.headers[f"x-ratelimit-{name}"] for name in ("limit", "remaining", "reset")] == ["3", "0", "42"]
    assert "42 s" in answer.envelope["errors"][0]["fix"] + answer.envelope["message"]
    assert node.counted("questions_asked") == asked

    node.advance(42)
    assert guess(node, spent, 99).envelope["code"] == "KEY_INVALID"


def test_a_good_key_behind_the_same_address_answers_all_the_while(spent: Caller) -> None:
    assert spent.ask(ASK, secret=wrong(99)).status == 429
    assert spent.ask(ASK, secret=SECRET).status == 200


def test_another_address_is_not_held_to_account(node: Node, spent: Caller) -> None:
    with socket.create_connection(("127.0.0.1", node.port), timeout=5, source_address=("127.0.0.2", 0)) as other:
        other.sendall(f"GET {ASK} HTTP/1.1\r\nHost: x\r\nX-API-Key: {wrong(7)}\r\n\r\n".encode())
        ticket, digest = node.question()
        assert digest == node.engine.keys.digest_of(wrong(7))
        node.engine.questions.answer_all([(ticket, "KEY_INVALID")])
        assert other.recv(12) == b"HTTP/1.1 401"


def test_forged_datagrams_cost_nobody_their_tries_over_http(node: Node) -> None:
    node.engine.tries.set_bounds(most=2, window_seconds=60, pause_seconds=30)
    with asking(node) as forger:

        def guessed(number: int) -> str:
            forger.send(json.dumps({"key": wrong(number), "asset": "BTC"}).encode().ljust(400))
            ticket, digest = node.question()
            node.engine.keys.refuse(digest, "KEY_INVALID", seconds=300)
            node.engine.questions.answer_all([(ticket, "KEY_INVALID")])
            return str(json.loads(forger.recv(2_048))["code"])

        assert [guessed(number) for number in range(2)] == ["KEY_INVALID"] * 2
        forger.send(json.dumps({"key": wrong(9), "asset": "BTC"}).encode().ljust(400))
        assert json.loads(forger.recv(2_048))["code"] == "KEY_TRIES_SPENT"
        small = json.dumps({"key": wrong(9), "asset": "BTC"}).encode().ljust(100)
        forger.send(small)
        assert len(forger.recv(2_048)) <= len(small), "a forged sender gains nothing"
    assert guess(node, node.caller(), 50).envelope["code"] == "KEY_INVALID"


def test_one_old_key_sent_for_ever_shuts_nobody_out(node: Node) -> None:
    node.engine.tries.set_bounds(most=2, window_seconds=60, pause_seconds=30)
    caller = node.caller()
    guess(node, caller, 1)
    assert {caller.ask(ASK, secret=wrong(1)).envelope["code"] for _ in range(50)} == {"KEY_INVALID"}
    assert guess(node, caller, 2).envelope["code"] == "KEY_INVALID"


def test_of_all_addresses_together_so_many_guesses_are_looked_up_in_a_second_and_no_more(node: Node) -> None:
    node.engine.tries.set_guesses(per_second=1)
    with Caller(node.port, at="127.0.0.2") as one, Caller(node.port, at="127.0.0.3") as other, Caller(node.port, at="127.0.0.4") as third:
        assert [guess(node, caller, number).envelope["code"] for number, caller in enumerate((one, other))] == ["KEY_INVALID"] * 2
        asked = node.counted("questions_asked")
        answer = third.ask(ASK, secret=wrong(9))
        assert (answer.status, answer.envelope["code"], answer.headers["retry-after"]) == (503, "OVERLOADED", "1")
        assert third.ask(ASK, secret=SECRET).status == 200, "who is let in is not asked about"
        assert (node.counted("questions_asked"), node.counted("questions_refused")) == (asked, 1)
        node.advance(1)
        assert guess(node, third, 9).envelope["code"] == "KEY_INVALID"


def test_who_was_wrong_lately_takes_no_look_from_who_was_not(node: Node) -> None:
    node.engine.tries.set_guesses(per_second=1)
    with Caller(node.port, at="127.0.0.2") as guesser, Caller(node.port, at="127.0.0.3") as customer:
        assert [guess(node, guesser, number).envelope["code"] for number in range(3)] == ["KEY_INVALID"] * 3
        assert guesser.ask(ASK, secret=wrong(9)).envelope["code"] == "OVERLOADED"
        customer.send(request(ASK, secret=STRANGER))
        ticket, _ = node.question()
        node.admit(STRANGER, key_id=8)
        node.engine.questions.answer_all([(ticket, None)])
        assert customer.answer().status == 200


def test_a_look_that_finds_a_key_is_given_back(node: Node) -> None:
    node.engine.tries.set_guesses(per_second=1)
    caller = node.caller()
    for number in range(20):
        secret = wrong(number)
        caller.send(request(ASK, secret=secret))
        ticket, _ = node.question()
        node.admit(secret, key_id=number + 1)
        node.engine.questions.answer_all([(ticket, None)])
        assert caller.answer().status == 200


def test_forged_datagrams_take_no_look_from_anybody_else(node: Node) -> None:
    node.engine.tries.set_guesses(per_second=1)
    with asking(node) as forger:
        for number in range(2):
            forger.send(json.dumps({"key": wrong(number), "asset": "BTC"}).encode().ljust(400))
            ticket, digest = node.question()
            node.engine.keys.refuse(digest, "KEY_INVALID", seconds=300)
            node.engine.questions.answer_all([(ticket, "KEY_INVALID")])
            assert json.loads(forger.recv(2_048))["code"] == "KEY_INVALID"
        small = json.dumps({"key": wrong(9), "asset": "BTC"}).encode().ljust(100)
        forger.send(small)
        answer = forger.recv(2_048)
        assert (json.loads(answer)["code"], len(answer) <= len(small)) == ("OVERLOADED", True)
    assert guess(node, node.caller(), 50).envelope["code"] == "KEY_INVALID"


def test_python_counts_and_asks_by_the_same_book(node: Node) -> None:
    tries = node.engine.tries
    tries.set_bounds(most=2, window_seconds=60, pause_seconds=30)
    assert [tries.fail("2001:db8::1", secret) for secret in ("a", "a", "b")] == [False, False, True]
    assert tries.spent("2001:db8::2") == (30, [
        ("RateLimit-Policy", '"tries";q=2;w=60'), ("X-RateLimit-Limit", "2"), ("X-RateLimit-Remaining", "0"),
        ("X-RateLimit-Reset", "30"), ("RateLimit", '"tries";r=0;t=30'),
    ])  # fmt: skip
    assert tries.spent("2001:db8:0:1::2") is None


def test_bounds_out_of_range_are_refused_by_name(node: Node) -> None:
    calls: list[tuple[str, Callable[[], object]]] = [
        ("most", lambda: node.engine.tries.set_bounds(most=0, window_seconds=1, pause_seconds=1)),
        ("window_seconds", lambda: node.engine.tries.set_bounds(most=1, window_seconds=0, pause_seconds=1)),
        ("pause_seconds", lambda: node.engine.tries.set_bounds(most=1, window_seconds=1, pause_seconds=100_000)),
        ("per_second", lambda: node.engine.tries.set_guesses(per_second=0)),
        ("per_second", lambda: node.engine.tries.set_guesses(per_second=500_001)),
        ("address", lambda: node.engine.tries.spent("nowhere")),
    ]
    for name, call in calls:
        with pytest.raises(ValueError, match=name):
            call()

"""Keys the engine has not heard of wait for Python, in their place, on their connection."""

import socket
import struct
from collections.abc import Callable

import pytest

from tests.support.callers import Caller, request
from tests.support.engines import ANOTHER_STRANGER, SECRET, STRANGER, Node
from trinity_beast.access.key_format import with_checksum

ASK = request("/price?asset=BTC", secret=STRANGER)


def test_a_new_key_is_looked_up_and_its_request_goes_on(node: Node, caller: Caller) -> None:
    caller.send(ASK)
    ticket, digest = node.question()
    assert digest == node.engine.keys.digest_of(STRANGER)
    node.admit(STRANGER)
    node.engine.questions.answer_all([(ticket, None)])
    assert caller.answer().status == 200
    assert caller.ask("/price?asset=BTC", secret=STRANGER).status == 200
    assert node.counted("questions_asked") == 1


@pytest.mark.parametrize("code", ["KEY_INVALID", "KEY_REVOKED", "KEY_EXPIRED"])
def test_a_key_that_was_refused_is_not_looked_up_again_for_a_while(node: Node, caller: Caller, code: str) -> None:
    caller.send(ASK)
    ticket, digest = node.question()
    node.engine.keys.refuse(digest, code, seconds=30)
    node.engine.questions.answer_all([(ticket, None)])
    told = caller.answer()
    assert (told.status, told.envelope["code"]) == (401, code)
    assert caller.ask("/price?asset=BTC", secret=STRANGER).envelope["code"] == code
    assert (node.counted("questions_asked"), node.counted("keys_refused")) == (1, 2)

    node.advance(30)
    caller.send(ASK)
    ticket, _ = node.question()
    node.engine.questions.answer_all([(ticket, "DEPENDENCY_AWAY")])
    told = caller.answer()
    assert (told.status, told.envelope["code"], told.headers["retry-after"]) == (503, "DEPENDENCY_AWAY", "1")


def test_a_key_that_stays_unknown_is_not_asked_about_for_ever(node: Node, caller: Caller) -> None:
    caller.send(ASK)
    node.engine.questions.answer_all([(node.question()[0], None)])
    assert caller.answer().envelope["code"] == "DEPENDENCY_AWAY"


def test_a_question_nobody_answers_ends_in_time(node: Node, caller: Caller) -> None:
    caller.send(ASK)
    ticket, _ = node.question()
    node.advance(4.9)
    assert node.caller().ask("/price?asset=BTC", secret=SECRET).status == 200
    node.advance(0.1)
    assert caller.answer().envelope["code"] == "DEPENDENCY_AWAY"
    assert node.counted("questions_timed_out") == 1

    node.admit(STRANGER)
    node.engine.questions.answer_all([(ticket, None)])  # Too late: the ticket is stale and nothing happens.
    assert caller.ask("/price?asset=BTC", secret=STRANGER).status == 200


def test_many_are_answered_at_once_each_by_its_ticket(make_node: Callable[..., Node]) -> None:
    node = make_node(threads=2)
    node.publish()
    node.admit(SECRET)
    callers = [node.caller() for _ in range(30)]
    asked = []
    for number, caller in enumerate(callers):
        caller.send(request("/price?asset=BTC", secret=with_checksum(f"tb_live_{number:032}")))
        asked.append(node.question())
    with pytest.raises(ValueError, match="MAYBE"):
        node.engine.questions.answer_all([(asked[0][0], "KEY_REVOKED"), (asked[1][0], "MAYBE")])
    node.engine.questions.answer_all([(ticket, "KEY_REVOKED" if number % 3 else "KEY_EXPIRED") for number, (ticket, _) in enumerate(asked)])
    told = [caller.answer().envelope["code"] for caller in callers]
    assert told == ["KEY_REVOKED" if number % 3 else "KEY_EXPIRED" for number in range(30)]
    node.engine.questions.answer_all([])
    assert callers[0].ask("/price?asset=BTC", secret=SECRET).status == 200


def test_no_more_questions_wait_than_are_allowed(make_node: Callable[..., Node]) -> None:
    node = make_node(questions_max=2)
    node.publish()
    callers = [node.caller() for _ in range(3)]
    asked = []
    for caller in callers[:2]:
        caller.send(ASK)
        asked.append(node.question())
    assert callers[2].ask("/price?asset=BTC", secret=STRANGER).envelope["code"] == "OVERLOADED"
    node.admit(STRANGER)
    for (ticket, _), caller in zip(asked, callers, strict=False):
        node.engine.questions.answer_all([(ticket, None)])
        assert caller.answer().status == 200
    callers[2].send(request("/price?asset=BTC", secret=ANOTHER_STRANGER))
    assert node.question()[1] == node.engine.keys.digest_of(ANOTHER_STRANGER)


def test_requests_behind_a_parked_one_keep_their_order(node: Node, caller: Caller) -> None:
    node.publish("ETH", "3000")
    known = request("/price?asset=ETH", secret=SECRET)
    caller.send(known + ASK + known + ASK)
    ticket, _ = node.question()
    caller.send(known)
    node.admit(STRANGER)
    node.engine.questions.answer_all([(ticket, None)])
    told = [caller.answer().envelope["data"]["asset"] for _ in range(5)]
    assert told == ["ETH", "BTC", "ETH", "BTC", "ETH"]


def test_a_caller_that_leaves_while_it_waits_makes_room(make_node: Callable[..., Node]) -> None:
    node = make_node(questions_max=1)
    node.publish()
    leaving = node.caller()
    leaving.send(ASK)
    ticket, _ = node.question()
    leaving.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # Leave without a farewell.
    leaving.socket.close()
    node.until_counted("connections_open", 0)
    staying = node.caller()
    staying.send(ASK)
    later, _ = node.question()
    node.admit(STRANGER)
    node.engine.questions.answer_all([(ticket, None)])
    node.engine.questions.answer_all([(later, None)])
    assert staying.answer().status == 200


def test_a_caller_that_stops_sending_while_it_waits_still_gets_its_answer(node: Node, caller: Caller) -> None:
    caller.send(ASK)
    caller.socket.shutdown(socket.SHUT_WR)
    ticket, _ = node.question()
    node.admit(STRANGER)
    node.engine.questions.answer_all([(ticket, None)])
    assert caller.answer().status == 200
    assert caller.hears_the_end()


def test_a_parked_request_may_be_handed_over_afterwards(node: Node, caller: Caller) -> None:
    text = request("/price?asset=NOPE", secret=STRANGER)
    caller.send(text)
    ticket, _ = node.question()
    node.admit(STRANGER)
    node.engine.questions.answer_all([(ticket, None)])
    handed = node.handed()
    assert handed.first_bytes == text
    with open(handed.descriptor, "wb") as theirs:  # noqa: PTH123 - a descriptor, not a path
        theirs.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    assert caller.answer().status == 404


def test_a_revoked_key_is_refused_at_its_next_request_on_an_open_connection(make_node: Callable[..., Node]) -> None:
    node = make_node(threads=2)
    digest = node.admit()
    node.publish()
    callers = [node.caller() for _ in range(8)]
    for _ in range(20):
        assert [caller.ask("/price?asset=BTC", secret=SECRET).status for caller in callers] == [200] * 8
        node.engine.keys.refuse(digest, "KEY_REVOKED", seconds=60)
        assert {caller.ask("/price?asset=BTC", secret=SECRET).envelope["code"] for caller in callers} == {"KEY_REVOKED"}
        node.admit()


def test_a_forgotten_key_is_asked_about_again(node: Node, caller: Caller) -> None:
    digest = node.engine.keys.digest_of(SECRET)
    assert caller.ask("/price?asset=BTC", secret=SECRET).status == 200
    assert node.engine.keys.forget(digest)
    caller.send(request("/price?asset=BTC", secret=SECRET))
    ticket, asked = node.question()
    assert asked == digest
    node.engine.questions.answer_all([(ticket, "KEY_REVOKED")])
    assert caller.answer().envelope["code"] == "KEY_REVOKED"


@pytest.mark.parametrize("mistyped", ["", "x", "tb_live_", STRANGER[:-1], STRANGER + "0", STRANGER[:-1] + "!", "tb_test" + STRANGER[7:]])
def test_a_mistyped_key_is_refused_without_a_question(node: Node, caller: Caller, mistyped: str) -> None:
    refused = caller.ask("/price?asset=BTC", X_API_Key=mistyped or "?")
    assert (refused.status, refused.envelope["code"]) == (401, "KEY_INVALID")
    assert node.engine.keys.take(mistyped).code == "KEY_INVALID"
    assert (node.counted("questions_asked"), node.counted("keys_refused")) == (0, 2)

"""HTTP/1.1 as the engine speaks it."""

from collections.abc import Callable

import pytest

from tests.support.callers import Caller, request
from tests.support.engines import SECRET, Node
from trinity_beast.engine import Refusal

LIMIT_HEADERS = ["ratelimit-policy", "ratelimit", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"]


def test_a_connection_is_kept_for_the_next_request(node: Node, caller: Caller) -> None:
    for _ in range(100):
        assert caller.ask("/price?asset=BTC", secret=SECRET).status == 200
    assert (node.counted("connections_accepted"), node.counted("tcp_requests")) == (1, 100)


def test_requests_sent_together_are_answered_in_their_order(node: Node, caller: Caller) -> None:
    for name in ["ETH", "ADA"]:
        node.publish(name)
    asked = ["BTC", "ETH", "ADA"] * 200
    caller.send(b"".join(request(f"/price?asset={name}", secret=SECRET) for name in asked))
    assert [caller.answer().envelope["data"]["asset"] for _ in asked] == asked


def test_a_request_may_come_byte_by_byte(caller: Caller) -> None:
    for byte in request("/price?asset=BTC", secret=SECRET):
        caller.send(bytes([byte]))
    assert caller.answer().status == 200


def test_nobody_gets_an_answer_of_somebody_else(make_node: Callable[..., Node]) -> None:
    node = make_node(connections_max=40, handed_max=1)
    for number in range(40):
        node.admit(f"key{number}", key_id=number + 1, burst=1_000 + number)
        node.publish(f"A{number}", str(number))
    callers = [node.caller() for _ in range(40)]
    assert callers[39].ask("/price?asset=A39", secret="key39").status == 200
    callers[39].send(request("/health"))
    node.handed()
    for turn in range(20):
        for number, caller in enumerate(callers[:39]):
            caller.send(request(f"/price?asset=A{number}", secret=f"key{number}", X_Request_Id=f"{turn}-{number}") * (1 + number % 3))
        refused = node.caller()
        assert refused.answer().envelope["code"] == "OVERLOADED"
        for number, caller in enumerate(callers[:39]):
            for answer in [caller.answer() for _ in range(1 + number % 3)]:
                told = (answer.envelope["data"]["price"], answer.headers["x-ratelimit-limit"], answer.headers["x-request-id"])
                assert told == (str(number), str(1_000 + number), f"{turn}-{number}")


@pytest.mark.parametrize("cut", [1, 5, 30, 60])
def test_requests_may_be_cut_anywhere(caller: Caller, cut: int) -> None:
    text = request("/price?asset=BTC", secret=SECRET) * 5
    for start in range(0, len(text), cut):
        caller.send(text[start : start + cut])
    assert [caller.answer().status for _ in range(5)] == [200] * 5


def test_head_gets_the_header_and_no_body(caller: Caller) -> None:
    head = caller.ask("/price?asset=BTC", secret=SECRET, method="HEAD")
    whole = caller.ask("/price?asset=BTC", secret=SECRET)
    assert (head.status, head.headers.keys()) == (200, whole.headers.keys())
    assert int(head.headers["content-length"]) == len(whole.body)
    assert caller.ask("/price?asset=BTC", method="HEAD").status == 401


def test_http_1_0_ends_the_connection_unless_asked_otherwise(node: Node) -> None:
    with node.caller() as caller:
        kept = caller.ask("/price?asset=BTC", secret=SECRET, version="1.0", Connection="keep-alive")
        assert kept.headers["connection"] == "keep-alive"
        ended = caller.ask("/price?asset=BTC", secret=SECRET, version="1.0")
        assert (ended.status, ended.headers["connection"]) == (200, "close")
        assert caller.hears_the_end()


def test_a_caller_may_end_the_connection(caller: Caller) -> None:
    answer = caller.ask("/price?asset=BTC", secret=SECRET, Connection="close")
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert caller.hears_the_end()


def test_what_follows_the_last_request_is_not_answered(caller: Caller) -> None:
    last = request("/price?asset=BTC", secret=SECRET, Connection="close")
    caller.send(last + request("/price?asset=BTC", secret=SECRET))
    assert caller.answer().status == 200
    assert caller.hears_the_end()


def test_a_price_that_is_known_is_not_sent_again(node: Node, caller: Caller) -> None:
    node.admit(quota=10, quota_left=10)
    tag = caller.ask("/price?asset=BTC", secret=SECRET).headers["etag"]
    same = caller.ask("/price?asset=BTC", secret=SECRET, If_None_Match=f'"other", {tag}')
    assert (same.status, same.body, same.headers["etag"]) == (304, b"", tag)
    assert "content-length" not in same.headers
    assert "r=9" in same.headers["ratelimit"].split("month")[1], "a 304 costs no quota"

    node.publish(price="97123.46")
    new = caller.ask("/price?asset=BTC", secret=SECRET, If_None_Match=tag)
    assert (new.status, new.headers["etag"] == tag) == (200, False)
    assert node.counted("not_modified") == 1


def test_many_prices_that_are_known_are_not_sent_again(node: Node, caller: Caller) -> None:
    node.publish("ETH", "3000")
    tag = caller.ask("/prices?assets=BTC,ETH", secret=SECRET).headers["etag"]
    assert caller.ask("/prices?assets=BTC,ETH", secret=SECRET, If_None_Match=tag).status == 304
    assert caller.ask("/prices?assets=ETH,BTC", secret=SECRET, If_None_Match=tag).status == 200
    node.publish("ETH", "3001")
    assert caller.ask("/prices?assets=BTC,ETH", secret=SECRET, If_None_Match=tag).status == 200


def test_a_stale_price_is_never_unchanged(node: Node, caller: Caller) -> None:
    tag = caller.ask("/price?asset=BTC", secret=SECRET).headers["etag"]
    node.advance(90)
    assert caller.ask("/price?asset=BTC", secret=SECRET, If_None_Match=tag).envelope["code"] == "PRICE_STALE"


@pytest.mark.parametrize(("place", "methods"), [("/price", "GET, HEAD, OPTIONS"), ("/prices", "GET, HEAD, POST, OPTIONS")])
def test_a_browser_may_ask_beforehand(caller: Caller, place: str, methods: str) -> None:
    answer = caller.ask(f"{place}?asset=BTC", method="OPTIONS", Origin="https://a.example", Access_Control_Request_Method="GET")
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == methods
    assert "Authorization" in answer.headers["access-control-allow-headers"]


def test_another_method_is_refused_on_our_addresses(caller: Caller) -> None:
    answer = caller.ask("/price?asset=BTC", method="DELETE", secret=SECRET)
    assert (answer.status, answer.envelope["code"], answer.headers["allow"]) == (405, "METHOD_NOT_ALLOWED", "GET, HEAD, OPTIONS")
    assert caller.ask("/price?asset=BTC", secret=SECRET).status == 200


def test_another_method_with_a_body_ends_the_connection(caller: Caller) -> None:
    answer = caller.ask("/price?asset=BTC", method="PUT", secret=SECRET, Content_Length="4")
    caller.send(b"body")
    assert (answer.status, answer.headers["connection"]) == (405, "close")
    assert caller.hears_the_end()


def test_a_callers_own_request_id_is_echoed_if_it_is_plain(caller: Caller) -> None:
    answer = caller.ask("/price?asset=BTC", secret=SECRET, X_Request_Id="my.id_4-2")
    assert (answer.headers["x-request-id"], answer.envelope["request_id"]) == ("my.id_4-2", "my.id_4-2")
    for odd in ["a b", 'a"b', "x" * 65, "é"]:
        told = caller.ask("/price?asset=BTC", secret=SECRET, X_Request_Id=odd).headers["x-request-id"]
        assert len(told) == 12
        assert told.isalnum()


def test_request_ids_rise(node: Node, caller: Caller) -> None:
    told = [caller.ask("/price?asset=BTC", secret=SECRET).headers["x-request-id"] for _ in range(50)]
    node.advance(1)
    told.append(caller.ask("/price?asset=BTC").headers["x-request-id"])
    assert told == sorted(set(told))


def test_every_answer_carries_limits_cors_and_a_request_id(node: Node) -> None:
    node.engine.book.announce("ETH")
    asked: list[bytes] = [
        request("/price?asset=BTC", secret=SECRET),
        request("/prices", secret=SECRET),
        request("/price?asset=ETH", secret=SECRET),
        request("/price?asset=BTC"),
        request("/price?asset=BTC", method="OPTIONS"),
        request("/price?asset=BTC", method="DELETE"),
        b"what is this\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000,
    ]
    for text in asked:
        caller = node.caller()
        caller.send(text)
        headers = caller.answer().headers
        assert not [name for name in [*LIMIT_HEADERS, "x-request-id", "date", "access-control-allow-origin"] if name not in headers], text
        for name in ["RateLimit", "RateLimit-Policy", "X-Request-Id", "Retry-After", "ETag"]:
            assert name in headers["access-control-expose-headers"]


def test_refusals_are_told_in_the_callers_language(node: Node, caller: Caller) -> None:
    german = Refusal("KEY_MISSING", 401, "Kein Schlüssel", 'Es fehlt „der“ "Schlüssel".', "Schicken.", language="de")
    node.engine.set_refusals([german, Refusal("NEVER_SAID", 418, "", "", "")])
    answer = caller.ask("/price?asset=BTC", Accept_Language="fr, de;q=0.8, en;q=0.5")
    assert answer.envelope["message"] == 'Es fehlt „der“ "Schlüssel".'
    assert (answer.envelope["title"], answer.envelope["detail"]) == ("Kein Schlüssel", answer.envelope["message"])
    assert answer.headers["vary"] == "Accept-Language"
    assert caller.ask("/price?asset=BTC", Accept_Language="en").envelope["title"] == "No key"


def test_a_refusal_is_an_envelope_and_a_problem(caller: Caller) -> None:
    answer = caller.ask("/price?asset=BTC")
    assert (answer.status, answer.headers["content-type"]) == (401, "application/problem+json")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    told = answer.envelope
    fields = [
        "success",
        "service",
        "code",
        "message",
        "data",
        "errors",
        "request_id",
        "timestamp",
        "latency_us",
        "node",
        "region",
        "version",
    ]
    assert list(told) == [*fields, "type", "title", "status", "detail"]
    assert (told["success"], told["data"], told["code"], told["status"]) == (False, None, "KEY_MISSING", 401)
    assert told["type"] == "/problems/KEY_MISSING"
    assert [set(error) for error in told["errors"]] == [{"location", "code", "message", "fix"}]

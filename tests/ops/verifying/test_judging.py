"""What is wrong with an answer is found, and nothing that may come back makes the judge fail."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.ops.verifying.askings import A_PRICE, OK, UNKNOWN, health_askings, public_askings, report_askings
from trinity_beast.ops.verifying.judging import DATAGRAM, LIMITS, SUM, datagram_faults, faults_of, missing_told, price_faults, prices_faults
from trinity_beast.ops.verifying.model import Answer, Asking

REQUEST_ID = "verify-1"
HEADERS = {
    "x-request-id": REQUEST_ID,
    "access-control-allow-origin": "*",
    "content-type": "application/json",
    **dict.fromkeys(LIMITS, "0"),
}
PRICE = {
    "asset": "BTC",
    "price": "97123.45",
    "quote": "USD",
    "venue": "coinbase",
    "source": "coinbase-ws",
    "cache_tier": "memory",
    "state": "live",
    "exchange_time": "2026-11-20T07:40:00.101000Z",
    "received_time": "2026-11-20T07:39:59.998000Z",
    "age_ms": 22,
}
ENVELOPE: dict[str, Any] = {
    "success": True,
    "service": "LPO",
    "code": "OK",
    "message": "",
    "data": PRICE,
    "errors": [],
    "request_id": REQUEST_ID,
    "timestamp": "2026-11-20T07:40:00.123456Z",
    "latency_us": 7,
    "node": "BeastMain",
    "region": "local",
    "version": "1",
}
REFUSED = {
    **ENVELOPE,
    "success": False,
    "code": "PRICE_STALE",
    "data": None,
    "errors": [{"location": "query.asset", "code": "PRICE_STALE", "message": "Old.", "fix": "Wait."}],
    "type": "/problems/PRICE_STALE",
    "title": "Old",
    "status": 503,
    "detail": "Old.",
}
ASKING = Asking("a price", "/price?asset=BTC", A_PRICE, data=price_faults)
DATAGRAM_ANSWER = {
    "success": True, "code": "OK", "asset": "BTC", "price": "1", "quote": "USD", "source": "coinbase-ws", "state": "live",
    "age_ms": 1, "time": 1, "id": "7", "request_id": "01", "node": "BeastMain",
}  # fmt: skip


def answer(told: object = ENVELOPE, status: int = 200, **headers: str) -> Answer:
    return Answer(status, {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}, json.dumps(told).encode())


def test_an_answer_as_promised_has_no_fault() -> None:
    assert faults_of(ASKING, answer(), REQUEST_ID) == []
    assert faults_of(ASKING, answer(REFUSED, 503, content_type="application/problem+json; charset=utf-8"), REQUEST_ID) == []


@pytest.mark.parametrize("field", ENVELOPE)
def test_each_of_the_twelve_is_missed(field: str) -> None:
    told = {name: value for name, value in ENVELOPE.items() if name != field}

    assert any(field in fault for fault in faults_of(ASKING, answer(told), REQUEST_ID))


@pytest.mark.parametrize("field", PRICE)
def test_each_field_of_a_price_is_missed(field: str) -> None:
    assert price_faults({name: value for name, value in PRICE.items() if name != field}) == [f"it lacks {field}"]


@pytest.mark.parametrize("field", ["type", "title", "status", "detail", "errors"])
def test_each_field_of_a_problem_is_missed(field: str) -> None:
    told = {name: value for name, value in REFUSED.items() if name != field}

    assert any(field in fault for fault in faults_of(ASKING, answer(told, 503, content_type="application/problem+json"), REQUEST_ID))


@pytest.mark.parametrize("header", ["x-request-id", "access-control-allow-origin", "content-type", *LIMITS])
def test_each_header_is_missed(header: str) -> None:
    whole = answer()
    without = Answer(200, {name: value for name, value in whole.headers.items() if name != header}, whole.body)

    assert len(faults_of(ASKING, without, REQUEST_ID)) == 1


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda told: told | {"success": "yes"}, "success"),
        (lambda told: told | {"latency_us": True}, "latency_us"),
        (lambda told: told | {"request_id": "another"}, "another"),
        (lambda told: told | {"timestamp": "today"}, "timestamp"),
        (lambda told: told | {"service": "XYZ"}, "service"),
        (lambda told: told | {"code": "FINE"}, "FINE"),
        (lambda told: dict(reversed(told.items())), "order"),
        (lambda told: told | {"data": PRICE | {"price": 97123.45}}, "price"),
        (lambda told: told | {"data": PRICE | {"price": "9,7"}}, "digits"),
        (lambda told: told | {"data": PRICE | {"state": "stale"}}, "state"),
        (lambda told: told | {"data": PRICE | {"cache_tier": "disk"}}, "tier"),
        (lambda told: told | {"data": PRICE | {"age_ms": -1}}, "age"),
        (lambda told: told | {"data": PRICE | {"exchange_time": "07:40"}}, "exchange_time"),
        (lambda told: told | {"data": []}, "no price"),
    ],
)
def test_each_lie_is_found(change: Callable[[dict[str, Any]], dict[str, Any]], word: str) -> None:
    assert any(word in fault for fault in faults_of(ASKING, answer(change(copy.deepcopy(ENVELOPE))), REQUEST_ID))


def test_another_status_is_told_with_its_code() -> None:
    assert (
        "404"
        in faults_of(
            ASKING, answer(REFUSED | {"status": 404, "code": "NOT_FOUND"}, 404, content_type="application/problem+json"), REQUEST_ID
        )[0]
    )


def test_what_says_when_to_come_again_is_looked_at() -> None:
    late = Asking("late", "/price", {429: ("RATE_LIMITED",)})
    told = REFUSED | {"status": 429, "code": "RATE_LIMITED"}

    def faults(**headers: str) -> int:
        return len(faults_of(late, answer(told, 429, content_type="application/problem+json", **headers), REQUEST_ID))

    assert faults(retry_after="1") == faults(retry_after="60") == faults(x_should_retry="false") == 0
    assert faults() == faults(retry_after="61") == faults(retry_after="0") == faults(retry_after="soon") == 1


def test_one_bad_asset_fails_not_the_rest() -> None:
    missing = {"asset": UNKNOWN, "code": "ASSET_UNKNOWN", "message": "No."}

    assert missing_told(UNKNOWN)({"prices": [PRICE], "missing": [missing]}) == []
    assert missing_told(UNKNOWN)({"prices": [PRICE], "missing": []})
    assert prices_faults({"prices": [PRICE | {"age_ms": -1}], "missing": []})
    assert prices_faults({"prices": [], "missing": [{}]})
    assert prices_faults({"prices": []})


def test_a_datagrams_answer_is_whole_and_no_larger_than_it_may_be() -> None:
    sent, came = b"x" * 200, json.dumps(DATAGRAM_ANSWER).encode()

    assert datagram_faults(sent, came, codes=["OK"], asked_id="7") == []
    assert datagram_faults(b"x" * 20, came, codes=["OK"], asked_id="7") == [f"{len(came)} bytes answer 20"]
    assert datagram_faults(sent, None, codes=["OK"], asked_id="7") == ["no answer came"]
    assert datagram_faults(sent, came, codes=["KEY_INVALID"], asked_id="7")
    assert datagram_faults(sent, came, codes=["OK"], asked_id="8")
    total = json.dumps({"success": True, "code": "OK", "requests": 1, "charged": 1, "refused": 0, "complete_until": 1, "id": "7"}).encode()
    assert datagram_faults(sent, total, codes=["OK"], asked_id="7", fields=SUM) == []
    assert datagram_faults(sent, came, codes=["OK"], asked_id="7", fields=SUM)
    for field in DATAGRAM[2:]:
        less = json.dumps({name: value for name, value in DATAGRAM_ANSWER.items() if name != field}).encode()
        assert datagram_faults(sent, less, codes=["OK"], asked_id="7")


NAMES = st.sampled_from([*REFUSED, *PRICE, "prices", "missing", "paths", "x"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=9),
)


@given(
    st.sampled_from([*public_askings("BTC"), *health_askings(), *report_askings()]),
    st.integers(100, 599),
    st.dictionaries(st.sampled_from([*HEADERS, "retry-after", "allow"]), st.text(max_size=9), max_size=9),
    st.binary(max_size=99) | JSON.map(lambda told: json.dumps(told).encode()),
)
def test_nothing_that_may_come_back_makes_the_judge_fail(asking: Asking, status: int, headers: dict[str, str], body: bytes) -> None:
    assert all(isinstance(fault, str) for fault in faults_of(asking, Answer(status, headers, body), REQUEST_ID))
    assert all(isinstance(fault, str) for fault in datagram_faults(b"x", body, codes=["OK"], asked_id="1"))


@given(JSON)
def test_data_of_any_shape_is_judged(data: Any) -> None:
    for judge in (price_faults, prices_faults, missing_told("X")):
        assert isinstance(judge(data), list)


def test_every_asking_says_what_it_expects() -> None:
    askings = [*public_askings("BTC"), *health_askings(), *report_askings()]
    assert all(asking.expected for asking in askings)
    assert len({asking.name for asking in askings}) == len(askings)
    assert OK[200] == ("OK",)

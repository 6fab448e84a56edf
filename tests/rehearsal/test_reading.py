import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rehearsal.telling import NOW_NS
from trinity_beast.rehearsal.errors import AnswerUnreadable
from trinity_beast.rehearsal.model import MS_NS, Asked, Protocol, Refused
from trinity_beast.rehearsal.reading import http_answer, udp_answer
from trinity_beast.words import Asset, Venue

HTTP, UDP = Asked(Protocol.HTTP, NOW_NS), Asked(Protocol.UDP, NOW_NS)
BTC = Asset("BTC")
ROW = {
    "asset": "BTC", "price": "64949.67", "quote": "USD", "venue": "coinbase", "source": "lab:coinbase-ws", "cache_tier": "memory",
    "state": "live", "exchange_time": "2026-11-20T12:17:52.484123Z", "received_time": "2026-11-20T12:17:52.5Z", "age_ms": 167,
}  # fmt: skip
DATAGRAM = {
    "asset": "BTC", "price": "64949.67", "quote": "USD", "source": "lab:coinbase-ws", "state": "live", "age_ms": 167,
    "time": 1_795_177_072_484,
}  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["success", "data", "prices", "missing", "asset", "code", *ROW]), inner, max_size=6)
    ),
    max_leaves=20,
)


def answer(**fields: object) -> bytes:
    return json.dumps({"success": True, "code": "OK", **fields}).encode()


def test_one_price_over_http_is_read_to_the_microsecond() -> None:
    prices, refused = http_answer(answer(data=ROW), HTTP, NOW_NS + 1, BTC)
    (told,) = prices
    assert refused == []
    assert (told.asset, told.price, told.venue, told.source, told.state, told.age_ms) == (
        "BTC", "64949.67", "coinbase", "lab:coinbase-ws", "live", 167,
    )  # fmt: skip
    assert (told.exchange_time_ns, told.unit_ns) == (1_795_177_072_484_123_000, 1_000)
    assert (told.asked, told.heard_ns) == (HTTP, NOW_NS + 1)


def test_many_over_http_come_with_those_that_were_refused() -> None:
    body = answer(data={"prices": [ROW], "missing": [{"asset": "OLD", "code": "PRICE_STALE", "message": "…"}]})
    prices, refused = http_answer(body, HTTP, NOW_NS, BTC)
    assert [told.asset for told in prices] == ["BTC"]
    assert refused == [Refused(HTTP, NOW_NS, Asset("OLD"), "PRICE_STALE")]


def test_a_refusal_is_of_what_was_asked_for() -> None:
    body = json.dumps({"success": False, "code": "PRICE_STALE", "data": None}).encode()
    assert http_answer(body, HTTP, NOW_NS, BTC) == ([], [Refused(HTTP, NOW_NS, BTC, "PRICE_STALE")])
    assert udp_answer(body, UDP, NOW_NS, BTC) == ([], [Refused(UDP, NOW_NS, BTC, "PRICE_STALE")])


@pytest.mark.parametrize("body", [answer(**DATAGRAM, id="7"), answer(prices=[DATAGRAM], id="7")])
def test_a_datagram_tells_milliseconds_and_its_venue_by_the_source(body: bytes) -> None:
    (told,), refused = udp_answer(body, UDP, NOW_NS, BTC)
    assert refused == []
    assert (told.exchange_time_ns, told.unit_ns) == (1_795_177_072_484_000_000, MS_NS)
    assert (told.venue, told.quote, told.age_ms) == (Venue("coinbase"), "USD", 167)


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b"\xff", b"[" * 100_000, answer(), answer(data={}), answer(data={**ROW, "age_ms": "167"}),
     answer(data={**ROW, "age_ms": True}), answer(data={**ROW, "exchange_time": "yesterday"})],
)  # fmt: skip
def test_what_is_no_answer_is_refused_and_never_guessed_at(body: bytes) -> None:
    with pytest.raises(AnswerUnreadable):
        http_answer(body, HTTP, NOW_NS, BTC)


@given(JSON.map(json.dumps) | st.text())
def test_any_bytes_are_read_or_refused(text: str) -> None:
    for read, asked in ((http_answer, HTTP), (udp_answer, UDP)):
        try:
            prices, refused = read(text.encode(errors="replace"), asked, NOW_NS, BTC)
        except AnswerUnreadable as refusal:
            assert refusal.facts["reason"]
        else:
            assert all(isinstance(field, str) for told in prices for field in (told.asset, told.price, told.venue, told.source, told.state))
            assert all(isinstance(each.asset, str) for each in refused)

"""What lies in the cache is read as bytes from outside."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.feeds import NOW_NS, SECOND_NS
from tests.support.sharing import BTC, packed, shared
from trinity_beast.pricing.cache.model import SharedPrice
from trinity_beast.pricing.cache.reading import VALUE_BYTES_MAX, Misfit, price_read

ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.none())


def read(value: bytes, *, prefix: str = "", wall_ns: int = NOW_NS) -> SharedPrice | Misfit:
    return price_read(value, BTC, source_prefix=prefix, wall_ns=wall_ns)


def test_what_a_neighbour_wrote_is_read_as_it_was() -> None:
    assert read(packed()) == shared()


def test_a_later_release_may_say_more() -> None:
    assert read(packed(consensus={"of": 4})) == shared()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"source": "lab:coinbase-ws"}, Misfit.FOREIGN),
        ({"source": "kraken-ws"}, Misfit.FOREIGN),
        ({"source": "coinbase"}, Misfit.FOREIGN),
        ({"asset": "ETH"}, Misfit.OTHER),
        ({"venue": "kraken"}, Misfit.OTHER),
        ({"symbol": "BTC-USDC"}, Misfit.OTHER),
        ({"quote": "USDT"}, Misfit.OTHER),
        ({"exchange_time_ns": NOW_NS + 2 * SECOND_NS + 1}, Misfit.FUTURE),
        ({"exchange_time_ns": NOW_NS // 1_000}, Misfit.OUT_OF_RANGE),
        ({"exchange_time_ns": -1}, Misfit.OUT_OF_RANGE),
        ({"price": "0.00"}, Misfit.OUT_OF_RANGE),
        ({"price": "-1"}, Misfit.OUT_OF_RANGE),
        ({"price": "1e5"}, Misfit.OUT_OF_RANGE),
        ({"price": "1.2.3"}, Misfit.OUT_OF_RANGE),
        ({"price": "\u0661"}, Misfit.OUT_OF_RANGE),
        ({"price": "1" * 41}, Misfit.OUT_OF_RANGE),
        ({"price": 97123.45}, Misfit.UNREADABLE),
        ({"state": "stale"}, Misfit.OUT_OF_RANGE),
        ({"age_ns": -1}, Misfit.OUT_OF_RANGE),
        ({"age_ns": 499_999_999}, Misfit.OUT_OF_RANGE),
        ({"held_ns": 499_999_999}, Misfit.OUT_OF_RANGE),
        ({"usable_for_ns": 2 * 86_400 * SECOND_NS}, Misfit.OUT_OF_RANGE),
        ({"written_us": 0}, Misfit.OUT_OF_RANGE),
        ({"expires_us": 1}, Misfit.OUT_OF_RANGE),
        ({"written_us": "1795160400000000"}, Misfit.UNREADABLE),
        ({"node": ...}, Misfit.UNREADABLE),
        ({"note": "x" * VALUE_BYTES_MAX}, Misfit.UNREADABLE),
    ],
)
def test_what_is_not_whole_not_ours_or_not_about_this_is_refused(wrong: dict[str, Any], why: Misfit) -> None:
    assert read(packed(**wrong)) is why


def test_the_lab_never_speaks_for_the_market_nor_the_market_for_the_lab() -> None:
    assert read(packed(source="lab:coinbase-ws")) is Misfit.FOREIGN
    assert read(packed(), prefix="lab:") is Misfit.FOREIGN
    assert isinstance(read(packed(source="lab:coinbase-rest"), prefix="lab:"), SharedPrice)


@given(st.binary(max_size=1_200))
@example(b"")
@example(b"[]")
@example(b"null")
@example(b"[" * 1_000)
@example(b'{"exchange_time_ns":1e400}')
def test_no_bytes_break_it(value: bytes) -> None:
    assert isinstance(read(value), Misfit)


@given(st.data())
def test_a_value_with_a_byte_changed_is_refused_or_still_in_range(data: st.DataObject) -> None:
    value = bytearray(packed())
    for _ in range(data.draw(st.integers(1, 3))):
        value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    told = read(bytes(value))
    if isinstance(told, SharedPrice):
        assert told.exchange_time_ns <= NOW_NS + 2 * SECOND_NS
        assert (told.asset, told.venue, told.symbol, told.quote) == ("BTC", "coinbase", "BTC-USD", "USD")
        assert told.source in {"coinbase-ws", "coinbase-rest"}
        assert told.price.replace(".", "", 1).isdigit()
        assert 0 <= told.unproven_ns <= told.held_ns <= told.age_ns


@given(st.dictionaries(st.sampled_from(list(json.loads(packed()))), ANYTHING))
def test_fields_of_any_kind_are_read_or_refused(changes: dict[str, Any]) -> None:
    value = json.dumps(json.loads(packed()) | changes).encode()
    assert isinstance(read(value), SharedPrice | Misfit)

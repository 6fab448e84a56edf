"""What a row makes of a venue's own words: halts and vouchers."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.feeds import NOW_NS, at, rfc3339, with_control
from trinity_beast.feeds.reading import Controls, FrameReader, HaltWord, Voucher

ROWS = {"match": {"type": "status"}, "rows": "products[]", "symbol": "id", "word": "status", "halted": ["halted", "cancel_only"]}
WHOLE = {"match": {"channel": "status"}, "word": "data[0].system", "halted": ["maintenance"]}
PROOF = {
    "match": {"type": "heartbeat"}, "symbol": "product_id", "number": "last_trade_id", "time": "time", "time_format": "rfc3339",
}  # fmt: skip
ROW = with_control("coinbase", halts=[ROWS, WHOLE], proof=PROOF, sequence={"path": "trade_id", "per": "symbol"})


def read(message: object) -> Controls:
    controls = FrameReader(ROW).read(json.dumps(message).encode(), NOW_NS, 1).controls
    return controls if controls is not None else Controls()


def beat(**changes: object) -> Controls:
    return read({"type": "heartbeat", "product_id": "BTC-USD", "last_trade_id": 20, "time": rfc3339(at(0))} | changes)


def test_one_frame_may_say_of_several_symbols_who_is_traded() -> None:
    products = [{"id": "BTC-USD", "status": "online"}, {"id": "ETH-USD", "status": "halted"}, {"id": "SOL-USD", "status": "cancel_only"}]
    told = read({"type": "status", "products": products}).halts
    assert told == (
        HaltWord("BTC-USD", False, "online"),
        HaltWord("ETH-USD", True, "halted"),
        HaltWord("SOL-USD", True, "cancel_only"),
    )  # fmt: skip


def test_a_word_without_a_symbol_is_about_the_whole_venue() -> None:
    assert read({"channel": "status", "data": [{"system": "maintenance"}]}).halts == (HaltWord(None, True, "maintenance"),)
    assert read({"channel": "status", "data": [{"system": "online"}]}).halts == (HaltWord(None, False, "online"),)


@pytest.mark.parametrize("product", [{}, {"id": "BTC-USD"}, {"status": "halted"}, {"id": 7, "status": "halted"}, None, "x"])
def test_a_row_that_does_not_say_whom_or_what_says_nothing(product: object) -> None:
    assert not read({"type": "status", "products": [product]}).halts


def test_a_heartbeat_with_a_number_vouches_for_its_symbol_at_the_venues_time() -> None:
    assert beat().voucher == Voucher("BTC-USD", 20, NOW_NS)
    assert beat(last_trade_id="20").voucher == Voucher("BTC-USD", 20, NOW_NS)


@pytest.mark.parametrize(
    "changes", [{"last_trade_id": None}, {"last_trade_id": "x"}, {"last_trade_id": 2.5}, {"product_id": 3}, {"time": None}, {"time": "now"}]
)
def test_a_heartbeat_without_number_symbol_or_time_vouches_for_nothing(changes: dict[str, object]) -> None:
    assert beat(**changes).voucher is None


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3)))
def test_whatever_stands_where_words_are_looked_for_is_read_without_an_error(value: object) -> None:
    read({"type": "status", "products": value})
    read({"type": "status", "products": [{"id": value, "status": value}]})
    beat(last_trade_id=value)
    beat(time=value, product_id=value)

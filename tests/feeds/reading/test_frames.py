"""The frame reader beyond the documented shapes: garbage, bounds, compression, order."""

import gzip
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.feeds import NOW_NS, SECOND_NS, VENUES, at, feed_row, rfc3339, with_control
from trinity_beast.feeds.reading import Frame, FrameReader


def read(payload: bytes, venue: str = "coinbase", *, binary: bool = False) -> Frame:
    return FrameReader(feed_row(venue)).read(payload, NOW_NS, 1, binary=binary)


@given(st.sampled_from(VENUES), st.one_of(st.binary(max_size=60), st.text(max_size=60).map(str.encode)), st.booleans())
def test_no_bytes_break_a_reader(venue: str, payload: bytes, binary: bool) -> None:
    frame = read(payload, venue, binary=binary)
    assert frame.unreadable or frame.unknown or frame.controls


@given(st.data())
def test_a_damaged_trade_never_gives_an_impossible_one(data: st.DataObject) -> None:
    text = json.dumps(
        {
            "channel": "market_trades",
            "events": [{"type": "update", "trades": [{"product_id": "BTC-USD", "price": "97123.45", "time": rfc3339(at(0))}]}],
        }
    )
    place = data.draw(st.integers(0, len(text) - 1))
    piece = data.draw(st.text(alphabet='"0-e.,{}[]: 9', max_size=2))
    frame = read((text[:place] + piece + text[place + 1 :]).encode())
    for trade in frame.trades:
        assert float(trade.price) > 0
        assert trade.symbol
        assert trade.exchange_time_ns > 0


@pytest.mark.parametrize(
    "payload", [b"", b"pong", b"[" * 100_000, b'{"a":NaN}', b'{"a":1', b"\xff\xfe", b'{"a":' + b"9" * 6_000 + b"}", b"\x00"]
)
def test_what_is_no_json_is_unreadable_and_nothing_worse(payload: bytes) -> None:
    assert read(payload).unreadable == "no JSON"


@pytest.mark.parametrize("payload", [b"null", b"5", b'"text"', b"[]", b"{}", b"[[1]]"])
def test_json_that_says_nothing_is_unknown(payload: bytes) -> None:
    for venue in VENUES:
        frame = read(payload, venue)
        assert frame.unknown
        assert not frame.unreadable


def test_a_message_beyond_frame_bytes_max_is_refused_inflated_or_not() -> None:
    row = with_control("htx", frame_bytes_max=1_024)
    reader = FrameReader(row)
    assert reader.read(b" " * 1_025, 1, 1).unreadable == "too long"
    bomb = gzip.compress(b" " * 50_000_000)
    assert reader.read(bomb, 1, 1, binary=True).unreadable == "too long once inflated"


def test_every_compression_of_the_grammar_is_undone() -> None:
    text = b'{"ping":1795160399643}'
    raw = zlib.compressobj(wbits=-15)
    for codec, payload in [
        ("gzip", gzip.compress(text)),
        ("deflate", zlib.compress(text)),
        ("deflate", raw.compress(text) + raw.flush()),
        ("text", text),
    ]:
        frame = FrameReader(feed_row("htx", frame_codec=codec)).read(payload, 1, 1, binary=True)
        assert frame.controls is not None
        assert frame.controls.alive
    assert read(b"not gzip", "htx", binary=True).unreadable == "not compressed as the row says"
    assert read(gzip.compress(text)[:-4], "htx", binary=True).unreadable == "cut short"
    assert read(text, "htx").controls is not None  # A text frame is never inflated.


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 99)), min_size=1, max_size=8), st.sampled_from(["newest_first", "oldest_first"])
)
def test_rows_come_out_oldest_first_and_equal_times_follow_the_rows_order(rows: list[tuple[int, int]], order: str) -> None:
    row = with_control("bybit", rows_order=order)
    data = [{"s": "X", "p": str(price), "T": (NOW_NS + second * SECOND_NS) // 10**6} for second, price in rows]
    frame = FrameReader(row).read(json.dumps({"topic": "publicTrade.X", "data": data}).encode(), 1, 1)
    expected = sorted(rows if order == "oldest_first" else rows[::-1], key=lambda row: row[0])
    assert [trade.price for trade in frame.trades] == [str(price) for _, price in expected]


def test_a_sequence_per_symbol_stands_in_the_rows() -> None:
    row = with_control("kraken", sequence={"path": "trade_id", "per": "symbol"})
    payload = {
        "channel": "trade",
        "type": "update",
        "data": [{"symbol": "BTC/USD", "price": 1.5, "timestamp": rfc3339(at(0)), "trade_id": 7}],
    }
    read = FrameReader(row).read(json.dumps(payload).encode(), 1, 1)
    assert [(trade.symbol, number) for trade, number in read.numbered] == [("BTC/USD", 7)]

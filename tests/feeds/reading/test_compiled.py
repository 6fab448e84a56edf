"""The engine's reader and Python's: whatever the engine does not decline, both read alike."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.feeds.reading.test_golden_frames import GOLDEN
from tests.support.captures import received
from tests.support.feeds import VENUES, feed_row, row_values
from trinity_beast.engine import read_frame
from trinity_beast.feeds import parse_row
from trinity_beast.feeds.reading import FrameReader, program_of

READ_BY_PYTHON_ALONE = {"htx", "coinbaseexchange"}  # Its frames are compressed; its trades are numbered symbol by symbol.
PROGRAMS = {venue: program for venue in VENUES if (program := program_of(feed_row(venue))) is not None}
READERS = {venue: FrameReader(feed_row(venue)) for venue in VENUES}
FRAMES = {venue: [case["frame"].encode() for name, case in (one.values for one in GOLDEN) if name == venue] for venue in VENUES}  # type: ignore[index]
RECORDINGS = [
    "binance/combined-2026-07-07",
    "bitstamp/v2-2022-01-05",
    "bybit/v5-spot-2026-08-09",
    "coinbase/advanced-trade-2026-08-09",
    "cryptocom/old-v2-2021-11-23",
    "gateio/spot-v4-2021-04-22",
    "gemini/legacy-v2-marketdata-2026-08-09",
    "gemini/ws-2026-09-30",
    "kraken/legacy-v1-2021-04-17",
    "kraken/v2-2026-07-07-part1",
    "okx/v5-public-2022-05-13",
    "okx/v5-public-swap-2026-09-26",
]

ORDINARY = [(venue, payload) for venue, program in PROGRAMS.items() for payload in FRAMES[venue] if read_frame(program, payload)]
ANY_FRAME = ORDINARY * 5 + [(venue, payload) for venue in PROGRAMS for payload in FRAMES[venue]]


def both_read(venue: str, payload: bytes) -> bool:
    """Hold the engine to what Python reads; whether it read anything."""
    taken = read_frame(PROGRAMS[venue], payload)
    if taken is None:
        return False
    frame = READERS[venue].read(payload, 1, 1)
    assert taken == [(trade.symbol, trade.price, trade.exchange_time_ns) for trade in frame.trades]
    assert (frame.history, frame.controls, frame.refused, frame.unreadable) == ([], None, [], "")
    return True


def test_every_documented_row_but_those_python_reads_alone_has_a_program() -> None:
    assert set(PROGRAMS) == set(VENUES) - READ_BY_PYTHON_ALONE


@pytest.mark.parametrize(("venue", "case"), GOLDEN)
def test_a_frame_that_is_wholly_live_trades_is_taken_and_no_other(venue: str, case: dict[str, Any]) -> None:
    means = case["means"]
    is_ordinary = "trades" in means and not {"history", "ack", "refused", "alive"} & set(means)
    if venue in PROGRAMS:
        assert both_read(venue, case["frame"].encode()) == is_ordinary


@pytest.mark.parametrize("venue", PROGRAMS)
def test_no_venues_frame_is_taken_by_another_row(venue: str) -> None:
    for other, program in PROGRAMS.items():
        if other != venue:
            assert all(read_frame(program, payload) is None for payload in FRAMES[venue]), other


@pytest.mark.captures
@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_is_read_alike_by_every_row(name: str) -> None:
    messages, own = received(name), name.split("/", maxsplit=1)[0]
    for venue in PROGRAMS:
        taken = sum(both_read(venue, payload) for payload in messages)
        assert venue == own or not taken
    if not name.startswith(("cryptocom/old", "gemini/legacy", "kraken/legacy")):
        assert sum(both_read(own, payload) for payload in messages) >= 3, "the engine takes what is ordinary"


PIECES = [
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"null",
    b"true",
    b"0",
    b"-",
    b".",
    b"e9",
    b"1e5",
    b" ",
    b"\n",
    b"\x00",
    b"\xc3\xa9",
]
PIECES += [b'"x":1,', b'"type":"snapshot",', b'"id":1,', b'"event":"x",', b"[]", b"{}", b"\xff", b'"p":"2",', b"00", b"9" * 25, b"\\u0041"]


@st.composite
def spoiled(draw: st.DrawFn) -> tuple[str, bytes]:
    """A venue, and a frame of its own in which some bytes were cut, doubled, moved or replaced."""
    venue, payload = draw(st.sampled_from(ANY_FRAME))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(payload)))
        end = min(len(payload), start + draw(st.integers(0, 12)))
        piece = draw(st.sampled_from([*PIECES, payload[start:end], payload[end : end + 8], b""]))
        payload = payload[:start] + piece + payload[end:]
    return venue, payload


@settings(max_examples=1_000)
@given(spoiled())
def test_whatever_a_frame_is_made_into_both_read_it_alike_or_the_engine_declines(spoilt: tuple[str, bytes]) -> None:
    both_read(*spoilt)


WORDS = """1 1.50 0.0 007 .5 1. 1e3 -1 1795160399671 1795160399671.5 2026-11-20T07:39:59Z 2026-11-20T07:39:59.123456789Z
2026-11-20T07:39:59.1234567891Z 2026-11-20t07:39:59z 2026-11-20T07:39:59+00:00 1970-01-01T00:00:00Z 2026-02-29T00:00:00Z
2026-11-20T07:39:60Z 2026-11-20T24:00:00Z 2611-11-20T07:39:59Z update snapshot trade subscribe live_trades_btcusd"""
VALUES = st.sampled_from([*WORDS.split(), "", "9" * 40, "9" * 41])
LITERALS = st.sampled_from(
    ["null", "true", "1", "-1", "0", "1.5", "1E3", "1e-7", "-0", "0.10", "[]", "{}", "[1]", "1795160399671", "1795160399897030071"]
)


@st.composite
def revalued(draw: st.DrawFn) -> tuple[str, bytes]:
    """A venue, and a frame of its own in which some members have other values, or stand twice."""
    venue, payload = draw(st.sampled_from(ANY_FRAME))
    frame = payload.decode()
    for _ in range(draw(st.integers(1, 3))):
        colons = [place for place, character in enumerate(frame) if character == ":" and frame[place - 1] == '"']
        if not colons:
            break
        place = draw(st.sampled_from(colons)) + 1
        try:
            _, end = json.JSONDecoder().raw_decode(frame, place)
        except ValueError:  # A colon in a text, or a frame that was cut.
            continue
        value = draw(st.one_of(VALUES.map(json.dumps), LITERALS, st.just(frame[place:end])))
        frame = frame[:place] + value + frame[end:]
    return venue, frame.encode()


@settings(max_examples=1_000)
@given(revalued())
def test_whatever_values_a_frame_has_both_read_it_alike_or_the_engine_declines(changed: tuple[str, bytes]) -> None:
    both_read(*changed)


def refused(**changes: object) -> bool:
    values = row_values("kraken") | changes
    return program_of(parse_row(values)) is None


def test_a_row_that_the_engine_could_misread_has_no_program() -> None:
    control = row_values("kraken")["control_rules"]
    assert not refused()
    assert refused(frame_codec="gzip")
    assert refused(price_path="prices[0]")
    assert refused(trade_rows_path="data{}")
    assert refused(trade_match={"channel": "trade", "type": "!=snapshot"}), "the engine knows no such comparison"
    assert refused(trade_match={"channel": "trade"}), "a snapshot would be taken for live"
    assert refused(trade_match={"channel": "tr\tade", "type": "update"}), "a tab parts the words of a program"
    assert refused(control_rules=control | {"sequence": {"path": "seq", "per": "symbol"}})
    assert refused(control_rules=control | {"text_frames": {'{"channel":"trade"}': "alive"}})
    assert refused(control_rules=control | {"history": {"match": {"snapshot": True}}})

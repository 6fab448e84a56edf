"""The frames of `tests/frames`: bytes and the values read from them."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.feeds import NOW_NS, VENUES, feed_row
from trinity_beast.feeds.reading import Frame, FrameReader
from trinity_beast.feeds.session.texts import reply_text
from trinity_beast.words import Trade

FRAMES = Path(__file__).resolve().parents[2] / "frames"
GOLDEN = [
    pytest.param(venue, case, id=f"{venue}: {case['what']}")
    for venue in VENUES
    for case in map(json.loads, (FRAMES / venue / "frames.jsonl").read_text(encoding="utf-8").splitlines())
]


def read(venue: str, case: dict[str, Any]) -> Frame:
    row = feed_row(venue)
    payload = case["frame"].encode()
    if row.frame_codec == "gzip":
        return FrameReader(row).read(gzip.compress(payload), NOW_NS, 1, binary=True)
    return FrameReader(row).read(payload, NOW_NS, 1)


def plain(trades: list[Trade]) -> list[list[object]]:
    return [[trade.symbol, trade.price, trade.exchange_time_ns] for trade in trades]


@pytest.mark.parametrize(("venue", "case"), GOLDEN)
def test_a_frame_means_exactly_what_is_written_beside_it(venue: str, case: dict[str, Any]) -> None:
    frame, means = read(venue, case), case["means"]
    assert plain(frame.trades) == means.get("trades", [])
    assert plain(frame.history) == means.get("history", [])
    assert frame.refused == means.get("refused", [])
    assert frame.sequence == means.get("sequence")
    assert frame.unknown == means.get("unknown", False)
    assert not frame.unreadable
    assert all(trade.venue == venue for trade in frame.trades + frame.history)


@pytest.mark.parametrize(("venue", "case"), GOLDEN)
def test_a_frame_says_exactly_the_controls_written_beside_it(venue: str, case: dict[str, Any]) -> None:
    controls, means = read(venue, case).controls, case["means"]
    ack, refusal = (controls.ack, controls.refusal) if controls is not None else (None, None)
    assert (ack is not None, refusal is not None) == ("ack" in means, "refusal" in means)
    if ack is not None:
        assert set(means["ack"]["symbols"]) <= set(ack.symbols)
        assert ack.scope == "state" or list(ack.symbols) == means["ack"]["symbols"]
        assert (ack.scope, ack.id) == (means["ack"]["scope"], means["ack"].get("id"))
    if refusal is not None:
        told = {
            "scope": refusal.scope,
            "symbols": list(refusal.symbols),
            "id": refusal.id,
            "message": refusal.message,
            "code": refusal.code,
        }
        assert means["refusal"].items() <= told.items()
    assert (controls is not None and controls.alive) == means.get("alive", False)
    assert (controls is not None and controls.reconnect) == means.get("reconnect", False)
    assert ([controls.status, controls.status_is_good] if controls and controls.status else None) == means.get("status")
    halts = controls.halts if controls is not None else ()
    assert [[word.symbol, word.is_halted] for word in halts] == means.get("halts", [])
    voucher = controls.voucher if controls is not None else None
    assert ([voucher.symbol, voucher.number, voucher.time_ns] if voucher else None) == means.get("voucher")
    replies = controls.replies if controls is not None else ()
    assert [reply_text(reply.template, reply.frame, message_id=1, wall_ns=NOW_NS) for reply in replies] == means.get("replies", [])


@pytest.mark.parametrize(("venue", "case"), GOLDEN)
def test_no_other_venues_row_takes_the_frame_for_a_trade(venue: str, case: dict[str, Any]) -> None:
    for other in VENUES:
        if other != venue:
            frame = FrameReader(feed_row(other)).read(case["frame"].encode(), NOW_NS, 1)
            assert (frame.trades, frame.history, frame.refused) == ([], [], []), other

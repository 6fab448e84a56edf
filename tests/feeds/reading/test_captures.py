"""The real recordings, read through the documented rows."""

from collections import Counter

import pytest

from tests.feeds.reading.oracle import live_rows
from tests.support.captures import received, times_ns
from tests.support.feeds import VENUES, Moment, feed_row, session
from trinity_beast.feeds.reading import FrameReader
from trinity_beast.words import Trade

pytestmark = pytest.mark.captures
RECORDINGS = [
    ("coinbase/advanced-trade-2026-08-09", 79),
    ("kraken/v2-2026-07-07-part1", 14),
    ("okx/v5-public-2022-05-13", 74),
    ("okx/v5-public-swap-2026-09-26", 36),
    ("gateio/spot-v4-2021-04-22", 9),
    ("gemini/ws-2026-09-30", 3),
    ("bybit/v5-spot-2026-08-09", 20),
    ("binance/combined-2026-07-07", 1_163),
    ("bitstamp/v2-2022-01-05", 10),
    ("htx/spot-gzip-base64-2021-04-17", 73),
]
OTHERS = ["cryptocom/old-v2-2021-11-23", "gemini/legacy-v2-marketdata-2026-08-09", "kraken/legacy-v1-2021-04-17"]


def plain(trades: list[Trade]) -> list[tuple[str, str, int]]:
    return [(trade.symbol, trade.price, trade.exchange_time_ns) for trade in trades]


@pytest.mark.parametrize(("name", "count"), RECORDINGS)
def test_a_recording_gives_exactly_its_live_trades_with_their_own_digits(name: str, count: int) -> None:
    venue = name.split("/", maxsplit=1)[0]
    reader, found = FrameReader(feed_row(venue)), 0
    for payload in received(name):
        frame = reader.read(payload, 1, 1, binary=venue == "htx")
        assert plain(frame.trades) == live_rows(venue, payload)
        assert not frame.refused
        assert not frame.unreadable
        found += len(frame.trades)
    assert found == count


@pytest.mark.parametrize("name", [name for name, _ in RECORDINGS] + OTHERS)
def test_a_recording_confuses_no_other_venues_row(name: str) -> None:
    messages = received(name)
    for venue in VENUES:
        if venue != name.split("/", maxsplit=1)[0] or name in OTHERS:
            reader = FrameReader(feed_row(venue))
            for payload in messages:
                frame = reader.read(payload, 1, 1, binary=name.startswith("htx/"))
                assert not frame.trades + frame.history, f"{venue}: {payload[:200]!r}"


def test_coinbases_snapshots_are_history_and_its_sequence_has_no_gap() -> None:
    reader = FrameReader(feed_row("coinbase"))
    frames = [reader.read(payload, 1, 1) for payload in received("coinbase/advanced-trade-2026-08-09")]
    history = [trade for frame in frames for trade in frame.history]
    assert Counter(trade.symbol for trade in history) == {"BTC-USD": 100, "ETH-USD": 100}
    assert [frame.sequence for frame in frames] == list(range(1_030))
    newest_history_ns = max(trade.exchange_time_ns for trade in history)
    assert all(trade.exchange_time_ns > newest_history_ns for frame in frames for trade in frame.trades)


def played(name: str, *symbols: str) -> tuple[list[Trade], list[Trade]]:
    """Play a recording to a session that asked when the recording's client did; live trades and history."""
    venue = name.split("/", maxsplit=1)[0]
    talk = session(feed_row(venue), *symbols, feed_messages_per_second=1_000, feed_future_seconds_max=60)
    sent_ns = times_ns(f"{name}.sent-times.txt.gz")[0]
    talk.opened(Moment(sent_ns, sent_ns))
    for tenth in range(100):
        talk.tick(Moment(sent_ns + tenth * 1_000_000, sent_ns + tenth * 1_000_000))
    live: list[Trade] = []
    old: list[Trade] = []
    for payload, received_ns in zip(received(name), times_ns(f"{name}.recv-times.txt.gz"), strict=True):
        heard = talk.received(payload, Moment(received_ns, received_ns), binary=venue == "htx")
        live += heard.trades
        old += heard.history
    return live, old


def test_the_time_rule_catches_okxs_old_trades_which_nothing_marks() -> None:
    live, old = played("okx/v5-public-2022-05-13", "BTC-USDT", "BTC-USD-220527", "UNI-USD-SWAP")
    # Of the three old ones, BTC-USDT's is 0.7 s old: within the second that is allowed for clocks.
    assert sorted(trade.symbol for trade in old) == ["BTC-USD-220527", "UNI-USD-SWAP"]
    assert len(live) == 72


def test_the_time_rule_catches_htxs_old_trades_which_nothing_marks() -> None:
    name = "htx/spot-gzip-base64-2021-04-17"
    symbols = {trade.symbol for payload in received(name) for trade in FrameReader(feed_row("htx")).read(payload, 1, 1, binary=True).trades}
    live, old = played(name, *sorted(symbols))
    assert len(live) + len(old) == 73
    asked_ns = times_ns(f"{name}.sent-times.txt.gz")[0]
    assert all(trade.exchange_time_ns < asked_ns for trade in old)
    assert all(trade.exchange_time_ns >= asked_ns - 2 * 10**9 for trade in live)
    assert ("trioeth", "0.00000092") in [(trade.symbol, trade.price) for trade in old]  # 43 s old, the first after its ack.


def test_coinbases_recording_played_to_a_session_gives_all_its_live_trades() -> None:
    live, old = played("coinbase/advanced-trade-2026-08-09", "BTC-USD", "ETH-USD")
    assert (len(live), len(old)) == (79, 200)

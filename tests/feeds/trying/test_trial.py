"""Rows tried over real sockets, beside a feed that runs, at a venue of the test's own."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.feeds import dice, feed_row, mapped, row_values
from tests.support.venue import FakeVenue, Visit, eventually, fake_venue
from trinity_beast.clock import SystemClock
from trinity_beast.feeds import FeedRow, Feeds, MappedAsset, Trial, parse_row
from trinity_beast.feeds.kept_frames import KeptFrame
from trinity_beast.feeds.moment import Moment
from trinity_beast.feeds.parameters import Knobs
from trinity_beast.feeds.trying import TryReport
from trinity_beast.parameters import Readings
from trinity_beast.words import Symbol, Trade, Venue

BTC, ETH = mapped("BTC"), mapped("ETH")
SECONDS = 0.4
HEARTBEAT = '{"channel":"heartbeats","sequence_num":0,"events":[{}]}'


def trades(*rows: tuple[str, str], older_seconds: float = 0.0, **more: object) -> str:
    time = (datetime.now(UTC) - timedelta(seconds=older_seconds)).isoformat().replace("+00:00", "Z")
    found = [{"product_id": symbol, "price": price, "size": "0.01", "time": time, **more} for symbol, price in rows]
    return json.dumps({"channel": "market_trades", "events": [{"type": "update", "trades": found}]})


def ack(*symbols: str) -> str:
    return json.dumps({"channel": "subscriptions", "events": [{"subscriptions": {"market_trades": symbols}}]})


class Stage:
    """A running feed, and rows to be tried beside it."""

    def __init__(self, venue: FakeVenue) -> None:
        readings = Readings()
        Knobs(readings)
        for name, value in {"feed_messages_per_second": 1_000.0, "feed_stop_seconds": 1.0}.items():
            readings.turn(name, value)
        self.venue, self.heard = venue, list[Trade]()
        self.feeds = Feeds([], [], self.heard.extend, clock=SystemClock(), dice=dice(), readings=readings)
        self.trial = Trial(self.feeds, dict, clock=SystemClock(), dice=dice(), readings=readings)
        self.asset_map: list[MappedAsset] = []

    async def play(self, *says: str) -> Visit:
        """Run Coinbase's row for BTC and let the venue say these, which are all heard when this returns."""
        await self.feeds.start()
        self.asset_map = [BTC]
        await self.feeds.apply([feed_row().at(self.venue.endpoint)], self.asset_map)
        visit = await self.venue.visit()
        await visit.hears("market_trades")
        await visit.say(HEARTBEAT, ack("BTC-USD"), *says)
        await eventually(lambda: self.feeds.status()[0].counts.get("frames") == 2 + len(says))
        return visit

    async def tried(self, row: FeedRow, *says: str, visit: int = 2, frames: list[KeptFrame] | None = None) -> TryReport:
        """Try a row, to which the venue says these."""
        trying = asyncio.create_task(self.trial.run(row, self.asset_map, frames=frames or (), seconds=SECONDS))
        if says:
            guest = await self.venue.visit(visit)
            await guest.hears("market_trades")
            await guest.say(*says)
        return await trying

    def row(self, **changes: Any) -> FeedRow:
        return parse_row(row_values(endpoint=self.venue.endpoint, enabled=True) | changes)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with fake_venue() as venue:
        stage = Stage(venue)
        yield stage
        await stage.feeds.stop()


def flaws(report: TryReport) -> dict[str, str]:
    return {flaw.kind.value: flaw.column for flaw in report.flaws}


async def test_a_row_that_reads_what_the_running_feed_reads_passes_and_ends_as_soon_as_all_have_traded(stage: Stage) -> None:
    running = await stage.play(trades(("BTC-USD", "97000")))
    report = await stage.tried(stage.row(display_name="CB"), HEARTBEAT, ack("BTC-USD"), trades(("BTC-USD", "97001")))
    assert report.passed, report.flaws
    assert report.seconds < SECONDS
    tried = report.symbols[0]
    assert (tried.price, tried.trades, tried.known and tried.known.price) == ("97001", 1, "97000")
    assert [trade.price for trade in stage.heard] == ["97000"], "what is tried goes nowhere"
    assert not running.over.is_set()
    await eventually(stage.venue.visits[1].over.is_set)


@pytest.mark.parametrize(
    ("changes", "flaw", "column"),
    [
        ({"price_path": "size"}, "frames_read_otherwise", "price_path"),
        ({"price_path": "prize"}, "price_unreadable", "price_path"),
        ({"time_format": "unix_ms"}, "time_unreadable", "time_format"),
        ({"symbol_path": "pair"}, "symbol_unreadable", "symbol_path"),
        ({"symbol_path": "price"}, "frames_read_otherwise", "symbol_path"),
        ({"trade_match": {"channel": "trades"}}, "frames_read_otherwise", "trade_rows_path"),
    ],
)
async def test_a_mistake_is_seen_in_the_running_feeds_own_frames_before_anybody_is_spoken_to(
    stage: Stage, changes: dict[str, object], flaw: str, column: str
) -> None:
    await stage.play()
    await frames_kept(stage)
    report = await stage.tried(stage.row(**changes))
    assert flaws(report) == {flaw: column}
    assert "market_trades" in str(report.flaws[0].evidence["frame"])
    assert len(stage.venue.visits) == 1


async def test_seconds_written_for_milliseconds_are_refused_in_frames_handed_in(stage: Stage) -> None:
    told = json.dumps(
        {
            "channel": "market_trades",
            "events": [{"type": "update", "trades": [{"product_id": "BTC-USD", "price": "1", "time": 1795160400123}]}],
        }
    )
    frame = KeptFrame(told.encode(), False, Moment(0, 0))
    right, wrong = stage.row(time_format="unix_ms"), stage.row(time_format="unix_s")
    stage.asset_map = [BTC]
    assert flaws(await stage.tried(wrong, frames=[frame])) == {"time_unreadable": "time_format"}
    report = await stage.tried(right, HEARTBEAT, ack("BTC-USD"), visit=1, frames=[frame])
    assert (report.passed, report.frames_read) == (True, 1)


async def test_frames_handed_in_that_hold_no_trade_speak_against_the_row(stage: Stage) -> None:
    stage.asset_map = [BTC]
    report = await stage.tried(stage.row(), frames=[KeptFrame(b'{"type":"hello"}', False, Moment(0, 0))])
    assert flaws(report) == {"nothing_read": "trade_match"}


async def test_a_new_venues_price_is_held_against_the_other_venues(stage: Stage) -> None:
    await stage.play(trades(("BTC-USD", "97000")))
    stage.asset_map = [BTC, mapped("BTC", venue="newcomer")]
    row = stage.row(venue="newcomer", price_path="size")
    report = await stage.tried(row, HEARTBEAT, ack("BTC-USD"), trades(("BTC-USD", "97001")))
    assert flaws(report) == {"price_elsewhere": "price_path"}
    evidence = report.flaws[0].evidence
    assert (evidence["price"], evidence["known_price"], evidence["known_venue"]) == ("0.01", "97000", "coinbase")
    honest = await stage.tried(stage.row(venue="newcomer"), HEARTBEAT, ack("BTC-USD"), trades(("BTC-USD", "97001")), visit=3)
    assert honest.passed


async def test_a_row_that_asks_for_another_market_is_refused_by_its_prices(stage: Stage) -> None:
    await stage.play(trades(("BTC-USD", "97000")))
    row = stage.row(subscribe_template='{"channel":"market_trades","derivatives":true,"product_ids":[{SYMBOLS}]}')
    report = await stage.tried(row, HEARTBEAT, ack("BTC-USD"), trades(("BTC-USD", "3100")))
    assert flaws(report) == {"price_elsewhere": "price_path"}


@pytest.mark.parametrize(
    ("says", "flaw"),
    [
        (lambda: trades(("ETH-USD", "3100")), "symbol_other"),
        (lambda: trades(("BTC-USD", "97000"), older_seconds=-60), "time_ahead"),
        (lambda: trades(("BTC-USD", "97000"), older_seconds=60), "time_behind"),
        (lambda: '{"type":"error","message":"no such product BTC-USD"}', "symbol_refused"),
        (lambda: "gibberish", "nothing_heard"),
    ],
)
async def test_what_only_shows_while_connected_is_refused_with_what_came(stage: Stage, says: Callable[[], str], flaw: str) -> None:
    await stage.play(trades(("BTC-USD", "97000")))
    row = stage.row(unsubscribe_template='{"type":"leave","product_ids":[{SYMBOLS}]}')
    report = await stage.tried(row, says())
    assert flaw in flaws(report)
    assert not report.passed


async def test_a_quiet_market_is_no_flaw_and_is_said(stage: Stage) -> None:
    await stage.play()
    report = await stage.tried(stage.row(), HEARTBEAT, ack("BTC-USD"))
    assert report.passed
    assert report.notes == ("not traded while it was tried: BTC-USD",)


async def test_a_venue_nobody_answers_at_is_not_reached(stage: Stage) -> None:
    stage.asset_map = [BTC]
    report = await stage.tried(stage.row(endpoint="ws://127.0.0.1:9"))
    assert flaws(report) == {"not_reached": "endpoint"}


async def test_a_node_that_plays_its_market_asks_no_real_exchange(stage: Stage) -> None:
    trial = Trial(stage.feeds, lambda row: {**row, "enabled": False}, clock=SystemClock(), dice=dice(), readings=Readings())
    report = await trial.run(stage.row(), [BTC], seconds=SECONDS)
    assert flaws(report) == {"not_played": "endpoint"}
    assert stage.venue.visits == []


def kept_of(stage: Stage) -> list[KeptFrame]:
    kept = stage.feeds.kept_frames(Venue("coinbase"))
    return [] if kept is None else kept[1]


async def frames_kept(stage: Stage) -> None:
    """Let the venue trade until a frame with a trade was kept: one in a hundred milliseconds is."""
    visit, clock = await stage.venue.visit(), SystemClock()
    async with asyncio.timeout(10):
        while not any(b"BTC-USD" in frame.payload and b"price" in frame.payload for frame in kept_of(stage)):
            await visit.say(trades(("BTC-USD", "97000")))
            await clock.sleep(0.02)
    assert stage.feeds.last_known(Venue("coinbase"), Symbol("BTC-USD")) is not None

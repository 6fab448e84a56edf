"""Feeds, prices and the engine's intake over real sockets, to a venue of the test's own."""

import itertools
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from functools import partial

import pytest

from tests.support.feeds import dice, mapped, row_values
from tests.support.venue import FakeVenue, Visit, eventually, fake_venue
from trinity_beast.clock import SystemClock
from trinity_beast.engine import Clock, Engine, Limits
from trinity_beast.feeds import Feeds, parse_row
from trinity_beast.feeds.parameters import Knobs
from trinity_beast.parameters import Readings
from trinity_beast.pricing import Prices
from trinity_beast.words import Trade

HEARTBEAT = '{"channel":"heartbeat"}'
BTC = mapped("BTC", venue="kraken", symbol="BTC/USD")
FRAMES = 300


class Stage:
    """The price side of a node, and the venue it listens to."""

    def __init__(self, venue: FakeVenue) -> None:
        self.venue, self.read_here = venue, list[Trade]()
        self.engine = Engine(
            node="n",
            region="r",
            version="1",
            digest_secret=b"s",
            spool_directory=None,
            threads=1,
            clock=Clock.system(),
            limits=Limits(),
        )
        clock, readings = SystemClock(), Readings()
        Knobs(readings)
        for name, value in {"feed_messages_per_second": 1_000.0, "feed_backoff_seconds": 0.1, "feed_stop_seconds": 1.0}.items():
            readings.turn(name, value)
        self.prices = Prices(self.engine.book, [BTC], clock=clock, readings=readings, slots=self.engine.intake)
        self.feeds = Feeds([], [], self.on_trades, clock=clock, dice=dice(), readings=readings, intake=self.engine.intake)

    def on_trades(self, trades: Sequence[Trade]) -> None:
        self.read_here += trades
        self.prices.on_trades(trades)

    async def play(self, **changes: object) -> None:
        await self.feeds.apply([parse_row(row_values("kraken") | {"enabled": True} | changes).at(self.venue.endpoint)], [BTC])

    def counts(self) -> dict[str, int]:
        return dict(self.feeds.status()[0].counts)

    def answers(self, price: str) -> bool:
        return self.answer() == price

    def answer(self) -> str | None:
        reading = self.engine.book.read("BTC")
        return None if reading is None else reading.price


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with fake_venue() as venue:
        stage = Stage(venue)
        await stage.feeds.start()
        yield stage
        await stage.feeds.stop()


def trade(number: int) -> str:
    time = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    row = {"symbol": "BTC/USD", "side": "buy", "price": 97_000 + number / 10, "qty": 1, "trade_id": number, "timestamp": time}
    return json.dumps({"channel": "trade", "type": "update", "data": [row]})


async def welcomed(stage: Stage, number: int = 1) -> Visit:
    visit = await stage.venue.visit(number)
    await visit.hears("subscribe")
    await visit.say(HEARTBEAT, '{"method":"subscribe","success":true,"result":{"channel":"trade","symbol":"BTC/USD"}}')
    return visit


async def test_a_flood_of_trades_is_answerable_to_the_last_and_counted_to_the_last(stage: Stage) -> None:
    await stage.play()
    visit = await welcomed(stage)
    await visit.say(*(trade(number) for number in range(FRAMES)))
    await eventually(lambda: stage.answer() == "97029.9")
    await eventually(lambda: stage.counts()["trades"] == FRAMES)
    counts = stage.counts()
    assert (counts["frames"], counts["trades_late"], counts["trades_repeated"]) == (FRAMES + 2, 0, 0)
    assert 0 < len(stage.read_here) < FRAMES / 2, "Python reads the first, and a sample"
    assert stage.prices.read("BTC").price == "97029.9"


async def test_frames_are_kept_for_a_changed_row_to_be_tried_on_though_the_engine_takes_them(stage: Stage) -> None:
    await stage.play()
    visit = await welcomed(stage)
    for number in itertools.count():
        await visit.say(trade(number))
        await eventually(partial(stage.answers, f"{97_000 + number / 10}"))
        kept = stage.feeds.kept_frames(BTC.venue)
        if kept is not None and any(b'"update"' in frame.payload for frame in kept[1]):
            break


async def test_a_message_in_pieces_is_put_together_and_read_in_python(stage: Stage) -> None:
    await stage.play()
    visit = await welcomed(stage)
    await visit.say(trade(1), trade(2))
    text = trade(3)
    await visit.say_in_pieces(text[:40], text[40:])
    await visit.say(trade(4))
    await eventually(lambda: stage.counts()["trades"] == 4)
    assert stage.answer() == "97000.4"
    assert "97000.3" in [one.price for one in stage.read_here]


async def test_a_connection_that_takes_over_loses_no_trade_and_repeats_none(stage: Stage) -> None:
    await stage.play()
    first = await welcomed(stage)
    frames = [trade(number) for number in range(10)]
    await first.say(*frames)
    await eventually(lambda: stage.counts()["trades"] == 10)

    await stage.play(ping_payload='{"method":"ping","req_id":{ID}}', ping_interval_seconds=31)
    second = await welcomed(stage, 2)
    more = [trade(number) for number in range(10, 30)]
    for frame in more:  # Both bring the same trades, until one of them goes.
        await first.say(frame)
        await second.say(frame)
    await eventually(lambda: stage.counts()["trades"] == 30 and stage.answer() == "97002.9")
    await first.over.wait()
    await second.say(trade(30))
    await eventually(lambda: stage.answer() == "97003.0")
    assert stage.counts()["trades_late"] == 0


async def test_a_lost_connection_is_dialled_again_and_its_trades_go_on(stage: Stage) -> None:
    await stage.play()
    first = await welcomed(stage)
    await first.say(trade(1), trade(2), trade(3))
    await eventually(lambda: stage.answer() == "97000.3")
    await first.drop()
    second = await welcomed(stage, 2)
    await second.say(trade(4), trade(5))
    await eventually(lambda: stage.answer() == "97000.5")
    assert (stage.counts()["trades"], stage.counts()["connections_lost"]) == (5, 1)


async def test_a_feed_that_was_switched_off_and_on_begins_anew(stage: Stage) -> None:
    await stage.play()
    visit = await welcomed(stage)
    await visit.say(trade(1), trade(2), trade(3))
    await eventually(lambda: stage.answer() == "97000.3")
    await stage.play(enabled=False)
    await stage.play(enabled=True)
    again = await welcomed(stage, 2)
    await again.say(trade(4), trade(5))
    await eventually(lambda: stage.answer() == "97000.5")
    assert stage.counts()["trades"] == 2

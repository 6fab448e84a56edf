"""A row swapped while trades pour in: nothing of the venue is lost, and nothing of any other."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.feeds import dice, mapped, row_values
from tests.support.venue import FakeVenue, Visit, eventually, fake_venue
from trinity_beast.clock import SystemClock
from trinity_beast.feeds import FeedRow, Feeds, parse_row
from trinity_beast.feeds.parameters import Knobs
from trinity_beast.parameters import Readings
from trinity_beast.words import Trade

HEARTBEAT = '{"channel":"heartbeats","sequence_num":0,"events":[{}]}'
ACK = '{"channel":"subscriptions","events":[{"subscriptions":{"market_trades":["BTC-USD"]}}]}'
FRAMES, TRADES_A_FRAME = 100, 50
MAP = [mapped("BTC", venue=venue) for venue in ("swapped", "other")]


class Stage:
    """Two venues of one dialect, and what the feeds made of them."""

    def __init__(self, swapped: FakeVenue, other: FakeVenue) -> None:
        self.swapped, self.other, self.heard = swapped, other, dict[str, list[str]]()
        readings = Readings()
        Knobs(readings)
        for name, value in {"feed_messages_per_second": 1_000.0, "feed_stop_seconds": 1.0}.items():
            readings.turn(name, value)
        self.feeds = Feeds([], [], self.take, clock=SystemClock(), dice=dice(), readings=readings)

    def take(self, trades: Sequence[Trade]) -> None:
        for trade in trades:
            self.heard.setdefault(trade.venue, []).append(trade.price)

    def rows(self, **changes: object) -> list[FeedRow]:
        swapped = row_values() | {"venue": "swapped", "endpoint": self.swapped.endpoint} | changes
        return [parse_row(swapped), parse_row(row_values() | {"venue": "other", "endpoint": self.other.endpoint})]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with AsyncExitStack() as venues:
        stage = Stage(*[await venues.enter_async_context(fake_venue()) for _ in range(2)])
        await stage.feeds.start()
        yield stage
        await stage.feeds.stop()


def flood() -> tuple[list[str], list[str]]:
    """Frames of many trades, each a microsecond after the one before, newest first within a frame; and all their prices in order."""
    began = datetime.now(UTC)
    frames, prices = [], []
    for frame in range(FRAMES):
        numbers = range(frame * TRADES_A_FRAME, (frame + 1) * TRADES_A_FRAME)
        told = [(f"{90_000 + number}.5", began + timedelta(microseconds=number)) for number in numbers]
        rows = [
            {"product_id": "BTC-USD", "price": price, "time": time.isoformat().replace("+00:00", "Z")} for price, time in reversed(told)
        ]
        frames.append(json.dumps({"channel": "market_trades", "events": [{"type": "update", "trades": rows}]}))
        prices += [price for price, _ in told]
    return frames, prices


async def welcomed(venue: FakeVenue, number: int = 1) -> Visit:
    visit = await venue.visit(number)
    await visit.hears("market_trades")
    await visit.say(HEARTBEAT, ACK)
    return visit


async def test_a_swap_under_a_flood_loses_no_trade_of_any_venue(stage: Stage) -> None:
    await stage.feeds.apply(stage.rows(), MAP)
    first, other = await welcomed(stage.swapped), await welcomed(stage.other)
    await eventually(lambda: all(status.state == "live" for status in stage.feeds.status()))
    frames, prices = flood()

    await first.say(*frames[:30])
    await other.say(*frames[:30])
    await stage.feeds.apply(stage.rows(subscribe_template=again()), MAP)
    second = await stage.swapped.visit(2)
    await second.hears("market_trades")
    for frame in frames[30:60]:
        await first.say(frame)
        await other.say(frame)
    await eventually(lambda: len(stage.heard["swapped"]) == 60 * TRADES_A_FRAME)
    await second.say(HEARTBEAT, ACK, *frames[50:])  # The new connection tells anew what the old one has told already.
    await other.say(*frames[60:])

    await eventually(lambda: all(len(heard) >= len(prices) for heard in stage.heard.values()))
    assert stage.heard["other"] == prices
    assert stage.heard["swapped"] == prices
    assert (len(stage.other.visits), other.over.is_set()) == (1, False)
    await eventually(first.over.is_set)


def again() -> str:
    """The documented question, asked in another way."""
    return str(row_values()["subscribe_template"]).replace('"channel":', '"once_more":true,"channel":')

"""The feeds over real sockets, to a venue of the test's own."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import uvloop

from tests.support.feeds import dice, feed_row, mapped, with_control
from tests.support.venue import FakeVenue, Visit, deaf_venue, eventually, fake_venue
from trinity_beast.clock import SystemClock
from trinity_beast.feeds import FeedRow, Feeds, FeedState, FeedStatus, MappedAsset
from trinity_beast.feeds.parameters import Knobs
from trinity_beast.parameters import Readings
from trinity_beast.words import Trade

HEARTBEAT = '{"channel":"heartbeats","sequence_num":0,"events":[{}]}'


class Ear:
    """What the feeds gave away."""

    def __init__(self) -> None:
        self.trades: list[Trade] = []
        self.history: list[Trade] = []

    def prices(self, symbol: str) -> list[str]:
        return [trade.price for trade in self.trades if trade.symbol == symbol]

    def on_trades(self, trades: Sequence[Trade]) -> None:
        self.trades += trades

    def on_history(self, trades: Sequence[Trade]) -> None:
        self.history += trades


class Stage:
    """Feeds, and the venue they speak to."""

    def __init__(self, venue: FakeVenue, **turned: object) -> None:
        self.venue, self.ear = venue, Ear()
        readings = Readings()
        Knobs(readings)
        quick = {"feed_messages_per_second": 1_000.0, "feed_backoff_seconds": 0.1, "feed_stop_seconds": 1.0}
        for name, value in (quick | turned).items():
            readings.turn(name, value)
        self.feeds = Feeds(
            [], [], self.ear.on_trades, on_history=self.ear.on_history, clock=SystemClock(), dice=dice(), readings=readings
        )  # fmt: skip

    async def play(self, row: FeedRow, *assets: MappedAsset) -> None:
        await self.feeds.apply([row.at(self.venue.endpoint)], assets)

    def status(self) -> FeedStatus:
        return self.feeds.status()[0]

    def standing(self) -> dict[str, str]:
        return {str(symbol.symbol): symbol.standing for symbol in self.status().symbols}


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with fake_venue() as venue:
        stage = Stage(venue)
        await stage.feeds.start()
        yield stage
        await stage.feeds.stop()


def now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def trades(*rows: tuple[str, str], time: str | None = None, kind: str = "update") -> str:
    found = [{"product_id": symbol, "price": price, "time": time or now()} for symbol, price in rows]
    return json.dumps({"channel": "market_trades", "events": [{"type": kind, "trades": found}]})


def ack(*symbols: str) -> str:
    return json.dumps({"channel": "subscriptions", "events": [{"subscriptions": {"market_trades": symbols}}]})


async def welcomed(stage: Stage, number: int = 1, *symbols: str) -> Visit:
    """A visit that has asked for its symbols and has been told it holds them."""
    visit = await stage.venue.visit(number)
    await visit.hears("market_trades")
    await visit.say(HEARTBEAT, ack(*(symbols or ("BTC-USD", "ETH-USD"))))
    return visit


async def test_trades_come_through_with_the_venues_own_digits(stage: Stage) -> None:
    await stage.play(feed_row(), mapped("BTC"), mapped("ETH"))
    visit = await welcomed(stage)
    assert await stage.feeds.wait_reached(1)
    await visit.say(trades(("BTC-USD", "97123.450")), trades(("ETH-USD", "3100.00000001"), ("DOGE-USD", "1")))
    await eventually(lambda: len(stage.ear.trades) == 2)
    assert stage.ear.prices("BTC-USD") == ["97123.450"]
    status = stage.status()
    assert (status.state, status.counts["trades"], status.counts["trades_unasked"]) == (FeedState.LIVE, 2, 1)
    assert stage.standing() == {"BTC-USD": "held", "ETH-USD": "held"}


async def test_history_goes_its_own_way(stage: Stage) -> None:
    await stage.play(feed_row(), mapped("BTC"))
    visit = await welcomed(stage)
    await visit.say(trades(("BTC-USD", "97000"), time="2026-01-01T00:00:00Z", kind="snapshot"))
    await visit.say(trades(("BTC-USD", "97001"), time="2026-01-01T00:00:01Z"))
    await eventually(lambda: len(stage.ear.history) == 2)
    assert stage.ear.trades == []
    assert stage.status().counts["trades_history"] == 2


async def test_a_dropped_connection_is_made_again_and_the_symbols_asked_for_again(stage: Stage) -> None:
    await stage.play(feed_row(), mapped("BTC"), mapped("ETH"))
    visit = await welcomed(stage)
    await visit.drop()
    again = await welcomed(stage, 2)
    await again.say(trades(("BTC-USD", "97001")))
    await eventually(lambda: stage.ear.prices("BTC-USD") == ["97001"])
    assert stage.status().counts["connections_lost"] == 1


async def test_a_venue_that_closes_in_order_is_visited_again(stage: Stage) -> None:
    await stage.play(feed_row(), mapped("BTC"))
    visit = await welcomed(stage)
    await visit.close(1013)
    await welcomed(stage, 2)
    assert "1013" in stage.status().last_error or "TRY_AGAIN_LATER" in stage.status().last_error


async def test_a_venue_that_cannot_be_reached_is_said_and_tried_again() -> None:
    async with fake_venue() as venue:
        gone = venue.endpoint
    stage = Stage(venue)
    await stage.feeds.start()
    await stage.feeds.apply([feed_row().at(gone)], [mapped("BTC")])
    await eventually(lambda: stage.status().counts["connections_failed"] >= 2)
    assert stage.status().state is FeedState.WAITING
    assert "refused" in stage.status().last_error.lower() or "connect" in stage.status().last_error.lower()
    assert not await stage.feeds.wait_reached(0.01)
    await stage.feeds.stop()


async def test_symbols_come_and_go_over_the_standing_connection(stage: Stage) -> None:
    await stage.play(feed_row(), mapped("BTC"), mapped("ETH"))
    visit = await welcomed(stage)
    await stage.play(feed_row(), mapped("BTC"), mapped("SOL"))
    await visit.hears("unsubscribe")
    await visit.hears("SOL-USD")
    assert len(stage.venue.visits) == 1
    assert [json.loads(text)["product_ids"] for text in visit.heard[-2:]] == [["ETH-USD"], ["SOL-USD"]]


async def test_a_changed_row_moves_to_a_new_connection_without_a_gap(stage: Stage) -> None:
    await stage.play(feed_row(), mapped("BTC"))
    first = await welcomed(stage)
    await stage.play(with_control("coinbase", silence_seconds=20), mapped("BTC"))
    second = await stage.venue.visit(2)
    await first.say(trades(("BTC-USD", "97001")))
    await eventually(lambda: stage.ear.prices("BTC-USD") == ["97001"])
    await second.hears("market_trades")
    await second.say(ack("BTC-USD"), HEARTBEAT)
    await eventually(first.over.is_set)
    await second.say(trades(("BTC-USD", "97002")))
    await eventually(lambda: stage.ear.prices("BTC-USD") == ["97001", "97002"])
    assert first.close_code == 1000


async def test_a_new_name_or_rest_rule_touches_no_connection(stage: Stage) -> None:
    await stage.play(feed_row(), mapped("BTC"))
    visit = await welcomed(stage)
    await stage.play(feed_row(display_name="Coinbase Advanced", rest_rules={}), mapped("BTC"))
    assert stage.status().display_name == "Coinbase Advanced"
    await visit.say(trades(("BTC-USD", "97001")))
    await eventually(lambda: stage.ear.prices("BTC-USD") == ["97001"])
    assert len(stage.venue.visits) == 1


async def test_one_feed_is_switched_off_without_touching_the_other(stage: Stage) -> None:
    async with fake_venue() as other:
        rows = [feed_row().at(stage.venue.endpoint), feed_row("kraken", enabled=True).at(other.endpoint)]
        assets = [mapped("BTC"), mapped("ALGO", venue="kraken", symbol="ALGO/USD")]
        await stage.feeds.apply(rows, assets)
        first, second = await welcomed(stage), await other.visit()
        await second.hears("ALGO/USD")
        await stage.feeds.apply([replace(rows[0], enabled=False), rows[1]], assets)
        await eventually(first.over.is_set)
        assert first.close_code == 1000
        assert not second.over.is_set()
        states = {str(account.venue): account.state for account in stage.feeds.status()}
        assert states["coinbase"] is FeedState.OFF
        await stage.feeds.apply(rows, assets)
        await welcomed(stage, 2)
        assert len(other.visits) == 1


async def test_a_venue_that_bounds_its_connections_is_given_several(stage: Stage) -> None:
    await stage.play(with_control("coinbase", symbols_per_connection=2), *[mapped(asset) for asset in ("BTC", "ETH", "SOL")])
    visits = [await stage.venue.visit(number) for number in (1, 2)]
    asked = sorted([json.loads(await visit.hears("market_trades"))["product_ids"] for visit in visits])
    assert asked == [["BTC-USD", "ETH-USD"], ["SOL-USD"]]
    await eventually(lambda: stage.status().connections == 2)


async def test_stopping_unsubscribes_and_closes_in_order() -> None:
    async with fake_venue() as venue:
        stage = Stage(venue)
        await stage.feeds.start()
        await stage.play(feed_row(), mapped("BTC"))
        visit = await welcomed(stage)
        await stage.feeds.stop()
        await eventually(visit.over.is_set)
        assert json.loads(visit.heard[-1]) == {"type": "unsubscribe", "channel": "market_trades", "product_ids": ["BTC-USD"]}
        assert visit.close_code == 1000
        assert stage.feeds.status()[0].state is FeedState.OFF


async def test_stopping_waits_no_longer_than_it_should_for_a_venue_that_never_answers() -> None:
    async with deaf_venue() as endpoint:
        stage = Stage(FakeVenue(), feed_stop_seconds=0.2)
        await stage.feeds.start()
        await stage.feeds.apply([feed_row().at(endpoint)], [mapped("BTC")])
        await eventually(lambda: stage.status().state is FeedState.CONNECTING)
        async with asyncio.timeout(3):
            await stage.feeds.stop()


async def test_a_venue_that_takes_the_connection_and_never_greets_is_given_up() -> None:
    async with deaf_venue() as endpoint:
        stage = Stage(FakeVenue(), feed_connect_seconds=1.0)
        await stage.feeds.start()
        await stage.feeds.apply([feed_row().at(endpoint)], [mapped("BTC")])
        await eventually(lambda: stage.status().counts["connections_failed"] >= 1)
        await stage.feeds.stop()


async def test_a_message_in_several_frames_is_one_message(stage: Stage) -> None:
    await stage.play(feed_row(), mapped("BTC"))
    visit = await welcomed(stage)
    text = trades(("BTC-USD", "97123.45"))
    await visit.say_in_pieces(text[:20], text[20:30], text[30:])
    await eventually(lambda: stage.ear.prices("BTC-USD") == ["97123.45"])


async def test_a_message_beyond_the_rows_bound_ends_the_connection(stage: Stage) -> None:
    await stage.play(with_control("coinbase", frame_bytes_max=2_000), mapped("BTC"))
    visit = await welcomed(stage)
    await visit.say(" " * 3_000)
    await eventually(visit.over.is_set)
    again = await welcomed(stage, 2)
    await again.say_in_pieces(" " * 1_500, " " * 1_500)
    await eventually(again.over.is_set)
    await stage.venue.visit(3)
    assert stage.ear.trades == []


async def test_garbage_is_counted_and_harms_nothing(stage: Stage) -> None:
    await stage.play(feed_row(), mapped("BTC"))
    visit = await welcomed(stage)
    await visit.say(
        "pong", b"\x00\xff", "[" * 5_000, '{"channel":"market_trades","events":7}', trades(("BTC-USD", "-1"), ("BTC-USD", "97001"))
    )
    await eventually(lambda: stage.ear.prices("BTC-USD") == ["97001"])
    counts = stage.status().counts
    assert (counts["frames_unreadable"], counts["frames_unknown"], counts["rows_refused_price"]) == (3, 1, 1)


async def test_a_compressed_feed_with_a_heartbeat_to_echo_works_by_its_row_alone(stage: Stage) -> None:
    await stage.play(feed_row("htx", enabled=True), mapped("TRX", venue="htx", symbol="trxbtc", quote="BTC"))
    visit = await stage.venue.visit()
    await visit.hears("market.trxbtc.trade.detail")
    await visit.say(gzip.compress(b'{"ping":1795160399643}'))
    await visit.hears('{"pong":1795160399643}')
    time_ms = SystemClock().time_ns() // 10**6
    row = f'{{"ch":"market.trxbtc.trade.detail","tick":{{"data":[{{"ts":{time_ms},"price":9.2E-7}}]}}}}'
    await visit.say(gzip.compress(row.encode()))
    await eventually(lambda: stage.ear.prices("trxbtc") == ["0.00000092"])


async def test_a_feed_without_symbols_makes_no_connection(stage: Stage) -> None:
    await stage.play(feed_row(), mapped("BTC", prewarm=False), mapped("ETH", enabled=False))
    assert stage.status().state is FeedState.OFF
    assert not await stage.feeds.wait_reached(0.1)
    assert stage.venue.visits == []


def test_the_product_runs_it_on_uvloop() -> None:
    async def scenario() -> None:
        async with fake_venue() as venue:
            stage = Stage(venue)
            await stage.feeds.start()
            await stage.play(feed_row(), mapped("BTC"))
            visit = await welcomed(stage)
            await visit.say(trades(("BTC-USD", "97001")))
            await eventually(lambda: stage.ear.prices("BTC-USD") == ["97001"])
            await visit.drop()
            again = await welcomed(stage, 2)
            await stage.feeds.stop()
            await eventually(again.over.is_set)
            assert again.close_code == 1000

    uvloop.run(scenario())


async def test_nothing_is_left_running_after_stop() -> None:
    before = asyncio.all_tasks()
    async with fake_venue() as venue:
        stage = Stage(venue)
        await stage.feeds.start()
        await stage.play(feed_row(), mapped("BTC"))
        await welcomed(stage)
        await stage.feeds.stop()
    await eventually(
        lambda: not {task for task in asyncio.all_tasks() - before if "venue" not in task.get_name()} - {asyncio.current_task()}
    )

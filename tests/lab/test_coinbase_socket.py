"""The stand-in keeps every promise of Coinbase Advanced Trade's socket that we know of."""

from collections.abc import Awaitable, Callable
from itertools import pairwise

from tests.lab.client import LabClient, nanoseconds, rows_of
from tests.support.clock import SECOND_NS, START, ManualClock
from trinity_beast.lab import Lab
from trinity_beast.words import Symbol, Venue

START_NS = round(START.timestamp()) * SECOND_NS


async def test_subscribing_brings_one_snapshot_a_product_and_then_the_ack(client: LabClient) -> None:
    frames = await client.subscribe("BTC-USD", "ETH-USD")

    assert [frame["channel"] for frame in frames] == ["market_trades", "market_trades", "subscriptions"]
    for frame, product in zip(frames, ("BTC-USD", "ETH-USD"), strict=False):
        (event,) = frame["events"]
        assert event["type"] == "snapshot"
        assert {row["product_id"] for row in event["trades"]} == {product}
        assert len(event["trades"]) == 100
        times = [row["time"] for row in event["trades"]]
        assert times == sorted(times, reverse=True), "newest first"
        assert all(row.time_ns < START_NS for row in rows_of([frame], "snapshot")), "history"
    assert frames[2]["events"] == [{"subscriptions": {"market_trades": ["BTC-USD", "ETH-USD"]}}]


async def test_live_trades_follow_the_snapshot_without_gap_or_repetition(client: LabClient) -> None:
    past = rows_of(await client.subscribe("BTC-USD"), "snapshot")
    live = rows_of(await client.during(10))

    assert len(live) > 20
    ids = [row.trade_id for row in past + live]
    assert ids == list(range(ids[0], ids[0] + len(ids)))


async def test_a_snapshot_in_the_middle_of_a_batch_leaves_the_batch_to_be_told_live(client: LabClient) -> None:
    for _ in range(12):
        past = rows_of(await client.subscribe("BTC-USD"), "snapshot")
        live = rows_of(await client.during(1.15))
        ids = [row.trade_id for row in past + live]
        assert ids == list(range(ids[0], ids[0] + len(ids)))
        await client.unsubscribe("BTC-USD")


async def test_live_trades_are_the_market_s_own_complete_and_in_order(client: LabClient, lab: Lab, clock: ManualClock) -> None:
    await client.subscribe("BTC-USD", "STORJ-USD", "PEPE-USD")
    rows = rows_of(await client.during(20.3))

    for product in ("BTC-USD", "STORJ-USD", "PEPE-USD"):
        tape = lab.market.tape(Venue("coinbase"), Symbol(product))
        assert tape is not None
        told = [row for row in rows if row.product == product]
        true = tape.between(told[0].time_ns - 1, clock.time_ns())[: len(told)]
        assert [(row.trade_id, row.price, row.size, row.time_ns, row.side) for row in told] == [
            (trade.trade_id, trade.price, trade.size, trade.time_ns, trade.maker_side) for trade in true
        ]
        unsent = tape.between(told[-1].time_ns, clock.time_ns())
        assert all(clock.time_ns() - trade.time_ns <= 250_000_000 for trade in unsent), "at most one batch is waiting"


async def test_rows_of_a_frame_come_newest_first_and_of_one_product(client: LabClient) -> None:
    await client.subscribe("BTC-USD", "ETH-USD", "SOL-USD")
    frames = [frame for frame in await client.during(20) if frame["channel"] == "market_trades"]

    several = [frame["events"][0]["trades"] for frame in frames if len(frame["events"][0]["trades"]) > 1]
    assert several
    for trades in several:
        assert len({row["product_id"] for row in trades}) == 1
        assert all(int(newer["trade_id"]) > int(older["trade_id"]) for newer, older in pairwise(trades))


async def test_trades_of_a_product_are_gathered_for_a_quarter_of_a_second(client: LabClient) -> None:
    await client.subscribe("BTC-USD")
    frames = await client.during(30)

    sent = [nanoseconds(frame["timestamp"]) for frame in frames]
    assert all((later - earlier) % 250_000_000 == 0 and later > earlier for earlier, later in pairwise(sent))
    for frame, sent_ns in zip(frames, sent, strict=True):
        assert all(0 <= sent_ns - row.time_ns <= 250_000_000 for row in rows_of([frame]))


async def test_products_take_their_turns(client: LabClient) -> None:
    products = ["BTC-USD", "ETH-USD", "SOL-USD", "XRP-USD", "DOGE-USD", "LTC-USD", "LINK-USD", "ZEC-USD"]
    await client.subscribe(*products)
    phases = {nanoseconds(frame["timestamp"]) % 250_000_000 for frame in await client.during(5)}
    assert len(phases) > 2


async def test_every_second_brings_a_heartbeat_that_counts_by_one(client: LabClient) -> None:
    await client.subscribe(channel="heartbeats")
    beats = await client.during(5)

    assert len(beats) == 5
    counters = [beat["events"][0]["heartbeat_counter"] for beat in beats]
    assert counters == list(range(counters[0], counters[0] + 5))
    assert isinstance(counters[0], int)
    said = beats[0]["events"][0]["current_time"]
    day, hour, zone, name, process = said.split(" ")
    assert (zone, name) == ("+0000", "UTC")
    assert f"{day}T{hour}Z" == beats[0]["timestamp"]
    assert process.startswith(f"m=+{counters[0]}.")


async def test_heartbeats_may_name_products_and_the_ack_names_heartbeats(client: LabClient) -> None:
    frames = await client.subscribe("BTC-USD", channel="heartbeats")
    assert frames[-1]["events"] == [{"subscriptions": {"heartbeats": ["heartbeats"]}}]


async def test_one_sequence_counts_all_frames_of_a_connection_from_zero(client: LabClient) -> None:
    frames = await client.subscribe("BTC-USD", "STORJ-USD")
    frames += await client.subscribe(channel="heartbeats")
    frames += await client.subscribe("ETH-USD", channel="ticker")
    frames += await client.during(10)
    frames += await client.unsubscribe("ETH-USD", channel="ticker")

    assert [frame["sequence_num"] for frame in frames] == list(range(len(frames)))
    assert {frame["channel"] for frame in frames} == {"market_trades", "subscriptions", "heartbeats", "ticker"}


async def test_each_connection_has_a_sequence_of_its_own(connect: Callable[[], Awaitable[LabClient]]) -> None:
    one, other = await connect(), await connect()
    first = await one.subscribe("BTC-USD")
    second = await other.subscribe("BTC-USD")
    assert first[0]["sequence_num"] == second[0]["sequence_num"] == 0


async def test_an_ack_lists_the_whole_present_state(client: LabClient) -> None:
    await client.subscribe("BTC-USD", "ETH-USD")
    await client.subscribe(channel="heartbeats")
    frames = await client.subscribe("SOL-USD", channel="ticker")
    assert frames[-1]["events"] == [
        {"subscriptions": {"heartbeats": ["heartbeats"], "market_trades": ["BTC-USD", "ETH-USD"], "ticker": ["SOL-USD"]}}
    ]


async def test_an_unsubscribed_product_falls_silent_and_the_others_go_on(client: LabClient) -> None:
    await client.subscribe("BTC-USD", "ETH-USD")
    frames = await client.unsubscribe("BTC-USD")
    assert frames[-1]["events"] == [{"subscriptions": {"market_trades": ["ETH-USD"]}}]
    assert {row.product for row in rows_of(await client.during(10))} == {"ETH-USD"}


async def test_unsubscribing_without_products_drops_the_channel(client: LabClient) -> None:
    await client.subscribe("BTC-USD", "ETH-USD")
    await client.send(type="unsubscribe", channel="market_trades")
    assert (await client.take())[-1]["events"] == [{"subscriptions": {}}]
    assert await client.during(5) == []


async def test_an_alias_is_delivered_under_the_name_of_its_book(client: LabClient) -> None:
    frames = await client.subscribe("BTC-USDC")
    assert frames[-1]["events"] == [{"subscriptions": {"market_trades": ["BTC-USD"]}}]
    assert {row.product for row in rows_of(await client.during(3))} == {"BTC-USD"}


async def test_a_ticker_comes_at_once_and_with_each_match_and_has_no_time_of_its_own(client: LabClient) -> None:
    frames = await client.subscribe("BTC-USD", channel="ticker")
    assert [frame["channel"] for frame in frames] == ["ticker", "subscriptions"]
    assert frames[0]["events"][0]["type"] == "snapshot"

    frames = await client.during(5)
    assert frames
    for frame in frames:
        (event,) = frame["events"]
        (row,) = event["tickers"]
        assert event["type"] == "update"
        assert row["product_id"] == "BTC-USD"
        assert float(row["best_bid"]) <= float(row["price"]) <= float(row["best_ask"])
        assert "time" not in row


async def test_a_ticker_batch_comes_every_five_seconds_without_quotes(client: LabClient) -> None:
    await client.subscribe("BTC-USD", channel="ticker_batch")
    frames = await client.during(20)
    assert len(frames) == 4
    assert all("best_bid" not in frame["events"][0]["tickers"][0] for frame in frames)

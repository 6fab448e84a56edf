"""What is Kraken's own: an ack for each symbol, heartbeats, numbers, several symbols a frame, refusals with status 200."""

from collections.abc import AsyncIterator
from itertools import pairwise

import pytest

from tests.lab.dialects import decode
from tests.lab.visitor import Played, Visitor, played


@pytest.fixture
async def kraken() -> AsyncIterator[Played]:
    async with played("kraken") as stage:
        yield stage


@pytest.fixture
async def visitor(kraken: Played) -> Visitor:
    visitor = await kraken.visit()
    (status,) = await visitor.hear()
    assert (status["channel"], status["type"], status["data"][0]["system"]) == ("status", "update", "online")
    return visitor


async def test_each_symbol_has_its_ack_and_an_unknown_one_fails_alone(visitor: Visitor) -> None:
    first, second, third = await visitor.subscribe_to("BTC/USD", "XBT/USD", "ETH/USD")
    assert (first["result"], first["success"], first["req_id"]) == ({"channel": "trade", "snapshot": False, "symbol": "BTC/USD"}, True, 1)
    assert (second["error"], second["success"], second["symbol"]) == ("Currency pair not supported XBT/USD", False, "XBT/USD")
    assert "result" not in second
    assert third["result"]["symbol"] == "ETH/USD"
    assert first["time_in"].endswith("Z")
    assert {row.symbol for row in visitor.rows(await visitor.later(4))} == {"BTC/USD", "ETH/USD"}


async def test_a_heartbeat_comes_each_second_once_anything_is_subscribed_even_while_trades_flow(visitor: Visitor) -> None:
    assert await visitor.later(3) == []
    await visitor.subscribe_to("BTC/USD")
    beats = [message for message in await visitor.later(10) if message == {"channel": "heartbeat"}]
    assert len(beats) == 10


async def test_a_ping_has_its_pong(visitor: Visitor) -> None:
    (pong,) = await visitor.ask('{"method":"ping","req_id":7}')
    assert (pong["method"], pong["req_id"]) == ("pong", 7)


async def test_prices_are_numbers_with_the_pair_s_own_digits_and_rows_oldest_first(kraken: Played, visitor: Visitor) -> None:
    await visitor.subscribe_to("BTC/USD", "ETH/USD")
    await kraken.clock.let_pass(15)
    raw = [text for text in await visitor.take_raw() if isinstance(text, str) and '"trade_id"' in text]
    assert all('"price":"' not in text for text in raw)
    assert any(f'"price":{trade.price},' in text for text in raw for trade in kraken.tape("BTC/USD").recent(3))
    frames = [visitor.rows([decode(text)]) for text in raw]
    assert any(len({row.symbol for row in rows}) == 2 for rows in frames), "several symbols in one frame"
    assert any(len(rows) > 1 for rows in frames)
    ids = [row.trade_id for rows in frames for row in rows if row.symbol == "BTC/USD"]
    assert all(later == earlier + 1 for earlier, later in pairwise(ids))


async def test_a_snapshot_is_given_only_to_who_wants_one_and_is_marked(visitor: Visitor) -> None:
    ack, snapshot = await visitor.ask('{"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD"],"snapshot":true}}')
    assert ack["result"]["snapshot"] is True
    assert (snapshot["channel"], snapshot["type"], len(snapshot["data"])) == ("trade", "snapshot", 50)
    times = [row["timestamp"] for row in snapshot["data"]]
    assert times == sorted(times)


async def test_a_ticker_comes_at_once_and_with_each_trade(kraken: Played, visitor: Visitor) -> None:
    _, snapshot = await visitor.ask('{"method":"subscribe","params":{"channel":"ticker","symbol":["BTC/USD"]}}')
    updates = [message for message in await visitor.later(3) if message.get("channel") == "ticker"]
    assert (snapshot["type"], {message["type"] for message in updates}) == ("snapshot", {"update"})
    assert str(updates[-1]["data"][0]["last"]) == kraken.tape("BTC/USD").last_price


async def test_a_connection_that_asks_for_nothing_is_closed_after_a_minute(kraken: Played, visitor: Visitor) -> None:
    await kraken.clock.let_pass(59)
    await visitor.ask('{"method":"ping"}')
    await kraken.clock.let_pass(59)
    assert visitor.closed is None
    await kraken.clock.let_pass(2)
    await visitor.ended()


async def test_too_many_messages_are_complained_of_and_lost(visitor: Visitor) -> None:
    for _ in range(51):
        await visitor.send_text('{"method":"ping"}')
    told = await visitor.hear()
    assert (len(told), told[-1]) == (51, {"Error": "Exceeded msg rate"})


async def test_maintenance_is_told_to_everybody_and_its_end_too(kraken: Played, visitor: Visitor) -> None:
    await kraken.order("halt")
    await kraken.clock.let_pass(0.1)
    (now,) = await visitor.hear()
    other = await kraken.visit()
    assert (now["data"][0]["system"], (await other.hear())[0]["data"][0]["system"]) == ("maintenance", "maintenance")
    await kraken.lab.fault("clear kraken")
    assert (await other.hear())[0]["data"][0]["system"] == "online"


async def test_a_planned_end_is_maintenance_that_is_announced_and_not_yet_there(kraken: Played, visitor: Visitor) -> None:
    await kraken.order("planned-end after_seconds=5")
    (near,) = await visitor.hear()
    assert (near["data"][0]["system"], near["data"][0]["upcoming_maintenance"][0]["phase"]) == ("online", "announced")


async def test_a_delisted_pair_leaves_the_list_and_a_halted_one_stands_there_as_cancel_only(kraken: Played) -> None:
    await kraken.order("delist BTC")
    await kraken.order("halt ETH")
    _, pairs = await kraken.get("/0/public/AssetPairs")
    assert "XXBTZUSD" not in pairs["result"]
    assert pairs["result"]["XETHZUSD"]["status"] == "cancel_only"


async def test_a_151st_connection_in_ten_minutes_is_banned_and_rest_with_it(kraken: Played) -> None:
    address = kraken.addresses.ws_url.replace("ws:", "http:")
    statuses = []
    for _ in range(151):
        async with kraken.session.get(address) as answer:
            statuses.append(answer.status)
    assert statuses[-1] == 403
    assert (await kraken.get("/0/public/SystemStatus"))[0] == 403
    await kraken.clock.let_pass(601)
    assert (await kraken.get("/0/public/SystemStatus"))[0] == 200


async def test_rest_knows_a_pair_by_all_its_names_and_spells_old_ones_the_old_way(kraken: Played) -> None:
    _, pairs = await kraken.get("/0/public/AssetPairs")
    bitcoin = pairs["result"]["XXBTZUSD"]
    assert (bitcoin["wsname"], bitcoin["altname"], bitcoin["base"], bitcoin["quote"]) == ("XBT/USD", "XBTUSD", "XXBT", "ZUSD")
    assert pairs["result"]["EOSUSD"]["status"] == "cancel_only"
    answers = [(await kraken.get(f"/0/public/Trades?pair={name}"))[1] for name in ("XBTUSD", "BTC/USD", "XXBTZUSD")]
    assert all(list(answer["result"]) == ["XXBTZUSD", "last"] for answer in answers)
    rows = answers[-1]["result"]["XXBTZUSD"]
    assert [len(row) for row in rows[:2]] == [7, 7]
    assert rows[-1][6] > rows[0][6], "oldest first"


async def test_rest_gives_all_tickers_with_volume_and_average(kraken: Played) -> None:
    _, body = await kraken.get("/0/public/Ticker")
    ticker = body["result"]["XXBTZUSD"]
    assert ticker["c"][0] == kraken.tape("BTC/USD").last_price
    assert float(ticker["v"][1]) > 0
    assert float(ticker["p"][1]) > 0


async def test_a_second_request_in_a_second_is_refused_with_status_200(kraken: Played) -> None:
    await kraken.get("/0/public/SystemStatus")
    async with kraken.session.get(f"{kraken.addresses.rest_url}/0/public/SystemStatus") as answer:
        assert (answer.status, await answer.json()) == (200, {"error": ["EGeneral:Too many requests"]})
        assert "Retry-After" not in answer.headers

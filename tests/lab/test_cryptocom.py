"""What is Crypto.com's own: a first second of silence, history by id, heartbeats that want an answer, 400 channels."""

from collections.abc import AsyncIterator

import pytest

from tests.lab.visitor import Played, Visitor, played
from trinity_beast.words import Asset


@pytest.fixture
async def cryptocom() -> AsyncIterator[Played]:
    async with played("cryptocom") as stage:
        yield stage


@pytest.fixture
async def visitor(cryptocom: Played) -> Visitor:
    return await cryptocom.visit()


async def test_what_is_asked_in_the_first_second_is_refused(cryptocom: Played, visitor: Visitor) -> None:
    (told,) = await visitor.ask('{"id":1,"method":"subscribe","params":{"channels":["trade.BTC_USD"]}}')
    assert (told["id"], told["code"]) == (1, 42901)
    assert visitor.rows(await visitor.later(2)) == []


async def test_the_first_answer_of_a_channel_is_history_with_the_request_s_id(cryptocom: Played, visitor: Visitor) -> None:
    first, second = await visitor.subscribe_to("BTC_USD", "ETH_USD")
    assert (first["id"], first["result"]["subscription"], len(first["result"]["data"])) == (1, "trade.BTC_USD", 100)
    assert second["result"]["instrument_name"] == "ETH_USD"
    times = [row["t"] for row in first["result"]["data"]]
    assert times == sorted(times, reverse=True)
    assert times[0] <= cryptocom.clock.time_ns() // 10**6
    later = [message for message in await visitor.later(4) if "result" in message]
    assert {message["id"] for message in later} == {-1}


async def test_live_rows_come_newest_first_with_their_own_symbol(visitor: Visitor) -> None:
    await visitor.subscribe_to("BTC_USD")
    frames = [message["result"]["data"] for message in await visitor.later(20) if message.get("id") == -1]
    assert any(len(rows) > 1 for rows in frames)
    assert all([int(row["d"]) for row in rows] == sorted((int(row["d"]) for row in rows), reverse=True) for rows in frames)
    assert {row["i"] for rows in frames for row in rows} == {"BTC_USD"}


async def test_a_bad_channel_is_refused_by_itself(visitor: Visitor) -> None:
    await visitor.later(1)
    told = await visitor.ask('{"id":11,"method":"subscribe","params":{"channels":["trade.NOPE_USD","trade.BTC_USD","candle.BTC_USD"]}}')
    assert told[0] == {"id": 11, "method": "subscribe", "code": 40003, "channel": "trade.NOPE_USD", "message": "Unknown symbol"}
    assert told[1]["result"]["subscription"] == "trade.BTC_USD"
    assert (told[2]["code"], told[2]["message"]) == (40003, "Unrecognized channel")


async def test_leaving_is_answered_barely_and_an_unknown_method_is_refused(visitor: Visitor) -> None:
    await visitor.subscribe_to("BTC_USD")
    assert await visitor.ask('{"id":22,"method":"unsubscribe","params":{"channels":["trade.BTC_USD"]}}') == [
        {"id": 22, "method": "unsubscribe", "code": 0}
    ]
    assert (await visitor.ask('{"id":23,"method":"frobnicate"}'))[0]["message"] == "No such method"
    assert await visitor.ask("{no") == []


async def test_a_heartbeat_comes_every_30_seconds_and_unanswered_closes_at_the_third(cryptocom: Played, visitor: Visitor) -> None:
    beats = [message for message in await visitor.later(65) if message.get("method") == "public/heartbeat"]
    assert len(beats) == 2
    assert set(beats[0]) == {"id", "method", "code"}
    await cryptocom.clock.let_pass(30)
    closed = await visitor.ended()
    assert closed.rcvd is not None
    assert closed.rcvd.code == 1000


async def test_answered_heartbeats_keep_the_connection_and_an_answer_with_another_id_does_not(cryptocom: Played, visitor: Visitor) -> None:
    for _ in range(5):
        (beat,) = [message for message in await visitor.later(30) if message.get("method") == "public/heartbeat"]
        await visitor.ask(f'{{"id":{beat["id"]},"method":"public/respond-heartbeat"}}')
    assert visitor.closed is None
    for _ in range(2):
        await visitor.later(30)
        await visitor.ask('{"id":5,"method":"public/respond-heartbeat"}')
    await cryptocom.clock.let_pass(30)
    await visitor.ended()


async def test_a_401st_channel_is_one_too_many() -> None:
    async with played("cryptocom", assets=[Asset(f"C{number}") for number in range(201)]) as stage:
        visitor = await stage.visit()
        symbols = [listing.symbol for listing in stage.lab.market.listings[stage.venue] if not listing.is_delisted]
        told = await visitor.subscribe_to(*symbols[:401])
        assert [message["code"] for message in told] == [0] * 400 + [40107]
        assert told[-1] == {"id": 1, "method": "subscribe", "code": 40107, "message": "Maximum subscriptions exceeded"}


async def test_a_ticker_tells_last_bid_and_ask(cryptocom: Played, visitor: Visitor) -> None:
    await visitor.later(1)
    (first,) = await visitor.ask('{"id":2,"method":"subscribe","params":{"channels":["ticker.BTC_USD"]}}')
    later = [message for message in await visitor.later(3) if message.get("id") == -1]
    assert (first["id"], later[-1]["result"]["data"][0]["a"]) == (2, cryptocom.tape("BTC_USD").last_price)


async def test_rest_lists_both_quotes_and_what_cannot_be_traded(cryptocom: Played) -> None:
    _, body = await cryptocom.get("/exchange/v1/public/get-instruments")
    listed = {row["symbol"]: row for row in body["result"]["data"]}
    assert {"BTC_USD", "BTC_USDT"} <= set(listed)
    assert (listed["BTC_USDT"]["base_ccy"], listed["BTC_USDT"]["quote_ccy"]) == ("BTC", "USDT")
    assert listed["MKR_USD"]["tradable"] is False
    _, tickers = await cryptocom.get("/exchange/v1/public/get-tickers")
    assert {row["i"]: row["a"] for row in tickers["result"]["data"]}["MKR_USD"] == "1225.1"
    assert float({row["i"]: row["vv"] for row in tickers["result"]["data"]}["BTC_USD"]) > 0


async def test_a_hundred_requests_a_second_are_the_limit_of_each_method(cryptocom: Played) -> None:
    path = "/exchange/v1/public/get-trades?instrument_name=BTC_USD&count=1"
    answers = [await cryptocom.get(path) for _ in range(101)]
    assert [status for status, _ in answers] == [200] * 100 + [429]
    assert answers[-1][1]["code"] == 42901

"""What is Gate.io's own: one answer a request, integers for times, sockets that are cut when nobody speaks."""

from collections.abc import AsyncIterator

import pytest

from tests.lab.visitor import Played, Visitor, played


@pytest.fixture
async def gateio() -> AsyncIterator[Played]:
    async with played("gateio") as stage:
        yield stage


@pytest.fixture
async def visitor(gateio: Played) -> Visitor:
    return await gateio.visit()


async def test_a_request_has_one_answer_that_names_its_pairs(visitor: Visitor) -> None:
    (ack,) = await visitor.ask('{"time":1,"id":9,"channel":"spot.trades","event":"subscribe","payload":["BTC_USDT","ETH_USDT"]}')
    assert (ack["id"], ack["channel"], ack["event"], ack["payload"]) == (9, "spot.trades", "subscribe", ["BTC_USDT", "ETH_USDT"])
    assert ack["result"] == {"status": "success"}
    assert ack["time"] == ack["time_ms"] // 1000


async def test_one_unknown_pair_fails_all_of_its_request_and_is_named(visitor: Visitor) -> None:
    told = await visitor.ask('{"channel":"spot.trades","event":"subscribe","payload":["BTC_USDT","btc_usdt","NOPE_USDT"]}')
    assert (told[0]["error"], told[0]["result"]) == ({"code": 2, "message": "unknown currency pair: btc_usdt"}, {"status": "fail"})
    assert visitor.rows(await visitor.later(3)) == []


async def test_a_time_in_quotes_does_not_follow_the_schema(visitor: Visitor) -> None:
    (told,) = await visitor.ask('{"time":"1795160400","channel":"spot.trades","event":"subscribe","payload":["BTC_USDT"]}')
    assert told["error"] == {"code": 1, "message": "request payload does not follow json schema"}
    assert (told["channel"], told["event"], told["result"]) == ("", "", None)


async def test_an_unknown_channel_is_named(visitor: Visitor) -> None:
    (told,) = await visitor.ask('{"channel":"spot.obu","event":"subscribe","payload":["BTC_USDT"]}')
    assert told["error"] == {"code": 2, "message": "Unknown channel spot.obu"}


async def test_a_ping_has_its_pong_and_what_is_no_json_has_nothing(visitor: Visitor) -> None:
    (pong,) = await visitor.ask('{"time":1795160400,"channel":"spot.ping"}')
    assert (pong["channel"], pong["event"], pong["result"]) == ("spot.pong", "", None)
    assert await visitor.ask("{no") == []


async def test_a_trade_is_one_object_a_frame_and_none_is_old(gateio: Played, visitor: Visitor) -> None:
    assert visitor.rows(await visitor.subscribe_to("BTC_USDT")) == []
    frames = [message for message in await visitor.later(5) if message["event"] == "update"]
    assert all(isinstance(frame["result"], dict) for frame in frames)
    row = frames[-1]["result"]
    assert (row["stock"], row["money"], row["range"], row["id_market"]) == ("BTC", "USDT", f"{row['id']}-{row['id']}", row["id"])


async def test_a_ticker_has_no_time_of_its_own(gateio: Played, visitor: Visitor) -> None:
    await visitor.ask('{"channel":"spot.tickers","event":"subscribe","payload":["BTC_USDT"]}')
    ticker = (await visitor.later(3))[-1]["result"]
    assert (ticker["currency_pair"], ticker["last"]) == ("BTC_USDT", gateio.tape("BTC_USDT").last_price)
    assert not any("time" in name for name in ticker)


async def test_a_socket_without_subscription_is_cut_after_30_seconds_without_a_word(gateio: Played, visitor: Visitor) -> None:
    await gateio.clock.let_pass(29.9)
    await visitor.hear()  # The test's own ping counts as a client's frame.
    await gateio.clock.let_pass(29.9)
    assert visitor.closed is None
    await gateio.clock.let_pass(0.2)
    assert (await visitor.ended()).rcvd is None


async def test_a_socket_that_got_only_its_ack_is_cut_after_60_seconds(gateio: Played, visitor: Visitor) -> None:
    await gateio.order("mute")
    await visitor.subscribe_to("BTC_USDT")
    await gateio.clock.let_pass(59.9)
    assert visitor.closed is None
    await gateio.clock.let_pass(0.2)
    assert (await visitor.ended()).rcvd is None


async def test_pings_keep_a_quiet_socket_open(gateio: Played, visitor: Visitor) -> None:
    for _ in range(4):
        await gateio.clock.let_pass(25)
        await visitor.ask('{"time":1795160400,"channel":"spot.ping"}')
    assert visitor.closed is None


async def test_rest_ranks_by_quote_volume_and_marks_what_cannot_be_traded(gateio: Played) -> None:
    _, tickers = await gateio.get("/api/v4/spot/tickers")
    _, pairs = await gateio.get("/api/v4/spot/currency_pairs")
    volumes = {row["currency_pair"]: float(row["quote_volume"]) for row in tickers}
    assert volumes["BTC_USDT"] > 0
    assert volumes["FTM_USDT"] == 0
    assert {row["id"]: row["trade_status"] for row in pairs}["FTM_USDT"] == "untradable"
    assert next(row["last"] for row in tickers if row["currency_pair"] == "FTM_USDT") == "0.5261"


async def test_200_requests_in_ten_seconds_are_the_limit_of_each_address(gateio: Played) -> None:
    path = "/api/v4/spot/tickers?currency_pair=BTC_USDT"
    statuses = [(await gateio.get(path))[0] for _ in range(201)]
    assert statuses == [200] * 200 + [429]
    assert (await gateio.get("/api/v4/spot/currency_pairs"))[0] == 200
    _, body = await gateio.get(path)
    assert body["label"] == "TOO_MANY_REQUESTS"

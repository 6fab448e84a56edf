"""What is Gemini's own: whole requests refused, acks that may come after data, pings of the server."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.lab.visitor import PING, Played, Visitor, played, silent_client


@pytest.fixture
async def gemini() -> AsyncIterator[Played]:
    async with played("gemini") as stage:
        yield stage


@pytest.fixture
async def visitor(gemini: Played) -> Visitor:
    return await gemini.visit()


async def test_a_request_is_acknowledged_once_with_its_id_of_either_kind(visitor: Visitor) -> None:
    asked = '{"id":"md","method":"SUBSCRIBE","params":["btcusd@trade","ETHUSD@trade"]}'
    assert _answers(await visitor.ask(asked)) == [{"id": "md", "status": 200}]
    assert _answers(await visitor.ask('{"id":7,"method":"unsubscribe","params":["btcusd@trade"]}')) == [{"id": 7, "status": 200}]
    (told,) = _answers(await visitor.ask('{"id":8,"method":"list_subscriptions"}'))
    assert told == {"id": 8, "status": 200, "result": ["ethusd@trade"]}


def _answers(messages: list[Any]) -> list[Any]:
    return [message for message in messages if "id" in message]


async def test_one_unknown_stream_refuses_the_whole_request_and_is_named(visitor: Visitor) -> None:
    told = await visitor.ask('{"id":4,"method":"subscribe","params":["btcusd@trade","nopeusd@trade","btcusd@nope"]}')
    assert told == [{"id": 4, "status": 400, "error": {"code": -1013, "msg": "Invalid stream name: nopeusd@trade"}}]
    assert visitor.rows(await visitor.later(3)) == []


async def test_an_unknown_method_is_unsupported(visitor: Visitor) -> None:
    told = await visitor.ask('{"id":11,"method":"frobnicate"}')
    assert told == [{"id": 11, "status": 400, "error": {"code": -1020, "msg": "Unsupported operation"}}]


async def test_a_json_ping_the_time_and_the_limits_are_answered(gemini: Played, visitor: Visitor) -> None:
    assert await visitor.ask('{"id":"ping","method":"ping"}') == [{"id": "ping", "status": 200}]
    (told,) = await visitor.ask('{"id":"time","method":"time"}')
    assert abs(told["result"]["serverTime"] - gemini.clock.time_ns() // 10**6) < 1000
    (told,) = await visitor.ask('{"id":7,"method":"conninfo"}')
    assert {limit["rateLimitType"]: limit["limit"] for limit in told["rateLimits"]} == {"REQUEST_WEIGHT": 7000, "CONNECTION_ATTEMPTS": 300}


async def test_trades_are_exact_to_the_nanosecond_and_padded_and_none_is_old(gemini: Played, visitor: Visitor) -> None:
    assert visitor.rows(await visitor.subscribe_to("btcusd")) == []
    rows = visitor.rows(await visitor.later(5))
    assert any(row.time_ns % 1000 for row in rows)
    assert all(len(row.price.split(".")[1]) == 5 for row in rows)
    assert all(row.time_ns > gemini.clock.time_ns() - 5.2 * 10**9 for row in rows)


async def test_a_book_ticker_tells_the_last_price(gemini: Played, visitor: Visitor) -> None:
    await visitor.ask('{"id":1,"method":"subscribe","params":["btcusd@bookTicker"]}')
    ticker = (await visitor.later(3))[-1]
    assert ticker["c"] == gemini.tape("btcusd").last_price
    assert float(ticker["b"]) < float(ticker["a"])


async def test_the_server_pings_every_20_seconds_and_an_idle_connection_stays(gemini: Played) -> None:
    async with silent_client(gemini) as reader:
        await gemini.clock.let_pass(130)
        assert await reader.readexactly(12) == PING * 6
        assert not reader.at_eof()


async def test_a_301st_connection_in_five_minutes_is_refused(gemini: Played) -> None:
    statuses = [(await _handshake(gemini)) for _ in range(301)]
    assert statuses[-2:] == [400, 429]
    await gemini.clock.let_pass(300)
    await gemini.visit()


async def _handshake(stage: Played) -> int:
    async with stage.session.get(stage.addresses.ws_url.replace("ws:", "http:")) as answer:
        return answer.status


async def test_a_halted_symbol_takes_cancellations_only(gemini: Played) -> None:
    await gemini.order("halt BTC")
    _, details = await gemini.get("/v1/symbols/details/BTCUSD")
    assert details["status"] == "cancel_only"


async def test_rest_knows_symbols_details_tickers_and_the_feed_of_prices(gemini: Played) -> None:
    _, symbols = await gemini.get("/v1/symbols")
    _, details = await gemini.get("/v1/symbols/details/BTCUSD")
    _, ticker = await gemini.get("/v1/pubticker/btcusd")
    _, second = await gemini.get("/v2/ticker/btcusd")
    _, fed = await gemini.get("/v1/pricefeed")
    assert symbols == ["btcusd", "ethusd", "pepeusd", "mkrusd"]
    assert (details["symbol"], details["base_currency"], details["quote_currency"], details["status"]) == ("BTCUSD", "BTC", "USD", "open")
    last = gemini.tape("btcusd").last_price
    assert (ticker["last"], second["close"], fed[0]) == (last, last, {**fed[0], "pair": "BTCUSD", "price": last})
    assert set(ticker["volume"]) == {"BTC", "USD", "timestamp"}


async def test_a_closed_symbol_is_listed_with_its_last_price_and_cannot_be_subscribed(gemini: Played, visitor: Visitor) -> None:
    _, details = await gemini.get("/v1/symbols/details/mkrusd")
    _, ticker = await gemini.get("/v1/pubticker/mkrusd")
    assert (details["status"], ticker["last"]) == ("closed", "1225.10000")
    assert (await visitor.subscribe_to("mkrusd"))[0]["error"]["code"] == -1013


async def test_a_121st_request_in_a_minute_is_refused_with_when_to_come_again(gemini: Played) -> None:
    statuses = [(await gemini.get("/v1/symbols"))[0] for _ in range(121)]
    assert statuses == [200] * 120 + [429]
    _, body, headers = await gemini.get_whole("/v1/symbols")
    assert (body["result"], headers["Retry-After"]) == ("error", "60")

"""What is OKX's own: an ack for each argument, one old trade unmarked, the text ping, folded fills, codes in bodies."""

import json
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from websockets.exceptions import InvalidStatus

from tests.lab.visitor import Played, Visitor, played


@pytest.fixture
async def okx() -> AsyncIterator[Played]:
    async with played("okx") as stage:
        yield stage


@pytest.fixture
async def visitor(okx: Played) -> Visitor:
    return await okx.visit()


async def test_each_argument_has_its_ack_then_its_last_trade_whatever_its_age(okx: Played, visitor: Visitor) -> None:
    last = {symbol: okx.tape(symbol).recent(1)[0] for symbol in ("BTC-USDT", "PEPE-USDT")}
    told = await visitor.subscribe_to("BTC-USDT", "PEPE-USDT")
    assert [message.get("event", "data") for message in told] == ["subscribe", "data", "subscribe", "data"]
    assert told[0]["arg"] == {"channel": "trades", "instId": "BTC-USDT"}
    for row, symbol in zip(visitor.rows(told), last, strict=True):
        assert (row.symbol, row.trade_id, row.time_ns) == (symbol, last[symbol].trade_id, last[symbol].time_ns)
        assert row.time_ns < okx.clock.time_ns()


async def test_an_unknown_instrument_is_refused_alone_and_named_in_the_text(visitor: Visitor) -> None:
    told = await visitor.subscribe_to("BTC-USDT", "NOPE-USDT")
    error = told[-1]
    assert (error["event"], error["code"]) == ("error", "60018")
    assert "channel:trades,instId:NOPE-USDT doesn't exist." in error["msg"]
    assert "arg" not in error
    assert visitor.rows(await visitor.later(3))


async def test_what_is_malformed_is_refused_whole(visitor: Visitor) -> None:
    for text in ('{"op":"subscribe","args":"trades"}', '{"op":"nope","args":[]}', "pong"):
        (told,) = await visitor.ask(text)
        assert (told["event"], told["code"]) == ("error", "60012")
    arguments = [{"channel": "trades", "instId": "BTC-USDT"}] * 1700
    (told,) = await visitor.ask(json.dumps({"op": "subscribe", "args": arguments}))
    assert told["code"] == "60012"


async def test_an_id_is_echoed_and_leaving_is_acknowledged(visitor: Visitor) -> None:
    ack, *_ = await visitor.ask('{"id":"md","op":"subscribe","args":[{"channel":"tickers","instId":"BTC-USDT"}]}')
    assert (ack["id"], ack["event"]) == ("md", "subscribe")
    left = await visitor.ask('{"op":"unsubscribe","args":[{"channel":"tickers","instId":"BTC-USDT"}]}')
    assert "unsubscribe" in {message.get("event") for message in left}


async def test_the_text_ping_has_the_text_pong(visitor: Visitor) -> None:
    await visitor.send_text("ping")
    assert await visitor.take_raw() == ["pong"]


async def test_a_connection_that_is_told_nothing_for_30_seconds_is_cut(okx: Played, visitor: Visitor) -> None:
    await okx.clock.let_pass(25)
    await visitor.ask("ping")
    await okx.clock.let_pass(29)
    assert visitor.closed is None
    await okx.clock.let_pass(1.1)
    assert (await visitor.ended()).rcvd is None


async def test_what_an_order_takes_at_one_price_is_one_row_with_its_count(okx: Played, visitor: Visitor) -> None:
    await visitor.subscribe_to("BTC-USDT")
    frames = [message["data"] for message in await visitor.later(30) if isinstance(message, dict) and "data" in message]
    assert all(len(rows) == 1 for rows in frames)
    folded = [rows[0] for rows in frames if int(rows[0]["count"]) > 1]
    assert folded
    ids = [int(rows[0]["tradeId"]) for rows in frames]
    assert any(later - earlier > 1 for earlier, later in pairwise(ids)), "ids jump by design"
    assert {type(rows[0]["seqId"]) for rows in frames} == {int}


async def test_the_481st_operation_in_an_hour_is_refused(okx: Played, visitor: Visitor) -> None:
    request = okx.dialect.subscribe(["ETH-USDT"])[0]
    for _ in range(480):
        await visitor.send_text(request)
    await visitor.hear()
    told = await visitor.ask(request)
    assert told[0]["code"] == "60014"
    await okx.clock.let_pass(1)
    other = await okx.visit()
    assert (await other.ask(request))[0]["event"] == "subscribe", "counted for each connection"


async def test_a_fourth_connection_in_a_second_is_refused(okx: Played, visitor: Visitor) -> None:
    await okx.visit()
    await okx.visit()
    with pytest.raises(InvalidStatus):
        await okx.visit()
    await okx.clock.let_pass(1)
    await okx.visit()


async def test_a_suspended_instrument_is_listed_with_a_price_and_a_delisted_one_is_gone(okx: Played) -> None:
    _, instruments = await okx.get("/api/v5/public/instruments?instType=SPOT")
    _, tickers = await okx.get("/api/v5/market/tickers?instType=SPOT")
    states = {row["instId"]: row["state"] for row in instruments["data"]}
    assert (states["FTM-USDT"], states["BTC-USDT"]) == ("suspend", "live")
    assert {row["instId"]: row["last"] for row in tickers["data"]}["FTM-USDT"] == "0.5261"
    await okx.order("delist BTC")
    _, instruments = await okx.get("/api/v5/public/instruments?instType=SPOT")
    assert "BTC-USDT" not in {row["instId"] for row in instruments["data"]}


async def test_lists_have_20_requests_in_two_seconds_and_trades_have_100(okx: Played) -> None:
    statuses = [(await okx.get("/api/v5/market/ticker?instId=BTC-USDT"))[0] for _ in range(21)]
    assert statuses == [200] * 20 + [429]
    answers = [await okx.get("/api/v5/market/trades?instId=BTC-USDT&limit=1") for _ in range(101)]
    assert [status for status, _ in answers] == [200] * 100 + [429]
    assert answers[-1][1]["code"] == "50011"

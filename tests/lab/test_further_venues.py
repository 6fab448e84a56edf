"""What is Bitstamp's, Bybit's, Binance's and HTX's own."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from tests.lab.visitor import PING, Played, played, silent_client
from trinity_beast.lab.venues.listed import GREAT
from trinity_beast.words import Asset


@pytest.fixture
async def bitstamp() -> AsyncIterator[Played]:
    async with played("bitstamp") as stage:
        yield stage


@pytest.fixture
async def bybit() -> AsyncIterator[Played]:
    async with played("bybit", assets=[*GREAT, Asset("ADA")]) as stage:
        yield stage


@pytest.fixture
async def binance() -> AsyncIterator[Played]:
    async with played("binance") as stage:
        yield stage


@pytest.fixture
async def htx() -> AsyncIterator[Played]:
    async with played("htx") as stage:
        yield stage


async def test_bitstamp_acknowledges_a_channel_and_an_unknown_pair_alike(bitstamp: Played) -> None:
    visitor = await bitstamp.visit()
    assert await visitor.subscribe_to("btcusd", "nopeusd") == [
        {"event": "bts:subscription_succeeded", "channel": "live_trades_btcusd", "data": {}},
        {"event": "bts:subscription_succeeded", "channel": "live_trades_nopeusd", "data": {}},
    ]
    assert {row.symbol for row in visitor.rows(await visitor.later(4))} == {"btcusd"}


async def test_bitstamp_refuses_wrong_case_bad_words_and_what_is_no_json(bitstamp: Played) -> None:
    visitor = await bitstamp.visit()
    refused = {
        '{"event":"bts:subscribe","data":{"channel":"live_trades_BTCUSD"}}': "Invalid channel provided.",
        '{"event":"bts:subscribe","data":{"channel":"live_trades_btc/usd"}}': "Invalid channel provided.",
        '{"event":"nope"}': "Bad subscription string.",
        "{no": "Incorrect JSON format.",
    }
    for text, message in refused.items():
        assert await visitor.ask(text) == [{"event": "bts:error", "channel": "", "data": {"code": None, "message": message}}]


async def test_bitstamp_answers_a_heartbeat_and_closes_on_a_frame_of_513_bytes(bitstamp: Played) -> None:
    visitor = await bitstamp.visit()
    assert await visitor.ask('{"event":"bts:heartbeat"}') == [{"event": "bts:heartbeat", "channel": "", "data": {"status": "success"}}]
    await visitor.ask(" " * 488 + '{"event":"bts:heartbeat"}'[:24])
    assert visitor.closed is None
    await visitor.send_text(" " * 513)
    closed = await visitor.ended()
    assert closed.rcvd is not None
    assert (closed.rcvd.code, closed.rcvd.reason) == (1009, "read limited at 513 bytes")


async def test_bitstamp_cuts_a_connection_at_its_1025th_channel(bitstamp: Played) -> None:
    visitor = await bitstamp.visit()
    for number in range(1024):
        await visitor.send_text(f'{{"event":"bts:subscribe","data":{{"channel":"live_trades_coin{number}"}}}}')
    assert len(await visitor.hear()) == 1024
    await visitor.send_text('{"event":"bts:subscribe","data":{"channel":"live_trades_btcusd"}}')
    assert (await visitor.ended()).rcvd is None


async def test_bitstamp_rest_ends_its_addresses_with_a_slash_and_marks_the_disabled(bitstamp: Played) -> None:
    _, tickers = await bitstamp.get("/api/v2/ticker/")
    _, markets = await bitstamp.get("/api/v2/markets/")
    assert tickers[0]["last"] == bitstamp.tape("btcusd").last_price
    assert {row["market_symbol"]: row["trading"] for row in markets} == {
        **dict.fromkeys(("btcusd", "ethusd", "pepeusd"), "Enabled"),
        "mkrusd": "Disabled",
    }


async def test_bybit_takes_ten_topics_a_request_and_answers_once(bybit: Played) -> None:
    visitor = await bybit.visit()
    symbols = [f"{asset}USDT" for asset in (*GREAT, "ADA")]
    (told,) = await visitor.subscribe_to(*symbols)
    assert (told["success"], told["op"]) == (False, "subscribe")
    (told,) = await visitor.subscribe_to(*symbols[:10])
    assert (told["success"], told["ret_msg"], told["op"]) == (True, "subscribe", "subscribe")


async def test_bybit_names_what_it_refuses_and_subscribes_nothing_of_it(bybit: Played) -> None:
    visitor = await bybit.visit()
    (told,) = await visitor.subscribe_to("BTCUSDT", "NOPEUSDT")
    assert told["ret_msg"] == "Invalid symbol :[publicTrade.NOPEUSDT]"
    assert await visitor.later(3) == []


async def test_bybit_pings_and_tickers_and_calls_every_trade_a_snapshot(bybit: Played) -> None:
    visitor = await bybit.visit()
    (pong,) = await visitor.ask('{"req_id":"p1","op":"ping"}')
    assert (pong["success"], pong["ret_msg"], pong["req_id"], pong["op"]) == (True, "pong", "p1", "ping")
    await visitor.ask('{"op":"subscribe","args":["tickers.BTCUSDT","publicTrade.BTCUSDT"]}')
    messages = await visitor.later(10)
    assert {message["type"] for message in messages} == {"snapshot"}
    assert any(len(message["data"]) > 1 for message in messages if message["topic"] == "publicTrade.BTCUSDT")
    last = next(message for message in reversed(messages) if message["topic"] == "tickers.BTCUSDT")
    assert last["data"]["lastPrice"] == bybit.tape("BTCUSDT").last_price


async def test_bybit_cuts_after_ten_minutes_without_traffic(bybit: Played) -> None:
    visitor = await bybit.visit()
    await bybit.clock.let_pass(599)
    assert visitor.closed is None
    await bybit.clock.let_pass(2)
    await visitor.ended()


async def test_bybit_bans_who_asks_601_times_in_five_seconds_for_ten_minutes(bybit: Played) -> None:
    path = "/v5/market/tickers?category=spot&symbol=BTCUSDT"
    statuses = [(await bybit.get(path))[0] for _ in range(601)]
    assert statuses == [200] * 600 + [403]
    await bybit.clock.let_pass(590)
    assert (await bybit.get(path))[0] == 403
    await bybit.clock.let_pass(11)
    assert (await bybit.get(path))[0] == 200


async def test_binance_takes_streams_in_lower_case_and_names_symbols_in_upper(binance: Played) -> None:
    visitor = await binance.visit()
    (ack, *_) = await visitor.ask('{"method":"SUBSCRIBE","params":["btcusdt@trade","ETHUSDT@trade"],"id":3}')
    assert ack == {"result": None, "id": 3}
    rows = visitor.rows(await visitor.later(4))
    assert {row.symbol for row in rows} == {"BTCUSDT"}
    assert all(len(row.price.split(".")[1]) == 8 for row in rows)


async def test_binance_refuses_what_it_cannot_read_with_a_code(binance: Played) -> None:
    visitor = await binance.visit()
    told = [*await visitor.ask('{"method":"NOPE","id":1}'), *await visitor.ask("{no")]
    assert [(message["code"], message["id"]) for message in told] == [(2, 1), (2, None)]


async def test_binance_closes_on_a_sixth_message_in_a_second(binance: Played) -> None:
    visitor = await binance.visit()
    for _ in range(5):
        await visitor.send_text('{"method":"LIST_SUBSCRIPTIONS","id":1}')
    await visitor.send_text('{"method":"LIST_SUBSCRIPTIONS","id":1}')
    closed = await visitor.ended()
    assert closed.rcvd is not None
    assert closed.rcvd.code == 1008


async def test_binance_pings_every_20_seconds_and_whoever_answers_stays(binance: Played) -> None:
    visitor = await binance.visit()
    for _ in range(30):
        await binance.clock.let_pass(5)
        await visitor.hear()
    assert visitor.closed is None


async def test_binance_cuts_who_leaves_its_pings_unanswered_for_a_minute(binance: Played) -> None:
    async with silent_client(binance) as reader:
        await binance.clock.let_pass(59)
        assert await reader.readexactly(4) == PING * 2
        assert not reader.at_eof()
        await binance.clock.let_pass(1.1)
        with suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 5) in {b"", PING}


async def test_binance_ends_a_connection_after_a_day() -> None:
    async with played("binance", assets=[Asset("CHZ")]) as stage:
        visitor = await stage.visit()
        stage.clock.advance(24 * 3600 + 1)
        await stage.clock.let_pass(0.1)
        closed = await visitor.ended()
    assert closed.rcvd is not None
    assert (closed.rcvd.code, closed.rcvd.reason) == (1001, "24 hours")


async def test_binance_answers_too_much_with_429_and_going_on_with_418(binance: Played) -> None:
    path = "/api/v3/trades?symbol=BTCUSDT&limit=1"
    answers = [await binance.get_whole(path) for _ in range(252)]
    assert [status for status, _, _ in answers] == [200] * 240 + [429] * 10 + [418] * 2
    assert answers[245][2]["Retry-After"] == "60"
    assert answers[-1][2]["Retry-After"] == "120"
    await binance.clock.let_pass(121)
    assert (await binance.get(path))[0] == 200


async def test_htx_gzips_every_frame_and_answers_the_id(htx: Played) -> None:
    visitor = await htx.visit()
    await visitor.send_text('{"sub":"market.btcusdt.trade.detail","id":"id1"}')
    raw = await visitor.take_raw()
    assert all(isinstance(frame, bytes) and frame[:2] == b"\x1f\x8b" for frame in raw)
    assert isinstance(raw[0], bytes)
    ack = json.loads(gzip.decompress(raw[0]))
    assert (ack["id"], ack["status"], ack["subbed"]) == ("id1", "ok", "market.btcusdt.trade.detail")


async def test_htx_tells_one_old_trade_after_the_ack_and_small_prices_with_exponents(htx: Played) -> None:
    last = htx.tape("pepeusdt").recent(1)[0]
    visitor = await htx.visit()
    await visitor.send_text('{"sub":"market.pepeusdt.trade.detail"}')
    raw = await visitor.take_raw()
    told = [gzip.decompress(frame).decode() for frame in raw if isinstance(frame, bytes)]
    (row,) = json.loads(told[1])["tick"]["data"]
    assert (row["tradeId"], row["ts"] * 10**6) == (last.trade_id, last.time_ns)
    assert '"price":2.' in told[1]
    assert "E-6," in told[1]


async def test_htx_refuses_what_it_does_not_know(htx: Played) -> None:
    visitor = await htx.visit()
    for channel in ("market.nopeusdt.trade.detail", "market.btcusdt.depth.step0", "btcusdt"):
        (told,) = await visitor.ask(f'{{"sub":"{channel}","id":"1"}}')
        assert (told["status"], told["id"]) == ("error", "1")
        assert channel in told["err-msg"]


async def test_htx_pings_every_five_seconds_and_cuts_who_does_not_send_the_number_back(htx: Played) -> None:
    visitor = await htx.visit()
    for _ in range(6):
        (ping,) = [message for message in await visitor.later(5) if "ping" in message]
        await visitor.send_text(f'{{"pong":{ping["ping"]}}}')
    assert len([message for message in await visitor.later(10) if "ping" in message]) == 2
    await htx.clock.let_pass(5)
    assert (await visitor.ended()).rcvd is None

"""Faults of the connection and of REST, seen by a client."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from websockets.asyncio.client import connect as ws_connect

from tests.lab.client import LabClient, Rest, rows_of
from tests.support.clock import ManualClock
from trinity_beast.lab import Lab, LabAddresses

Connect = Callable[[], Awaitable[LabClient]]


async def test_a_frozen_socket_stays_open_and_moves_nothing(client: LabClient, lab: Lab, clock: ManualClock) -> None:
    await client.subscribe("BTC-USD")
    await client.subscribe(channel="heartbeats")
    await lab.fault("freeze coinbase")
    pong = asyncio.ensure_future(await client.socket.ping())
    await clock.let_pass(5)

    assert not pong.done()
    assert client.raw == []
    assert client.closed is None
    pong.cancel()


async def test_a_thawed_socket_delivers_late_what_was_held(client: LabClient, lab: Lab, clock: ManualClock) -> None:
    past = rows_of(await client.subscribe("BTC-USD"), "snapshot")
    await lab.fault("freeze coinbase for_seconds=10")
    await clock.let_pass(9)
    assert client.raw == []
    rows = rows_of(await client.during(2))
    assert rows[0].trade_id == past[-1].trade_id + 1
    assert clock.time_ns() - rows[0].time_ns > 8 * 10**9


async def test_what_is_asked_of_a_frozen_socket_is_answered_when_it_thaws(client: LabClient, lab: Lab) -> None:
    await client.subscribe("BTC-USD")
    await lab.fault("freeze coinbase")
    await client.send(type="subscribe", channel="market_trades", product_ids=["ETH-USD"])
    await lab.fault("clear")
    frames = await client.take()
    assert frames[-1]["events"] == [{"subscriptions": {"market_trades": ["BTC-USD", "ETH-USD"]}}]


async def test_a_drop_resets_every_connection_and_new_ones_are_welcome(connect: Connect, lab: Lab) -> None:
    clients = [await connect(), await connect()]
    for client in clients:
        await client.subscribe("BTC-USD")
    await lab.fault("drop coinbase")
    for client in clients:
        assert (await client.ended()).rcvd is None
    assert (await (await connect()).subscribe("BTC-USD"))[-1]["channel"] == "subscriptions"


async def test_a_drop_may_be_a_polite_close(client: LabClient, lab: Lab) -> None:
    await client.subscribe("BTC-USD")
    await lab.fault("drop coinbase code=1001")
    closed = await client.ended()
    assert closed.rcvd is not None
    assert closed.rcvd.code == 1001


async def test_refused_connections_are_refused_by_the_machine_and_open_ones_live_on(
    client: LabClient, addresses: LabAddresses, rest: Rest, lab: Lab
) -> None:
    await client.subscribe("BTC-USD")
    await lab.fault("refuse coinbase")
    with pytest.raises(ConnectionRefusedError):
        await ws_connect(addresses.ws_url, open_timeout=5)
    assert rows_of(await client.during(5))
    assert (await rest.get("/products/BTC-USD"))[0] == 200

    await lab.fault("clear")
    async with ws_connect(addresses.ws_url, open_timeout=5):
        pass


async def test_a_handshake_may_never_be_answered(addresses: LabAddresses, lab: Lab) -> None:
    await lab.fault("never-answer coinbase")
    connecting = asyncio.create_task(LabClient.connect(addresses.ws_url, ManualClock()))
    reader, writer = await asyncio.open_connection("127.0.0.1", int(addresses.ws_url.rsplit(":", 1)[1].strip("/")))
    assert not connecting.done()
    await lab.fault("clear")
    async with asyncio.timeout(5):
        await (await connecting).leave()
    writer.transport.abort()
    assert reader is not None


async def test_an_error_on_subscribe_answers_by_the_error_frame_only(client: LabClient, lab: Lab) -> None:
    await lab.fault("error-on-subscribe coinbase")
    assert await client.subscribe("BTC-USD") == [{"type": "error", "message": "failure to subscribe"}]
    assert await client.during(3) == []


async def test_an_error_on_subscribe_may_concern_one_symbol(client: LabClient, lab: Lab) -> None:
    await lab.fault("error-on-subscribe coinbase BTC-USD")
    assert (await client.subscribe("BTC-USD", "ETH-USD"))[0]["type"] == "error"
    assert (await client.subscribe("ETH-USD"))[-1]["channel"] == "subscriptions"


async def test_slow_rest_answers_late(rest: Rest, lab: Lab, clock: ManualClock) -> None:
    await lab.fault("rest-slow coinbase seconds=8")
    waiting = clock.sleepers
    asking = asyncio.create_task(rest.get("/products/BTC-USD"))
    await clock.wait_for_sleepers(waiting + 1)
    await clock.let_pass(7.9)
    assert not asking.done()
    await clock.let_pass(0.2)
    assert (await asking)[0] == 200


async def test_slow_rest_may_concern_one_symbol(rest: Rest, lab: Lab) -> None:
    await lab.fault("rest-slow coinbase BTC-USD seconds=8")
    assert (await rest.get("/products/ETH-USD"))[0] == 200


async def test_rest_may_fail_with_any_status_and_a_retry_after(rest: Rest, lab: Lab) -> None:
    await lab.fault("rest-status coinbase status=429 retry_after=17")
    status, headers = await rest.headers("/products/BTC-USD")
    assert (status, headers["Retry-After"]) == (429, "17")

    await lab.fault("rest-status coinbase status=500")
    status, headers = await rest.headers("/products/BTC-USD")
    assert status == 500
    assert "Retry-After" not in headers


async def test_rest_may_repeat_an_old_trade_while_the_market_moves_on(rest: Rest, client: LabClient, lab: Lab) -> None:
    await client.subscribe("BTC-USD")
    await lab.fault("rest-repeats coinbase BTC-USD")
    before = await rest.last("BTC-USD")
    assert rows_of(await client.during(10))
    assert await rest.last("BTC-USD") == before
    await lab.fault("clear")
    assert await rest.last("BTC-USD") != before

"""What Coinbase's socket refuses, and whom it shows out."""

from collections.abc import Awaitable, Callable

from tests.lab.client import LabClient
from tests.support.clock import ManualClock


async def test_who_does_not_subscribe_within_five_seconds_is_cut(client: LabClient, clock: ManualClock) -> None:
    await clock.let_pass(4.9)
    assert client.closed is None
    await clock.let_pass(0.2)
    assert (await client.ended()).rcvd is not None


async def test_who_subscribed_is_not_cut(client: LabClient, clock: ManualClock) -> None:
    await client.subscribe("BTC-USD")
    await clock.let_pass(30)
    assert await client.take()
    assert client.closed is None


async def test_a_refused_subscription_does_not_stop_the_deadline(client: LabClient, clock: ManualClock) -> None:
    await client.subscribe("NOPE-USD")
    await clock.let_pass(5.1)
    await client.ended()


async def test_an_unknown_product_refuses_its_whole_request(client: LabClient) -> None:
    assert await client.subscribe("BTC-USD", "NOPE-USD") == [{"type": "error", "message": "failure to subscribe"}]
    assert await client.during(3) == []
    frames = await client.subscribe("ETH-USD")
    assert frames[-1]["events"] == [{"subscriptions": {"market_trades": ["ETH-USD"]}}]


async def test_a_delisted_product_cannot_be_subscribed(client: LabClient) -> None:
    assert await client.subscribe("RNDR-USD") == [{"type": "error", "message": "failure to subscribe"}]


async def test_an_unknown_channel_is_refused(client: LabClient) -> None:
    assert await client.subscribe("BTC-USD", channel="gossip") == [{"type": "error", "message": "failure to subscribe"}]


async def test_a_private_channel_wants_authentication(client: LabClient) -> None:
    assert await client.subscribe(channel="user") == [{"type": "error", "message": "authentication failure"}]


async def test_what_is_no_request_is_refused_and_the_connection_lives_on(client: LabClient) -> None:
    for text in (
        "{",
        "[]",
        "7",
        '{"type":"dance","channel":"market_trades"}',
        '{"type":"subscribe","channel":"market_trades","product_ids":7}',
    ):
        await client.send_text(text)
    assert await client.take() == [{"type": "error", "message": "failure to subscribe"}] * 5
    assert (await client.subscribe("BTC-USD"))[-1]["channel"] == "subscriptions"


async def test_a_ninth_message_in_a_second_is_refused(client: LabClient, clock: ManualClock) -> None:
    for _ in range(8):
        await client.send(type="subscribe", channel="heartbeats")
    assert all(frame["channel"] == "subscriptions" for frame in await client.take())

    await client.send(type="subscribe", channel="market_trades", product_ids=["BTC-USD"])
    (refusal,) = await client.take()
    assert refusal["type"] == "error"

    await clock.let_pass(1.0)
    await client.take()
    assert (await client.subscribe("BTC-USD"))[-1]["channel"] == "subscriptions"


async def test_a_connection_that_hears_nothing_is_closed_after_60_to_90_seconds(client: LabClient, clock: ManualClock) -> None:
    await client.subscribe("BTC-USD")
    await client.unsubscribe("BTC-USD")
    await clock.let_pass(59.9)
    assert client.closed is None
    await clock.let_pass(30.2)
    await client.ended()


async def test_heartbeats_keep_a_quiet_connection_open(client: LabClient, clock: ManualClock) -> None:
    await client.subscribe(channel="heartbeats")
    await clock.let_pass(100)
    assert len(await client.take()) == 100
    assert client.closed is None


async def test_a_ninth_connection_in_a_second_is_refused(connect: Callable[[], Awaitable[LabClient]], clock: ManualClock) -> None:
    for _ in range(8):
        await connect()
    try:
        await connect()
    except Exception as refused:
        assert "429" in str(refused)
    else:
        raise AssertionError("the ninth got in")
    await clock.let_pass(1)
    await connect()

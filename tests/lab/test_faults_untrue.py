"""Faults in what is told, seen on the wire."""

from tests.lab.client import LabClient, Rest, rows_of
from tests.support.clock import ManualClock
from trinity_beast.lab import Lab
from trinity_beast.words import Symbol, Venue


async def test_a_muted_symbol_is_silent_while_the_others_and_rest_go_on(
    client: LabClient, rest: Rest, lab: Lab, clock: ManualClock
) -> None:
    await client.subscribe("BTC-USD", "ETH-USD")
    before = await rest.last("BTC-USD")
    await lab.fault("mute coinbase BTC-USD")

    rows = rows_of(await client.during(10))
    assert {row.product for row in rows} == {"ETH-USD"}
    assert int((await rest.last("BTC-USD"))["trade_id"]) > int(before["trade_id"])


async def test_a_muted_symbol_shows_its_history_to_who_subscribes_anew(client: LabClient, lab: Lab) -> None:
    await lab.fault("mute coinbase BTC-USD")
    frames = await client.subscribe("BTC-USD")
    assert rows_of(frames, "snapshot")
    assert rows_of(await client.during(5)) == []


async def test_muting_without_a_symbol_silences_the_venue_but_not_its_heartbeats(client: LabClient, lab: Lab) -> None:
    await client.subscribe("BTC-USD", "ETH-USD")
    await client.subscribe(channel="heartbeats")
    await lab.fault("mute coinbase")
    assert [frame["channel"] for frame in await client.during(3)] == ["heartbeats"] * 3


async def test_a_fault_ends_by_itself_after_its_time(client: LabClient, lab: Lab) -> None:
    await client.subscribe("BTC-USD")
    await lab.fault("mute coinbase BTC-USD for_seconds=5")
    assert rows_of(await client.during(4.9)) == []
    assert rows_of(await client.during(5)) != []
    assert lab.faults() == []


async def test_clearing_lets_the_muted_speak_again_without_telling_what_was_missed(client: LabClient, lab: Lab) -> None:
    past = rows_of(await client.subscribe("BTC-USD"), "snapshot")
    await lab.fault("mute coinbase BTC-USD")
    await client.during(5)
    await lab.fault("clear coinbase BTC-USD")
    rows = rows_of(await client.during(5))
    assert rows
    assert rows[0].trade_id > past[-1].trade_id + 1


async def test_clearing_one_symbol_leaves_the_others_faults(lab: Lab) -> None:
    await lab.fault("mute coinbase BTC-USD")
    await lab.fault("mute coinbase ETH-USD")
    await lab.fault("clear coinbase BTC-USD")
    assert [fault.symbol for fault in lab.faults()] == ["ETH-USD"]
    await lab.fault("clear")
    assert lab.faults() == []


async def test_the_same_order_again_replaces_the_earlier(lab: Lab) -> None:
    await lab.fault("future-times coinbase BTC-USD ahead_seconds=5")
    await lab.fault("future-times coinbase BTC-USD ahead_seconds=7")
    (fault,) = lab.faults()
    assert vars(fault)["ahead_seconds"] == 7


async def test_ack_silent_acknowledges_and_tells_nothing(client: LabClient, lab: Lab) -> None:
    await lab.fault("ack-silent coinbase")
    frames = await client.subscribe("BTC-USD", "ETH-USD")
    assert [frame["channel"] for frame in frames] == ["subscriptions"]
    assert frames[0]["events"] == [{"subscriptions": {"market_trades": ["BTC-USD", "ETH-USD"]}}]
    assert await client.during(10) == []


async def test_a_delisted_symbol_stops_trading_and_keeps_a_price_in_rest(client: LabClient, rest: Rest, lab: Lab) -> None:
    await client.subscribe("BTC-USD")
    await lab.fault("delist coinbase BTC-USD")
    assert rows_of(await client.during(5)) == []
    _, product = await rest.get("/products/BTC-USD")
    assert product["status"] == "delisted"
    assert product["trading_disabled"] is True
    assert float(product["price"]) > 0
    assert (await client.subscribe("BTC-USD"))[0]["type"] == "error"


async def test_future_times_carry_trades_ahead_of_the_clock(client: LabClient, lab: Lab, clock: ManualClock) -> None:
    await client.subscribe("BTC-USD", "ETH-USD")
    await lab.fault("future-times coinbase BTC-USD ahead_seconds=600")
    rows = rows_of(await client.during(3))

    ahead = [row.time_ns - clock.time_ns() for row in rows if row.product == "BTC-USD"]
    assert ahead
    assert all(590 * 10**9 < distance <= 600 * 10**9 for distance in ahead)
    assert all(row.time_ns <= clock.time_ns() for row in rows if row.product == "ETH-USD")


async def test_wrong_units_of_time_put_trades_into_1970(client: LabClient, lab: Lab) -> None:
    await client.subscribe("BTC-USD")
    await lab.fault("wrong-units coinbase BTC-USD")
    rows = rows_of(await client.during(3))
    assert rows
    assert all(row.time.startswith("1970-01-2") for row in rows)


async def test_wrong_units_of_price_move_its_point_by_two(client: LabClient, lab: Lab, clock: ManualClock) -> None:
    await client.subscribe("BTC-USD", "PEPE-USD")
    await lab.fault("wrong-units coinbase of=price")
    rows = rows_of(await client.during(10))
    for product in ("BTC-USD", "PEPE-USD"):
        told = [row for row in rows if row.product == product]
        tape = lab.market.tape(Venue("coinbase"), Symbol(product))
        assert tape is not None
        true = {trade.trade_id: trade.price for trade in tape.recent(500)}
        assert told
        for row in told:
            assert abs(float(row.price) / float(true[row.trade_id]) - 100) < 1e-9


async def test_a_replay_sends_old_trades_as_live_ones_once(client: LabClient, lab: Lab, clock: ManualClock) -> None:
    past = rows_of(await client.subscribe("BTC-USD"), "snapshot")
    await lab.fault("replay coinbase BTC-USD count=5 older_than_seconds=4")
    replayed = rows_of(await client.take())

    assert len(replayed) == 5
    assert {row.trade_id for row in replayed} <= {row.trade_id for row in past}
    assert all(clock.time_ns() - row.time_ns >= 4 * 10**9 for row in replayed)
    assert {row.trade_id for row in rows_of(await client.during(5))}.isdisjoint({row.trade_id for row in replayed})

"""The lab's time, and what it does when it could not keep up with it."""

from datetime import timedelta

from tests.lab.client import LabClient, nanoseconds, rows_of
from tests.support.clock import ManualClock
from trinity_beast.lab import Lab
from trinity_beast.words import Symbol, Venue


async def test_a_step_of_the_machine_s_clock_moves_no_trade(client: LabClient, lab: Lab, clock: ManualClock) -> None:
    await client.subscribe("BTC-USD")
    before = rows_of(await client.during(5))
    true_now = clock.now() + timedelta(seconds=5)
    clock.step_wall(timedelta(hours=-1))
    after = rows_of(await client.during(5))
    assert after[0].time_ns >= before[-1].time_ns
    assert after[-1].time_ns > before[-1].time_ns
    assert abs(lab.now_ns() - round(true_now.timestamp()) * 10**9) < 10**9


async def test_what_was_missed_while_held_up_is_told_in_order_when_it_goes_on(client: LabClient, clock: ManualClock) -> None:
    past = rows_of(await client.subscribe("BTC-USD"), "snapshot")
    await client.subscribe(channel="heartbeats")
    clock.advance(30)
    frames = await client.during(0.3)
    rows = rows_of(frames)
    assert [row.trade_id for row in rows] == list(range(past[-1].trade_id + 1, past[-1].trade_id + 1 + len(rows)))
    assert sum(frame["channel"] == "heartbeats" for frame in frames) == 31, "the first came with the first pulse"


async def test_after_an_hour_held_up_the_missed_part_is_left_out(client: LabClient, lab: Lab, clock: ManualClock) -> None:
    await client.subscribe("BTC-USD")
    await client.subscribe(channel="heartbeats")
    clock.advance(3600)
    frames = await client.during(2)
    assert len(frames) < 30
    assert all(clock.time_ns() - nanoseconds(frame["timestamp"]) < 3 * 10**9 for frame in frames)
    assert all(clock.time_ns() - row.time_ns < 3 * 10**9 for row in rows_of(frames))


async def test_stopping_cuts_every_client_and_may_be_done_twice(client: LabClient, lab: Lab) -> None:
    await client.subscribe("BTC-USD")
    await lab.stop()
    await client.ended()
    await lab.stop()


async def test_the_truth_of_a_symbol_nobody_lists_is_none(lab: Lab, clock: ManualClock) -> None:
    await lab.start()
    assert lab.truth(Venue("coinbase"), Symbol("NOPE-USD"), clock.now()) is None
    assert lab.truth(Venue("coinbase"), Symbol("RNDR-USD"), clock.now()) is None

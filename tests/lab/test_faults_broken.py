"""Faults in how it is told, seen on the wire."""

import json
from itertools import pairwise

import pytest

from tests.lab.client import LabClient, rows_of
from tests.support.clock import ManualClock
from trinity_beast.lab import Lab


async def test_garbage_arrives_between_good_frames(client: LabClient, lab: Lab, clock: ManualClock) -> None:
    await client.subscribe("BTC-USD")
    await lab.fault("garbage coinbase count=2")
    await clock.let_pass(2)
    raw = await client.take_raw()

    bad = [text for text in raw if isinstance(text, str) and not _is_json(text)]
    assert len(bad) == 2
    assert len(raw) > 2


async def test_garbage_may_be_binary(client: LabClient, lab: Lab) -> None:
    await client.subscribe("BTC-USD")
    await lab.fault("garbage coinbase kind=binary")
    (raw,) = await client.take_raw()
    assert isinstance(raw, bytes)
    with pytest.raises(UnicodeDecodeError):
        raw.decode()


async def test_truncated_frames_end_in_the_middle_and_the_next_are_whole(client: LabClient, lab: Lab, clock: ManualClock) -> None:
    await client.subscribe("BTC-USD", "STORJ-USD")
    await lab.fault("truncate coinbase BTC-USD count=2")
    await clock.let_pass(10)
    raw = [text for text in await client.take_raw() if isinstance(text, str)]

    cut = [text for text in raw if not _is_json(text)]
    assert len(cut) == 2
    assert all(text.startswith('{"channel":"market_trades"') for text in cut)
    assert len(raw) > 2


async def test_a_cut_frame_leaves_half_of_its_bytes_and_a_dead_connection(client: LabClient, lab: Lab, clock: ManualClock) -> None:
    await client.subscribe("BTC-USD")
    await lab.fault("cut-frame coinbase")
    await clock.let_pass(3)
    closed = await client.ended()
    assert closed.rcvd is None, "no close frame came"
    assert client.raw == [], "and no whole frame either"
    assert lab.statuses()[0].connections == 0


async def test_a_duplicated_frame_arrives_twice_byte_for_byte(client: LabClient, lab: Lab, clock: ManualClock) -> None:
    await client.subscribe("BTC-USD", "ETH-USD")
    await lab.fault("duplicate coinbase BTC-USD")
    await clock.let_pass(5)
    raw = await client.take_raw()

    of_btc = [text for text in raw if isinstance(text, str) and "BTC-USD" in text]
    of_eth = [text for text in raw if isinstance(text, str) and "ETH-USD" in text]
    assert of_btc
    assert of_btc[0::2] == of_btc[1::2]
    assert len(set(of_eth)) == len(of_eth) > 0


async def test_reordered_frames_come_in_swapped_pairs(client: LabClient, lab: Lab) -> None:
    await client.subscribe("BTC-USD")
    await lab.fault("reorder coinbase")
    numbers = [frame["sequence_num"] for frame in await client.during(10)]
    assert len(numbers) > 6
    assert all(later == earlier - 1 for earlier, later in list(pairwise(numbers))[::2])


async def test_what_reordering_still_holds_comes_when_it_ends(client: LabClient, lab: Lab) -> None:
    frames = await client.subscribe("BTC-USD")
    await lab.fault("reorder coinbase")
    frames += await client.during(10)
    await lab.fault("clear")
    frames += await client.during(2)
    numbers = sorted(frame["sequence_num"] for frame in frames)
    assert numbers == list(range(len(frames)))


async def test_a_skipped_sequence_jumps_once_and_loses_no_trade(client: LabClient, lab: Lab) -> None:
    frames = await client.subscribe("BTC-USD")
    await lab.fault("skip-sequence coinbase count=7")
    frames += await client.during(5)

    jumps = [later["sequence_num"] - earlier["sequence_num"] for earlier, later in pairwise(frames)]
    assert sorted(set(jumps)) == [1, 8]
    assert jumps.count(8) == 1
    ids = [row.trade_id for row in rows_of(frames)]
    assert ids == list(range(ids[0], ids[0] + len(ids)))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True

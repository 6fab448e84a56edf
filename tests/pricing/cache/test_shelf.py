"""Where shared prices lie, in a real Valkey."""

import json
from typing import Any

import pytest

from tests.support.clock import ManualClock
from tests.support.feeds import SECOND_NS, mapped
from tests.support.sharing import BTC, shared
from tests.support.valkey import ANSWER_SECONDS
from trinity_beast.clock import SystemClock
from trinity_beast.pricing import Shelf
from trinity_beast.pricing.cache.model import SharedPrice
from trinity_beast.pricing.cache.shelf import Put
from trinity_beast.storage import Valkey


@pytest.fixture
def shelf(valkey: Valkey) -> Shelf:
    return Shelf(valkey)


def price(clock: ManualClock, *, earlier: float = 0.0, lasts: float = 60.0, **more: Any) -> SharedPrice:
    now_us = clock.time_ns() // 1_000
    return shared(
        exchange_time_ns=clock.time_ns() - round(earlier * SECOND_NS),
        written_us=now_us,
        expires_us=now_us + round(lasts * 1e6),
        **more,
    )


async def put(shelf: Shelf, *prices: SharedPrice) -> Put:
    return await shelf.put(prices, within_seconds=ANSWER_SECONDS)


async def prices(shelf: Shelf) -> list[str | None]:
    _, values = await shelf.look([BTC], within_seconds=ANSWER_SECONDS)
    return [None if value is None else json.loads(value)["price"] for value in values]


async def test_what_is_put_lies_there_under_its_asset_and_venue_and_is_forgotten_in_time(
    shelf: Shelf, valkey: Valkey, clock: ManualClock
) -> None:
    assert await put(shelf, price(clock, price="1")) == Put(written=1)
    told = await valkey.do("HGET", "price:BTC", "coinbase")
    assert isinstance(told, bytes)
    assert json.loads(told)["price"] == "1"
    left_ms = await valkey.do("PTTL", "price:BTC")
    assert isinstance(left_ms, int)
    assert 0 < left_ms <= 61_000
    assert await prices(shelf) == ["1"]


async def test_the_cache_tells_its_time_with_what_it_holds(shelf: Shelf, clock: ManualClock) -> None:
    time_us, values = await shelf.look([BTC, mapped("ETH")], within_seconds=ANSWER_SECONDS)
    assert values == [None, None]
    assert clock.time_ns() // 1_000 <= time_us <= SystemClock().time_ns() // 1_000 + 1_000
    assert await shelf.time_us(within_seconds=ANSWER_SECONDS) >= time_us


async def test_an_older_trade_never_takes_a_youngers_place(shelf: Shelf, clock: ManualClock) -> None:
    await put(shelf, price(clock, price="2", earlier=1))
    assert await put(shelf, price(clock, price="1", earlier=2, lasts=90)) == Put(outdone=1)
    assert await prices(shelf) == ["2"]
    assert await put(shelf, price(clock, price="3", earlier=0.999_999_999)) == Put(written=1)
    assert await prices(shelf) == ["3"]


async def test_of_one_trade_the_longer_proof_stays(shelf: Shelf, clock: ManualClock) -> None:
    await put(shelf, price(clock, state="quiet", lasts=30))
    assert await put(shelf, price(clock, state="live", lasts=20)) == Put(outdone=1)
    assert await put(shelf, price(clock, state="quiet", lasts=40)) == Put(written=1)


async def test_a_time_that_cannot_be_is_no_reason_to_keep_what_lies_there(shelf: Shelf, valkey: Valkey, clock: ManualClock) -> None:
    await valkey.do("HSET", "price:BTC", "coinbase", '{"exchange_time_ns":9223372036854775807,"x":1,"expires_us":9999999999999999}')
    assert await put(shelf, price(clock, price="1")) == Put(written=1)
    await valkey.do("HSET", "price:BTC", "coinbase", "rubbish")
    assert await put(shelf, price(clock, price="2")) == Put(written=1)
    assert await prices(shelf) == ["2"]


async def test_a_key_that_is_not_ours_is_left_alone_and_spoils_no_other(shelf: Shelf, valkey: Valkey, clock: ManualClock) -> None:
    await valkey.do("SET", "price:BTC", "97000")
    assert await put(shelf, price(clock), price(clock, asset="ETH", price="5")) == Put(written=1, barred=1)
    _, values = await shelf.look([BTC, mapped("ETH")], within_seconds=ANSWER_SECONDS)
    assert values[0] is None
    assert values[1] is not None
    assert await valkey.get("price:BTC") == b"97000"


async def test_what_expired_on_its_way_is_not_written(shelf: Shelf, clock: ManualClock) -> None:
    assert await put(shelf, price(clock, lasts=0)) == Put(outdone=1)
    assert await prices(shelf) == [None]


async def test_one_venue_does_not_shorten_another_ones_time(shelf: Shelf, valkey: Valkey, clock: ManualClock) -> None:
    await put(shelf, price(clock, lasts=3_000), price(clock, venue="kraken", lasts=5))
    left_ms = await valkey.do("PTTL", "price:BTC")
    assert isinstance(left_ms, int)
    assert left_ms > 2_000_000


async def test_the_lab_has_keys_of_its_own(shelf: Shelf, valkey: Valkey, clock: ManualClock) -> None:
    await put(Shelf(valkey, source_prefix="lab:"), price(clock))
    assert await prices(shelf) == [None]
    assert await valkey.do("EXISTS", "lab:price:BTC") == 1


async def test_nothing_to_put_asks_nothing(shelf: Shelf, valkey: Valkey) -> None:
    assert await put(shelf) == Put()
    assert valkey.gauges().commands == 0

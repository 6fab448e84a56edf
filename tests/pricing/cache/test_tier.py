"""Two nodes over one Valkey: what one has, the other serves, and never as younger or surer than it is."""

import asyncio

import pytest

from tests.support.clock import ManualClock
from tests.support.feeds import SECOND_NS, mapped
from tests.support.sharing import BTC, Neighbour, packed
from tests.support.valkey import ANSWER_SECONDS, ValkeyServerOfATest
from trinity_beast.pricing import PriceStale, PriceUnavailable
from trinity_beast.pricing.cache.reading import Misfit
from trinity_beast.storage import Valkey

ETH = mapped("ETH")


def node(cache: Valkey, clock: ManualClock, **more: object) -> Neighbour:
    made = Neighbour(cache, clock, BTC, ETH, **more)  # type: ignore[arg-type]
    made.readings.turn("cache_read_timeout_ms", 5_000)
    made.readings.turn("cache_write_timeout_ms", 30_000)
    return made


async def test_a_node_that_just_started_serves_what_its_neighbour_holds(cache: Valkey, clock: ManualClock) -> None:
    first, second = node(cache, clock), node(cache, clock)
    first.hear("97123.45", earlier=0.5)
    await first.tier.flush()
    clock.advance(2)
    await second.tier.start()
    assert second.told == ("97123.45", "live", "coinbase-ws", "valkey")
    here, there = second.prices.read("BTC"), first.prices.read("BTC")
    assert here.exchange_time_ns == there.exchange_time_ns
    assert here.age_ns >= there.age_ns >= 2_500_000_000
    published = second.book.last("BTC")
    assert (published["cache_tier"], published["source"], published["state"]) == ("valkey", "coinbase-ws", "live")
    await second.tier.stop()


async def test_its_own_fresher_trade_takes_back_at_once_and_an_older_one_does_not(cache: Valkey, clock: ManualClock) -> None:
    first, second = node(cache, clock), node(cache, clock)
    first.hear("2")
    await first.tier.flush()
    await second.tier.search()
    clock.advance(0.1)
    second.hear("1", earlier=0.2)
    assert second.told[0] == "2"
    second.hear("3")
    assert second.told == ("3", "live", "coinbase-ws", "memory")
    assert second.book.prices("BTC") == ["2", "3"]


async def test_a_lost_feed_is_bridged_and_the_loan_ends_with_its_proof(cache: Valkey, clock: ManualClock) -> None:
    first, second = node(cache, clock, can_prove=True), node(cache, clock, can_prove=True)
    for _ in range(40):
        clock.advance(0.5)
        first.hear("1")
        second.hear("1")
    clock.advance(9)
    first.hear("2")
    await first.tier.flush()
    clock.advance(5)
    await second.tier.search()
    assert second.told == ("2", "live", "coinbase-ws", "valkey")
    usable_ns = first.prices.tick(BTC.venue, BTC.symbol).usable_until_ns
    assert usable_ns - SECOND_NS <= second.prices.tick(BTC.venue, BTC.symbol).usable_until_ns <= usable_ns
    clock.advance(11)
    with pytest.raises(PriceStale):
        second.prices.read("BTC")
    with pytest.raises(PriceStale):
        first.prices.read("BTC")


async def test_a_quiet_price_is_lent_with_its_own_age_and_proof(cache: Valkey, clock: ManualClock) -> None:
    first, second = node(cache, clock, can_prove=True), node(cache, clock, can_prove=True)
    first.hear("2")
    clock.advance(50)
    first.look("2", earlier=50)
    assert first.told[1] == "quiet"
    await first.tier.flush()
    clock.advance(10)
    await second.tier.search()
    assert second.told == ("2", "quiet", "coinbase-ws", "valkey")
    assert second.prices.read("BTC").age_ns >= 60 * SECOND_NS
    clock.advance(21)  # The proof was of 30 s, 31 s ago.
    with pytest.raises(PriceStale):
        second.prices.read("BTC")
    await second.tier.search()
    with pytest.raises(PriceStale):
        second.prices.read("BTC")


async def test_what_was_lent_is_never_passed_on(cache: Valkey, clock: ManualClock) -> None:
    first, second = node(cache, clock), node(cache, clock)
    first.hear("2")
    await first.tier.flush()
    await second.tier.search()
    await second.tier.flush()
    assert (second.tier.counts.prices_borrowed, second.tier.counts.prices_written) == (1, 0)


async def test_only_what_changed_is_written_and_the_younger_stays(cache: Valkey, clock: ManualClock) -> None:
    first, second = node(cache, clock), node(cache, clock)
    first.hear("1")
    first.hear("5", symbol="ETH-USD")
    await first.tier.flush()
    await first.tier.flush()
    assert first.tier.counts.prices_written == 2
    clock.advance(1)
    first.hear("2")
    await first.tier.flush()
    assert first.tier.counts.prices_written == 3
    second.hear("1", earlier=0.5)
    await second.tier.flush()
    assert (second.tier.counts.prices_written, second.tier.counts.prices_outdone) == (0, 1)


@pytest.mark.parametrize("seconds", [0.5, 30.0, 600.0])
async def test_a_flush_comes_every_so_often_and_once_more_at_the_end(cache: Valkey, clock: ManualClock, seconds: float) -> None:
    here = node(cache, clock)
    here.readings.turn("cache_flush_seconds", seconds)
    here.readings.turn("cache_retry_seconds", 60.0)
    await here.tier.start()
    here.hear("1")
    await clock.wait_for_sleepers()
    clock.advance(seconds - 0.2)
    await clock.wait_for_sleepers()
    assert here.tier.counts.flushes == 0
    clock.advance(0.2)
    async with asyncio.timeout(ANSWER_SECONDS):
        await clock.wait_for_sleepers()
    assert (here.tier.counts.flushes, here.tier.counts.prices_written) == (1, 1 if seconds < 90 else 0)
    here.hear("2")
    await here.tier.stop()
    assert here.tier.counts.prices_written == (2 if seconds < 90 else 1)


async def test_what_rest_told_is_written_through_without_waiting_for_the_flush(cache: Valkey, clock: ManualClock) -> None:
    first, second = node(cache, clock, can_prove=True), node(cache, clock, can_prove=True)
    await first.tier.start()
    await clock.wait_for_sleepers()
    first.look("7", earlier=1)
    clock.advance(0.2)
    await clock.wait_for_sleepers()
    assert (first.tier.counts.flushes, first.tier.counts.prices_written) == (0, 1)
    await second.tier.search()
    assert second.told == ("7", "rest", "coinbase-rest", "valkey")
    await first.tier.stop()


@pytest.mark.parametrize("ttl", [1.0, 13.0, 3_600.0])
async def test_a_symbol_heard_within_its_ttl_is_not_looked_up(cache: Valkey, clock: ManualClock, ttl: float) -> None:
    here = Neighbour(cache, clock)
    here.readings.turn("stale_after_seconds", 3_600)
    here.readings.turn("cache_ttl_seconds", ttl)
    here.hear("1")
    clock.advance(ttl - 0.01)
    await here.tier.search()
    assert here.tier.counts.looks == 0
    clock.advance(0.02)
    await here.tier.search()
    await here.tier.search()
    assert here.tier.counts.looks == 1


async def test_a_symbol_without_any_price_is_looked_up_at_every_pause(cache: Valkey, clock: ManualClock) -> None:
    here = Neighbour(cache, clock)
    for _ in range(4):
        await here.tier.search()
        clock.advance(0.5)
    assert here.tier.counts.looks == 2


async def test_prices_of_the_lab_and_of_the_market_never_meet(cache: Valkey, clock: ManualClock) -> None:
    lab, live = node(cache, clock, prefix="lab:"), node(cache, clock)
    lab.hear("1")
    await lab.tier.flush()
    await live.tier.search()
    with pytest.raises(PriceUnavailable):
        live.prices.read("BTC")
    lie = await cache.do("HGET", "lab:price:BTC", "coinbase")
    assert isinstance(lie, bytes)
    await cache.do("HSET", "price:BTC", "coinbase", lie)
    clock.advance(1)
    await live.tier.search()
    assert live.tier.refused[Misfit.FOREIGN] == 1
    with pytest.raises(PriceUnavailable):
        live.prices.read("BTC")


@pytest.mark.parametrize(
    ("value", "why"), [(b"\xff{", Misfit.UNREADABLE), (packed(price="1e9"), Misfit.OUT_OF_RANGE), (packed(symbol="X"), Misfit.OTHER)]
)
async def test_what_is_corrupt_is_refused_counted_and_spoils_nothing(cache: Valkey, clock: ManualClock, value: bytes, why: Misfit) -> None:
    first, here = node(cache, clock), node(cache, clock)
    first.hear("5", symbol="ETH-USD")
    await first.tier.flush()
    await cache.do("HSET", "price:BTC", "coinbase", value)
    await here.tier.search()
    assert here.tier.refused[why] == 1
    assert here.prices.read("ETH").cache_tier == "valkey"
    with pytest.raises(PriceUnavailable):
        here.prices.read("BTC")


async def test_a_jump_beyond_belief_is_not_borrowed_either(cache: Valkey, clock: ManualClock) -> None:
    rows = (BTC, mapped("BTC", venue="kraken", symbol="BTC/USD", prewarm=False))
    first, here = Neighbour(cache, clock), Neighbour(cache, clock, *rows)
    here.hear("100")
    await here.tier.flush()
    kraken = here.trade("100", symbol="BTC/USD")
    here.prices.on_trades([type(kraken)(rows[1].venue, *[getattr(kraken, name) for name in kraken.__slots__[1:]])])
    clock.advance(14)
    first.hear("1000")
    await first.tier.flush()
    await here.tier.search()
    assert here.told[0] == "100"
    assert here.prices.jumps_held == 1


async def test_a_killed_cache_is_counted_and_harms_nobody_and_writing_goes_on_when_it_is_back(
    cache: Valkey, clock: ManualClock, own_valkey: ValkeyServerOfATest
) -> None:
    here, there = node(cache, clock), node(cache, clock)
    here.readings.turn("cache_flush_seconds", 1.0)
    await here.tier.start()
    here.hear("1")
    await clock.let_pass(0.01)
    own_valkey.kill()
    for _ in range(30):
        clock.advance(0.2)
        await clock.wait_for_sleepers()
    assert here.told == ("1", "live", "coinbase-ws", "memory")
    assert here.tier.counts.flushes_failed >= 2
    assert here.tier.counts.looks_failed >= 2
    own_valkey.start()
    for _ in range(60):
        clock.advance(0.2)
        await clock.wait_for_sleepers(within_seconds=ANSWER_SECONDS)
    assert here.tier.counts.prices_written >= 1
    await there.tier.search()
    assert there.told[0] == "1"
    await here.tier.stop()


async def test_a_frozen_cache_holds_a_request_no_longer_than_it_may(
    clock: ManualClock, cache: Valkey, own_valkey: ValkeyServerOfATest
) -> None:
    here = Neighbour(cache, clock)
    here.readings.turn("cache_read_timeout_ms", 50)
    await cache.ping()
    own_valkey.freeze()
    await asyncio.wait_for(here.tier.fetch("BTC"), ANSWER_SECONDS)
    assert here.tier.counts.looks_failed == 1
    clock.advance(2)
    own_valkey.thaw()
    here.readings.turn("cache_read_timeout_ms", 5_000)
    await here.tier.fetch("BTC")
    assert here.tier.counts.looks_failed == 1


async def test_those_who_ask_together_share_one_look(cache: Valkey, clock: ManualClock) -> None:
    first, here = node(cache, clock), node(cache, clock)
    first.hear("1")
    first.hear("5", symbol="ETH-USD")
    await first.tier.flush()
    before = cache.gauges().commands
    await asyncio.gather(*(here.tier.fetch(asset) for asset in ["BTC", "ETH", "BTC", "NONE"] * 10))
    assert cache.gauges().commands - before == 1
    assert (here.prices.read("BTC").price, here.prices.read("ETH").price) == ("1", "5")
    await here.tier.fetch("BTC")
    assert cache.gauges().commands - before == 1


async def test_a_changed_map_is_followed(cache: Valkey, clock: ManualClock) -> None:
    first, here = node(cache, clock), node(cache, clock)
    first.hear("1")
    await first.tier.flush()
    here.prices.use_map([ETH])
    await here.tier.search()
    await here.tier.flush()
    assert here.tier.counts.prices_borrowed == 0

"""Ages survive the way through the cache: nobody's clock, and no hop, makes a price younger."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.support.feeds import NOW_NS, SECOND_NS, at
from tests.support.sharing import BTC, shared
from tests.support.ticks import Told, bounds
from trinity_beast.feeds import Moment
from trinity_beast.pricing.cache.ages import loan_of, shared_price
from trinity_beast.pricing.cache.model import SharedPrice
from trinity_beast.pricing.freshness import age_ns
from trinity_beast.pricing.tick import Loan

MS, US = 1_000_000, 1_000
NOW_US = NOW_NS // US
NOW = at(0)


def loan(told: SharedPrice, *, now: Moment = NOW, cache_us: int = NOW_US, **turned: object) -> Loan | None:
    return loan_of(told, bounds(**turned), now=now, cache_time_us=cache_us)


def age(loan: Loan | None, now: Moment = NOW) -> int:
    assert loan is not None
    return age_ns(loan.trade, now_monotonic_ns=now.monotonic_ns)


def left(loan: Loan | None, now: Moment = NOW) -> int:
    assert loan is not None
    return loan.usable_until_ns - now.monotonic_ns


def test_where_all_clocks_agree_a_loan_is_the_neighbours_price_with_its_times() -> None:
    lent = loan(shared())
    assert lent is not None
    assert (lent.trade.price, lent.state, lent.is_from_rest) == ("97123.45", "live", False)
    assert (lent.trade.exchange_time_ns, lent.trade.received_time_ns) == (NOW_NS - 520 * MS, NOW_NS - 500 * MS)
    assert age(lent) == 520 * MS
    assert left(lent) == 90 * SECOND_NS - 520 * MS


def test_time_on_the_shelf_counts() -> None:
    later = at(7)
    assert age(loan(shared(), now=later, cache_us=NOW_US + 7_000_000), later) == 7_520 * MS


def test_a_neighbour_whose_clock_is_behind_makes_no_price_younger() -> None:
    assert age(loan(shared(age_ns=500 * MS, exchange_time_ns=NOW_NS - 10 * SECOND_NS))) == 10 * SECOND_NS


def test_our_own_clock_being_behind_makes_no_price_younger() -> None:
    behind = at(0, wall_step_seconds=-0.5)
    assert age(loan(shared(), now=behind), behind) == 520 * MS
    assert age(loan(shared(), now=at(3, wall_step_seconds=-3.5), cache_us=NOW_US + 3_000_000), at(3)) == 3_520 * MS


def test_a_cache_whose_clock_was_put_back_makes_no_price_younger() -> None:
    later = at(30)
    assert age(loan(shared(), now=later, cache_us=NOW_US - 5_000_000), later) == 30 * SECOND_NS + 520 * MS


def test_a_price_is_lent_no_longer_than_the_neighbour_proved_and_no_longer_than_we_allow() -> None:
    assert left(loan(shared(usable_for_ns=5 * SECOND_NS))) == 5 * SECOND_NS - 520 * MS
    assert left(loan(shared(usable_for_ns=900 * SECOND_NS, expires_us=NOW_US + 900 * 10**6))) == 90 * SECOND_NS - 520 * MS
    assert left(loan(shared(), stale_after_seconds=5)) == 5 * SECOND_NS - 520 * MS
    assert loan(shared(usable_for_ns=520 * MS)) is None
    assert left(loan(shared(expires_us=NOW_US + 1_000))) == MS


def test_a_quiet_price_keeps_its_own_proof() -> None:
    quiet: dict[str, Any] = {
        "state": "quiet",
        "exchange_time_ns": NOW_NS - 600 * SECOND_NS,
        "age_ns": 600 * SECOND_NS,
        "held_ns": 599 * SECOND_NS,
        "unproven_ns": 10 * SECOND_NS,
        "usable_for_ns": 620 * SECOND_NS,
        "expires_us": NOW_US + 20_000_000,
    }
    lent = loan(shared(**quiet))
    assert left(lent) == 20 * SECOND_NS
    assert lent is not None
    assert lent.proven_ns == at(-10).monotonic_ns
    later = at(15)
    assert left(loan(shared(**quiet), now=later, cache_us=NOW_US + 15_000_000), later) == 5 * SECOND_NS


def test_only_what_is_our_own_and_may_be_served_is_shared() -> None:
    told = Told()
    assert shared_price(BTC, told.tick, source="coinbase-ws", node="BeastMain", now=at(0), cache_time_us=NOW_US) is None
    told.hears(1, "97000", printed=0.5)
    price = shared_price(BTC, told.tick, source="coinbase-ws", node="BeastMain", now=at(3), cache_time_us=NOW_US)
    assert price is not None
    assert (price.age_ns, price.held_ns, price.received_time_ns) == (2_500 * MS, 2 * SECOND_NS, NOW_NS + SECOND_NS)
    assert price.expires_us == NOW_US + (price.usable_for_ns - price.age_ns) // US
    assert shared_price(BTC, told.tick, source="coinbase-ws", node="BeastMain", now=at(900), cache_time_us=NOW_US) is None
    lent = loan(shared(exchange_time_ns=NOW_NS + 4 * SECOND_NS), now=at(5))
    assert lent is not None
    assert told.tick.lent(lent, told.bounds, now_ns=at(5).monotonic_ns)
    assert shared_price(BTC, told.tick, source="coinbase-ws", node="BeastMain", now=at(6), cache_time_us=NOW_US) is None


SKEW = st.integers(-20 * SECOND_NS, 20 * SECOND_NS)
SOME = st.integers(0, 30 * SECOND_NS)


@given(st.tuples(SKEW, SKEW, SKEW), st.tuples(SOME, SOME, SOME))
def test_whatever_the_clocks_say_a_loan_is_as_old_as_the_oldest_opinion_and_ends_no_later_than_the_neighbour_does(
    skews_ns: tuple[int, int, int], took_ns: tuple[int, int, int]
) -> None:
    (theirs_ns, ours_ns, caches_ns), (delay_ns, held_ns, shelf_ns) = skews_ns, took_ns
    told = Told(can_prove=False)
    printed_ns = NOW_NS
    received = Moment(printed_ns + delay_ns + theirs_ns, at(0).monotonic_ns + delay_ns)
    trade = told.trade(0)
    told.tick.heard(type(trade)(trade.venue, trade.symbol, "1", printed_ns, *received[:2]), told.bounds)
    written = Moment(received.wall_ns + held_ns, received.monotonic_ns + held_ns)
    cache_us = (printed_ns + delay_ns + held_ns + caches_ns) // US
    price = shared_price(BTC, told.tick, source="coinbase-ws", node="BeastMain", now=written, cache_time_us=cache_us)
    if price is None:
        return
    here = Moment(printed_ns + delay_ns + held_ns + shelf_ns + ours_ns, 77 * SECOND_NS)
    lent = loan_of(price, told.bounds, now=here, cache_time_us=cache_us + shelf_ns // US)
    if lent is None:
        return
    reckoned = age_ns(lent.trade, now_monotonic_ns=here.monotonic_ns)
    by_the_neighbour = price.age_ns + shelf_ns // US * US
    assert reckoned == max(by_the_neighbour, here.wall_ns - printed_ns)
    neighbours_left = told.tick.usable_until_ns - written.monotonic_ns - shelf_ns
    assert lent.usable_until_ns - here.monotonic_ns <= neighbours_left + US
    assert lent.trade.received_monotonic_ns <= here.monotonic_ns

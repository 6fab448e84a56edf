from hypothesis import given
from hypothesis import strategies as st

from tests.support.feeds import NOW_NS, SECOND_NS, at, trade
from trinity_beast.pricing.freshness import age_ns, is_fresh, serving

AGES = st.integers(0, 200)


def test_age_counts_from_the_venues_clock_not_from_receipt() -> None:
    old = trade(time_ns=NOW_NS - 30 * SECOND_NS, received=at(0))
    assert age_ns(old, now_monotonic_ns=at(5).monotonic_ns) == 35 * SECOND_NS


def test_a_step_of_the_wall_clock_changes_no_age() -> None:
    seen = trade(time_ns=NOW_NS, received=at(0))
    assert age_ns(seen, now_monotonic_ns=at(5, wall_step_seconds=3_600).monotonic_ns) == 5 * SECOND_NS


def test_a_venue_ahead_of_us_makes_no_negative_age() -> None:
    ahead = trade(time_ns=NOW_NS + SECOND_NS, received=at(0))
    assert age_ns(ahead, now_monotonic_ns=at(0).monotonic_ns) == 0


def test_a_price_exactly_as_old_as_the_bound_is_stale() -> None:
    assert is_fresh(89, 90)
    assert not is_fresh(90, 90)


@given(st.lists(st.one_of(st.none(), AGES), max_size=5))
def test_the_most_trusted_fresh_trade_serves_and_where_none_is_fresh_the_youngest(ages: list[int | None]) -> None:
    trades = [
        None if age is None else trade(price=str(number + 1), time_ns=NOW_NS - age * SECOND_NS, received=at(0))
        for number, age in enumerate(ages)
    ]
    chosen = serving(trades, now_monotonic_ns=at(0).monotonic_ns, usable_for_ns=90 * SECOND_NS)
    fresh = [number for number, age in enumerate(ages) if age is not None and age < 90]
    known = [number for number, age in enumerate(ages) if age is not None]
    expected = fresh[0] if fresh else min(known, key=lambda number: ages[number] or 0, default=None)
    assert chosen is (None if expected is None else trades[expected])

from tests.support.feeds import NOW_NS, SECOND_NS, at, trade
from trinity_beast.pricing.freshness import age_ns


def test_age_counts_from_the_venues_clock_not_from_receipt() -> None:
    old = trade(time_ns=NOW_NS - 30 * SECOND_NS, received=at(0))
    assert age_ns(old, now_monotonic_ns=at(5).monotonic_ns) == 35 * SECOND_NS


def test_a_step_of_the_wall_clock_changes_no_age() -> None:
    seen = trade(time_ns=NOW_NS, received=at(0))
    assert age_ns(seen, now_monotonic_ns=at(5, wall_step_seconds=3_600).monotonic_ns) == 5 * SECOND_NS


def test_a_venue_ahead_of_us_makes_no_negative_age() -> None:
    ahead = trade(time_ns=NOW_NS + SECOND_NS, received=at(0))
    assert age_ns(ahead, now_monotonic_ns=at(0).monotonic_ns) == 0

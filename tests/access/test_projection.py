from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.access.projection import Projection, projection

BEGAN, ENDS = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("used", "passed_days", "expected"),
    [
        (0, 10, Projection(0, None)),
        (100, 10, Projection(300, None)),
        (500, 10, Projection(1_500, BEGAN + timedelta(days=20))),
        (1_000, 10, Projection(3_000, BEGAN + timedelta(days=10))),
        (999, 30, Projection(999, None)),
    ],
)
def test_the_pace_so_far_goes_on_to_the_months_end(used: int, passed_days: int, expected: Projection) -> None:
    assert projection(used, 1_000, since=BEGAN, now=BEGAN + timedelta(days=passed_days), ends_at=ENDS) == expected


def test_a_key_made_within_the_month_is_reckoned_from_its_making() -> None:
    made = BEGAN + timedelta(days=28)
    assert projection(500, 1_000, since=made, now=made + timedelta(days=1), ends_at=ENDS) == Projection(1_000, None)


def test_a_first_burst_is_no_pace() -> None:
    now = BEGAN + timedelta(seconds=1)
    assert projection(10, 100_000, since=BEGAN, now=now, ends_at=ENDS).used <= 10 * 30 * 24 + 10


@given(
    used=st.integers(0, 10**12), quota=st.integers(0, 10**12), passed=st.floats(0, 1), since=st.floats(0, 1),
)  # fmt: skip
def test_what_is_projected_lies_ahead_and_never_below_what_is_used(used: int, quota: int, passed: float, since: float) -> None:
    month = ENDS - BEGAN
    now = BEGAN + month * passed
    told = projection(used, quota, since=BEGAN + month * passed * since, now=now, ends_at=ENDS)
    assert told.used >= used
    assert told.spent_at is None or now <= told.spent_at <= ENDS
    assert (told.spent_at == now) or used < quota

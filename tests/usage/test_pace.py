"""What a pace tells: so many a second, over the last whole minute or since it began."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.usage.pace import Pace

SECOND_NS = 1_000_000_000


def test_what_is_steady_is_told_as_it_is_and_what_ended_a_minute_ago_as_nothing() -> None:
    pace = Pace(0)
    for second in range(100):
        pace.note(50, second * SECOND_NS + 1)
    assert pace.per_second(100 * SECOND_NS) == 50.0
    assert pace.per_second(130 * SECOND_NS) == 25.0
    assert pace.per_second(160 * SECOND_NS) == 0.0


def test_a_pace_that_has_just_begun_is_told_over_the_time_there_was() -> None:
    pace = Pace(5 * SECOND_NS)
    pace.note(30, 5 * SECOND_NS)
    assert pace.per_second(5 * SECOND_NS + 1) == 0.0
    assert pace.per_second(8 * SECOND_NS) == 10.0


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 1_000)), max_size=50).map(sorted))
def test_a_pace_is_what_fell_into_its_window(noted: list[tuple[int, int]]) -> None:
    pace = Pace(0)
    for second, count in noted:
        pace.note(count, second * SECOND_NS)
    end = (noted[-1][0] if noted else 0) + 1
    began = max(0, end - 60)
    counted = sum(count for second, count in noted if began <= second < end)
    assert pace.per_second(end * SECOND_NS) == pytest.approx(counted / (end - began))

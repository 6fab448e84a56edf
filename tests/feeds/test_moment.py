from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.support.clock import ManualClock
from trinity_beast.feeds.moment import SECOND_NS, Timekeeper


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(-4_000, 4_000)), max_size=20))
def test_no_step_of_the_wall_clock_moves_the_time_faster_than_it_may(passed: list[tuple[float, float]]) -> None:
    clock = ManualClock()
    keeper = Timekeeper(clock)
    last = keeper.now()
    for seconds, step in passed:
        clock.advance(seconds)
        clock.step_wall(timedelta(seconds=step))
        now = keeper.now()
        elapsed_ns = now.monotonic_ns - last.monotonic_ns
        assert abs(now.wall_ns - last.wall_ns - elapsed_ns) <= elapsed_ns * 500 // 1_000_000 + SECOND_NS // 1_000
        assert now.machine_ns == clock.time_ns()
        last = now


def test_a_small_correction_is_followed_in_time() -> None:
    clock = ManualClock()
    keeper = Timekeeper(clock)
    clock.step_wall(timedelta(milliseconds=5))
    for _ in range(20):
        clock.advance(1)
        keeper.now()
    assert keeper.now().wall_ns == clock.time_ns()

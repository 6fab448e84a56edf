from hypothesis import given
from hypothesis import strategies as st

from tests.support.feeds import SECOND_NS, dice, knobs
from trinity_beast.feeds.backoff import WINDOW_NS, Attempts, Backoff
from trinity_beast.feeds.parameters import Knobs


def backoff(seed: int = 1, *, turned: Knobs | None = None, seconds_min: float = 0.0) -> Backoff:
    readings = turned or knobs()
    return Backoff(Attempts(readings), dice(seed), readings, seconds_min=seconds_min)


@given(st.integers(0, 2**32), st.integers(1, 40))
def test_a_wait_lies_between_nothing_and_a_bound_that_doubles_up_to_a_minute(seed: int, failures: int) -> None:
    waits = backoff(seed)
    for number in range(failures):
        wait = waits.failed(0) / SECOND_NS
        assert 0 <= wait <= min(2.0**number, 60.0)


def test_the_waits_use_the_whole_range() -> None:
    waits = [backoff(seed).failed(0) / SECOND_NS for seed in range(200)]
    assert min(waits) < 0.1
    assert max(waits) > 0.9


def test_proof_of_life_puts_the_wait_back_to_the_beginning() -> None:
    waits = backoff()
    for _ in range(10):
        waits.failed(0)
    waits.proved()
    assert waits.failed(0) <= SECOND_NS


def test_the_venues_own_minimum_is_kept_from_attempt_to_attempt() -> None:
    waits = backoff(seconds_min=5.0)
    waits.tried(100 * SECOND_NS)
    assert waits.failed(101 * SECOND_NS) >= 105 * SECOND_NS


@given(st.lists(st.integers(0, 3 * SECOND_NS), min_size=40, max_size=120), st.integers(0, 2**32))
def test_attempts_in_any_ten_minutes_stay_within_the_bound_however_often_life_is_proved(lived_ns: list[int], seed: int) -> None:
    waits, now_ns, tried = backoff(seed, turned=knobs(feed_attempts_per_10_minutes=20)), 0, []
    for lived in lived_ns:
        waits.tried(now_ns)
        tried.append(now_ns)
        waits.proved()
        now_ns = waits.failed(now_ns + lived)
    for number, first in enumerate(tried):
        assert sum(1 for later in tried[number:] if later < first + WINDOW_NS) <= 20

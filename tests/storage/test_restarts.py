"""How often and how soon a PostgreSQL that died is started again."""

from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.storage import Restarts

restarts = st.builds(
    Restarts,
    first_seconds=st.floats(0.001, 10),
    most_seconds=st.floats(10, 300),
    attempts=st.integers(1, 500),
    healthy_seconds=st.floats(1, 600),
)


@given(restarts, st.integers(1, 1000))
def test_pauses_grow_to_a_most_and_end(policy: Restarts, failures: int) -> None:
    pause, later = policy.pause_seconds(failures), policy.pause_seconds(failures + 1)
    assert (pause is None) == (failures > policy.attempts)
    if pause is not None:
        assert policy.first_seconds <= pause <= policy.most_seconds
        assert later is None or later >= pause


def test_the_first_restart_is_soon_and_each_next_one_later() -> None:
    policy = Restarts(first_seconds=0.1, most_seconds=1.0, attempts=6)
    assert [policy.pause_seconds(failures) for failures in range(1, 8)] == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0, None]


def test_a_healthy_run_starts_the_count_afresh() -> None:
    policy = Restarts(healthy_seconds=60)
    assert policy.failures_after(5, ran_seconds=59.9) == 6
    assert policy.failures_after(5, ran_seconds=60) == 1

"""When something that was away is tried again."""

from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.randomness import dice_from
from trinity_beast.storage import RetryDoor

SECOND_NS = 1_000_000_000


def door() -> RetryDoor:
    return RetryDoor(dice_from("door"), first_seconds=0.1, most_seconds=5.0)


def test_while_the_other_side_answers_everybody_is_let_in() -> None:
    held = door()
    assert all(held.lets_in(now_ns) for now_ns in range(100))
    assert held.is_open


def test_after_a_failure_nobody_tries_until_the_pause_is_over_and_then_one() -> None:
    held = door()
    assert held.shut(0)
    assert not held.lets_in(SECOND_NS // 20 - 1)
    assert held.lets_in(SECOND_NS // 10)
    assert not held.lets_in(SECOND_NS // 10)


def test_an_answer_opens_it_for_everybody() -> None:
    held = door()
    held.shut(0)
    held.lets_in(SECOND_NS)
    held.opened()
    assert held.is_open
    assert held.lets_in(SECOND_NS)
    assert held.lets_in(SECOND_NS)


def test_who_leaves_without_an_outcome_lets_another_try() -> None:
    held = door()
    held.shut(0)
    assert held.lets_in(SECOND_NS)
    held.given_up()
    assert held.lets_in(SECOND_NS)


def test_those_who_fail_together_are_one_failure() -> None:
    together, alone = door(), door()
    alone.shut(0)
    for now_ns in range(50):
        together.shut(now_ns)
    assert together.lets_in(SECOND_NS // 10)
    assert alone.lets_in(SECOND_NS // 10)


@given(st.integers(0, 100), st.text(max_size=8))
def test_a_pause_is_never_nothing_and_never_above_its_bound(failures: int, seed: str) -> None:
    held, now_ns = RetryDoor(dice_from(seed), first_seconds=0.1, most_seconds=5.0), 0
    for failure in range(failures + 1):
        held.shut(now_ns)
        least_ns = round(min(0.1 * 2.0 ** min(failure, 60), 5.0) / 2 * SECOND_NS)
        assert not held.lets_in(now_ns + least_ns - 1)
        now_ns += min(2 * least_ns, 5 * SECOND_NS)
        assert held.lets_in(now_ns)

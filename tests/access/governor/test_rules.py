"""How much is shed, whom first, and whose connections are too many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.access.governor.rules import LEVEL_MOST, Answers, connections_of_node, next_level, rank_of

GOOD, BAD = Answers(1_000, 0), Answers(1_000, 900)


def test_partners_and_ourselves_are_never_shed_and_who_pays_comes_after_who_does_not() -> None:
    ranks = [rank_of(tier) for tier in ("demo", "free", "pro", "enterprise", "unlimited", "lifetime", "partner", "internal", "of our own")]
    assert ranks == [0, 1, 2, 3, 3, 3, 4, 4, 2]


def test_more_is_shed_while_answers_come_late_and_less_once_they_do_not() -> None:
    level = 0.0
    for _ in range(20):
        level = next_level(level, own=BAD, cluster=BAD, threshold=0.5)
    assert level == LEVEL_MOST
    for _ in range(400):
        level = next_level(level, own=GOOD, cluster=GOOD, threshold=0.5)
    assert level == 0.0


def test_a_cluster_that_is_late_has_every_node_shed_the_cheapest() -> None:
    assert next_level(0.0, own=GOOD, cluster=BAD, threshold=0.5) == 1.0


def test_a_few_answers_say_nothing() -> None:
    assert next_level(0.0, own=Answers(19, 19), cluster=Answers(), threshold=0.999) == 0.0


@pytest.mark.parametrize(("threshold", "late", "rises"), [(0.01, 980, False), (0.01, 995, True), (0.999, 0, False), (0.999, 2, True)])
def test_the_threshold_holds_at_both_ends(threshold: float, late: int, rises: bool) -> None:
    own = Answers(1_000, late)
    assert (next_level(1.0, own=own, cluster=GOOD, threshold=threshold) > 1.0) is rises


@given(st.floats(0, 4), st.integers(0, 10_000), st.integers(0, 10_000), st.floats(0.01, 0.999))
def test_a_level_stays_a_level(level: float, total: int, late: int, threshold: float) -> None:
    own = Answers(total, min(total, late))
    assert 0.0 <= next_level(level, own=own, cluster=own, threshold=threshold) <= LEVEL_MOST


@pytest.mark.parametrize(
    ("ceiling", "nodes", "others", "most"),
    [(6_000, 3, None, 2_000), (6_000, 3, 1_000, 5_000), (6_000, 3, 9_000, 2_000), (1, 64, None, 1), (1_000_000, 1, 0, 1_000_000)],
)
def test_a_node_may_have_what_the_others_leave_and_its_fair_part_at_least(ceiling: int, nodes: int, others: int | None, most: int) -> None:
    assert connections_of_node(ceiling, nodes=nodes, others=others) == most

"""Each bound at both of its ends."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.clock import START
from trinity_beast.ops.doctor import Diagnosis, Standing
from trinity_beast.ops.doctor.judging import (
    judge_files,
    judge_kept_clock,
    judge_kernel,
    judge_names,
    judge_offset,
    judge_postgres,
    judge_python,
)
from trinity_beast.ops.doctor.model import ClockState, StoreTold, exit_code

GOOD, WEAK, WRONG, UNSEEN = Standing.GOOD, Standing.WEAK, Standing.WRONG, Standing.UNSEEN


@pytest.mark.parametrize(
    ("value", "standing"),
    [(None, UNSEEN), (212_991, WRONG), (212_992, WEAK), (4_194_303, WEAK), (4_194_304, GOOD)],
)
def test_a_buffer_below_the_kernels_default_is_wrong_and_below_what_is_asked_for_weak(value: int | None, standing: Standing) -> None:
    assert judge_kernel("net.core.rmem_max", value).standing is standing


@pytest.mark.parametrize(("most", "standing"), [(4_095, WRONG), (4_096, WEAK), (16_399, WEAK), (16_400, GOOD), (None, GOOD)])
def test_every_connection_needs_a_file(most: int | None, standing: Standing) -> None:
    assert judge_files(most).standing is standing


@pytest.mark.parametrize(
    ("state", "standing"),
    [
        (None, UNSEEN),
        (ClockState(is_kept=False, error_most=timedelta(0)), WEAK),
        (ClockState(is_kept=True, error_most=timedelta(seconds=2)), WEAK),
        (ClockState(is_kept=True, error_most=timedelta(milliseconds=20)), GOOD),
    ],
)
def test_a_clock_nobody_keeps_is_weak(state: ClockState | None, standing: Standing) -> None:
    assert judge_kept_clock(state).standing is standing


@given(st.timedeltas(timedelta(days=-9), timedelta(days=9)), st.timedeltas(timedelta(0), timedelta(seconds=9)))
def test_a_difference_that_asking_may_account_for_is_never_held_against_a_clock(offset: timedelta, round_trip: timedelta) -> None:
    standing = judge_offset("clock", offset, round_trip).standing

    assert (standing is GOOD) == (abs(offset) - round_trip / 2 <= timedelta(milliseconds=250))
    assert (standing is WRONG) == (abs(offset) - round_trip / 2 > timedelta(seconds=1))


@pytest.mark.parametrize(("version", "standing"), [(149_999, WRONG), (150_000, GOOD), (180_006, GOOD), (190_000, WEAK)])
def test_a_postgresql_older_than_15_is_wrong(version: int, standing: Standing) -> None:
    assert judge_postgres(StoreTold(version, "x", START)).standing is standing


def test_a_python_older_than_3_11_is_wrong() -> None:
    assert judge_python((3, 10, 14)).standing is WRONG
    assert judge_python((3, 11, 0)).standing is GOOD


def test_the_same_name_twice_is_wrong_and_no_node_at_all_is_not() -> None:
    assert judge_names([("a", "One"), ("b", "Two")]).standing is GOOD
    assert judge_names([("a", "One"), ("b", "One")]).standing is WRONG
    assert judge_names([]).standing is GOOD


def test_what_is_weak_fails_only_a_strict_examination() -> None:
    weak, wrong, unseen = (Diagnosis("x", standing, "") for standing in (WEAK, WRONG, UNSEEN))

    assert exit_code([weak, unseen], is_strict=False) == 0
    assert exit_code([weak, unseen], is_strict=True) == 1
    assert exit_code([wrong], is_strict=False) == 1
    assert exit_code([], is_strict=True) == 0

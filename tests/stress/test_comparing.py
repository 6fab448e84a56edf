"""Run against run: every step meets its like, once."""

import pytest
from hypothesis import given

from tests.stress.reports import TCP, UDP, a_report, a_step, reports
from trinity_beast.stress import Protocol, Report, Target
from trinity_beast.stress.comparing import compared


def test_the_same_steps_stand_side_by_side_wherever_they_were_asked() -> None:
    elsewhere = Target(Protocol.TCP, "192.0.2.7", 80)
    before = a_report(a_step(30, good=1_000, micros=200), a_step(300, good=2_000))
    after = a_report(a_step(300, good=3_000, target=elsewhere), a_step(30, good=500, micros=400, target=elsewhere))
    first, second = compared(before, after)
    assert (first.before, first.after, first.per_second) == (before.steps[1], after.steps[0], 1.5)
    assert [second.per_second, second.p50, second.p99] == pytest.approx([0.5, 2.0, 2.0])


def test_what_is_asked_otherwise_is_no_like() -> None:
    before = a_report(a_step(30), a_step(30, target=UDP), a_step(30, rate=10.0))
    after = a_report(a_step(30, target=Target(Protocol.TCP, "127.0.0.1", 8_080, "/health")), a_step(60))
    assert [(one.before, one.after) for one in compared(before, after)] == [
        *((None, step) for step in after.steps),
        *((step, None) for step in before.steps),
    ]


def test_where_nothing_was_answered_there_is_no_ratio() -> None:
    (only,) = compared(a_report(a_step(good=0, failures={"timeout": 1})), a_report(a_step(target=TCP)))
    assert (only.per_second, only.p50, only.p99) == (None, None, None)


@given(reports, reports)
def test_every_step_of_both_is_told_exactly_once(before: Report, after: Report) -> None:
    steps = compared(before, after)
    assert [one.after for one in steps if one.after is not None] == after.steps
    told = [one.before for one in steps if one.before is not None]
    assert sorted(map(id, told)) == sorted(map(id, before.steps))


@given(reports)
def test_a_report_held_against_itself_differs_in_nothing(report: Report) -> None:
    for one in compared(report, report):
        assert one.before is one.after
        assert one.per_second in {None, 1.0}

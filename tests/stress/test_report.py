"""A report is read as it was written, and what is none is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.stress.reports import a_report, a_step, reports
from trinity_beast.stress import Report, percentiles
from trinity_beast.stress.report import CURVE, TIMELINE_MAX, Latency, Moment, thinned


@given(reports)
def test_a_report_is_read_as_it_was_written(report: Report) -> None:
    assert Report.model_validate_json(report.model_dump_json()) == report
    assert Report.model_validate(report.model_dump(mode="json")) == report


@given(reports)
def test_what_a_report_comes_to_is_the_sum_of_its_steps(report: Report) -> None:
    assert report.asked == sum(step.good + step.lost + sum(step.codes.values()) - step.good for step in report.steps)
    assert 0.0 <= report.success <= 1.0
    assert (report.success == 1.0) == (bool(report.steps) and all(step.good == step.asked for step in report.steps) and report.asked > 0)


BROKEN: list[tuple[str, object]] = [
    ("version", 2),
    ("name", ""),
    ("name", "a\x00b"),
    ("began_at", "2026-11-20T09:30:00"),
    ("began_at", "yesterday"),
    ("clients", 0),
    ("clients", "1"),
    ("surprise", 1),
    ("steps", None),
    ("steps.0.asked", 7),
    ("steps.0.good", -1),
    ("steps.0.good", 10**16),
    ("steps.0.seconds", float("inf")),
    ("steps.0.concurrent", 0),
    ("steps.0.protocol", "smtp"),
    ("steps.0.codes", {"200\n": 1_000}),
    ("steps.0.latency.p50", float("nan")),
    ("steps.0.timeline", [{"seconds": 1.0, "good": 1, "refused": 0, "failed": 0}] * (TIMELINE_MAX + 1)),
]


@pytest.mark.parametrize(("place", "value"), BROKEN)
def test_what_is_no_report_is_refused(place: str, value: object) -> None:
    told: Any = a_report().model_dump(mode="json")
    *path, last = place.split(".")
    inner = told
    for word in path:
        inner = inner[int(word)] if word.isdigit() else inner[word]
    inner[last] = value
    with pytest.raises(ValidationError):
        Report.model_validate_json(json.dumps(told))


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)))
def test_whatever_is_sent_is_a_report_or_is_refused(value: object) -> None:
    told = {**a_report().model_dump(mode="json"), "steps": value}
    try:
        report = Report.model_validate(told)
    except ValidationError:
        return
    assert report.steps == []


@given(st.dictionaries(st.integers(1, 10**9), st.integers(1, 1_000), min_size=1, max_size=30))
def test_a_latency_tells_of_every_single_request(found: dict[int, int]) -> None:
    recorded = tuple(sorted(found.items()))
    latency = Latency.of(recorded)
    assert latency is not None
    assert latency.count == sum(found.values())
    assert latency.least <= latency.p50 <= latency.p90 <= latency.p99 <= latency.p999 <= latency.most == max(found) / 1_000
    assert latency.curve == sorted(latency.curve)
    assert latency.curve[-1] == latency.most or len(latency.curve) == len(CURVE)
    assert latency.p90 == percentiles(recorded, [0.9])[0] / 1_000


def test_of_nothing_there_is_no_latency() -> None:
    assert Latency.of(()) is None
    assert a_step(good=0, failures={"timeout": 3}).latency is None


@given(st.integers(0, 1_000))
def test_a_long_course_is_kept_by_moments_evenly_chosen(count: int) -> None:
    course = [Moment(seconds=float(second), good=second, refused=0, failed=0) for second in range(count)]
    kept = thinned(course)
    assert len(kept) == min(count, TIMELINE_MAX)
    if course:
        assert (kept[0], kept[-1]) == (course[0], course[-1])
    assert [moment.good for moment in kept] == sorted({moment.good for moment in kept})

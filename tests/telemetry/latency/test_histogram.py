"""Histograms against what they stand for: the times themselves, sorted."""

from dataclasses import astuple
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.telemetry.latency import Figures, Histogram, LatencyRecorder, figures, merged
from trinity_beast.telemetry.latency.buckets import ERROR_MAX, NS_MOST

times = st.lists(st.one_of(st.integers(0, 100_000), st.integers(0, NS_MOST)), max_size=200)
shares = st.floats(0.0, 1.0)


def histogram_of(ns: list[int]) -> Histogram:
    recorder = LatencyRecorder()
    for each in ns:
        recorder.took(each)
    return recorder.read()


@given(times.filter(bool), shares)
def test_a_percentile_is_the_exact_one_within_the_error(ns: list[int], share: float) -> None:
    exact = sorted(ns)[max(1, ceil(share * len(ns))) - 1]
    found = histogram_of(ns).percentile(share)
    assert found is not None
    assert abs(found - exact) <= exact * ERROR_MAX


@given(times.filter(bool))
def test_mean_least_and_most_are_those_of_the_times(ns: list[int]) -> None:
    told = histogram_of(ns)
    assert told.answers == len(ns)
    assert told.mean_ns == sum(ns) / len(ns)
    for found, exact in ((told.least_ns, min(ns)), (told.most_ns, max(ns))):
        assert found is not None
        assert abs(found - exact) <= exact * ERROR_MAX


@given(st.lists(times, max_size=5))
def test_nodes_together_are_as_one_that_had_answered_everything(several: list[list[int]]) -> None:
    assert merged(map(histogram_of, several)) == histogram_of([ns for one in several for ns in one])


@given(times, times)
def test_what_came_since_is_what_came_since(before: list[int], after: list[int]) -> None:
    assert histogram_of(before + after).since(histogram_of(before)) == histogram_of(after)


def test_after_a_reset_everything_is_new() -> None:
    after = histogram_of([700, 9_000])
    assert after.since(histogram_of([700, 700, 50])) == after


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_of_no_answers_there_is_no_percentile(share: float) -> None:
    assert Histogram().percentile(share) is None
    assert figures(Histogram()) == Figures(0, None, None, None, None, None, None)


def test_people_read_microseconds() -> None:
    told = figures(histogram_of([1_000] * 98 + [5_000_000, 8_000_000]))
    assert told.answers == 100
    assert list(astuple(told))[1:] == pytest.approx([130.98, 1.0, 1.0, 5_000.0, 8_000.0, 8_000.0], rel=ERROR_MAX)


def test_a_time_beyond_what_is_told_apart_counts_as_the_longest() -> None:
    assert histogram_of([10**12]) == histogram_of([NS_MOST])

"""Percentiles from buckets, beside those of the latencies themselves."""

from math import ceil, floor, log2

from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.usage.summary.latencies import ERROR_MAX, Latencies, added

latencies_ns = st.lists(st.integers(1, 2**32 - 1), min_size=1, max_size=200)


def latencies_of(all_ns: list[int]) -> Latencies:
    buckets: dict[int, int] = {}
    for ns in all_ns:
        buckets[floor(32 * log2(ns))] = buckets.get(floor(32 * log2(ns)), 0) + 1
    return Latencies(buckets, min(all_ns), max(all_ns))


@given(latencies_ns, st.sampled_from([0.0, 0.5, 0.95, 0.99, 1.0]))
def test_a_percentile_is_within_its_bound_of_the_row_at_that_rank(all_ns: list[int], share: float) -> None:
    told = latencies_of(all_ns).percentile(share)
    at_rank = sorted(all_ns)[max(1, ceil(share * len(all_ns))) - 1]
    assert told is not None
    assert abs(told - at_rank) <= at_rank * ERROR_MAX + 1  # It is told in whole nanoseconds.


@given(latencies_ns, latencies_ns)
def test_latencies_added_are_those_of_all_answers_together(some: list[int], others: list[int]) -> None:
    assert added([latencies_of(some), latencies_of(others)]) == latencies_of(some + others)


def test_of_no_answers_there_is_no_percentile() -> None:
    assert added([]).percentile(0.5) is None
    assert added([]).answers == 0

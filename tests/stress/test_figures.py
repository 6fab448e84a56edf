"""Figures add up: many clients found together what one would have found alone."""

import math

from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.stress.figures import Found, Recorded, mean, merged, percentiles

counts = st.integers(0, 10**9)
tallies = st.dictionaries(st.sampled_from(["200", "429 RATE_LIMITED", "timeout"]), st.integers(1, 10**6), max_size=3)
times = st.integers(1, 10**12)
recordings = st.dictionaries(times, st.integers(1, 50), max_size=30).map(lambda found: tuple(sorted(found.items())))
findings = st.builds(
    Found,
    seconds=st.floats(0, 1e6),
    good=counts,
    codes=tallies,
    failures=tallies,
    late=counts,
    reconnected=counts,
    answer_bytes=counts,
    processor_seconds=st.integers(0, 10**6).map(float),
    latencies=recordings,
    lags=recordings,
)
shares = st.lists(st.floats(0, 1), max_size=20).map(sorted)


def every(recorded: Recorded) -> list[int]:
    return [time for time, count in recorded for _ in range(count)]


@given(st.lists(findings, max_size=5))
def test_nothing_is_lost_and_nothing_gained_by_adding_up(found: list[Found]) -> None:
    together = merged(found)
    assert together.asked == sum(one.asked for one in found)
    assert sorted(every(together.latencies)) == sorted(time for one in found for time in every(one.latencies))
    assert sorted(every(together.lags)) == sorted(time for one in found for time in every(one.lags))
    assert together.good == sum(one.good for one in found)


@given(findings, findings, findings)
def test_the_order_of_clients_changes_nothing(one: Found, two: Found, three: Found) -> None:
    assert merged([one, two, three]) == merged([three, merged([two, one])])


@given(recordings, shares)
def test_a_percentile_is_the_shortest_time_that_so_many_did_not_exceed(recorded: Recorded, wanted: list[float]) -> None:
    alone = sorted(every(recorded))
    for share, found in zip(wanted, percentiles(recorded, wanted), strict=True):
        rank = max(1, math.ceil(share * len(alone)))
        assert found == (alone[min(rank, len(alone)) - 1] if alone else 0)


@given(recordings)
def test_the_mean_lies_between_the_least_and_the_most(recorded: Recorded) -> None:
    found = every(recorded)
    assert mean(recorded) == 0 if not found else min(found) <= mean(recorded) * (1 + 1e-9) and mean(recorded) <= max(found) * (1 + 1e-9)

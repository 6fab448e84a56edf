"""What counters come to: sums that may be made in any order, and shares that are reckoned from the sums alone."""

from collections.abc import Sequence
from dataclasses import astuple
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.telemetry import Stretch, Tally, derived_of, passed, tally_of, together, whole
from trinity_beast.telemetry.catalog import CONTRACT
from trinity_beast.telemetry.tally import GAUGES

TOLD = ["tcp_requests", "udp_requests", "syncmap_hits", "cache_misses", "usage_lost", "db_open_conns"]
COUNTS = st.tuples(*[st.integers(0, 2**48)] * len(TOLD)).map(
    lambda counts: dict.fromkeys(CONTRACT, 0) | dict(zip(TOLD, counts, strict=True))
)
SPANS = st.builds(Stretch, st.floats(0.001, 1e7), COUNTS)


@given(st.lists(SPANS, max_size=4), st.data())
def test_nodes_add_up_in_any_order_and_grouping(spans: Sequence[Stretch], data: st.DataObject) -> None:
    tallies = [tally_of(span) for span in spans]
    shuffled = data.draw(st.permutations(tallies))
    cut = data.draw(st.integers(0, len(tallies)))
    at_once, in_parts = together(tallies), together([together(shuffled[:cut]), together(shuffled[cut:]), Tally()])

    assert (at_once.nodes, at_once.counters) == (in_parts.nodes, in_parts.counters)
    assert at_once.per_second == pytest.approx(in_parts.per_second)
    ours, theirs = astuple(derived_of(at_once)), astuple(derived_of(in_parts))
    assert [each is None for each in ours] == [each is None for each in theirs]
    assert [each or 0 for each in ours] == pytest.approx([each or 0 for each in theirs], rel=1e-9, abs=0.002)


@given(st.lists(SPANS, min_size=1, max_size=4))
def test_a_share_of_many_nodes_is_that_of_their_sums_and_lies_between_their_own(spans: Sequence[Stretch]) -> None:
    tallies = [tally_of(span) for span in spans]
    sums = {name: sum(span.counters[name] for span in spans) for name in CONTRACT}
    derived = derived_of(together(tallies))

    looked_up = sums["syncmap_hits"] + sums["elasticache_hits"] + sums["cache_misses"]
    assert derived.requests == sums["tcp_requests"] + sums["udp_requests"] + sums["lrs_requests"]
    if looked_up:
        assert derived.memory_hit_percent == round(100 * sums["syncmap_hits"] / looked_up, 3)
        own = [share for one in tallies if (share := derived_of(one).memory_hit_percent) is not None]
        assert min(own) - 0.001 <= derived.memory_hit_percent <= max(own) + 0.001
    else:
        assert derived.memory_hit_percent is None


def test_a_busy_node_weighs_more_than_an_idle_one() -> None:
    busy = Stretch(10, {"tcp_requests": 990, "syncmap_hits": 990, "cache_misses": 0})
    idle = Stretch(2, {"tcp_requests": 10, "syncmap_hits": 0, "cache_misses": 10})
    derived = derived_of(together([tally_of(busy), tally_of(idle)]))

    assert derived.memory_hit_percent == 99.0, "the mean of both would be 50"
    assert (derived.requests_per_second, derived.tcp_requests_per_second) == (104.0, 104.0)


def test_a_share_of_nothing_is_no_share() -> None:
    derived = derived_of(together([]))

    assert (derived.requests, derived.requests_per_second) == (0, 0.0)
    assert {derived.memory_hit_percent, derived.udp_dropped_percent, derived.usage_lost_percent, derived.limited_percent} == {None}
    assert derived_of(tally_of(Stretch(0.0, {"tcp_requests": 5}))).requests_per_second == 0.0


@given(COUNTS, st.lists(COUNTS, min_size=1, max_size=4))
def test_what_passed_between_readings_adds_up_to_what_passed_between_the_first_and_the_last(
    first: dict[str, int], added: Sequence[dict[str, int]]
) -> None:
    readings = [first]
    for more in added:
        readings.append({name: readings[-1][name] + more[name] for name in CONTRACT})
    steps = [passed(before, now) for before, now in pairwise(readings)]

    whole_way = passed(readings[0], readings[-1])
    for name in CONTRACT:
        assert whole_way[name] == (readings[-1][name] if name in GAUGES else sum(step[name] for step in steps))


def test_a_node_that_was_started_anew_counts_from_nothing() -> None:
    assert passed({"tcp_requests": 500}, {"tcp_requests": 3}) == {"tcp_requests": 3}


def test_all_twenty_four_are_told_whatever_is_counted() -> None:
    assert list(whole({"tcp_requests": 1, "more": 2})) == list(CONTRACT)

"""A published limit is kept in every second, not only in those that begin with a full one."""

from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.lab.model import SECOND_NS
from trinity_beast.lab.pace import Pace


@given(st.lists(st.integers(0, 5 * SECOND_NS), max_size=200).map(sorted), st.integers(1, 10))
def test_no_second_sees_more_than_the_limit_and_nothing_within_it_is_refused(asked_ns: list[int], limit: int) -> None:
    pace, granted = Pace(limit), list[int]()
    for now_ns in asked_ns:
        recent = [earlier for earlier in granted if now_ns - earlier < SECOND_NS]
        allowed = pace.allows("somebody", now_ns)
        assert allowed == (len(recent) < limit)
        if allowed:
            granted.append(now_ns)


def test_each_is_counted_apart() -> None:
    pace = Pace(1)
    assert pace.allows("one", 0)
    assert pace.allows("other", 0)
    assert not pace.allows("one", 0)

"""A published limit is kept in every second, not only in those that begin with a full one."""

from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.lab.model import SECOND_NS
from trinity_beast.lab.pace import Limit, Pace, Verdict


@given(st.lists(st.integers(0, 5 * SECOND_NS), max_size=200).map(sorted), st.integers(1, 10))
def test_no_second_sees_more_than_the_limit_and_nothing_within_it_is_refused(asked_ns: list[int], limit: int) -> None:
    pace, granted = Pace(Limit(limit)), list[int]()
    for now_ns in asked_ns:
        recent = [earlier for earlier in granted if now_ns - earlier < SECOND_NS]
        allowed = pace.allows("somebody", now_ns)
        assert allowed == (len(recent) < limit)
        if allowed:
            granted.append(now_ns)


def test_each_is_counted_apart() -> None:
    pace = Pace(Limit(1))
    assert pace.allows("one", 0)
    assert pace.allows("other", 0)
    assert not pace.allows("one", 0)


def test_who_goes_on_asking_is_banned_where_the_venue_bans_and_let_in_again_after_its_time() -> None:
    pace = Pace(Limit(2, 10.0, ban_seconds=60.0, patience=1))
    assert [pace.judge("somebody", second * SECOND_NS) for second in range(5)] == [
        *(Verdict.ALLOWED, Verdict.ALLOWED),
        *(Verdict.LIMITED, Verdict.BANNED, Verdict.BANNED),
    ]
    assert pace.is_banned("somebody", 62 * SECOND_NS)
    assert pace.judge("somebody", 63 * SECOND_NS) is Verdict.ALLOWED
    assert not pace.is_banned("nobody", 0)


def test_a_refusal_knows_when_to_come_again() -> None:
    pace = Pace(Limit(1, 10.0))
    assert pace.wait_seconds("somebody", 0) == 0
    pace.judge("somebody", SECOND_NS)
    assert pace.wait_seconds("somebody", 3 * SECOND_NS + 1) == 8
    assert pace.wait_seconds("somebody", 11 * SECOND_NS) == 0

"""The thirteen levels, and how each is spread over connections."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.stress.levels import DEPTH_MAX, LEVELS, read_levels, share, spread


def test_there_are_thirteen_levels_from_thirty_to_twenty_one_thousand() -> None:
    assert (len(LEVELS), LEVELS[0], LEVELS[-1]) == (13, 30, 21_000)
    assert list(LEVELS) == sorted(set(LEVELS))


@given(st.integers(1, 1_000_000), st.integers(1, 30_000), st.integers(1, DEPTH_MAX))
def test_a_level_is_spread_over_as_few_as_are_allowed_and_never_below_what_was_asked(level: int, most: int, depth: int) -> None:
    try:
        connections, deep = spread(level, connections_max=most, depth=depth)
    except ValueError:
        assert level > most * DEPTH_MAX
        return
    assert level <= connections * deep < level + deep
    assert connections <= most
    assert deep >= min(depth, level)


@given(st.integers(0, 10**6), st.integers(1, 64))
def test_shares_are_as_equal_as_can_be_and_make_up_the_whole(whole: int, parts: int) -> None:
    shares = share(whole, parts)
    assert (sum(shares), len(shares)) == (whole, parts)
    assert max(shares) - min(shares) <= 1


def test_levels_are_read_as_they_are_written() -> None:
    assert read_levels("30, 300 3000") == (30, 300, 3_000)


@given(st.text(max_size=30))
def test_whatever_is_written_is_levels_or_is_refused(text: str) -> None:
    try:
        found = read_levels(text)
    except ValueError:
        return
    assert all(1 <= level <= 1_000_000 for level in found)


@pytest.mark.parametrize("text", ["", ",", "0", "-1", "1000001", "30,x", "\uff13\uff10", "1 " * 101])
def test_what_is_no_list_of_levels_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="level"):
        read_levels(text)

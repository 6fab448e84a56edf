from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.rehearsal.tape import Print, TrueTape

TIMES = st.lists(st.integers(0, 200), max_size=50).map(sorted)


def tape_of(times: list[int]) -> TrueTape:
    tape = TrueTape()
    for time_ns in times:
        tape.add(time_ns, Decimal(1), known_ns=time_ns)
    return tape


@given(TIMES, st.integers(-5, 205), st.integers(-5, 205))
def test_what_is_found_is_what_a_search_through_all_finds(times: list[int], one: int, other: int) -> None:
    tape = tape_of(times)
    assert [each.time_ns for each in tape.within(one, other)] == [time_ns for time_ns in times if one <= time_ns < other]
    first, last = tape.first_from(one), tape.last_until(one)
    assert (None if first is None else first.time_ns) == min((time_ns for time_ns in times if time_ns >= one), default=None)
    assert (None if last is None else last.time_ns) == max((time_ns for time_ns in times if time_ns <= one), default=None)


@given(TIMES, st.integers(-5, 205))
def test_forgetting_keeps_what_was_last_before_the_moment_and_all_after_it(times: list[int], before_ns: int) -> None:
    tape, forgetful = tape_of(times), tape_of(times)
    forgetful.forget(before_ns)
    for moment in range(before_ns - 1, 206):
        assert forgetful.last_until(moment) == tape.last_until(moment)
    assert len(forgetful) <= len(tape)


def test_trades_come_in_the_order_of_their_times() -> None:
    tape = tape_of([5])
    with pytest.raises(ValueError, match="order"):
        tape.add(4, Decimal(1), known_ns=9)


def test_an_empty_tape_knows_nothing() -> None:
    tape = TrueTape()
    assert (tape.first, tape.first_from(0), tape.last_until(9), tape.has_priced(Decimal(1)), len(tape)) == (None, None, None, False, 0)


def test_a_price_is_compared_as_a_number() -> None:
    tape = TrueTape()
    tape.add(1, Decimal("2.50"), known_ns=3)
    assert tape.has_priced(Decimal("2.5"))
    assert tape.first == Print(1, Decimal("2.5"), 3)

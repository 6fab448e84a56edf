"""The rules of liveness: what one venue's symbol may be called, and until when."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.feeds import NOW_NS, SECOND_NS, at, trade
from tests.support.ticks import Told
from trinity_beast.pricing.likeness import is_newer, is_same
from trinity_beast.pricing.phase import Phase, Verdict


def test_a_busy_symbol_is_suspect_after_the_least_window_and_live_no_longer_than_its_proof_may_take() -> None:
    told = Told()
    told.beats(20, every=0.2)
    assert told.due() == pytest.approx(25)
    assert told.is_usable(34.9)
    assert not told.is_usable(35.1)


def test_a_trade_that_was_held_back_is_live_only_for_what_is_left_of_its_window() -> None:
    told = Told()
    told.beats(20, every=0.2)
    told.hears(34, printed=24)
    assert told.is_usable(38.9)
    assert not told.is_usable(39.1)
    told.hears(45, printed=29)
    assert not told.is_usable(45)
    told.hears(45.1, printed=45)
    assert told.is_usable(59.9)


def test_the_window_follows_the_symbols_own_rhythm() -> None:
    told = Told()
    told.beats(100, every=4)
    assert 115 < told.due() <= 116  # The long gap sinks a little with each that is not longer.


def test_a_rhythm_is_not_judged_by_before_it_is_known() -> None:
    told = Told()
    told.hears(0)
    told.hears(0.1)
    assert told.due() == pytest.approx(45.1)


def test_a_venue_that_cannot_prove_is_live_until_the_bound_of_age() -> None:
    told = Told(can_prove=False)
    told.beats(20, every=0.2)
    assert told.is_usable(109.9)
    assert not told.is_usable(110)


def test_rest_that_tells_the_trade_we_hold_proves_it_quiet_and_the_proof_ends() -> None:
    told = Told()
    told.beats(20, every=0.2)
    assert told.looks(25, printed=20) is Verdict.QUIET
    assert (told.tick.state, told.tick.is_from_rest) == ("quiet", False)
    assert told.due() == pytest.approx(40)
    assert told.is_usable(54.9)
    assert not told.is_usable(55)


def test_a_failed_look_proves_nothing_and_prolongs_nothing() -> None:
    told = Told()
    told.beats(20, every=0.2)
    until_ns = told.tick.usable_until_ns
    for seconds in (25, 27, 29):
        assert told.looks(seconds, printed=None) is Verdict.UNPROVEN
        assert told.due() == pytest.approx(seconds + 2)
    assert (told.tick.usable_until_ns, told.tick.state) == (until_ns, "live")


def test_rest_that_is_behind_the_socket_proves_nothing() -> None:
    told = Told()
    told.beats(20, every=0.2)
    assert told.looks(25, printed=12) is Verdict.UNPROVEN
    assert (told.tick.state, told.tick.trade) == ("live", told.trade(20))


def test_a_newer_trade_of_rest_is_served_as_rest_and_the_socket_has_a_moment_before_it_is_asked_anew() -> None:
    told = Told()
    told.beats(20, every=0.2)
    assert told.looks(25, "101", printed=24.9) is Verdict.NEWER
    assert (told.tick.state, told.tick.is_from_rest, told.tick.phase) == ("rest", True, Phase.REST)
    assert not told.renews(26.9)
    assert told.renews(27)
    assert told.hears(28, "102")
    assert (told.tick.state, told.tick.is_from_rest, told.tick.phase) == ("live", False, Phase.FLOWING)


def test_a_socket_that_delivers_in_time_is_not_asked_anew() -> None:
    told = Told()
    told.beats(20, every=0.2)
    told.looks(25, "101", printed=24.9)
    told.hears(25.3, "101", printed=24.9)
    assert not told.renews(60)


def test_while_the_socket_owes_a_trade_an_unchanged_look_refreshes_nothing() -> None:
    told = Told()
    told.beats(20, every=0.2)
    told.looks(25, "101", printed=24)
    until_ns = told.tick.usable_until_ns
    assert told.looks(26.9, "101", printed=24) is Verdict.UNCHANGED
    assert (told.tick.usable_until_ns, told.tick.state) == (until_ns, "rest")
    assert not told.is_usable(114)


def test_what_was_printed_before_the_new_subscription_is_not_owed_by_it() -> None:
    told = Told()
    told.beats(20, every=0.2)
    told.looks(25, "101", printed=24)
    assert told.renews(27)
    assert told.looks(29, "101", printed=24) is Verdict.QUIET
    assert (told.tick.state, told.tick.is_from_rest) == ("quiet", True)


def test_a_symbol_that_stays_silent_is_asked_anew_ever_more_rarely() -> None:
    told = Told()
    told.beats(20, every=0.2)
    renewed = []
    for seconds in range(25, 400, 2):
        told.looks(seconds, str(seconds), printed=seconds - 0.5)
        if told.renews(seconds):
            renewed.append(seconds)
    gaps = [later - earlier for earlier, later in pairwise(renewed)]
    assert len(renewed) <= 8
    assert gaps == sorted(gaps)
    assert gaps[0] >= 10


def test_a_silence_longer_than_the_symbol_is_used_to_is_not_believed_to_be_quiet() -> None:
    told = Told()
    told.beats(20, every=0.2)
    seconds = 25.0
    while told.looks(seconds, printed=20) is Verdict.QUIET:
        seconds += 15
    assert 100 <= seconds <= 125
    assert not told.is_usable(111)


def test_a_symbol_never_heard_since_the_start_is_quiet_once_rest_agrees_with_the_silence() -> None:
    told = Told()
    assert told.due() == pytest.approx(5)
    assert told.looks(5, printed=-600) is Verdict.NEWER
    assert not told.is_usable(5)
    assert told.looks(7, printed=-600) is Verdict.QUIET
    assert told.is_usable(8)
    assert not told.renews(60)


def test_history_fills_with_its_true_age_and_shows_no_life() -> None:
    told = Told()
    assert told.tick.recalled(told.trade(1, printed=-30), told.bounds)
    assert told.due() == pytest.approx(15)
    assert told.is_usable(24)
    assert not told.is_usable(25.1)
    assert not told.tick.rhythm.count


@pytest.mark.parametrize(
    ("told_ns", "price", "same", "newer"),
    [
        (NOW_NS + 123_456_789, "1.50", True, False),
        (NOW_NS + 123_000_000, "1.5", True, False),
        (NOW_NS, "1.5", True, False),
        (NOW_NS + 123_456_789, "1.6", False, True),
        (NOW_NS + 123_000_000, "1.6", False, False),
        (NOW_NS + 124_000_000, "1.5", False, True),
        (NOW_NS + 122_000_000, "1.5", False, False),
    ],
)
def test_rest_may_write_times_more_coarsely_than_the_socket(told_ns: int, price: str, same: bool, newer: bool) -> None:
    held = trade(price="1.5", time_ns=NOW_NS + 123_456_789)
    told = trade(price=price, time_ns=told_ns)
    assert (is_same(told, held), is_newer(told, held)) == (same, newer)


EVENTS = st.lists(
    st.tuples(st.sampled_from(["hears", "looks", "fails", "recalls", "renews"]), st.floats(0.01, 40), st.floats(0, 120), st.integers(1, 3)),
    max_size=60,
)


@given(EVENTS)
def test_whatever_happens_time_never_goes_back_and_nothing_is_usable_beyond_its_bound(events: list[tuple[str, float, float, int]]) -> None:
    told, seconds = Told(), 0.0
    for kind, pause, earlier, price in events:
        seconds += pause
        before = told.tick.trade
        until_ns = told.tick.usable_until_ns
        if kind == "hears":
            told.hears(seconds, str(price), printed=seconds - earlier)
        elif kind == "looks":
            told.looks(seconds, str(price), printed=seconds - earlier)
        elif kind == "recalls":
            told.tick.recalled(told.trade(seconds, str(price), printed=seconds - earlier), told.bounds)
        elif kind == "fails":
            told.looks(seconds, printed=None)
            assert told.tick.usable_until_ns == until_ns
        else:
            told.renews(seconds)
        held = told.tick.trade
        if held is None:
            continue
        assert before is None or held.exchange_time_ns >= before.exchange_time_ns
        age_at_end_ns = told.tick.usable_until_ns - held.received_monotonic_ns + max(0, held.received_time_ns - held.exchange_time_ns)
        limit_ns = told.bounds.quiet_max_ns if told.tick.state == "quiet" else told.bounds.stale_after_ns
        assert age_at_end_ns <= limit_ns
        if told.tick.state == "quiet":
            assert told.tick.usable_until_ns <= at(seconds).monotonic_ns + told.bounds.proof_ns


def test_a_trade_told_again_behind_another_of_its_instant_does_not_begin_its_age_anew() -> None:
    told = Told()
    told.hears(10, "100", printed=11)
    told.hears(10.5, "101", printed=11)
    told.hears(10.9, "100", printed=11)
    assert told.age(10.9) == pytest.approx(0.9)
    assert told.tick.heard_ns == at(10.9).monotonic_ns
    told.hears(11, "100", printed=11.1)
    assert told.age(11) == 0


SECOND_TELLINGS = st.lists(
    st.tuples(
        st.sampled_from(["hears", "looks", "recalls", "polls", "halts", "resumes"]), st.floats(0, 3), st.integers(0, 12), st.integers(1, 3)
    ),
    max_size=40,
)


@given(SECOND_TELLINGS)
def test_for_one_exchange_time_an_age_never_shrinks(events: list[tuple[str, float, int, int]]) -> None:
    told, seconds = Told(), 0.0
    for kind, pause, printed, price in events:
        seconds += pause
        before = told.tick.trade
        age = None if before is None else told.age(seconds)
        if kind == "hears":
            told.hears(seconds, str(price), printed=printed)
        elif kind == "looks":
            told.looks(seconds, str(price), printed=printed)
        elif kind == "recalls":
            told.tick.recalled(told.trade(seconds, str(price), printed=printed), told.bounds)
        elif kind == "polls":
            told.tick.polled(told.trade(seconds, str(price), printed=printed), told.bounds)
        else:
            told.halts(seconds, since=printed if kind == "halts" else None)
        held = told.tick.trade
        if before is not None and age is not None and held is not None and held.exchange_time_ns == before.exchange_time_ns:
            assert told.age(seconds) >= age


def test_the_age_at_which_it_ends_is_reckoned_from_the_venues_clock() -> None:
    told = Told(can_prove=False)
    told.hears(10, printed=4)
    assert told.tick.usable_for_ns() == 90 * SECOND_NS

"""A symbol its venue has halted: served with its true age and that word, within bounds, never as live or quiet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.feeds import at
from tests.support.ticks import Told
from trinity_beast.pricing.choice import chosen
from trinity_beast.pricing.phase import Phase, Verdict


def test_a_price_that_could_be_served_is_served_as_halted_at_once_while_the_word_is_renewed() -> None:
    told = Told()
    told.beats(20, every=0.2)
    told.halts(21, since=21)
    assert told.tick.state == "halted"
    assert told.is_usable(50.9)
    assert not told.is_usable(51)
    assert told.due() == pytest.approx(36)
    told.halts(36, since=21)
    assert told.is_usable(65.9)


def test_no_word_keeps_a_halted_price_beyond_its_bound() -> None:
    told = Told(halted_seconds_max=60)
    told.beats(20, every=0.2)
    for seconds in range(21, 100, 10):
        told.halts(seconds, since=21)
    assert told.is_usable(79.9)
    assert not told.is_usable(80)


@pytest.mark.parametrize("bound", [5, 86_400])
def test_the_bound_holds_at_both_ends_of_its_range(bound: int) -> None:
    told = Told(halted_seconds_max=bound, proof_seconds=600.0)
    told.hears(0)
    told.halts(1, since=1)
    assert told.is_usable(4.9)
    assert told.is_usable(5.1) is (bound > 5)


def test_a_price_that_could_not_be_served_is_halted_only_once_it_is_proven_the_last() -> None:
    told = Told()
    told.beats(20, every=0.2)
    told.halts(40, since=40)
    assert not told.is_usable(40)
    assert told.looks(41, printed=None) is Verdict.UNPROVEN
    assert told.looks(43, printed=20) is Verdict.HALTED
    assert told.tick.state == "halted"
    assert told.is_usable(43)


def test_rest_that_calls_it_halted_proves_it_halted_and_not_quiet() -> None:
    told = Told()
    told.beats(20, every=0.2)
    assert told.looks(25, printed=20, is_halted=True) is Verdict.HALTED
    assert (told.tick.state, told.tick.is_from_rest) == ("halted", False)
    assert told.is_usable(54.9)
    assert not told.is_usable(55)


def test_a_newer_trade_by_rest_of_a_halted_symbol_is_served_as_halted_by_rest() -> None:
    told = Told()
    told.beats(20, every=0.2)
    assert told.looks(25, "101", printed=22, is_halted=True) is Verdict.HALTED
    assert (told.tick.state, told.tick.is_from_rest) == ("halted", True)


def test_the_next_trade_ends_the_halt_and_one_printed_before_it_does_not() -> None:
    told = Told()
    told.beats(20, every=0.2)
    told.halts(21, since=21)
    told.hears(21.3, "101", printed=20.9)
    assert told.tick.state == "halted"
    told.hears(300, "102")
    assert (told.tick.state, told.tick.halted_wall_ns) == ("live", None)


def test_a_halt_teaches_no_rhythm() -> None:
    told = Told()
    told.beats(20, every=0.2)
    long_gap_ns = told.tick.rhythm.long_gap_ns
    told.halts(21, since=21)
    told.hears(600)
    assert told.tick.rhythm.long_gap_ns == long_gap_ns


def test_when_trading_goes_on_without_a_trade_nothing_is_served_until_it_is_proven() -> None:
    told = Told()
    told.beats(20, every=0.2)
    told.halts(21, since=21)
    told.halts(30, since=None)
    assert not told.is_usable(30)
    assert told.due() <= 30
    assert told.looks(31, printed=20) is Verdict.QUIET
    assert told.tick.state == "quiet"


def test_when_rest_calls_it_halted_no_more_that_word_ends() -> None:
    told = Told()
    told.beats(20, every=0.2)
    told.looks(25, printed=20, is_halted=True)
    assert told.looks(130, printed=20) is Verdict.UNPROVEN
    assert not told.is_usable(130)


def test_a_polled_symbol_is_halted_and_traded_again_without_a_new_trade() -> None:
    told = Told()
    tick, bounds = told.tick, told.bounds
    assert tick.polled(told.trade(1), bounds)
    assert not tick.polled(told.trade(5, printed=1), bounds)
    assert tick.polled(told.trade(10, printed=1), bounds, is_halted=True, asked_ns=at(10).monotonic_ns)
    assert (tick.state, told.is_usable(39.9)) == ("halted", True)
    assert tick.polled(told.trade(20, printed=1), bounds)
    assert (tick.state, told.is_usable(90.9), told.is_usable(91)) == ("rest", True, False)


def test_a_halted_venue_answers_only_where_no_other_can_and_comes_back_once_it_has_settled() -> None:
    first, second = Told(), Told()
    first.hears(0)
    second.hears(0)
    ticks = [first.tick, second.tick]

    def choose(seconds: float, serving: Told) -> object:
        return chosen(ticks, serving.tick, now_ns=at(seconds).monotonic_ns, settle_ns=10 * 10**9)

    first.halts(1, since=1)
    assert choose(1, first) is second.tick
    first.hears(5)
    second.hears(5)
    assert choose(5, second) is second.tick
    assert choose(15, second) is first.tick
    first.halts(16, since=16)
    second.halts(16, since=16)
    assert choose(16, first) is first.tick


@given(st.lists(st.tuples(st.sampled_from(["trade", "halt", "go on", "halted look", "look", "failed"]), st.integers(1, 40)), max_size=25))
def test_whatever_comes_a_symbol_said_to_be_halted_is_never_live_or_quiet(events: list[tuple[str, int]]) -> None:
    told, now, printed = Told(), 0.0, 0.0
    told.hears(0)
    for what, seconds in events:
        now += seconds
        match what:
            case "trade":
                told.hears(now)
                printed = now
            case "halt":
                told.halts(now, since=now)
            case "go on":
                told.halts(now, since=None)
            case "failed":
                told.looks(now, printed=None)
            case _:
                told.looks(now, printed=printed, is_halted=what == "halted look")
        if what in {"halt", "halted look"} and told.is_usable(now):
            assert told.tick.state == "halted"
        assert (told.tick.phase is Phase.HALTED) is (told.tick.state == "halted")
        if told.is_usable(now) and told.tick.state == "halted":
            assert told.tick.usable_until_ns <= at(printed).monotonic_ns + told.bounds.halted_max_ns

from hypothesis import given
from hypothesis import strategies as st

from tests.support.feeds import SECOND_NS, at
from tests.support.ticks import Told
from trinity_beast.pricing.choice import chosen
from trinity_beast.pricing.tick import Tick

SETTLE_NS = 10 * SECOND_NS


def choose(ticks: list[Tick], serving: Tick | None, seconds: float) -> Tick | None:
    return chosen(ticks, serving, now_ns=at(seconds).monotonic_ns, settle_ns=SETTLE_NS)


def heard(seconds: float | None) -> Tick:
    told = Told(can_prove=False)
    if seconds is not None:
        told.hears(seconds)
    return told.tick


@given(st.lists(st.one_of(st.none(), st.integers(0, 200)), max_size=5))
def test_the_most_trusted_usable_venue_answers_and_where_none_is_usable_the_youngest(heard_at: list[int | None]) -> None:
    ticks = [heard(seconds) for seconds in heard_at]
    usable = [number for number, seconds in enumerate(heard_at) if seconds is not None and seconds > 200 - 90]
    known = [number for number, seconds in enumerate(heard_at) if seconds is not None]
    expected = usable[0] if usable else max(known, key=lambda number: heard_at[number] or 0, default=None)
    assert choose(ticks, None, 200) is (None if expected is None else ticks[expected])


def test_the_next_venue_takes_over_at_once() -> None:
    first, second = heard(0), heard(80)
    assert choose([first, second], first, 89) is first
    assert choose([first, second], first, 90) is second


def test_a_venue_that_comes_and_goes_each_second_is_followed_once() -> None:
    first, second = Told(can_prove=False, stale_after_seconds=5), Told(can_prove=False)
    second.hears(0)
    first.hears(0)
    serving, switches = first.tick, 0
    for number in range(60):
        seconds = 6 + number
        second.hears(seconds)
        if number % 2:
            first.hears(seconds, printed=seconds - 4.5)  # Usable for half a second.
        now = choose([first.tick, second.tick], serving, seconds)
        assert now is not None
        switches, serving = switches + (now is not serving), now
    assert switches == 1
    assert serving is second.tick


def test_a_lost_venue_answers_again_once_it_has_settled() -> None:
    first, second = Told(can_prove=False), heard(100)
    first.hears(0)
    first.hears(100)
    assert choose([first.tick, second], second, 109) is second
    assert choose([first.tick, second], second, 110) is first.tick


def test_a_venue_heard_for_the_first_time_need_not_settle() -> None:
    assert choose([first := heard(100), second := heard(99)], second, 100) is first

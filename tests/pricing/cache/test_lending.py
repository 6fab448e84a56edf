"""What a loan does to a symbol: it helps out, never goes back in time, and gives way to our own."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.feeds import at
from tests.support.ticks import Told
from trinity_beast.pricing.phase import Phase, Verdict
from trinity_beast.pricing.tick import Loan


class Borrowing(Told):
    """A tick that is lent what a neighbour holds."""

    def borrows(self, seconds: float, price: str = "200", *, printed: float, lasts: float = 20, state: str = "live") -> bool:
        now_ns = at(seconds).monotonic_ns
        loan = Loan(self.trade(seconds, price, printed=printed), state, state == "rest", now_ns, now_ns + round(lasts * 1e9))
        return self.tick.lent(loan, self.bounds, now_ns=now_ns)

    @property
    def held(self) -> tuple[str, str, str]:
        assert self.tick.trade is not None
        return self.tick.trade.price, self.tick.state, self.tick.cache_tier


def test_a_symbol_that_was_never_heard_is_served_from_a_neighbour() -> None:
    told = Borrowing()
    assert told.borrows(10, printed=9)
    assert told.held == ("200", "live", "valkey")
    assert told.is_usable(29.9)
    assert not told.is_usable(30.1)


def test_our_own_trade_takes_back_at_once() -> None:
    told = Borrowing()
    told.borrows(10, printed=9)
    assert told.hears(10.5, "201", printed=10.4)
    assert told.held == ("201", "live", "memory")


def test_our_own_older_trade_does_not() -> None:
    told = Borrowing()
    told.borrows(10, printed=9)
    assert not told.hears(10.5, "201", printed=8.9)
    assert told.held == ("200", "live", "valkey")


def test_the_very_trade_that_was_lent_is_ours_once_we_hear_it() -> None:
    told = Borrowing()
    told.borrows(10, "200", printed=9)
    assert told.hears(10.5, "200", printed=9)
    assert told.held == ("200", "live", "memory")


def test_what_is_no_younger_than_ours_is_not_borrowed() -> None:
    told = Borrowing()
    told.hears(10, "100", printed=9)
    assert not told.borrows(11, "99", printed=8.9)
    assert not told.borrows(11, "100", printed=9)
    assert told.held == ("100", "live", "memory")


def test_nothing_is_borrowed_that_may_be_served_no_longer() -> None:
    assert not Borrowing().borrows(10, printed=9, lasts=0)


def test_a_neighbours_proof_serves_our_own_trade_with_its_own_age() -> None:
    told = Borrowing()
    told.beats(20, every=0.5)
    assert not told.borrows(40, "100", printed=20)
    assert told.borrows(40, "100", printed=20, state="quiet", lasts=15)
    assert told.held == ("100", "quiet", "valkey")
    assert told.tick.trade == told.trade(20)
    assert told.is_usable(54.9)
    assert not told.is_usable(55.1)
    assert not told.borrows(41, "100", printed=20, state="quiet", lasts=14)


def test_a_trade_the_socket_kept_from_us_has_the_symbol_subscribed_anew() -> None:
    told = Borrowing()
    told.hears(0)
    assert told.borrows(10, printed=9)
    assert told.tick.phase is Phase.LENT
    assert not told.renews(11.9)
    assert told.renews(12)


def test_a_trade_from_before_the_subscription_owes_nothing() -> None:
    told = Borrowing()
    told.tick.subscribed(at(9.5).wall_ns)
    told.borrows(10, printed=9)
    assert told.tick.owed_ns is None


def test_rest_is_asked_only_once_the_loan_leaves_its_window() -> None:
    told = Borrowing()
    told.tick.subscribed(at(9.5).wall_ns)
    told.borrows(10, printed=9, lasts=25)
    assert told.due() == pytest.approx(25)
    assert told.looks(25, "200", printed=9) is Verdict.QUIET
    assert told.held == ("200", "quiet", "valkey")


def test_rest_that_knows_more_is_our_own_again() -> None:
    told = Borrowing()
    told.borrows(10, printed=9)
    assert told.looks(25, "202", printed=24) is Verdict.NEWER
    assert told.held == ("202", "rest", "memory")


def test_the_gap_that_a_loan_bridged_says_nothing_of_the_rhythm() -> None:
    told = Borrowing()
    told.beats(20, every=0.5)
    long_ns = told.tick.rhythm.long_gap_ns
    told.borrows(60, printed=59)
    told.hears(61, printed=60.5)
    assert told.tick.rhythm.long_gap_ns == long_ns


STEP = st.tuples(st.sampled_from(["hears", "recalls", "polls", "looks", "borrows", "proves"]), st.integers(0, 200), st.integers(0, 60))


@given(st.lists(STEP, max_size=60))
@example([("hears", 1, 7), ("borrows", 200, 26), ("proves", 139, 40)])  # A whole second is taken for a coarser telling.
def test_whoever_tells_it_a_symbol_never_goes_back_in_time_and_a_loan_outlives_no_bound(steps: list[tuple[str, int, int]]) -> None:
    told, now, last = Borrowing(), 0.0, 0
    for how, later, ago in steps:
        now += later / 10
        printed, trade = now - ago, told.trade(now, "100", printed=now - ago)
        before = told.tick.usable_until_ns
        if how == "hears":
            told.hears(now, printed=printed)
        elif how == "recalls":
            told.tick.recalled(trade, told.bounds)
        elif how == "polls":
            told.tick.polled(trade, told.bounds)
        elif how == "looks":
            told.looks(now, printed=printed)
        elif told.borrows(now, "100", printed=printed, lasts=5, state="live" if how == "borrows" else "quiet"):
            assert told.tick.usable_until_ns == at(now).monotonic_ns + 5_000_000_000
        else:
            assert told.tick.usable_until_ns == before
        if told.tick.trade is not None:
            assert told.tick.trade.exchange_time_ns >= last
            last = told.tick.trade.exchange_time_ns

"""An oracle that cannot fail is worthless: honest answers pass, and a liar of each kind is caught by the name of its lie."""

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rehearsal.telling import BTC_HERE, NEAR, PROMISES, UNIT_NS, Stage, at, told
from trinity_beast.rehearsal.model import MS_NS, SECOND_NS, Asked, Lie, Protocol, Unprovable
from trinity_beast.rehearsal.tape import Print
from trinity_beast.words import Venue

LIVE_S = PROMISES.live_ns / SECOND_NS
QUIET_S = PROMISES.quiet_ns / SECOND_NS
STALE_S = PROMISES.stale_after_ns / SECOND_NS
TRANSIT_S = PROMISES.transit_ns / SECOND_NS


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.mark.parametrize("protocol", Protocol)
@pytest.mark.parametrize(("state", "rest"), [("live", False), ("rest", True), ("quiet", False), ("quiet", True)])
def test_an_honest_answer_passes(stage: Stage, protocol: Protocol, state: str, rest: bool) -> None:
    trade = stage.trade(0.1234567)
    assert stage.findings(told(trade, 3, state=state, rest=rest, protocol=protocol)) == ()


def test_a_price_that_was_not_traded_at_that_time_is_a_wrong_price(stage: Stage) -> None:
    trade = stage.trade(0)
    assert stage.lies(told(trade, 1, price="2.51")) == {Lie.WRONG_PRICE}


def test_other_digits_of_the_same_number_are_the_same_price(stage: Stage) -> None:
    assert stage.lies(told(stage.trade(0), 1, price="2.5000")) == set()


@pytest.mark.parametrize("price", ["", "NaN", "2,5", "-", "two"])
def test_what_is_no_price_was_never_traded(stage: Stage, price: str) -> None:
    assert stage.lies(told(stage.trade(0), 1, price=price)) & {Lie.NEVER_TRADED, Lie.WRONG_PRICE}


@pytest.mark.parametrize("seconds", [0.01, 0.5, 2])
def test_an_old_trade_told_with_a_newer_time_is_a_wrong_time(stage: Stage, seconds: float) -> None:
    trade = stage.trade(0)
    stage.trade(5)
    newer = replace(told(trade, 3), exchange_time_ns=at(seconds), age_ms=round(3_000 - seconds * 1_000))
    assert stage.lies(newer) == {Lie.WRONG_TIME}


def test_what_nobody_traded_is_found(stage: Stage) -> None:
    stage.trade(0)
    assert stage.lies(told(Print(at(1), stage.trade(5).price + 1, 0), 3)) == {Lie.NEVER_TRADED}


def test_a_trade_of_another_market_is_not_this_one_s(stage: Stage) -> None:
    stage.trade(0)
    elsewhere = stage.trade(0.5, "65000", market=BTC_HERE)
    assert stage.lies(told(elsewhere, 1)) == {Lie.NEVER_TRADED}


@pytest.mark.parametrize(
    "changed",
    [
        {"venue": Venue("okx")},
        {"quote": "USDT"},
        {"source": "lab:okx-ws"},
        {"source": "kraken-ws"},
        {"source": "lab:kraken-rest"},
        {"state": "rest", "rest": False},
        {"state": "quiet", "source": "lab:kraken"},
    ],
)
def test_a_wrong_venue_quote_or_source_is_found(stage: Stage, changed: dict[str, Any]) -> None:
    assert Lie.WRONG_SOURCE in stage.lies(told(stage.trade(0), 1, **changed))


@pytest.mark.parametrize("state", ["stale", "converted", "LIVE", ""])
def test_a_state_that_is_not_usable_is_never_ok(stage: Stage, state: str) -> None:
    assert Lie.NOT_USABLE in stage.lies(told(stage.trade(0), 1, state=state))


@pytest.mark.parametrize("protocol", Protocol)
def test_a_price_older_than_said_is_found_and_the_clocks_are_allowed_for(stage: Stage, protocol: Protocol) -> None:
    trade = stage.trade(0)
    unit_ms, clock_ms = UNIT_NS[protocol] / MS_NS, PROMISES.clock_ns // MS_NS
    assert stage.lies(told(trade, 3, protocol=protocol, age_ms=3_000 - clock_ms)) == set()
    assert stage.lies(told(trade, 3.2, protocol=protocol, age_ms=round(3_200 - clock_ms - unit_ms) - 1)) == {Lie.TOO_YOUNG}


def test_an_age_larger_than_the_true_one_is_no_true_age_either(stage: Stage) -> None:
    trade = stage.trade(0)
    assert stage.lies(told(trade, 3, age_ms=3_052)) == set()
    assert stage.lies(told(trade, 3.2, age_ms=3_300)) == {Lie.TOO_OLD}


def test_an_age_below_nothing_is_found(stage: Stage) -> None:
    assert Lie.TOO_YOUNG in stage.lies(told(stage.trade(0), 0.01, age_ms=-1))


def test_live_after_a_trade_it_should_know_is_found(stage: Stage) -> None:
    trade = stage.trade(0)
    stage.trade(1)
    ends = 1 + LIVE_S + TRANSIT_S
    assert stage.lies(told(trade, ends - 0.01)) == set()
    assert stage.lies(told(trade, ends + 0.01)) == {Lie.NOT_LIVE}


def test_a_trade_that_became_known_late_binds_from_then_on(stage: Stage) -> None:
    trade = stage.trade(0)
    stage.tapes[NEAR].add(at(1), trade.price, known_ns=at(4))
    assert stage.lies(told(trade, 3.9 + LIVE_S + TRANSIT_S)) == set()


@pytest.mark.parametrize("state", ["live", "rest"])
def test_what_is_past_the_bound_of_age_is_found_even_where_nothing_newer_was_traded(stage: Stage, state: str) -> None:
    trade = stage.trade(0)
    assert stage.lies(told(trade, STALE_S + TRANSIT_S - 0.01, state=state)) == set()
    assert stage.lies(told(trade, STALE_S + TRANSIT_S + 0.01, state=state)) == {Lie.OUTLIVED}


def test_quiet_while_the_market_traded_on_is_found(stage: Stage) -> None:
    trade = stage.trade(0)
    stage.trade(10)
    ends = 10 + QUIET_S + TRANSIT_S
    assert stage.lies(told(trade, ends - 0.01, state="quiet")) == set()
    assert stage.lies(told(trade, ends + 0.01, state="quiet")) == {Lie.NOT_QUIET}


def test_quiet_is_believed_for_a_long_time_and_not_for_ever(stage: Stage) -> None:
    trade = stage.trade(0)
    assert stage.lies(told(trade, 100, state="quiet")) == set()
    assert stage.lies(told(trade, 122, state="quiet")) == {Lie.OUTLIVED}


def test_a_price_older_than_anything_remembered_is_past_every_bound(stage: Stage) -> None:
    stage.trade(0)
    assert stage.lies(told(Print(at(-900), stage.trade(1).price, 0), 2, state="quiet")) == {Lie.OUTLIVED}


def test_halted_is_believed_of_a_market_that_its_venue_has_halted_and_of_no_other(stage: Stage) -> None:
    trade = stage.trade(0)
    assert stage.lies(told(trade, 2, state="halted")) == {Lie.NOT_HALTED}
    stage.do("halt", 3, until=5)
    assert stage.lies(told(trade, 4, state="halted")) == set()
    over = 5 + (PROMISES.gone_ns + PROMISES.transit_ns) / SECOND_NS
    assert stage.lies(told(trade, over - 0.01, state="halted")) == set()
    assert stage.lies(told(trade, over + 0.01, state="halted")) == {Lie.NOT_HALTED}


def test_halted_is_believed_for_a_long_time_and_not_for_ever(stage: Stage) -> None:
    trade = stage.trade(0)
    stage.do("halt", 1)
    assert stage.lies(told(trade, 121, state="halted")) == set()
    assert stage.lies(told(trade, 122, state="halted")) == {Lie.OUTLIVED}


@pytest.mark.parametrize("verb", ["delist", "rename", "halt"])
def test_a_market_that_is_gone_is_priced_no_more_once_all_that_was_believed_of_it_has_run_out(stage: Stage, verb: str) -> None:
    trade = stage.trade(0)
    stage.do(verb, 1)
    gone = 1 + (PROMISES.gone_ns + PROMISES.transit_ns) / SECOND_NS
    assert stage.lies(told(trade, gone - 0.01, state="quiet")) == set()
    assert stage.lies(told(trade, gone + 0.01, state="quiet")) == {Lie.GONE}


def test_going_back_in_time_is_found_over_both_protocols(stage: Stage) -> None:
    old, new = stage.trade(0), stage.trade(1)
    assert stage.lies(told(new, 2)) == set()
    assert stage.lies(told(old, 2.5, protocol=Protocol.UDP)) == {Lie.BACKWARDS}


def test_an_answer_under_way_when_a_newer_one_came_is_not_going_back(stage: Stage) -> None:
    old, new = stage.trade(0), stage.trade(1)
    assert stage.lies(told(new, 2)) == set()
    assert stage.lies(told(old, 2.0001, heard_ns=at(2.1))) == set()


def test_another_venue_may_be_older(stage: Stage) -> None:
    far = next(market for market in stage.tapes if market.venue == "okx")
    old, new = stage.trade(0, "65000", market=far), stage.trade(1, "65001", market=BTC_HERE)
    assert stage.lies(told(new, 2, market=BTC_HERE)) == set()
    assert stage.lies(told(old, 3, market=far)) == set()


def test_an_age_that_shrinks_without_a_new_trade_is_found(stage: Stage) -> None:
    trade = stage.trade(0)
    assert stage.lies(told(trade, 2)) == set()
    assert Lie.SHRUNK in stage.lies(told(trade, 3, age_ms=2_100))


@pytest.mark.parametrize("protocol", Protocol)
def test_an_age_that_stands_still_shrinks(stage: Stage, protocol: Protocol) -> None:
    trade = stage.trade(0)
    assert stage.lies(told(trade, 2, protocol=protocol)) == set()
    assert Lie.SHRUNK in stage.lies(told(trade, 2.2, protocol=protocol, age_ms=2_000))


def test_what_was_demanded_must_be_kept(stage: Stage) -> None:
    trade = stage.trade(0)
    bounded = Asked(Protocol.HTTP, at(3), max_age_ms=2_000)
    elsewhere = Asked(Protocol.HTTP, at(3), venue=Venue("okx"))
    assert stage.lies(told(trade, 3, asked=bounded)) == {Lie.NOT_AS_ASKED}
    assert stage.lies(told(trade, 3, asked=elsewhere)) == {Lie.NOT_AS_ASKED}


def test_a_venue_s_clock_that_is_ahead_within_the_bound_hides_that_much_and_is_counted_apart(stage: Stage) -> None:
    stage.do("clock-step", -1, by_seconds=1.0)
    trade = stage.trade(0)
    ahead = told(trade, 2, exchange_time_ns=at(1), age_ms=1_000)
    assert stage.unprovable(ahead) is Unprovable.CLOCK
    assert stage.lies(told(trade, 2.2, exchange_time_ns=at(1), age_ms=1_100)) >= {Lie.TOO_YOUNG}


def test_a_time_further_ahead_than_is_ever_believed_is_found(stage: Stage) -> None:
    stage.do("clock-step", -1, by_seconds=5.0)
    trade = stage.trade(0)
    assert Lie.FUTURE in stage.lies(told(trade, 1, exchange_time_ns=at(5), age_ms=0))


def test_a_clock_that_was_put_back_makes_prices_look_older_and_no_lie_of_it(stage: Stage) -> None:
    stage.do("clock-step", -1, by_seconds=-5.0)
    trade = stage.trade(0)
    assert stage.lies(told(trade, 1, exchange_time_ns=at(-5), age_ms=6_000)) == set()


def test_a_shifted_time_without_a_fault_that_shifts_is_a_wrong_time(stage: Stage) -> None:
    trade = stage.trade(0)
    assert stage.lies(told(trade, 8, exchange_time_ns=at(5), age_ms=3_000)) == {Lie.WRONG_TIME}


def test_rest_that_repeats_an_old_trade_cannot_be_seen_through_and_is_counted_apart(stage: Stage) -> None:
    trade = stage.trade(0)
    stage.trade(1)
    stage.do("rest-repeats", 0.5)
    assert stage.unprovable(told(trade, 30, state="quiet")) is Unprovable.REST_REPEATS


def test_repeating_rest_excuses_neither_live_nor_rest_nor_what_it_told_before(stage: Stage) -> None:
    trade = stage.trade(0)
    stage.trade(1)
    stage.do("rest-repeats", 0.5, until=2)
    assert stage.lies(told(trade, 30, state="quiet")) == {Lie.NOT_QUIET}
    assert Lie.NOT_LIVE in stage.lies(told(trade, 31))


def test_a_price_in_cents_is_a_lie_where_other_venues_show_it_and_cannot_be_seen_where_none_does(stage: Stage) -> None:
    stage.do("wrong-units", -1, of="price")
    stage.do("wrong-units", -1, market=BTC_HERE, of="price")
    alone, compared = stage.trade(0, "2.50"), stage.trade(0, "65000", market=BTC_HERE)
    assert stage.unprovable(told(alone, 1, price="250")) is Unprovable.CENTS
    assert stage.lies(told(compared, 1, market=BTC_HERE, price="6500000")) == {Lie.WRONG_PRICE}


def test_a_price_in_cents_without_a_fault_is_a_lie(stage: Stage) -> None:
    assert stage.lies(told(stage.trade(0), 1, price="250")) == {Lie.WRONG_PRICE}


TIMES = st.lists(st.integers(0, 40_000_000), min_size=1, max_size=60).map(sorted)


@given(times_us=TIMES, moments=st.lists(st.integers(0, 50_000), min_size=1, max_size=40).map(sorted), protocol=st.sampled_from(Protocol))
def test_a_node_that_always_tells_the_last_trade_with_its_true_age_is_never_accused(
    times_us: list[int], moments: list[int], protocol: Protocol
) -> None:
    stage, dice = Stage(), random.Random(len(times_us))  # noqa: S311 - It makes prices up.
    trades = [stage.trade(time_us / 1e6, f"{dice.randint(1, 9)}.{dice.randint(0, 99):02d}") for time_us in times_us]
    for moment in moments:
        seconds = moment / 1_000 + 0.002
        past = [trade for trade in trades if trade.time_ns <= at(seconds)]
        if past:
            is_young = at(seconds) - past[-1].time_ns <= PROMISES.stale_after_ns
            assert stage.findings(told(past[-1], seconds, state="live" if is_young else "quiet", protocol=protocol)) == ()


@given(
    times_us=TIMES,
    which=st.integers(0, 59),
    seconds=st.floats(0.01, 60),
    by_ms=st.integers(51, 5_000),
    protocol=st.sampled_from(Protocol),
)  # fmt: skip
def test_an_age_that_is_short_by_more_than_the_clocks_allow_is_always_found(
    times_us: list[int], which: int, seconds: float, by_ms: int, protocol: Protocol
) -> None:
    stage = Stage()
    trades = [stage.trade(time_us / 1e6) for time_us in times_us]
    trade = trades[which % len(trades)]
    lie = told(trade, trade.time_ns / SECOND_NS - at(0) / SECOND_NS + seconds, protocol=protocol)
    assert Lie.TOO_YOUNG in stage.lies(replace(lie, age_ms=lie.age_ms - by_ms - 2))


@given(times_us=TIMES, seconds=st.floats(0, 60), state=st.sampled_from(["live", "quiet", "rest"]))
def test_whatever_is_told_of_a_replaced_trade_is_found_once_its_time_is_up(times_us: list[int], seconds: float, state: str) -> None:
    stage = Stage()
    trades = [stage.trade(time_us / 1e6) for time_us in times_us]
    first, last = trades[0], trades[-1]
    if last.time_ns - first.time_ns < MS_NS:
        return
    after = (last.time_ns - at(0)) / SECOND_NS + max(LIVE_S, QUIET_S, STALE_S) + TRANSIT_S + 0.01 + seconds
    assert stage.lies(told(first, after, state=state)) & {Lie.NOT_LIVE, Lie.NOT_QUIET, Lie.OUTLIVED}


@given(price=st.text(max_size=12), state=st.text(max_size=6), source=st.text(max_size=12), age_ms=st.integers(-(2**40), 2**40))
def test_nothing_that_is_told_breaks_the_oracle(price: str, state: str, source: str, age_ms: int) -> None:
    stage = Stage()
    trade = stage.trade(0)
    stage.oracle.judge(told(trade, 1, price=price, state=state, source=source, age_ms=age_ms))

"""The matrix is whole, the same seed gives the same plan, and a run tells what it saw."""

from dataclasses import replace
from itertools import islice

import pytest

from tests.rehearsal.telling import KRAKEN, NEAR, Stage, at, told
from trinity_beast.lab import FAULTS, Fault, parse_fault
from trinity_beast.randomness import dice_from
from trinity_beast.rehearsal.errors import RehearsalUnknown
from trinity_beast.rehearsal.model import SECOND_NS, Asked, Judgement, Market, Protocol, Refused
from trinity_beast.rehearsal.neighbours import Neighbours
from trinity_beast.rehearsal.plan import CalmStep, Lane, SymbolStep, VenueStep, endless_lane, lane_of
from trinity_beast.rehearsal.run import Run
from trinity_beast.rehearsal.scenarios import EVERYWHERE_AT_ONCE, FOR_GOOD, ONE_SYMBOL, WHOLE_VENUE, Scenario, free_name
from trinity_beast.words import Asset, Symbol

MARKETS = {Asset(f"A{number}"): Market(KRAKEN, Symbol(f"A{number}/USD"), Asset(f"A{number}"), "USD") for number in range(20)}
QUIET = Market(KRAKEN, Symbol("Q/USD"), Asset("Q"), "USD")
MUTE = next(scenario for scenario in WHOLE_VENUE if scenario.name == "mute")
GARBAGE = next(scenario for scenario in WHOLE_VENUE if scenario.name == "garbage")


def lane(seed: str = "7", faults: tuple[str, ...] = ()) -> Lane:
    return lane_of(KRAKEN, MARKETS, QUIET, faults, dice_from(seed))


def test_every_fault_the_lab_knows_is_rehearsed() -> None:
    assert {scenario.verb for scenario in (*WHOLE_VENUE, *ONE_SYMBOL)} == set(FAULTS)


def test_every_fault_that_may_concern_one_symbol_is_rehearsed_on_one() -> None:
    ends_the_connection = {"cut-frame"}
    assert {scenario.verb for scenario in ONE_SYMBOL} == {verb for verb, kind in FAULTS.items() if kind.takes_symbol} - ends_the_connection


@pytest.mark.parametrize("scenario", [*WHOLE_VENUE, *ONE_SYMBOL, *FOR_GOOD, EVERYWHERE_AT_ONCE], ids=lambda scenario: scenario.name)
def test_every_order_is_one_the_lab_takes(scenario: Scenario) -> None:
    for symbol in ("BTC/USD", "btcusd"):
        orders = scenario.orders_for(KRAKEN, [Symbol(symbol)])
        faults = [parse_fault(order) for order in orders]
        assert all(isinstance(fault, Fault) for fault in faults)
        assert scenario.verb in {order.split()[0] for order in orders}


@pytest.mark.parametrize("scenario", [*ONE_SYMBOL, *FOR_GOOD], ids=lambda scenario: scenario.name)
def test_a_fault_of_one_symbol_names_it_in_every_order(scenario: Scenario) -> None:
    assert all("{symbol}" in order for order in scenario.orders)


def test_the_same_seed_gives_the_same_plan_and_another_seed_another() -> None:
    assert lane() == lane()
    assert lane() != lane("8")


def test_a_lane_goes_through_the_whole_matrix_and_no_symbol_is_hit_twice_at_once() -> None:
    steps = lane().steps
    assert sorted(step.scenario.name for step in steps if isinstance(step, VenueStep)) == sorted(each.name for each in WHOLE_VENUE)
    singles = [step for step in steps if isinstance(step, SymbolStep)]
    assert sorted(scenario.name for step in singles for scenario, _ in step.faults) == sorted(
        each.name for each in (*ONE_SYMBOL, *FOR_GOOD)
    )
    assert [market for step in singles for scenario, market in step.faults if scenario.name == "delist of a quiet one"] == [QUIET]
    for step in singles:
        assert len({market for _, market in step.faults}) == len(step.faults)


def test_a_lane_is_cut_to_the_faults_wanted() -> None:
    wanted = lane(faults=("freeze", "mute")).steps
    names = {step.scenario.verb for step in wanted if isinstance(step, VenueStep)}
    assert names == {"freeze", "mute"}


def test_an_endless_lane_goes_on_with_faults_of_both_reaches_and_calm_between() -> None:
    steps = list(islice(iter(endless_lane(KRAKEN, MARKETS, dice_from("7")).steps), 200))
    assert {type(step) for step in steps} == {CalmStep, VenueStep, SymbolStep}
    assert all(isinstance(step, CalmStep) for step in steps[::2])
    assert steps == list(islice(iter(endless_lane(KRAKEN, MARKETS, dice_from("7")).steps), 200))


def test_a_fault_nobody_knows_is_refused() -> None:
    with pytest.raises(RehearsalUnknown):
        lane(faults=("explode",))


def test_a_free_name_is_spelt_as_the_venue_spells() -> None:
    assert (free_name(Symbol("btcusd")), free_name(Symbol("BTC/USD"))) == ("xbtcusd", "XBTC/USD")


def run_of(scenario: Scenario = MUTE) -> Run:
    return Run(scenario, {NEAR.asset: NEAR}, at(0), counts_before={"frames_unreadable": 3})


def refused(seconds: float, **changed: object) -> Refused:
    asked = Asked(Protocol.HTTP, at(seconds))
    return Refused(replace(asked, **changed), at(seconds), NEAR.asset, "PRICE_STALE")  # type: ignore[arg-type]


def test_a_fault_is_noticed_by_the_first_price_that_is_not_live_and_over_with_a_trade_printed_since() -> None:
    stage, run = Stage(), run_of()
    old, new = stage.trade(-1), stage.trade(11)
    run.told(told(old, 1))
    assert (run.has_shown, run.noticed_seconds) == (False, None)
    run.told(told(old, 5, state="rest"))
    assert (run.has_shown, run.noticed_seconds, run.shown_seconds) == (True, 5.0, 5.0)
    run.cleared(at(10))
    run.told(told(old, 10.5))
    assert (run.missing, run.recovered_seconds) == ([NEAR.asset], None)
    run.told(told(new, 12))
    assert run.missing == []
    assert run.recovered_seconds == pytest.approx(2.001)


def test_what_falls_again_after_it_was_back_is_not_back() -> None:
    stage, run = Stage(), run_of()
    new = stage.trade(11)
    run.cleared(at(10))
    run.told(told(new, 12))
    run.refused(refused(13))
    assert run.missing == [NEAR.asset]


def test_a_refusal_that_the_question_asked_for_tells_nothing() -> None:
    run = run_of()
    run.refused(refused(1, max_age_ms=500))
    assert run.noticed_seconds is None
    run.refused(refused(2))
    assert run.noticed_seconds == 2.0


def test_a_counter_shows_a_fault_once_it_has_grown() -> None:
    run = run_of(GARBAGE)
    run.counted({"frames_unreadable": 3}, at(1))
    assert not run.has_shown
    run.counted({"frames_unreadable": 4}, at(2))
    assert (run.has_shown, run.noticed_seconds) == (True, 2.0)


def test_a_run_counts_what_was_wrong_and_keeps_the_first_as_evidence() -> None:
    stage, run = Stage(), run_of()
    trade = stage.trade(0)
    for number in range(30):
        lie = told(trade, 1 + number / 10, price="9")
        run.judged(lie, stage.oracle.judge(lie))
    run.judged(told(trade, 9), Judgement())
    assert (run.tally.wrong_count, len(run.tally.evidence), run.tally.judged[Protocol.HTTP]) == (30, 20, 31)


def neighbours(stage: Stage) -> Neighbours:
    return Neighbours({NEAR.asset: NEAR}, stage.tapes, fresh_ns=3 * SECOND_NS // 2)


def test_a_neighbour_that_trades_and_is_long_told_as_less_than_live_is_disturbed() -> None:
    stage = Stage()
    watched = neighbours(stage)
    trades = [stage.trade(number / 4) for number in range(20)]
    for number in range(10):
        watched.told(told(trades[-1], 3 + number / 5, state="rest"))
    assert set(watched.disturbed) == {NEAR.asset}


@pytest.mark.parametrize("state", ["live", "rest"])
def test_a_neighbour_is_not_disturbed_by_its_own_silence_or_by_one_answer(state: str) -> None:
    stage = Stage()
    watched = neighbours(stage)
    trade = stage.trade(0)
    for number in range(10):
        watched.told(told(trade, 3 + number, state=state))
    stage.trade(14)
    watched.refused(refused(15.2))
    watched.told(told(stage.trade(15), 15.3))
    watched.refused(refused(16.4))
    assert watched.disturbed == {}

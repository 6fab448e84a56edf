"""What a rehearsal came to, in figures, on a terminal and for programs; and the verbs as a person meets them."""

import json
from dataclasses import replace

import pytest
from rich.console import Console
from typer.testing import CliRunner

from tests.rehearsal.telling import KRAKEN, NEAR, Stage, at, told
from tests.support.randomness import SeededSecrets
from trinity_beast.clock import SystemClock
from trinity_beast.rehearsal.commands import rehearse_app
from trinity_beast.rehearsal.growth import BOUNDS, MIB, Growth
from trinity_beast.rehearsal.model import Lie, Tally
from trinity_beast.rehearsal.progress import growth_table
from trinity_beast.rehearsal.report import FeedsReport, feeds_table, rows_of
from trinity_beast.rehearsal.run import Run, note
from trinity_beast.rehearsal.scenarios import WHOLE_VENUE
from trinity_beast.rehearsal.soak import SoakReport
from trinity_beast.rehearsal.stage import Means

MUTE = next(scenario for scenario in WHOLE_VENUE if scenario.name == "mute")


def finished(*, noticed: float = 5, back: float = 3, wrong: int = 0) -> Run:
    stage, run = Stage(), Run(MUTE, {NEAR.asset: NEAR}, at(0))
    old, new = stage.trade(0), stage.trade(20)
    run.told(told(old, noticed, state="rest"))
    run.cleared(at(20) - 1)
    run.told(told(new, 20 + back))
    for number in range(10):
        lie = told(new, 21 + back + number, price="9" if number < wrong else "2.50")
        run.judged(lie, stage.oracle.judge(lie))
    return run


def report(*runs: Run, problems: tuple[str, ...] = ()) -> FeedsReport:
    total = Tally()
    for run in runs:
        total.wrong = {lie: total.wrong.get(lie, 0) + count for lie, count in run.tally.wrong.items()}
    return FeedsReport(7, (KRAKEN,), 300.0, rows_of((KRAKEN, run) for run in runs), total, Tally(), 1_000, 0, problems)


def test_a_row_gathers_one_fault_over_all_venues_with_the_middle_and_the_worst() -> None:
    (row,) = rows_of([(KRAKEN, finished(noticed=5)), (KRAKEN, finished(noticed=7, back=4)), (KRAKEN, finished(noticed=6))])
    assert (row.name, row.reach, row.runs, row.judged, row.wrong) == ("mute", "venue", 3, 30, 0)
    assert row.noticed == (6.0, 7.0)
    assert row.recovered == pytest.approx((3.0, 4.0), abs=0.01)


def test_it_has_passed_only_where_nothing_is_wrong_and_nothing_else_is() -> None:
    unwell = finished()
    unwell.problems.append("it was not noticed")
    assert report(finished()).has_passed
    assert not report(finished(wrong=1)).has_passed
    assert not report(finished(), problems=("3 of 5 questions had no answer",)).has_passed
    assert not report(unwell).has_passed


def test_what_programs_read_says_what_the_table_says() -> None:
    unwell = finished(wrong=2)
    unwell.problems.append("it was not noticed")
    told = json.loads(json.dumps(report(unwell).as_json()))
    assert (told["passed"], told["wrong_but_ok"], told["wrong_by_kind"]) == (False, 2, {Lie.WRONG_PRICE.value: 2})
    (fault,) = told["faults"]
    assert (fault["fault"], fault["wrong_but_ok"], fault["problems"]) == ("mute", 2, ["kraken: it was not noticed"])
    assert fault["noticed_seconds"] == {"median": 5.0, "most": 5.0}

    console = Console(width=140, record=True, file=None, quiet=False)
    with console.capture() as captured:
        console.print(feeds_table(report(unwell)))
    line = next(line for line in captured.get().splitlines() if line.startswith("mute"))
    assert line.split() == ["mute", "venue", "1", "5.0", "…", "5.0", "5.0", "…", "5.0", "3.0", "…", "3.0", "10", "2"]


def test_what_is_judged_is_counted_by_kind_and_protocol() -> None:
    stage, tally = Stage(), Tally()
    trade = stage.trade(0)
    for price in ("2.50", "9", "9"):
        each = told(trade, 1, price=price)
        note(tally, each, stage.oracle.judge(each), evidence_max=1)
    assert (tally.wrong_count, len(tally.evidence)) == (2, 1)
    assert str(tally.evidence[0]).startswith("wrong price: NEAR 9 lab:kraken-ws live, 1000 ms old, over http:")


STEADY = Growth("tasks", 60, 60, 65, 0.1, BOUNDS["tasks"], 300)
SOAK = SoakReport(7, (KRAKEN,), 3_600.0, 200, Tally(), 10, 0, (STEADY,), ())


def test_a_soak_has_passed_where_nothing_grew_nothing_was_wrong_and_all_was_well_at_the_end() -> None:
    wrong = Tally(wrong={Lie.TOO_YOUNG: 1})
    assert SOAK.has_passed
    assert not replace(SOAK, growths=(replace(STEADY, last=90, per_hour=40.0),)).has_passed
    assert not replace(SOAK, total=wrong).has_passed
    assert not replace(SOAK, problems=("XRP was not well at the end",)).has_passed
    assert json.loads(json.dumps(SOAK.as_json()))["growth"][0]["is_growing"] is False


def test_memory_is_shown_in_mebibytes() -> None:
    memory = Growth("memory_bytes", 150 * MIB, 152 * MIB, 155 * MIB, 2 * MIB, BOUNDS["memory_bytes"], 300)
    console = Console(width=140)
    with console.capture() as captured:
        console.print(growth_table([memory, replace(STEADY, last=90, per_hour=40.0)]))
    lines = [line.split() for line in captured.get().splitlines()[1:]]
    assert lines == [
        ["memory,", "MiB", "150.0", "152.0", "155.0", "+2.00", "+24.0", "steady"],
        ["tasks", "60.0", "90.0", "65.0", "+40.00", "+4.0", "grows"],
    ]


def asked(*words: str) -> tuple[int, str, str]:
    means = Means(SystemClock(), SeededSecrets(), dict)
    result = CliRunner().invoke(rehearse_app(means), list(words))
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("words", [("feeds", "--faults", "explode"), ("feeds", "--venues", "nyse"), ("soak", "--venues", "nyse")])
def test_what_is_not_rehearsed_is_misuse_and_nothing_is_started(words: tuple[str, ...]) -> None:
    status, out, err = asked(*words)
    assert (status, out) == (2, "")
    assert "REHEARSAL_UNKNOWN" in err


@pytest.mark.parametrize("verb", ["feeds", "soak"])
def test_help_has_an_example(verb: str) -> None:
    status, out, _ = asked(verb, "--help")
    assert status == 0
    assert f"Example: beast rehearse {verb}" in " ".join(out.split())

"""The rehearsal of the meter: the plan comes from the seed alone, a wrong count is seen, and a short run ends to the unit.

BEAST_FAULT_SEED says which processes die and when; it stands in the test's name.
"""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.places import quick_place
from tests.support.valkey import SERVER
from trinity_beast.clock import SystemClock
from trinity_beast.randomness import SystemSecrets, dice_from
from trinity_beast.rehearsal.errors import AnswerUnreadable
from trinity_beast.rehearsal.meter.forms import FORMS, listed, summed_up
from trinity_beast.rehearsal.meter.meter import MeterWanted, rehearse_meter
from trinity_beast.rehearsal.meter.model import SECOND_NS, Counted, Cut, Heard, Ledger, Row, number_of
from trinity_beast.rehearsal.meter.plan import blows_of
from trinity_beast.rehearsal.meter.report import summary
from trinity_beast.rehearsal.meter.verdict import Verdict, judge
from trinity_beast.rehearsal.stage import Means
from trinity_beast.settings import child_environment

SEED = int(os.environ.get("BEAST_FAULT_SEED", "7"))
SECONDS = float(os.environ.get("BEAST_METER_SECONDS", "8"))
NOON_NS = 1_795_176_000_000_000_000
VICTIMS = ("node1", "node2", "node3", "postgres", "valkey")


def heard(number: int, *, key_id: int = 7, status: int = 200, code: str = "OK") -> Heard:
    return Heard("node1", number, key_id, status, code)


def row(number: int, *, key_id: int = 7, status: int = 200, code: str = "OK", time_ns: int = NOON_NS) -> Row:
    return Row("node1", number, key_id, status, code, time_ns)


def judged(ledger: Ledger, rows: list[Row], counted: dict[int, Counted] | None = None) -> Verdict:
    told = counted if counted is not None else counted_in(rows)
    return judge(ledger, rows, {"the counters": told})


def counted_in(rows: list[Row]) -> dict[int, Counted]:
    return {
        key_id: Counted(
            sum(each.key_id == key_id for each in rows), sum(each.key_id == key_id and each.status >= 400 for each in rows)
        )
        for key_id in {each.key_id for each in rows}
    }  # fmt: skip


HEARD = [heard(1), heard(2, status=429, code="RATE_LIMITED"), heard(3, key_id=8), heard(4, status=0)]
ROWS = [row(1), row(2, status=429, code="RATE_LIMITED"), row(3, key_id=8), row(4)]
CUT = Cut("node1", 7, NOON_NS, NOON_NS + SECOND_NS)


def test_answers_with_a_row_each_are_in_order() -> None:
    verdict = judged(Ledger(HEARD), ROWS)
    assert verdict.problems == ()
    assert [(key.key_id, key.count, key.rows) for key in verdict.keys] == [(7, 3, 3), (8, 1, 1)]


def test_a_request_cut_off_may_have_left_a_row_or_none() -> None:
    for rows in (ROWS, [*ROWS, row(9)]):
        verdict = judged(Ledger(HEARD, [CUT]), rows)
        assert verdict.problems == ()
        assert verdict.keys[0].count == verdict.keys[0].rows


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (ROWS[1:], "no row is there for"),
        ([*ROWS, ROWS[2]], "more than one row"),
        ([*ROWS, row(9), row(10)], "nobody sent the request"),
        ([*ROWS, row(9, key_id=8)], "nobody sent the request"),
        ([*ROWS, row(9, time_ns=NOON_NS - 5 * SECOND_NS)], "nobody sent the request"),
        ([*ROWS, row(9, time_ns=NOON_NS + 60 * SECOND_NS)], "nobody sent the request"),
        ([row(1, key_id=8), *ROWS[1:]], "answer and row differ"),
        ([row(1, status=304), *ROWS[1:]], "answer and row differ"),
        ([*ROWS[:3], row(4, code="PRICE_STALE")], "answer and row differ"),
    ],
)
def test_whatever_is_missing_doubled_or_altered_is_told(rows: list[Row], sentence: str) -> None:
    assert any(sentence in problem for problem in judged(Ledger(HEARD, [CUT]), rows).problems)


@pytest.mark.parametrize("counted", [Counted(2, 1), Counted(4, 1), Counted(3, 0)])
def test_a_counter_that_is_off_by_one_is_told(counted: Counted) -> None:
    assert judged(Ledger(HEARD), ROWS, counted_in(ROWS) | {7: counted}).problems


def test_two_answers_of_one_id_are_told() -> None:
    assert any("two answers" in problem for problem in judged(Ledger([*HEARD, HEARD[0]]), ROWS).problems)


def test_an_answer_to_nobody_is_not_counted_and_has_no_row() -> None:
    nobodys = heard(5, status=503, code="DEPENDENCY_AWAY")
    assert judged(Ledger([*HEARD, nobodys]), ROWS).problems == ()
    with_row = [*ROWS, row(5, status=503, code="DEPENDENCY_AWAY")]
    assert any("an answer to nobody" in problem for problem in judged(Ledger([*HEARD, nobodys]), with_row).problems)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 5), st.booleans()), max_size=30))
def test_rows_that_belong_to_cut_requests_are_always_given_back_to_them(requests: list[tuple[int, int, bool]]) -> None:
    cuts = [Cut("node1", 7, NOON_NS + begun * SECOND_NS, NOON_NS + (begun + lasted) * SECOND_NS) for begun, lasted, _ in requests]
    rows = [row(place, time_ns=cuts[place].until_ns) for place, (_, _, recorded) in enumerate(requests) if recorded]
    assert judged(Ledger([], cuts), rows).problems == ()


@given(st.integers(0, 1_000), st.floats(3, 300))
def test_the_deaths_are_those_of_the_seed_and_every_victim_has_its_turn(seed: int, seconds: float) -> None:
    blows = blows_of(dice_from(f"{seed}"), VICTIMS, seconds)
    assert blows == blows_of(dice_from(f"{seed}"), VICTIMS, seconds)
    assert all(2.0 <= blow.at_seconds <= seconds for blow in blows)
    victims = [blow.victim for blow in blows]
    for first in range(0, len(victims) - len(VICTIMS) + 1, len(VICTIMS)):
        assert set(victims[first : first + len(VICTIMS)]) == set(VICTIMS)


def test_a_request_id_is_the_number_its_row_bears() -> None:
    assert number_of("000000000010") == 32
    assert number_of("ZZZZZZZZZZZZ") == 2**60 - 1
    for bad in ("", "00000000000", "00000000000U"):
        with pytest.raises(ValueError, match="no request id"):
            number_of(bad)


LISTING = {
    "json": '{"data": {"rows": [{"status": 200, "asset": "BTC"}, {"status": 429, "asset": ""}]}}',
    "csv": "asset,status\r\nBTC,200\r\n,429\r\n",
    "tsv": "asset\tstatus\r\nBTC\t200\r\n\t429\r\n",
    "text": "# usage from then\nasset  status\nBTC       200\n-         429\n",
}
SUMMARY = {
    "json": '{"data": {"rows": [{"dimension": "all", "requests": 12, "refused": 3}, {"dimension": "asset", "requests": 9, "refused": 1}]}}',
    "csv": "dimension,requests,refused\r\nall,12,3\r\nasset,9,1\r\n",
    "tsv": "dimension\trequests\trefused\r\nall\t12\t3\r\nasset\t9\t1\r\n",
    "text": "# summary\ndimension  requests  refused\nall              12        3\nasset             9        1\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_reports_are_read_alike_in_every_form(form: str) -> None:
    assert listed(form, LISTING[form]) == Counted(2, 1)
    assert summed_up(form, SUMMARY[form]) == Counted(12, 3)


@pytest.mark.parametrize(("form", "text"), [("json", "{}"), ("json", "no"), ("csv", "a,b\r\n1,2\r\n"), ("text", "a  status\n1  2  3\n")])
def test_what_is_no_report_is_refused(form: str, text: str) -> None:
    with pytest.raises(AnswerUnreadable):
        listed(form, text)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [pytest.param(SEED, id=f"BEAST_FAULT_SEED={SEED}")])
async def test_every_answered_request_is_counted_once_whatever_dies(seed: int) -> None:
    means = Means(SystemClock(), SystemSecrets(), child_environment, quick_place())
    [report] = await rehearse_meter(MeterWanted(seconds=SECONDS, seed=seed, valkey_server=Path(str(SERVER))), means)
    assert report.has_passed, [summary(report), *report.verdict.problems, *report.problems]
    assert report.count > 100
    assert sum(report.kills.values()) >= 3

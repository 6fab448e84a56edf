"""What an exchange calls its markets must do nothing in an operator's spreadsheet."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.feeds.auditing.export import AUDIT_COLUMNS, STARTS_FORMULA, audit_csv, candidates_csv, csv_text

CELLS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=20)


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", '=HYPERLINK("http://x")', "=cmd|' /C calc'!A0"],  # noqa: RUF001
)
def test_nothing_begins_as_a_formula_does(cell: str) -> None:
    (told,) = list(csv.reader(io.StringIO(csv_text(["a"], [[cell]]), newline="")))[1]
    assert told == f"'{cell}"


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=10))
def test_every_cell_comes_back_as_it_was_but_for_the_apostrophe_that_disarms_it(lines: list[list[str]]) -> None:
    text = csv_text(["one", "two"], lines)
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert read[0] == ["one", "two"]
    assert len(read) == len(lines) + 1
    for told, given_ in zip(read[1:], lines, strict=True):
        for cell, was in zip(told, given_, strict=True):
            assert cell.removeprefix("'") == was.removeprefix("'")
            assert not cell.lstrip(" ").startswith(STARTS_FORMULA)


def test_an_audit_without_results_and_a_discovery_without_candidates_are_their_headings() -> None:
    assert audit_csv([]).count("\r\n") == 1
    assert candidates_csv([]).startswith('"rank","asset","symbol"')


def test_a_row_tells_its_worst_layer_and_its_proposal() -> None:
    layers = [
        {"layer": "listed", "outcome": "failed", "reason": "not_listed", "told": "=not there"},
        {"layer": "delivers", "outcome": "failed", "reason": "silent", "told": "nothing came"},
        {"layer": "agrees", "outcome": "unproven", "reason": "no_price", "told": ""},
        {"layer": "answers", "outcome": "passed", "reason": "", "told": ""},
    ]
    proposal = {"kind": "rename", "why": "it has a new name", "venue": "kraken", "symbol": "XNO/USD", "quote": "USD"}
    row = {"asset": "NANO", "venue": "kraken", "symbol": "NANO/USD", "quote": "USD", "prewarm": True, "verdict": "broken"}
    text = audit_csv([{**row, "layer": "listed", "reason": "not_listed", "layers": layers, "proposal": proposal}])
    (told,) = csv.DictReader(io.StringIO(text, newline=""))
    assert tuple(told) == AUDIT_COLUMNS
    assert (told["told"], told["listed"], told["agrees"], told["answers"]) == ("'=not there", "failed", "unproven", "passed")
    assert (told["proposal"], told["proposed_symbol"], told["why"]) == ("rename", "XNO/USD", "it has a new name")

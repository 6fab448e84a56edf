"""The dashboard on a terminal: one screen, what is not well first and whole."""

import io
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from trinity_beast.ops.daily.shown import dashboard_shown

LONG = "one " * 40


def line(what: str, standing: str, told: str = "so it is") -> dict[str, str]:
    return {"what": what, "standing": standing, "told": told}


def page(width: int, *sections: tuple[str, Sequence[dict[str, str]]], alarms: Sequence[Any] = ()) -> str:
    told = {"made_at": "2026-11-20T07:40:00.000000Z", "node": "Main", "made_by": "by itself", "alarms": list(alarms)}
    console = Console(width=width, file=io.StringIO(), force_terminal=False)
    console.print(dashboard_shown({**told, "sections": [{"name": name, "lines": list(lines)} for name, lines in sections]}, width))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 200])
def test_what_is_well_takes_one_line_and_what_is_not_is_told_whole(width: int) -> None:
    shown = page(
        width, ("feeds", [line("kraken", "good", LONG), line("okx", "weak", LONG)]), alarms=[line("okx", "weak") | {"section": "feeds"}]
    )

    assert "1 not well: feeds: okx" in shown
    assert "…" in shown
    assert shown.count("one") >= 40
    assert all(len(each) <= width for each in shown.splitlines())


def test_what_is_off_for_one_reason_is_joined() -> None:
    shown = page(80, ("feeds", [line("htx", "off", "switched off"), line("bybit", "off", "switched off"), line("queue", "off", "none")]))

    assert "htx, bybit" in shown
    assert len(shown.splitlines()) == 5
    assert "All is well." in shown


@given(st.lists(st.tuples(st.text(max_size=5), st.lists(st.sampled_from(["good", "weak", "wrong", "off"]), max_size=4)), max_size=9))
def test_whatever_there_is_fits_both_widths(sections: list[tuple[str, list[str]]]) -> None:
    for width in (80, 200):
        page(width, *[(name, [line(name, standing) for standing in standings]) for name, standings in sections])

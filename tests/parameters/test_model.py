import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.parameters import Parameter, ParameterInvalid

STALE = Parameter("stale_after_seconds", group="pricing", unit="s", default=90, least=5, most=3600, help="Older is refused.")
SHARE = Parameter("share", group="pricing", default=0.5, least=0.0, most=1.0, help="A share.")
MODE = Parameter("mode", group="pricing", default="first", choices=("first", "median"), help="How venues are joined.")
SWITCH = Parameter("is_on", group="pricing", default=True, help="Whether it works at all.")


def test_a_declaration_tells_its_kind() -> None:
    assert [each.kind for each in (STALE, SHARE, MODE, SWITCH)] == [int, float, str, bool]


@given(st.integers(5, 3600))
def test_every_number_from_least_to_most_fits(value: int) -> None:
    assert STALE.checked(value) == value
    assert STALE.parsed(f" {value} ") == value


@given(st.one_of(st.integers(max_value=4), st.integers(min_value=3601)))
def test_a_number_outside_the_range_is_refused_with_name_value_and_reason(value: int) -> None:
    with pytest.raises(ParameterInvalid) as refused:
        STALE.checked(value)
    assert refused.value.facts["name"] == "stale_after_seconds"
    assert refused.value.facts["value"] == value
    assert refused.value.facts["reason"] == ("less than 5" if value < 5 else "more than 3600")


@pytest.mark.parametrize("value", ["5", 5.0, True, None, [5]])
def test_another_kind_of_value_is_refused_rather_than_converted(value: object) -> None:
    with pytest.raises(ParameterInvalid, match="int expected"):
        STALE.checked(value)


def test_a_whole_number_is_taken_where_a_float_is_wanted() -> None:
    taken = SHARE.checked(1)
    assert (taken, type(taken)) == (1.0, float)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(ParameterInvalid, match="finite"):
        SHARE.checked(value)


@pytest.mark.parametrize("text", ["\x00", "a\nb", "\ud800", "x" * 1_001])
def test_a_text_that_no_database_or_page_can_hold_is_refused(text: str) -> None:
    with pytest.raises(ParameterInvalid):
        Parameter("word", group="words", default="", help="A word.").checked(text)


def test_only_a_choice_fits_where_there_are_choices() -> None:
    assert MODE.checked("median") == "median"
    with pytest.raises(ParameterInvalid, match="not one of first, median"):
        MODE.checked("mean")


@pytest.mark.parametrize(("text", "value"), [("true", True), (" False ", False)])
def test_a_switch_is_written_true_or_false(text: str, value: bool) -> None:
    assert SWITCH.parsed(text) is value


@pytest.mark.parametrize("text", ["1", "yes", ""])
def test_a_switch_written_otherwise_is_refused(text: str) -> None:
    with pytest.raises(ParameterInvalid, match="cannot be read as bool"):
        SWITCH.parsed(text)


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        ({"name": "Stale"}, "a name is words"),
        ({"name": "x" * 65}, "64 characters at most"),
        ({"name": "a__b"}, "a name is words"),
        ({"group": "two words"}, "is no such name"),
        ({"help": "Not a sentence"}, "full stop"),
        ({"least": None}, "needs least and most"),
        ({"least": 9, "most": 8}, "least is more than most"),
        ({"default": 4}, "its default is less than 5"),
    ],
)
def test_a_declaration_that_contradicts_itself_does_not_import(changes: dict[str, Any], mistake: str) -> None:
    declared: dict[str, Any] = {"name": "age", "group": "pricing", "default": 9, "least": 5, "most": 10, "help": "An age."}
    with pytest.raises(ValueError, match=mistake):
        Parameter(**(declared | changes))


def test_only_a_number_has_a_range() -> None:
    with pytest.raises(ValueError, match="only a number"):
        Parameter("word", group="pricing", default="a", least="a", most="b", help="A word.")

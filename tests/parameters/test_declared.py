"""Declarations together: what they refuse, and what of another version's values they can use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.parameters import Declarations, Parameter, ParameterInvalid, ParameterUnknown, Value, not_above
from trinity_beast.parameters.errors import ParametersDisagree

LEAST = Parameter("window_min", group="g", unit="s", default=5.0, least=1.0, most=100.0, help="The least.")
MOST = Parameter("window_max", group="g", unit="s", default=45.0, least=1.0, most=100.0, help="The most.")
MODE = Parameter("mode", group="g", default="calm", choices=("calm", "wild"), help="How.")
DECLARED = Declarations([MODE, MOST, LEAST], [not_above(LEAST, MOST)])


def test_what_is_not_set_stands_at_its_default() -> None:
    assert DECLARED.whole({"mode": "wild"}) == {"mode": "wild", "window_min": 5.0, "window_max": 45.0}
    assert [one.name for one in DECLARED] == ["mode", "window_max", "window_min"]


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"windows": 1.0}, ParameterUnknown),
        ({"window_min": 0.5}, ParameterInvalid),
        ({"window_min": "5"}, ParameterInvalid),
        ({"mode": "tame"}, ParameterInvalid),
        ({"window_min": 50.0}, ParametersDisagree),
        ({"window_min": 60.0, "window_max": 50.0}, ParametersDisagree),
    ],
)
def test_what_does_not_fit_is_refused(values: dict[str, object], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        DECLARED.checked(values)


def test_values_that_only_fit_together_are_set_together() -> None:
    assert DECLARED.checked({"window_min": 60.0, "window_max": 70}) == {"window_min": 60.0, "window_max": 70.0}


def test_one_name_cannot_mean_two_things() -> None:
    with pytest.raises(ValueError, match="declared twice"):
        Declarations([LEAST, Parameter("window_min", group="g", unit="s", default=6.0, least=1.0, most=100.0, help="Another.")])


def test_defaults_that_disagree_do_not_get_far() -> None:
    with pytest.raises(ValueError, match="window_max is at most window_min"):
        Declarations([LEAST, MOST], [not_above(MOST, LEAST)])


names = st.sampled_from(["window_min", "window_max", "mode", "gone"])
anything = st.one_of(
    st.floats(allow_nan=True), st.integers(-5, 200), st.booleans(), st.none(), st.text(max_size=5), st.lists(st.integers(), max_size=2)
)


@given(st.dictionaries(names, anything, max_size=4))
def test_whatever_is_stored_what_is_used_of_it_fits(stored: dict[str, object]) -> None:
    usable, strange = DECLARED.usable(stored)
    whole: dict[str, Value] = DECLARED.whole(usable)
    assert DECLARED.checked(usable) == usable
    assert whole["window_min"] <= whole["window_max"]  # type: ignore[operator]
    assert sorted([*usable, *strange]) == sorted(stored)


@given(st.floats(1.0, 100.0), st.floats(1.0, 100.0), st.permutations(["window_min", "window_max", "mode"]))
def test_what_fits_together_is_used_whole_in_whatever_order_it_is_stored(one: float, other: float, order: list[str]) -> None:
    fitting = {"window_min": min(one, other), "window_max": max(one, other), "mode": "wild"}
    assert DECLARED.usable({name: fitting[name] for name in order}) == (fitting, [])

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.feeds.grammar.digits import Number
from trinity_beast.feeds.grammar.paths import parse_path
from trinity_beast.feeds.grammar.wanted import Glob, Match, parse_wanted
from trinity_beast.feeds.reading.conditions import condition
from trinity_beast.feeds.reading.conditions import tester as judge_of
from trinity_beast.feeds.reading.getters import all_of, one_of

FRAME: dict[str, Any] = {
    "a": {"b": [10, None, {"k": "x", "v": 1}, {"k": "y", "v": 2}], "c": None, "one": {"k": "x", "v": 3}},
    "ok": True,
    "n": Number("9.5"),
    "s": "market.btc.trade",
    "rows": {"first": [[1, 2], [3, 4]], "last": "text"},
    "empty": [],
}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("a.b[]", [10, {"k": "x", "v": 1}, {"k": "y", "v": 2}]),
        ("a.b[0]", [10]),
        ("a.b[-1].v", [2]),
        ("a.b[9]", []),
        ("a.b[1]", []),
        ("a.b[k=y].v", [2]),
        ("a.b[].v", [1, 2]),
        ("a.one[].v", [3]),
        ("a.one[k=x].v", [3]),
        ("a.c", []),
        ("a.c[]", []),
        ("a.x.y", []),
        ("ok[]", [True]),
        ("rows{}[-1][0]", [3]),
        ("empty[]", []),
        ("$", [FRAME]),
        ("s|after:market.|before:.trade", ["btc"]),
        ("s|after:nothing", []),
        ("s|before:nothing", ["market.btc.trade"]),
        ("n|after:9", []),
        ("[]", [FRAME]),
    ],
)
def test_a_path_leads_to_these_values(path: str, values: list[object]) -> None:
    assert all_of(parse_path(path))(FRAME) == values
    assert one_of(parse_path(path))(FRAME) == (values[0] if values else None)


@pytest.mark.parametrize(
    ("path", "wanted", "holds"),
    [
        ("s", "market.btc.trade", True),
        ("s", "market.*.trade", True),
        ("s", "market.*", True),
        ("s", "other.*", False),
        ("s", ["x", "market.*"], True),
        ("s", "*", True),
        ("a.c", "*", False),
        ("a.c", None, True),
        ("nowhere", None, True),
        ("s", None, False),
        ("ok", True, True),
        ("ok", 1, False),
        ("n", 9.5, True),
        ("n", "9.5", False),
        ("n", ">=9", True),
        ("n", ">=10", False),
        ("nowhere", ">=0", False),
        ("nowhere", "!=0", False),
        ("n", "!=9.5", False),
        ("s", "!=0", True),
        ("ok", ">=0", False),
        ("a.b[].k", "y", True),
        ("a.b[].k", "z", False),
        ("a.b[].k", None, False),
        ("a.b[0]", 10, True),
    ],
)
def test_a_wanted_value_holds_or_does_not(path: str, wanted: object, holds: bool) -> None:
    assert condition(Match(((parse_path(path), parse_wanted(wanted)),)))(FRAME) is holds


def test_every_term_must_hold() -> None:
    def match(*terms: tuple[str, object]) -> bool:
        return condition(Match(tuple((parse_path(path), parse_wanted(wanted)) for path, wanted in terms)))(FRAME)

    assert match(("ok", True), ("n", 9.5), ("s", "*"))
    assert not match(("ok", True), ("n", 9.5), ("s", None))
    assert not match(("ok", True), ("n", 1))


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.builds(Number, st.just("1e9999999999")))
KEYS = st.sampled_from(["a", "b", "k"])
FRAMES = st.recursive(SCALARS, lambda x: st.one_of(st.lists(x, max_size=3), st.dictionaries(KEYS, x, max_size=3)), max_leaves=8)


@given(FRAMES)
def test_no_frame_breaks_a_condition_or_a_path(frame: object) -> None:
    for path in ("a", "a.b", "a[].b", "a[k=v].b", "a{}[0]", "[0].a", "$", "a|after:x"):
        values = all_of(parse_path(path))(frame)
        assert isinstance(values, list)
        for wanted in ("x", 1, None, "*", "x*", "!=0", ">=0", ["a", None]):
            assert condition(Match(((parse_path(path), parse_wanted(wanted)),)))(frame) in (True, False)


@given(pattern=st.text("ab*", max_size=8), text=st.text("ab", max_size=12))
def test_a_glob_takes_what_the_same_regular_expression_takes(pattern: str, text: str) -> None:
    expected = re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None
    assert judge_of(Glob(pattern))(text) is expected


def test_a_glob_of_many_stars_costs_no_more_than_its_length() -> None:
    assert not judge_of(Glob("a*" * 400 + "b"))("a" * 20_000)  # A regular expression would go back and forth for ever.

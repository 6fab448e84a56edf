import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.feeds.grammar.errors import GrammarFault
from trinity_beast.feeds.grammar.wanted import Absent, AnyOf, AtLeast, Differs, Exactly, Glob, Present, parse_wanted, rendered_wanted

SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8))


def test_every_form_of_the_documents_is_read() -> None:
    assert parse_wanted("update") == Exactly("update")
    assert parse_wanted(-1) == Exactly(-1)
    assert parse_wanted(True) == Exactly(True)
    assert parse_wanted("*") == Present()
    assert parse_wanted(None) == Absent()
    assert parse_wanted("market.*.trade.detail") == Glob("market.*.trade.detail")
    assert parse_wanted("!=0") == Differs("0")
    assert parse_wanted(">=0") == AtLeast("0")
    assert parse_wanted(["open", "limit_only"]) == AnyOf((Exactly("open"), Exactly("limit_only")))


@given(st.one_of(SCALARS, st.lists(SCALARS, max_size=3)))
def test_a_wanted_value_is_rendered_as_it_was_written_or_was_refused(value: object) -> None:
    try:
        wanted = parse_wanted(value)
    except GrammarFault as fault:
        assert fault.position >= 1
    else:
        assert rendered_wanted(wanted) == value


@pytest.mark.parametrize(
    ("value", "position"),
    [("!=", 3), (">=", 3), (">=x", 3), (">5", 1), ("<=5", 1), ("==5", 1), ([], 1), ({}, 1), ([["x"]], 1), (float("nan"), 1)],
)
def test_a_comparison_we_do_not_know_is_refused(value: object, position: int) -> None:
    with pytest.raises(GrammarFault) as caught:
        parse_wanted(value)
    assert caught.value.position == position

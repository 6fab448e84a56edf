import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.feeds.grammar.errors import GrammarFault
from trinity_beast.feeds.grammar.paths import After, At, Before, Each, Member, Path, Values, Where, parse_path

NAMES = st.text(alphabet="abcdefghijklmnopqrstuvwxyz_-0123456789ABC", min_size=1, max_size=8)
PLAIN = st.text(alphabet="abc XYZ:./_-0", min_size=1, max_size=8)
SELECTORS = st.one_of(
    st.builds(Each),
    st.builds(Values),
    st.builds(At, st.integers(-99_999, 99_999)),
    st.builds(Where, NAMES, st.text(alphabet="abc.:_ 1", max_size=6)),
)
STEPS = st.lists(st.one_of(st.builds(Member, NAMES), SELECTORS), max_size=6)
CUTS = st.lists(st.one_of(st.builds(After, PLAIN), st.builds(Before, PLAIN)), max_size=3)
PATHS = st.builds(lambda steps, from_frame, cuts: Path(tuple(steps), from_frame, tuple(cuts)), STEPS, st.booleans(), CUTS)


@given(PATHS)
def test_a_path_read_from_its_own_text_is_the_same_path(path: Path) -> None:
    assert parse_path(str(path), in_row=True) == path


@given(st.text(alphabet=st.sampled_from(list('ab.[]{}|^$=-01after:before *"\\é\n')), max_size=30))
def test_reading_any_text_as_a_path_gives_a_path_or_a_fault_inside_the_text(text: str) -> None:
    try:
        path = parse_path(text)
    except GrammarFault as fault:
        assert 1 <= fault.position <= len(text) + 1
        assert fault.expected
        assert fault.found
    else:
        assert parse_path(str(path)) == path


def test_every_form_of_the_documents_is_read() -> None:
    assert parse_path("events[type=update].trades[]") == Path((Member("events"), Where("type", "update"), Member("trades"), Each()))
    assert parse_path("$") == Path(())
    assert parse_path("[0].price") == Path((At(0), Member("price")))
    assert parse_path("result{}[-1][0]") == Path((Member("result"), Values(), At(-1), At(0)))
    assert parse_path("^ch|after:market.|before:.trade.detail", in_row=True) == Path(
        (Member("ch"),), from_frame=True, cuts=(After("market."), Before(".trade.detail"))
    )
    assert parse_path("msg|after:instId:|before: ").cuts == (After("instId:"), Before(" "))
    assert parse_path("err-msg") == Path((Member("err-msg"),))


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("", 1, "a name"),
        ("a..b", 3, "a name"),
        ("a.", 3, "a name"),
        ("a[", 3, '"]"'),
        ("a[x]", 3, "a position such as 0 or -1"),
        ("a[-0]", 3, "a position such as 0 or -1"),
        ("a[=v]", 3, "a name before the ="),
        ("a[type=update.trades[]", 21, '"]" before the next "["'),
        ("a{", 3, '"}"'),
        ("a{b}", 3, '"}"'),
        ("a]b", 2, '"."'),
        ("a b", 2, "a name without spaces"),
        ("a|x", 3, '"after:" or "before:"'),
        ("a|after:", 9, "the text to cut at"),
        ("$.a", 2, '"|" or the end'),
        ("^a", 1, "a path from the frame"),
    ],
)
def test_a_mistake_is_told_with_its_character(text: str, position: int, expected: str) -> None:
    with pytest.raises(GrammarFault) as caught:
        parse_path(text)
    assert caught.value.position == position
    assert expected in caught.value.expected

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.feeds.grammar.errors import GrammarFault
from trinity_beast.feeds.grammar.paths import Member, Path
from trinity_beast.feeds.grammar.placeholders import PLACEHOLDERS, Slot, check_json, parse_template


def test_a_template_is_cut_into_texts_and_places() -> None:
    template = parse_template('{"id":{ID},"params":[{SYMBOLS}]}', allowed=PLACEHOLDERS)
    assert template.parts == ('{"id":', Slot("ID"), ',"params":[', Slot("SYMBOLS"), "]}")


def test_a_place_for_a_value_of_the_frame_knows_whether_it_lies_in_quotes() -> None:
    template = parse_template('{"a":{FRAME.id},"b":"x \\" {FRAME.data.id}"}', allowed=PLACEHOLDERS)
    assert template.slots == (
        Slot("FRAME", Path((Member("id"),))),
        Slot("FRAME", Path((Member("data"), Member("id"))), quoted=True),
    )


@given(st.lists(st.sampled_from(['{"a":', "}", "{SYMBOLS}", "{ID}", "{symbol}", "{FRAME.a.b}", "text", '"', "[", "]", "{}"]), max_size=10))
def test_a_template_is_rendered_as_it_was_written(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert str(parse_template(text, allowed=PLACEHOLDERS)) == text


@given(st.text(alphabet=st.sampled_from(list('{}SYMBOLFRAMEIDsymbol._"[]:1 ')), max_size=40))
def test_reading_any_text_as_a_template_gives_one_or_a_fault_inside_the_text(text: str) -> None:
    try:
        check_json(parse_template(text, allowed=PLACEHOLDERS))
    except GrammarFault as fault:
        assert 1 <= fault.position <= len(text) + 1


@pytest.mark.parametrize(
    ("text", "position", "found", "hint"),
    [
        ('{"a":[{SYMBOL}]}', 7, "{SYMBOL}", "did you mean SYMBOLS?"),
        ('{"a":{NOW}}', 6, "{NOW}", ""),
        ('{"a":{ID.x}}', 6, "{ID.x}", ""),
        ("{FRAME.id}", 1, "{FRAME.id}", ""),
    ],
)
def test_a_placeholder_out_of_place_is_told_with_its_character(text: str, position: int, found: str, hint: str) -> None:
    with pytest.raises(GrammarFault) as caught:
        parse_template(text, allowed=("SYMBOLS", "ID"))
    assert (caught.value.position, caught.value.found) == (position, found)
    assert hint in caught.value.hint


def test_a_needed_placeholder_that_is_missing_is_told() -> None:
    with pytest.raises(GrammarFault, match="SYMBOLS"):
        parse_template('{"op":"subscribe"}', allowed=("SYMBOLS",), needed=("SYMBOLS",))


def test_a_fault_in_a_path_inside_a_place_points_at_the_path() -> None:
    with pytest.raises(GrammarFault) as caught:
        parse_template("{FRAME.a..b}", allowed=PLACEHOLDERS)
    assert caught.value.position == len("{FRAME.a.") + 1


def test_a_text_that_begins_like_json_must_be_json_once_filled() -> None:
    check_json(parse_template("ping", allowed=()))
    check_json(parse_template('{"op":"ping","id":{ID}}', allowed=PLACEHOLDERS))
    with pytest.raises(GrammarFault) as caught:
        check_json(parse_template('{"id":{ID},"op":"ping"', allowed=PLACEHOLDERS))
    assert caught.value.position == len('{"id":{ID},"op":"ping"') + 1
    with pytest.raises(GrammarFault) as caught:
        check_json(parse_template('{"id":{ID} "op":"ping"}', allowed=PLACEHOLDERS))
    assert caught.value.position == len('{"id":{ID} ') + 1

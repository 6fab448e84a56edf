import re

from tests.content.raised import refusal_classes, refusals_raised
from trinity_beast.content import codes, language_told, refusals_for_engine, told
from trinity_beast.content.codes import STATUSES
from trinity_beast.content.refusals import CATALOGUES


def test_every_code_has_a_text_in_every_language_and_every_text_a_code() -> None:
    for catalogue in CATALOGUES.values():
        assert set(catalogue.refusals) == set(STATUSES), catalogue.language


def test_every_text_speaks_in_whole_sentences() -> None:
    for catalogue in CATALOGUES.values():
        for code, text in catalogue.refusals.items():
            assert not text.title.endswith("."), code
            for sentence in (text.message, text.fix, text.plain_message or ".", text.plain_fix or "."):
                assert sentence.endswith((".", "?")), (code, sentence)


def test_every_text_that_names_a_fact_has_a_plain_form_without_any() -> None:
    for catalogue in CATALOGUES.values():
        for code, text in catalogue.refusals.items():
            plain = text.told({})
            assert plain.message, code
            assert plain.fix, code
            assert "{" not in plain.message + plain.fix, code


def test_no_plain_form_stands_where_it_can_never_be_said() -> None:
    for catalogue in CATALOGUES.values():
        for code, text in catalogue.refusals.items():
            assert not text.plain_message or "{" in text.message, code
            assert not text.plain_fix or "{" in text.fix, code


def test_every_language_names_the_same_facts() -> None:
    for catalogue in CATALOGUES.values():
        for code, text in catalogue.refusals.items():
            assert text.placeholders == CATALOGUES["en"].refusals[code].placeholders, (catalogue.language, code)


def test_every_refusal_class_has_a_text_and_the_status_of_its_code() -> None:
    found = refusal_classes()
    assert {"PARAMETER_INVALID", "PARAMETER_UNKNOWN"} <= {each.code for each in found}
    for each in found:
        assert each.code in STATUSES, (
            f"{each.name} ({each.file}): give {each.code} a status in content/codes.py and a text in every language"
        )
        allowed = {413, 431} if each.code == "REQUEST_TOO_LARGE" else {STATUSES[each.code]}
        assert each.status in allowed, f"{each.name} ({each.file}) travels under {each.status}, content/codes.py says {sorted(allowed)}"


def test_every_fact_a_raised_refusal_needs_is_given_where_no_plain_form_would_do() -> None:
    raised = refusals_raised()
    assert any(each.code == "PARAMETER_INVALID" for each in raised)
    for each in raised:
        text = CATALOGUES["en"].refusals[each.code]
        missing = text.placeholders - each.facts
        covered = bool(text.plain_message or text.plain_fix)
        assert not missing or covered, f"{each.where}: {each.code} names {sorted(missing)}, which is not given"
        used_nowhere = each.facts and text.placeholders and not (each.facts & text.placeholders)
        assert not used_nowhere, f"{each.where}: {each.code} is given {sorted(each.facts)}, its text names {sorted(text.placeholders)}"


def test_a_code_without_a_text_is_told_as_our_mistake() -> None:
    assert told("NO_SUCH_CODE") == told("INTERNAL")


def test_codes_are_told_with_their_status() -> None:
    assert dict(codes())["RATE_LIMITED"] == 429


def test_a_language_we_do_not_speak_is_answered_in_english() -> None:
    assert language_told("tlh") == "en"
    assert told("KEY_MISSING", accept_language="tlh").title == "No key was given"


def test_the_engine_gets_every_refusal_of_its_own_with_no_fact_it_does_not_have() -> None:
    refusals = {code: rest for code, *rest in refusals_for_engine()}
    assert {"KEY_MISSING", "RATE_LIMITED", "PRICE_STALE", "OVERLOADED", "REQUEST_INVALID"} <= set(refusals)
    known = {"{asset}", "{age_seconds}", "{retry_after_seconds}", "{resets_in_seconds}", "{most}"}
    for each in refusals.values():
        assert isinstance(each[0], int)
        title, message, fix = map(str, each[1:])
        assert title
        assert message
        assert fix
        assert set(re.findall(r"\{.*?\}", f"{title}{message}{fix}")) <= known
    assert "{asset} is {age_seconds} s old" in str(refusals["PRICE_STALE"][2])
    assert "{most} bytes" in str(refusals["REQUEST_TOO_LARGE"][2])

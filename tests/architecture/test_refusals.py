import pytest

from tests.architecture.refusals import refusal_findings, refusals_of
from tests.architecture.source import checkout, source


def test_every_refusal_has_a_code_of_its_own_a_status_and_a_docstring() -> None:
    assert [str(finding) for finding in refusal_findings(checkout())] == []


def test_the_refusals_of_this_checkout_are_found() -> None:
    assert "SettingInvalid" in {refusal.node.name for refusal in refusals_of(checkout())}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('"""Why."""\n    status = 404', "no code of its own"),
        ('"""Why."""\n    code, status = "Key-Unknown", 404', "not UPPER_SNAKE"),
        ('"""Why."""\n    code = "KEY_UNKNOWN"', "status None"),
        ('"""Why."""\n    code, status = "KEY_UNKNOWN", 200', "status 200"),
        ('"""Why."""\n    code, status = "KEY_UNKNOWN", 499', "status 499"),
        ('code, status = "KEY_UNKNOWN", 404', "no docstring"),
        ('"""Why."""\n    code, status = "PRICE_STALE", 404', "contract promises [503]"),
    ],
)
def test_a_refusal_that_lacks_something_is_told_what(body: str, told: str) -> None:
    text = f"class KeyUnknown(TrinityError):\n    {body}\n"

    sentences = [finding.sentence for finding in refusal_findings([source("trinity_beast/access/errors.py", text)])]

    assert any(told in sentence for sentence in sentences), sentences


def test_a_code_used_twice_is_told_with_the_class_that_has_it() -> None:
    first = 'class KeyUnknown(TrinityError):\n    """Why."""\n    code, status = "KEY_UNKNOWN", 404\n'
    second = 'class KeyLost(errors.TrinityError):\n    """Why."""\n    code, status = "KEY_UNKNOWN", 404\n'

    findings = refusal_findings([source("trinity_beast/access/errors.py", first), source("trinity_beast/push/errors.py", second)])

    assert [finding.sentence for finding in findings] == [
        "KeyLost uses the code KEY_UNKNOWN of KeyUnknown; a code means one thing, so a program can branch on it."
    ]


def test_a_refusal_is_found_through_the_class_between() -> None:
    text = (
        'class RowInvalid(TrinityError):\n    """Why."""\n    code: ClassVar[str] = "ROW_INVALID"\n    status: ClassVar[int] = 422\n'
        "class PathInvalid(RowInvalid):\n    pass\n"
    )

    findings = refusal_findings([source("trinity_beast/feeds/errors.py", text)])

    assert {finding.sentence.split()[0] for finding in findings} == {"PathInvalid"}

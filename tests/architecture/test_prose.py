import pytest

from tests.architecture.prose import comment_findings, place_findings, secret_findings
from tests.architecture.source import checkout, source
from trinity_beast.access.key_format import new_secret
from trinity_beast.access.model import Kind
from trinity_beast.randomness import SystemSecrets


def test_no_banner_and_no_note_to_oneself() -> None:
    assert [str(finding) for finding in comment_findings(checkout())] == []


def test_no_secret_lies_in_the_tree() -> None:
    assert [str(finding) for finding in secret_findings(checkout())] == []


def test_no_file_names_the_folder_it_was_written_in() -> None:
    assert [str(finding) for finding in place_findings(checkout())] == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("trinity_beast/access/service.py", "# ---------- keys ----------\n"),
        ("trinity_beast/access/service.py", "##########\n"),
        ("trinity_beast/access/service.py", "x = 1  # TO" + "DO: later\n"),
        ("engine/src/book.rs", "// ======= reading =======\n"),
        ("engine/src/book.rs", "    // FIX" + "ME this leaks\n"),
        ("Makefile", "# ------- checks -------\n"),
    ],
)
def test_a_banner_and_a_note_are_found(path: str, text: str) -> None:
    assert len(comment_findings([source(path, text)])) == 1


def test_a_string_and_a_sentence_are_no_banner() -> None:
    text = 'line = "----------"  # A dropped venue must not see every node return at once.\n'

    assert comment_findings([source("trinity_beast/access/service.py", text)]) == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(new_secret(Kind.LIVE, SystemSecrets()), id="a live key"),
        "-----BEGIN " + "PRIVATE KEY-----",
        "AK" + "IAIOSFODNN7EXAMPLQ",
        "postgresql://beast:" + "hunter2hunter2@db/beast",
    ],
)
def test_what_looks_like_a_secret_is_found(text: str) -> None:
    assert len(secret_findings([source("docs/guides/operating.md", f"key: {text}\n")])) == 1


@pytest.mark.parametrize(
    "text",
    [
        "tb_demo_" + "0" * 38,
        pytest.param(new_secret(Kind.DEMO, SystemSecrets())[:-1], id="a mistyped key"),
        "postgresql://beast@db/beast",
        "postgresql://USER:PASSWORD@db",
    ],
)
def test_what_plainly_stands_for_a_secret_is_left_alone(text: str) -> None:
    assert secret_findings([source("docs/guides/operating.md", text)]) == []


def test_somebodys_own_folder_is_found() -> None:
    files = [source("README.md", "cd /ho" + "me/anna/beast\n"), source("README.md", "see ../home/page and net/work/items\n")]

    assert len(place_findings(files)) == 1

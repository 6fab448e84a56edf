"""`beast feeds` and `beast assets` as a shell sees them where no node runs."""

from pathlib import Path

import pytest

from tests.support.shell import Ended, beast


def run(folder: Path, *words: str) -> Ended:
    return beast(*words, BEAST_DATA_DIR=str(folder), ADMIN_KEY="an-admin-key-nobody-may-see", COLUMNS="80")


def test_where_no_node_runs_the_verb_fails_in_a_sentence(tmp_path: Path) -> None:
    done = run(tmp_path, "feeds", "list", "--url", "http://127.0.0.1:9", "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert "No node was reached" in done.stderr
    assert "beast serve" in done.stderr
    assert "an-admin-key-nobody-may-see" not in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("feeds", "save", "nowhere.json"),
        ("feeds", "history"),
        ("assets", "toggle", "BTC", "kraken"),
        ("feeds", "try", "-", "--seconds", "99"),
    ],
)
def test_misuse_ends_with_two_and_prints_no_data(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = run(tmp_path, *words)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr


@pytest.mark.parametrize("words", [("feeds", "rollback"), ("assets", "save")])
def test_help_gives_an_example(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = run(tmp_path, *words, "--help")
    assert done.returncode == 0
    assert f"Example: beast {' '.join(words[:1])}" in done.stdout

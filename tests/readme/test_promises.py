"""Every promise of the README names the test that holds it, in a comment a reader of the rendered page does not see."""

import ast
import re
from pathlib import Path

import pytest

from tests.readme.pages import ROOT, page

MARK = re.compile(r"<!-- test: (\S+)::(\w+) -->")


def promises(section: str) -> list[str]:
    """Return the bullets of a section, each with the comments that belong to it."""
    return [bullet for bullet in re.split(r"^- ", section, flags=re.MULTILINE)[1:] if bullet.strip()]


def is_test_of(path: Path, name: str) -> bool:
    """Whether a file has a test of that name."""
    if not path.exists():
        return False
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".rs":
        return re.search(rf"^\s*(?:#\[test\]\s*(?:#\[[^\]]*\]\s*)*)?fn {name}\(", text, re.MULTILINE) is not None
    return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name for node in ast.walk(ast.parse(text)))


PROMISES = promises(page("README.md").section("What it promises"))


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.split("\n")[0][:60])
def test_a_promise_names_the_test_that_holds_it(promise: str) -> None:
    named = MARK.findall(promise)

    assert named, "a promise without a test is a wish: name the test, or take the promise back"
    for path, name in named:
        assert is_test_of(ROOT / path, name), f"{path} has no test {name}"


def test_the_readme_promises_something() -> None:
    assert len(PROMISES) >= 8


def test_a_test_that_is_not_there_is_seen(tmp_path: Path) -> None:
    python, rust = tmp_path / "test_x.py", tmp_path / "x.rs"
    python.write_text("async def test_there() -> None: ...\n", encoding="utf-8")
    rust.write_text("    #[test]\n    fn is_there() {}\n", encoding="utf-8")

    assert (is_test_of(python, "test_there"), is_test_of(python, "test_gone")) == (True, False)
    assert (is_test_of(rust, "is_there"), is_test_of(rust, "is")) == (True, False)
    assert not is_test_of(tmp_path / "gone.py", "test_there")

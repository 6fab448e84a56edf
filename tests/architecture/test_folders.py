from tests.architecture.folders import name_findings, readme_findings, size_findings
from tests.architecture.source import checkout, source


def test_every_folder_and_file_is_named_for_what_is_in_it() -> None:
    assert [str(finding) for finding in name_findings(checkout())] == []


def test_every_capability_has_a_page_at_its_door() -> None:
    assert [str(finding) for finding in readme_findings(checkout())] == []


def test_every_file_and_function_can_be_held_in_one_head() -> None:
    assert [str(finding) for finding in size_findings(checkout())] == []


def test_a_name_without_a_noun_is_found() -> None:
    files = [source("trinity_beast/access/utils.py", ""), source("tests/helpers/keys.py", ""), source("engine/src/common.rs", "")]

    assert len(name_findings(files)) == 3


def test_a_capability_without_a_page_is_found() -> None:
    face, page = source("trinity_beast/access/__init__.py", ""), source("trinity_beast/access/README.md", "# Access")

    assert len(readme_findings([face])) == 1
    assert readme_findings([face, page]) == []


def test_a_file_and_a_function_too_long_are_found() -> None:
    lines = "    x = 1\n" * 81

    assert len(size_findings([source("trinity_beast/access/service.py", f"def long():\n{lines}")])) == 1
    assert len(size_findings([source("trinity_beast/access/service.py", "x = 1\n" * 401)])) == 1
    assert len(size_findings([source("engine/src/book.rs", "//\n" * 601)])) == 1
    assert size_findings([source("engine/src/book.rs", "//\n" * 600), source("docs/exchanges.md", "x\n" * 5_000)]) == []

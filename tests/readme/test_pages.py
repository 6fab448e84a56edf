import pytest

from tests.readme.pages import ROOT, Page, all_pages, page
from trinity_beast.settings import _NAMES, Settings


@pytest.mark.parametrize("one", all_pages(), ids=lambda one: str(one.path.relative_to(ROOT)))
def test_every_link_leads_somewhere(one: Page) -> None:
    assert [target for target in one.links() if not (one.path.parent / target).exists()] == []


def test_the_operating_guide_tells_every_setting_with_its_default() -> None:
    defaults = Settings()

    told = {row[0].strip("`"): row[1].strip("`") for row in page("docs/guides/operating.md").rows("Environment")}

    assert told == {name: str(getattr(defaults, field)) or "empty" for name, field in _NAMES.items()}


def test_every_target_of_make_that_a_page_names_exists() -> None:
    targets = {
        line.split(":")[0] for line in (ROOT / "Makefile").read_text(encoding="utf-8").splitlines() if line[:1].isalpha() and ":" in line
    }
    names = {name for line in targets for name in line.split()}

    for one in all_pages():
        for command in one.text.split("`"):
            if command.startswith("make "):
                assert command.split()[1] in names, f"{one.path.name} names `{command}`"


def test_every_verb_has_a_sentence_and_an_example() -> None:
    verbs = page("docs/reference/commands.md").text.split("\n## ")[1:]

    assert len(verbs) >= 8
    for verb in verbs:
        name, _, rest = verb.partition("\n")
        assert rest.strip().split("\n")[0].endswith("."), f"{name} says in no sentence what it does"
        assert f"Example: `{name}" in rest, f"{name} --help has no example"


def test_every_decision_is_in_their_list() -> None:
    listed = set(page("docs/decisions/README.md").links())

    assert listed == {path.name for path in (ROOT / "docs" / "decisions").glob("*.md")} - {"README.md"}


def test_the_pages_everybody_reads_first_fit_one_screenful_of_patience() -> None:
    assert page("ARCHITECTURE.md").text.count("\n") <= 100
    for one in (ROOT / "docs" / "decisions").glob("*.md"):
        assert Page(one).text.count("\n") <= 60, f"{one.name} is longer than a page"

"""The pages people read, as data: their links, their commands, their promises, their tables."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {".venv", "target", "node_modules", "data"}


@dataclass(frozen=True, slots=True)
class Page:
    """One Markdown file."""

    path: Path

    @property
    def text(self) -> str:
        """All of it."""
        return self.path.read_text(encoding="utf-8")

    def links(self) -> Iterator[str]:
        """Every target of a link that is a file of ours, without its anchor."""
        prose = re.sub(r"```.*?```|`[^`]*`", "", self.text, flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", prose):
            if not re.match(r"[a-z]+:|#", target):
                yield target.partition("#")[0]

    def section(self, title: str) -> str:
        """What stands under a heading of the second level."""
        found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", self.text, re.MULTILINE | re.DOTALL)
        assert found, f"{self.path.name} has no section {title!r}"
        return found[1]

    def commands(self, shell: str) -> list[str]:
        """Every block of commands for a shell."""
        return [block.strip() for block in re.findall(rf"^```{shell}\n(.*?)^```", self.text, re.MULTILINE | re.DOTALL)]

    def rows(self, title: str) -> list[list[str]]:
        """The rows of the first table in a section, without its head."""
        lines = [line for line in self.section(title).splitlines() if line.startswith("|")]
        return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def page(name: str) -> Page:
    """Return a page by its path from the root."""
    return Page(ROOT / name)


def all_pages() -> list[Page]:
    """Return every page of the checkout."""
    return [Page(path) for path in sorted(ROOT.rglob("*.md")) if not NOT_OURS & set(path.relative_to(ROOT).parts)]

"""Write docs/reference from the code: `make docs`. With --check, only say which page is out of date, and end with 1.

A page made from what the program itself uses cannot tell another story than the program.
"""

import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import trinity_beast
from trinity_beast.content import told
from trinity_beast.errors import TrinityError
from trinity_beast.parameters import Parameter

REFERENCE = Path(__file__).parent / "reference"
NOT_BY_HAND = "*Made from the code by `make docs`; a change by hand is lost.*"


def main(arguments: list[str]) -> int:
    """Write the pages, or compare them; return the exit status."""
    for module in pkgutil.walk_packages(trinity_beast.__path__, "trinity_beast."):
        importlib.import_module(module.name)
    stale = [name for name, page in PAGES.items() if _present(name) != page()]
    if "--check" in arguments:
        for name in stale:
            sys.stderr.write(f"docs/reference/{name} is out of date: run `make docs` and commit what it changes.\n")
        return 1 if stale else 0
    REFERENCE.mkdir(exist_ok=True)
    for name in stale:
        (REFERENCE / name).write_text(PAGES[name](), encoding="utf-8")
        sys.stderr.write(f"docs/reference/{name} written\n")
    return 0


def refusals_page() -> str:
    """Return every refusal: its code, status, words and meaning."""
    lines = [
        "# Refusals",
        "",
        NOT_BY_HAND,
        "",
        "A code is never renamed and never changes its status. Programs branch on it; people read the rest.",
        "",
    ]
    for refusal in sorted(set(_heirs(TrinityError)), key=lambda one: one.code):
        words = told(refusal.code)
        meaning = " ".join((refusal.__doc__ or "").split())
        lines += [f"## {refusal.code} ({refusal.status})", "", meaning, "", f"**{words.title}.** {words.message} {words.fix}", ""]
    return "\n".join(lines)


def parameters_page() -> str:
    """Return every parameter: its unit, default, range and meaning."""
    lines = ["# Parameters", "", NOT_BY_HAND, "", "What an operator may turn while a node runs.", ""]
    lines += ["| parameter | group | unit | default | least | most | what it does |", "| --- | --- | --- | --- | --- | --- | --- |"]
    for one in sorted(_parameters(), key=lambda one: (one.group, one.name)):
        cells = [f"`{one.name}`", one.group, one.unit, _shown(one.default), _shown(one.least), _shown(one.most), one.help]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, ""])


def _heirs(refusal: type[TrinityError]) -> Iterator[type[TrinityError]]:
    for heir in refusal.__subclasses__():
        if heir.__module__.startswith("trinity_beast"):
            yield heir
        yield from _heirs(heir)


def _parameters() -> set[Parameter[Any]]:
    modules = [module for name, module in sys.modules.items() if name.startswith("trinity_beast.") and name.endswith(".parameters")]
    return {value for module in modules for value in vars(module).values() if isinstance(value, Parameter)}


def _shown(value: object) -> str:
    return "" if value is None else f"`{value}`"


def _present(name: str) -> str | None:
    path = REFERENCE / name
    return path.read_text(encoding="utf-8") if path.exists() else None


PAGES: dict[str, Callable[[], str]] = {"refusals.md": refusals_page, "parameters.md": parameters_page}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

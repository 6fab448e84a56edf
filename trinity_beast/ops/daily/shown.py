"""The daily dashboard as a terminal shows it."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

STYLES = {"off": "dim", "good": "green", "weak": "yellow", "wrong": "bold red"}
MARKS = {"off": "-", "good": "ok", "weak": "weak", "wrong": "WRONG"}
SIDE_BY_SIDE = 160
"""From so many columns on two sections stand beside each other."""
Told = Mapping[str, Any]


def dashboard_shown(told: Told, width: int) -> RenderableType:
    """Return all of it: what is not well first, then part by part. What is well is cut off at the edge, what is not is told whole."""
    head = Text(f"{told['made_at'][:19].replace('T', ' ')} UTC, seen by {told['node']}, made {_maker(told['made_by'])}", style="dim")
    sections: Sequence[Told] = told["sections"]
    if width < SIDE_BY_SIDE:
        return Group(head, _alarms(told), _table(sections))
    half = _half(sections)
    grid = Table.grid(padding=(0, 2), expand=True)
    grid.add_column(ratio=1)
    grid.add_column(ratio=1)
    grid.add_row(_table(sections[:half]), _table(sections[half:]))
    return Group(head, _alarms(told), grid)


def _alarms(told: Told) -> RenderableType:
    alarms: Sequence[Told] = told["alarms"]
    if not alarms:
        return Text("All is well.\n", style="bold green")
    is_wrong = any(alarm["standing"] == "wrong" for alarm in alarms)
    named = ", ".join(f"{alarm['section']}: {alarm['what']}" for alarm in alarms)
    return Text(f"{len(alarms)} not well: {named}\n", style="bold red" if is_wrong else "bold yellow")


def _table(sections: Sequence[Told]) -> RenderableType:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True, style="bold")
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=18)
    table.add_column(overflow="fold")
    for section in sections:
        name = section["name"]
        for line in _joined(section["lines"]):
            is_well = line["standing"] in {"good", "off"}
            told = Text(line["told"], no_wrap=is_well, overflow="ellipsis" if is_well else "fold")
            table.add_row(name, Text(MARKS[line["standing"]], style=STYLES[line["standing"]]), Text(line["what"]), told)
            name = ""
    return table


def _joined(lines: Sequence[Told]) -> list[Told]:
    """Return lines, those that are off and say the same joined to one."""
    by_words: dict[str, list[str]] = {}
    for line in lines:
        if line["standing"] == "off":
            by_words.setdefault(line["told"], []).append(line["what"])
    many = {words: names for words, names in by_words.items() if len(names) > 1}
    rest = [line for line in lines if line["standing"] != "off" or line["told"] not in many]
    return [*rest, *[{"what": words, "standing": "off", "told": ", ".join(names)} for words, names in many.items()]]


def _half(sections: Sequence[Told]) -> int:
    """Return how many sections stand on the left, so that both sides are about as long."""
    lengths = [len(_joined(section["lines"])) for section in sections]
    return min(range(len(lengths) + 1), key=lambda left: abs(sum(lengths[:left]) - sum(lengths[left:])))


def _maker(made_by: str) -> str:
    return made_by if made_by == "by itself" else f"for {made_by}"

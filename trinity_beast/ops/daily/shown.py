"""The daily dashboard as a terminal shows it."""

from collections.abc import Mapping
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
    """Return all of it: what is not well first, then part by part."""
    head = Text(f"{told['made_at'][:19].replace('T', ' ')} UTC, seen by {told['node']}, made {_maker(told['made_by'])}", style="dim")
    sections = [_section(each["name"], each["lines"]) for each in told["sections"]]
    return Group(head, _alarms(told), *(_side_by_side(sections) if width >= SIDE_BY_SIDE else sections))


def _alarms(told: Told) -> RenderableType:
    if not told["alarms"]:
        return Text("All is well.\n", style="bold green")
    lines = [dict(alarm, what=f"{alarm['section']}: {alarm['what']}") for alarm in told["alarms"]]
    return _section(f"{len(lines)} not well", lines)


def _section(name: str, lines: list[Told]) -> RenderableType:
    table = Table(box=None, pad_edge=False, show_header=False, expand=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=28)
    table.add_column(overflow="fold")
    for line in lines:
        table.add_row(Text(MARKS[line["standing"]], style=STYLES[line["standing"]]), Text(line["what"]), Text(line["told"]))
    return Group(Text(name, style="bold"), table, Text())


def _side_by_side(sections: list[RenderableType]) -> list[RenderableType]:
    grid = Table.grid(padding=(0, 2), expand=True)
    grid.add_column(ratio=1)
    grid.add_column(ratio=1)
    half = (len(sections) + 1) // 2
    grid.add_row(Group(*sections[:half]), Group(*sections[half:]))
    return [grid]


def _maker(made_by: str) -> str:
    return made_by if made_by == "by itself" else f"for {made_by}"

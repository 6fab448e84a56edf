"""Parameters and profiles as a terminal shows them."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

WIDE = 120
"""From so many columns on there is room for what a parameter does."""


def parameters_table(parameters: Sequence[Mapping[str, Any]], width: int) -> Table:
    """Return parameters by group: what each is at, its default and range, and where there is room what it does."""
    table = _table("parameter", "value", "unit", "default", *(("range", "what it does") if width >= WIDE else ()))
    group = ""
    for one in parameters:
        if one["group"] != group:
            group = one["group"]
            table.add_row(Text(group, style="bold"))
        cells: list[str | Text] = [f"  {one['name']}", _value(one), one["unit"], shown(one["default"])]
        if width >= WIDE:
            cells += [range_of(one), one["help"] + (" From the next start on." if one["needs_restart"] else "")]
        table.add_row(*cells)
    return table


def differences_table(differences: Sequence[Mapping[str, Any]], before: str, after: str) -> Table:
    """Return what differs."""
    table = _table("parameter", before, after)
    for one in differences:
        table.add_row(one["name"], shown(one["before"]), Text(shown(one["after"]), style="bold"))
    return table


def history_table(changes: Sequence[Mapping[str, Any]], width: int) -> Table:
    """Return changes, newest first."""
    table = _table("version", "parameter", "from", "to", "when", "by", *(("why",) if width >= WIDE else ()))
    for one in changes:
        cells = [str(one["version"]), one["name"], shown(one["before"]), shown(one["after"]), moment(one["changed_at"]), one["changed_by"]]
        if width >= WIDE:
            cells.append(one["reason"] or "-")
        table.add_row(*cells)
    return table


def profiles_table(profiles: Sequence[Mapping[str, Any]], in_force: str) -> Table:
    """Return profiles, the one in force marked."""
    table = _table("profile", "sets", "what it is for")
    group = ""
    for one in profiles:
        if one["group"] != group:
            group = one["group"]
            table.add_row(Text(group, style="bold"))
        is_on = one["profile"] == in_force
        name = Text(f"{'*' if is_on else ' '} {one['profile']}", style="bold green" if is_on else "")
        table.add_row(name, str(len(one["values"])), one["description"])
    return table


def nodes_table(nodes: Sequence[Mapping[str, Any]], newest: int) -> Table:
    """Return nodes and the version each runs."""
    table = _table("node", "version", "confirmed", "id")
    for one in nodes:
        version = Text(str(one["version"]), style="green" if one["version"] >= newest else "bold red")
        table.add_row(one["node"], version, moment(one["confirmed_at"]), one["node_id"])
    return table


def one_parameter(one: Mapping[str, Any]) -> Table:
    """Return all there is to say of a parameter."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    here = "no part of this node reads it" if one["here"] is None else shown(one["here"])
    last = one["last"]
    changed = "never" if last is None else f"{moment(last['changed_at'])} by {last['changed_by']}, from {shown(last['before'])}"
    for name, value in (
        ("parameter", one["name"]),
        ("group", one["group"]),
        ("does", one["help"]),
        ("value", f"{shown(one['value'])} {one['unit']}".strip()),
        ("here", here),
        ("default", shown(one["default"])),
        ("range", range_of(one)),
        ("in force", "from the next start on" if one["needs_restart"] else "at once"),
        ("changed", changed + (f": {last['reason']}" if last and last["reason"] else "")),
    ):
        table.add_row(name, value)
    return table


def shown(value: object) -> str:
    """Return a value as it is written in a command; None is the default."""
    match value:
        case None:
            return "default"
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:g}" if abs(value) < 1e15 else str(value)
        case "":
            return '""'
        case _:
            return str(value)


def range_of(one: Mapping[str, Any]) -> str:
    """Return what a parameter may be."""
    if one["choices"]:
        return ", ".join(shown(each) for each in one["choices"])
    if one["least"] is None:
        return {"bool": "true, false", "str": "text"}[one["kind"]]
    return f"{shown(one['least'])} to {shown(one['most'])}"


def moment(told: str) -> str:
    """Return a moment to the second, as told in UTC."""
    return told[:19].replace("T", " ")


def _value(one: Mapping[str, Any]) -> Text:
    """Return a value: bold where it is set, and what this node goes by where that is another."""
    text = shown(one["value"])
    if one["here"] is not None and one["here"] != one["value"]:
        text += f" (here {shown(one['here'])})"
    return Text(text, style="bold" if one["is_set"] else "")


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table

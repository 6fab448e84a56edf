"""A cluster as a terminal shows it."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from trinity_beast.ops.standing import duration

WIDE = 160
"""From so many columns on there is room for what a node takes of its machine."""
Told = Mapping[str, Any]


def cluster_shown(told: Told, width: int, lines: int) -> RenderableType:
    """Return all nodes, one a line, those that are missing in red, then all of them together."""
    is_wide = width >= WIDE
    rows: list[Sequence[str | Text]] = [_node(each, is_wide=is_wide) for each in told["per_node"]]
    rows += [_missing(each) for each in told["missing"]]
    rows += [[Text(name, style="yellow"), Text("not seen from here", style="yellow")] for name in told["unseen"]]
    room = max(1, lines - 5)
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for heading, is_number in _headings(is_wide=is_wide):
        table.add_column(heading, justify="right" if is_number else "left", no_wrap=True, overflow="ellipsis")
    for row in rows[:room]:
        table.add_row(*row)
    if len(rows) > room:
        table.add_row(Text(f"{len(rows) - room} more", style="dim"))
    table.add_section()
    table.add_row(*_together(told, is_wide=is_wide), style="bold")
    return Group(table, Text(), *_sentences(told))


def _headings(*, is_wide: bool) -> list[tuple[str, bool]]:
    first = [("node", False), ("state", False), ("up", True), ("req/s", True), ("hit %", True), ("limited %", True)]
    if not is_wide:
        return [*first, ("feeds", True), ("params", True), ("told", True)]
    shares = [("p99 us", True), ("cached %", True), ("udp drop %", True), ("requests", True), ("lost", True), ("db", True), ("feeds", True)]
    return [*first, *shares, ("cpu %", True), ("memory", True), ("files", True), ("params", True), ("version", False), ("told", True)]


def _node(one: Told, *, is_wide: bool) -> list[str | Text]:
    lately, derived, totals = one["lately"], one["derived"], one["totals"]
    live = sum(state == "live" for state in one["feeds"].values())
    feeds = Text(f"{live}/{len(one['feeds'])}" if one["feeds"] else "-", style="" if live == len(one["feeds"]) else "yellow")
    told = Text(f"{one['age_seconds']:.0f} s", style="dim")
    cells: list[str | Text] = [
        one["cluster_node"],
        Text(_kind(one["server_type"]), style="green"),
        duration(one["up_seconds"]),
        f"{lately['requests_per_second']:,.1f}",
        percent(derived["memory_hit_percent"]),
        percent(derived["limited_percent"]),
    ]
    if not is_wide:
        return [*cells, feeds, str(one["parameters_version"]), told]
    process = one["process"]
    return [
        *cells,
        _slowest(one["latency"]),
        percent(derived["cache_hit_percent"]),
        percent(derived["udp_dropped_percent"]),
        f"{derived['requests']:,}",
        Text(f"{totals['usage_lost']:,}", style="bold red" if totals["usage_lost"] else ""),
        f"{totals['db_in_use_conns']}/{totals['db_open_conns']}",
        feeds,
        f"{process['cpu_percent']:.0f}",
        size(process["memory_bytes"]),
        f"{process['open_files']:,}",
        str(one["parameters_version"]),
        one["version"],
        told,
    ]


def _missing(one: Told) -> list[str | Text]:
    since = "never told" if one["missing_seconds"] is None else f"{duration(one['missing_seconds'])} ago"
    return [Text(one["cluster_node"], style="bold red"), Text("MISSING", style="bold red"), Text(since, style="red")]


def _together(told: Told, *, is_wide: bool) -> list[str | Text]:
    everything = told["aggregated"]
    lately, derived, totals = everything["lately"], everything["derived"], everything["totals"]
    cells: list[str | Text] = [
        "together",
        f"{told['nodes_found']} of {told['nodes_expected']}",
        "",
        f"{lately['requests_per_second']:,.1f}",
        percent(derived["memory_hit_percent"]),
        percent(derived["limited_percent"]),
    ]
    if not is_wide:
        return cells
    return [
        *cells,
        _slowest(everything["latency"]),
        percent(derived["cache_hit_percent"]),
        percent(derived["udp_dropped_percent"]),
        f"{derived['requests']:,}",
        f"{totals['usage_lost']:,}",
        f"{totals['db_in_use_conns']}/{totals['db_open_conns']}",
    ]


def _sentences(told: Told) -> list[Text]:
    said = []
    if told["missing"]:
        names = ", ".join(each["cluster_node"] for each in told["missing"])
        said.append(Text(f"Missing: {names}. A node that was killed is expected back; one that stops in order is not.", style="bold red"))
    if told["never_seen"]:
        said.append(Text(f"{told['never_seen']} more expected (nodes_expected) than anybody has heard of.", style="bold red"))
    if told["twins"]:
        said.append(Text(f"Two nodes are called {', '.join(told['twins'])}: each hides the other. Set CLUSTER_NODE.", style="bold red"))
    if told["trouble"]:
        said.append(Text(f"This node alone: {told['trouble']}.", style="yellow"))
    return said


def _slowest(latency: Told) -> str:
    """Return the 99th percentile of the engine's answers over HTTP."""
    told = latency.get("http", {}).get("p99_us")
    return "-" if told is None else f"{told:,.1f}"


def percent(share: float | None) -> str:
    """Return a share, or a dash where there was nothing to share out."""
    return "-" if share is None else f"{share:.2f}"


def size(octets: int) -> str:
    """Return a number of bytes in its greatest unit."""
    amount, unit = float(octets), "B"
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1_024 or unit == "GiB":
            break
        amount /= 1_024
    return f"{amount:.0f} {unit}"


def _kind(server_type: str) -> str:
    return {"APP_SERVER": "prices", "REPORT_SERVER": "reports", "APP_REPORT_SERVER": "all", "WEBHOOK_SERVER": "push"}.get(server_type, "up")

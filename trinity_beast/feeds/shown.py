"""The feeds and the map on a terminal: tables for people, made from what a node answers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

Told = Mapping[str, Any]
WIDE = 120
"""From this many columns on, what can be looked up elsewhere is shown too."""
_STATES = {"live": "green", "open": "yellow", "connecting": "yellow", "waiting": "red", "off": "dim"}
_STANDINGS = {"held": "green", "asked": "yellow", "queued": "yellow", "refused": "red", "unanswered": "red"}
_DROPPED = ("trades_late", "trades_repeated", "trades_future", "trades_unasked", "rows_refused_price", "rows_refused_time")


def feeds_table(feeds: Sequence[Told], width: int) -> Table:
    """Return every exchange in a line."""
    is_wide = width >= WIDE
    table = plain_table("venue", "name", "on", "state", "assets>", "prewarmed>", "version>", *(("endpoint",) if is_wide else ()))
    for feed in feeds:
        row, state = feed["row"], feed["state"] or "not here"
        cells: list[str | Text] = [feed["venue"], row["display_name"], "on" if row["enabled"] else "off"]
        cells += [Text("broken", "red") if feed["mistakes"] else Text(state, _STATES.get(state, "dim"))]
        cells += [str(feed[name]) for name in ("assets", "assets_prewarmed", "version")]
        table.add_row(*cells, *((row["endpoint"],) if is_wide else ()))
    return table


def statuses_table(feeds: Sequence[Told], width: int) -> Table:
    """Return how every feed runs, in a line."""
    is_wide = width >= WIDE
    extra = ("lost>", "failed>", "looks>", "rest", "last error") if is_wide else ()
    table = plain_table("venue", "state", "since>", "silent>", "symbols>", "trades>", "dropped>", *extra)
    for feed in feeds:
        counts, held = feed["counts"], sum(symbol["standing"] == "held" for symbol in feed["symbols"])
        dropped = sum(counts.get(name, 0) for name in _DROPPED)
        cells: list[str | Text] = [feed["venue"], Text(feed["state"], _STATES.get(feed["state"], "dim"))]
        cells += [_seconds(feed["connected_seconds"]), _seconds(feed["silent_seconds"]), f"{held}/{len(feed['symbols'])}"]
        cells += [f"{counts.get('trades', 0):,}", f"{dropped:,}"]
        if is_wide:
            cells += [f"{counts.get('connections_lost', 0):,}", f"{counts.get('connections_failed', 0):,}"]
            cells += [*_rest_cells(feed["rest"]), feed["last_error"]]
        table.add_row(*cells)
    return table


def _rest_cells(rest: Told | None) -> list[str | Text]:
    """Return how many looks were answered of those made, and how the venue's REST stands."""
    if rest is None or not rest["can_look"]:
        return ["", Text("none", "dim")]
    counts = rest["counts"]
    told = f"{counts['answered']:,}/{counts['looks']:,}"
    if rest["paused_seconds"]:
        return [told, Text(f"left alone {_seconds(rest['paused_seconds'])}", "red")]
    return [told, f"{rest['waiting']} wait, {rest['requests_per_second']:g}/s"]


def symbols_table(feed: Told, now: datetime) -> Table:
    """Return every symbol of one feed."""
    table = plain_table("symbol", "standing", "last trade>", "the venue says")
    for symbol in feed["symbols"]:
        standing, last = symbol["standing"], symbol["last_trade_time"]
        ago = "never" if last is None else f"{_seconds((now - datetime.fromisoformat(last)).total_seconds())} ago"
        table.add_row(symbol["symbol"], Text(standing, _STANDINGS.get(standing, "")), ago, symbol["told"])
    return table


def counts_line(feed: Told) -> str:
    """Return what a feed counted, without what never happened."""
    return ", ".join(f"{name} {count:,}" for name, count in feed["counts"].items() if count)


def rest_line(feed: Told) -> str:
    """Return what the venue's REST side counted and how it stands; nothing where there is none."""
    rest = feed["rest"]
    if rest is None or not rest["can_look"]:
        return ""
    paused = f", left alone for {_seconds(rest['paused_seconds'])}" if rest["paused_seconds"] else ""
    counted = counts_line(rest) or "never asked"
    return f"REST may be asked {rest['requests_per_second']:g} times a second, {rest['waiting']} wait{paused}: {counted}"


def parts_lines(told: Told) -> list[str]:
    """Return what stands behind the feeds, a line for each part: how it stands now, then what it counted."""
    parts = dict.fromkeys([*told["standing"], *told["counted"]])
    lines = []
    for part in parts:
        now = ", ".join(f"{name} {count:,}" for name, count in told["standing"].get(part, {}).items() if count)
        counted = counts_line({"counts": told["counted"].get(part, {})})
        lines.append(f"{part}: " + ("; since the start ".join(filter(None, [now, counted])) or "nothing yet"))
    return lines


def versions_table(versions: Sequence[Told], width: int) -> Table:
    """Return the forms a row has had."""
    table = plain_table("version>", "when (UTC)", "who", "why", "changed")
    for version in versions:
        why = version["reason"] + (" (forced)" if version["forced"] else "")
        changed = "the whole row" if version["before"] is None else ", ".join(version["changed_columns"])
        when = version["changed_at"][:19].replace("T", " ") if width >= WIDE else version["changed_at"][5:16].replace("T", " ")
        table.add_row(str(version["version"]), when, version["changed_by"], why, changed)
    return table


def assets_table(assets: Sequence[Told], width: int) -> Table:
    """Return rows of the map."""
    is_wide = width >= WIDE
    table = plain_table("id>", "asset", "venue", "symbol", "quote", "on", "prewarm", *(("category", "version>") if is_wide else ()))
    for row in assets:
        cells = [str(row["id"]), row["asset"], row["venue"], row["symbol"], row["quote"], _yes(row["enabled"]), _yes(row["prewarm"])]
        table.add_row(*cells, *((row["category"], str(row["version"])) if is_wide else ()))
    return table


def tried_table(tried: Told) -> Table:
    """Return what came of a try, symbol by symbol."""
    table = plain_table("symbol", "standing", "trades>", "price>", "age>", "known", "differs>")
    for symbol in tried["symbols"]:
        known = symbol["known"]
        beside = f"{known['price']} ({known['venue']})" if known else "nothing"
        differs = "" if symbol["differs_percent"] is None else f"{symbol['differs_percent']:.3f} %"
        age = _seconds(symbol["age_seconds"]) + (" old" if symbol["is_history"] else "")
        table.add_row(symbol["symbol"], symbol["standing"], str(symbol["trades"]), symbol["price"] or "", age, beside, differs)
    return table


def plain_table(*headings: str) -> Table:
    """Return a table without lines; a heading that ends in `>` stands over numbers."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        is_number = heading.endswith(">")
        table.add_column(heading.removesuffix(">"), justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    return table


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _seconds(seconds: float | None) -> str:
    if seconds is None:
        return ""
    for unit, most in (("s", 100), ("min", 6_000), ("h", 360_000)):
        if seconds < most:
            size = {"s": 1, "min": 60, "h": 3_600}[unit]
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds / 86_400:.0f} d"

"""Who is turned away, as a terminal shows it."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

STYLES = {"good": "green", "weak": "yellow", "wrong": "bold red"}
OLD_DAYS = 365
"""A secret older than this is told in yellow."""
Told = Mapping[str, Any]


def security_shown(told: Told) -> RenderableType:
    """Return all of it on one screen, what wants a look first in each part."""
    parts: list[RenderableType] = [
        _part("Wrong keys lately", _wrong_keys(told["wrong_keys"]), "No address was wrong about a key lately."),
        _part("Admin calls refused", _admin(told), "No admin call was refused."),
        _part("Others turned away since the start", _refused(told["refused"]), "Nobody."),
        _part("Blocked", _blocks(told["blocks"]), _else(told["blocks"], "Nobody is blocked.")),
        _part("Keys found where they should not be", _leaks(told["leaks"]), _else(told["leaks"], "None was reported.")),
        _part("Age of keys and secrets", _ages(told), "Nothing is known."),
    ]
    return Group(*parts)


def _part(title: str, table: Table | None, otherwise: str) -> RenderableType:
    return Group(Text(title, style="bold"), table if table is not None else Text(f"  {otherwise}", style="dim"), Text())


def _else(found: Sequence[Told] | None, nothing: str) -> str:
    return "The database does not answer." if found is None else nothing


def _wrong_keys(found: Sequence[Told]) -> Table | None:
    table = _table(("address", False), ("over", False), ("wrong keys", True), ("paused", False))
    for one in found:
        paused = Text(f"for {one['paused_seconds']:.0f} s", style="red") if one["paused_seconds"] else Text("-")
        table.add_row(one["network"], one["over"] + (" (may be forged)" if one["over"] == "udp" else ""), f"{one['wrong_keys']:,}", paused)
    return table if found else None


def _admin(told: Told) -> Table | None:
    away = told["admin_turned_away"]
    if not any(away.values()):
        return None
    table = _table(("from", False), ("wrong keys", True), ("", False))
    for one in told["admin_guesses"]:
        shut = Text("shut out", style="bold red") if one["is_shut_out"] else Text(f"since {one['since_seconds']:.0f} s ago")
        table.add_row(one["network"], f"{one['wrong_keys']:,}", shut)
    counts = f"{away['missing']:,} without a key, {away['wrong']:,} with a wrong one, {away['shut_out']:,} shut out"
    table.add_row(Text("since the start", style="dim"), "", Text(counts, style="dim"))
    return table


def _refused(counted: Mapping[str, int]) -> Table | None:
    table = _table(("what", False), ("times", True))
    some = {name: count for name, count in counted.items() if count}
    for name, count in sorted(some.items(), key=lambda each: -each[1]):
        table.add_row(name.replace("_", " "), f"{count:,}")
    return table if some else None


def _blocks(found: Sequence[Told] | None) -> Table | None:
    table = _table(("network", False), ("until", False), ("why", False), ("by", False))
    for one in found or ():
        table.add_row(one["network"], _minute(one["expires_at"]) or "it is lifted", Text(one["reason"]), Text(one["blocked_by"]))
    return table if found else None


def _leaks(found: Sequence[Told] | None) -> Table | None:
    table = _table(("key", False), ("reported", False), ("by", False), ("became", False), ("where", False))
    for one in found or ():
        table.add_row(one["public_id"], _minute(one["reported_at"]), one["reporter"], one["action"], Text(one["url"]))
    return table if found else None


def _ages(told: Told) -> Table | None:
    table = _table(("what", False), ("how", False))
    keys = told["keys"]
    if keys is not None:
        oldest = f"; the oldest of {keys['oldest_at'][:10]}" if keys["oldest_at"] else ""
        table.add_row(
            "customers' keys", f"{keys['live']:,} live{oldest}; {keys['idle']:,} not used for 90 days, {keys['ending']:,} end soon"
        )
    for one in told["secrets"]:
        age = "given from outside" if one["days"] is None else f"{one['days']:,} days old"
        table.add_row(one["secret"], Text(age, style="yellow" if (one["days"] or 0) > OLD_DAYS else ""))
    for one in told["certificates"]:
        table.add_row(one["certificate"], Text(one["told"], style=STYLES.get(one["standing"], "")))
    return table


def _minute(moment: str | None) -> str:
    return "" if moment is None else moment[:16].replace("T", " ")


def _table(*headings: tuple[str, bool]) -> Table:
    table = Table(box=None, pad_edge=True, header_style="dim")
    for heading, is_number in headings:
        table.add_column(heading, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    return table

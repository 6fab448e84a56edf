"""Discovery and sync on a terminal: tables for people, made from what a node answers."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.table import Table
from rich.text import Text

from trinity_beast.feeds.shown import WIDE, plain_table

Told = Mapping[str, Any]
_CHANGES = {"add": "green", "switch_on": "green", "switch_off": "red", "rename": "yellow", "requote": "yellow"}


def candidates_table(candidates: Sequence[Told]) -> Table:
    """Return every candidate in a line."""
    shown = plain_table("rank>", "asset", "symbol", "quote", "24 h in dollars>", "24 h>", "price>", "markets>", "mapped at")
    for one in candidates:
        volume = "" if one["volume"] is None else f"{_grouped(one['volume'])} {one['volume_currency']}"
        dollars = "not told" if one["volume_dollars"] is None else _grouped(one["volume_dollars"])
        elsewhere = ", ".join(one["elsewhere"])
        cells = [str(one["rank"]), one["asset"], one["symbol"], one["quote"], dollars, volume, one["price"] or "", str(one["markets"])]
        shown.add_row(*cells, elsewhere)
    return shown


def changes_table(changes: Sequence[Told], width: int) -> Table:
    """Return every change in a line."""
    is_wide = width >= WIDE
    shown = plain_table("change", "asset", "venue", "was", "will be", "on", "prewarm", *(("why",) if is_wide else ()))
    for one in changes:
        before, after = one["before"], one["after"]
        was = "" if before is None else f"{before['symbol']} ({before['quote']})"
        cells: list[str | Text] = [Text(one["change"], _CHANGES.get(one["change"], "")), after["asset"], after["venue"], was]
        cells += [f"{after['symbol']} ({after['quote']})", "on" if after["enabled"] else "off", "yes" if after["prewarm"] else "no"]
        shown.add_row(*cells, *((one["why"],) if is_wide else ()))
    return shown


def _grouped(number: str) -> str:
    return f"{round(Decimal(number)):,}"

"""Prices as a terminal shows them, and how they moved while it looked."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

STYLES = {"live": "green", "quiet": "dim green", "rest": "cyan", "stale": "bold red", "halted": "red", "unavailable": "dim red"}
ROOMY, WIDE = 100, 120
"""From so many columns on there is room for venue and tier, and for the exchange's time."""
Told = Mapping[str, Any]


class Board:
    """The table of prices. It remembers what it showed first and last, so that changes can be told."""

    def __init__(self) -> None:
        self._first: dict[str, Decimal] = {}
        self._last: dict[str, Decimal] = {}

    def shown(self, told: Told, width: int, lines: int) -> RenderableType:
        """Return the prices, one a line, as many as there is room for; `change` is since the first look."""
        prices: Sequence[Told] = told["prices"]
        room = max(1, lines - 3)
        headings = [("asset", False), ("price", True), ("", False), ("change", True), ("source", False), ("state", False), ("age", True)]
        headings += [("venue", False), ("tier", False)] if width >= ROOMY else []
        headings += [("exchange time", False)] if width >= WIDE else []
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading, is_number in headings:
            table.add_column(heading, justify="right" if is_number else "left", no_wrap=True, overflow="ellipsis")
        for each in prices[:room]:
            table.add_row(*self._cells(each, width))
        for each in prices[room:]:
            self._moved(each)  # What is out of sight moves too.
        return Group(table, Text(_summary(prices, len(prices) - room), style="dim"))

    def _cells(self, each: Told, width: int) -> list[str | Text]:
        moved, change = self._moved(each)
        price = Text(each["price"] or "-", style="green" if moved > 0 else "red" if moved < 0 else "bold")
        percent = "" if change is None else Text(f"{change:+.2f} %", style="green" if change > 0 else "red" if change < 0 else "dim")
        state = Text(each["state"], style=STYLES.get(each["state"], ""))
        cells: list[str | Text] = [each["asset"], price, each["quote"], percent, each["source"], state, _age(each["age_ms"])]
        cells += [each["venue"], each["cache_tier"]] if width >= ROOMY else []
        return [*cells, (each["exchange_time"] or "")[11:23]] if width >= WIDE else cells

    def _moved(self, each: Told) -> tuple[int, Decimal | None]:
        """Return whether a price rose (1) or fell (-1) since it was shown last, and by how many per cent since it was shown first."""
        try:
            price = Decimal(each["price"])
        except (TypeError, InvalidOperation):
            return 0, None
        name = each["asset"]
        before, first = self._last.get(name, price), self._first.setdefault(name, price)
        self._last[name] = price
        change = (price - first) / first * 100 if first else None
        return (price > before) - (price < before), change


def _summary(prices: Sequence[Told], hidden: int) -> str:
    states: dict[str, int] = {}
    for each in prices:
        states[each["state"]] = states.get(each["state"], 0) + 1
    told = ", ".join(f"{count} {state}" for state, count in sorted(states.items(), key=lambda one: (-one[1], one[0])))
    more = f"; {hidden} more below, narrow it by --asset, --venue or --state" if hidden > 0 else ""
    return f"{len(prices)} prices: {told}{more}" if prices else "No price fits."


def _age(age_ms: int | None) -> str:
    if age_ms is None:
        return "-"
    return f"{age_ms} ms" if age_ms < 10_000 else f"{age_ms // 1_000} s"

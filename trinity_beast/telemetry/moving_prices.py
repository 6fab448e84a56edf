"""The prices as they move, for whoever sits before the terminal."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from trinity_beast.clock import Clock

TERMINAL_SECONDS = 0.5
PLAIN_SECONDS = 5.0
_ROWS_BESIDE = 6
"""Lines of the terminal kept for the table's frame and for log lines."""
_PLAIN_PRICES_MAX = 6
_STYLES = {"live": "green", "quiet": "dim green", "stale": "red", "unavailable": "dim", "halted": "red"}


class ShownPrice(Protocol):
    """One asset's price as of now. `engine.Reading` keeps this."""

    @property
    def asset(self) -> str:
        """The asset's code."""
        ...

    @property
    def price(self) -> str | None:
        """The venue's digits, or None while there is none."""
        ...

    @property
    def quote(self) -> str:
        """What it is priced in."""
        ...

    @property
    def source(self) -> str:
        """The source tag."""
        ...

    @property
    def state(self) -> str:
        """What the price is worth."""
        ...

    @property
    def age_ns(self) -> int:
        """How old it is."""
        ...


class MovingPrices:
    """Shows what `read` returns: a live table on a terminal, a plain line every few seconds elsewhere."""

    def __init__(self, console: Console, read: Callable[[], Sequence[ShownPrice]], clock: Clock) -> None:
        self._console, self._read, self._clock = console, read, clock
        self._before: dict[str, str] = {}

    async def run(self) -> None:
        """Show prices until cancelled."""
        if not self._console.is_terminal:
            while True:
                self._console.out(plain_line(self._read()), highlight=False)
                await self._clock.sleep(PLAIN_SECONDS)
        with Live(self.table(), console=self._console, auto_refresh=False, redirect_stdout=True, redirect_stderr=True) as live:
            while True:
                await self._clock.sleep(TERMINAL_SECONDS)
                live.update(self.table(), refresh=True)

    def table(self) -> Table:
        """Return the table as of now, no longer than the terminal is high."""
        prices = self._read()
        rows_max = max(3, self._console.height - _ROWS_BESIDE)
        table = Table(title=None, caption=f"{len(prices)} assets, {sum(each.state == 'live' for each in prices)} live", expand=False)
        for name in ("asset", "price", "", "source", "state", "age"):
            table.add_column(name, justify="right" if name in {"price", "age"} else "left")
        for each in prices[:rows_max]:
            table.add_row(*self._row(each))
        return table

    def _row(self, each: ShownPrice) -> tuple[Text, ...]:
        price = each.price or "-"
        before = self._before.get(each.asset, price)
        self._before[each.asset] = price
        moved = Text("")
        if price != before and each.price is not None and before != "-":
            is_up = Decimal(price) > Decimal(before)
            moved = Text("▲", style="green") if is_up else Text("▼", style="red")
        style = _STYLES.get(each.state, "")
        shown = f"{price} {each.quote}" if each.price is not None else price
        return Text(each.asset, style="bold"), Text(shown), moved, Text(each.source), Text(each.state, style=style), Text(_aged(each))


def plain_line(prices: Sequence[ShownPrice]) -> str:
    """Return one line with the youngest prices, for a log."""
    with_price = sorted((each for each in prices if each.price is not None), key=lambda each: each.age_ns)
    if not with_price:
        return f"no price yet ({len(prices)} assets)"
    told = [f"{each.asset} {each.price} {each.quote} {each.source} {each.state} {_aged(each)}" for each in with_price[:_PLAIN_PRICES_MAX]]
    return " | ".join(told)


def _aged(each: ShownPrice) -> str:
    if each.price is None:
        return ""
    milliseconds = each.age_ns // 1_000_000
    return f"{milliseconds} ms" if milliseconds < 10_000 else f"{milliseconds // 1_000} s"

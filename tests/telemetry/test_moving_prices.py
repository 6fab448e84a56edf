import asyncio
import io
from dataclasses import dataclass

from rich.console import Console

from tests.support.clock import ManualClock
from trinity_beast.telemetry import MovingPrices
from trinity_beast.telemetry.moving_prices import plain_line


@dataclass
class Shown:
    asset: str
    price: str | None
    quote: str = "USD"
    source: str = "coinbase-ws"
    state: str = "live"
    age_ns: int = 22_000_000


def console(written: io.StringIO, *, is_terminal: bool) -> Console:
    return Console(file=written, force_terminal=is_terminal, width=100, height=12, color_system=None)


def test_a_plain_line_tells_the_youngest_first() -> None:
    line = plain_line([Shown("ETH", "3500.10", age_ns=30_000_000_000), Shown("BTC", "97123.45"), Shown("XRP", None)])
    assert line == "BTC 97123.45 USD coinbase-ws live 22 ms | ETH 3500.10 USD coinbase-ws live 30 s"


def test_a_plain_line_says_when_there_is_no_price() -> None:
    assert plain_line([Shown("XRP", None)]) == "no price yet (1 assets)"


def test_a_price_that_moved_shows_which_way_however_it_is_written() -> None:
    prices = [Shown("BTC", "9.9"), Shown("ETH", "10.0"), Shown("SOL", "1.50")]
    written = io.StringIO()
    screen = console(written, is_terminal=True)
    moving = MovingPrices(screen, lambda: prices, ManualClock())
    moving.table()
    prices[:] = [Shown("BTC", "10"), Shown("ETH", "9.99"), Shown("SOL", "1.5")]
    screen.print(moving.table())
    told = {line.split()[1]: line for line in written.getvalue().splitlines() if "USD" in line}
    assert "▲" in told["BTC"]
    assert "▼" in told["ETH"]
    assert "▲" not in told["SOL"]


def test_the_table_is_no_longer_than_the_terminal() -> None:
    written = io.StringIO()
    screen = console(written, is_terminal=True)
    screen.print(MovingPrices(screen, lambda: [Shown(f"A{n}", "1") for n in range(150)], ManualClock()).table())
    assert written.getvalue().count("\n") <= 12
    assert "150 assets, 150 live" in written.getvalue()


async def test_elsewhere_than_on_a_terminal_a_line_is_written_every_few_seconds() -> None:
    written, clock = io.StringIO(), ManualClock()
    moving = MovingPrices(console(written, is_terminal=False), lambda: [Shown("BTC", "1")], clock)
    running = asyncio.create_task(moving.run())
    await clock.wait_for_sleepers()
    await clock.let_pass(10)
    assert written.getvalue().count("BTC 1 USD") == 3
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_on_a_terminal_the_table_moves_and_is_left_in_order() -> None:
    written, clock = io.StringIO(), ManualClock()
    moving = MovingPrices(console(written, is_terminal=True), lambda: [Shown("BTC", "1")], clock)
    running = asyncio.create_task(moving.run())
    await clock.wait_for_sleepers()
    await clock.let_pass(1)
    assert written.getvalue().count("BTC") >= 2
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert written.getvalue().endswith("\x1b[?25h")

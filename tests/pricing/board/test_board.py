"""Every price at once, for operators: told free of charge, the refused ones too, and shown as it moves."""

import io
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tests.ops.gate import operator
from tests.support.admin import Admin
from tests.support.engines import SECOND_NS, START_NS, Node
from tests.web.serving import serving, small_app
from trinity_beast.compose import held_prices
from trinity_beast.pricing.board.routes import board_routes
from trinity_beast.pricing.board.shown import Board

BTC: Mapping[str, Any] = {
    "asset": "BTC", "price": "97123.45", "quote": "USD", "venue": "coinbase", "source": "coinbase-ws",
    "cache_tier": "memory", "state": "live", "exchange_time": "2026-11-20T07:40:00.101000Z", "age_ms": 22,
}  # fmt: skip


def page(board: Board, width: int, *prices: Mapping[str, Any], lines: int = 50) -> str:
    console = Console(width=width, file=io.StringIO(), force_terminal=False)
    console.print(board.shown({"prices": list(prices)}, width, lines))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_change_is_told_since_the_first_look() -> None:
    board = Board()
    page(board, 120, dict(BTC, price="100"))
    page(board, 120, dict(BTC, price="101"))

    assert "+1.50 %" in page(board, 120, dict(BTC, price="101.5"))
    assert "-50.00 %" in page(board, 120, dict(BTC, price="50"))


@pytest.mark.parametrize("width", [80, 120, 200])
def test_no_line_is_wider_than_the_terminal_and_nothing_is_cut(width: int) -> None:
    shown = page(Board(), width, BTC, dict(BTC, asset="XRP", price=None, state="unavailable", exchange_time=None, age_ms=None))

    assert all(len(line) <= width for line in shown.splitlines())
    assert "…" not in shown
    assert "1 live, 1 unavailable" in shown
    assert ("07:40:00.101" in shown) == (width >= 120)


def test_of_more_prices_than_there_are_lines_the_rest_is_counted() -> None:
    shown = page(Board(), 80, *[dict(BTC, asset=f"A{number}") for number in range(30)], lines=10)

    assert len(shown.splitlines()) <= 10
    assert "23 more below" in shown


@given(st.lists(st.sampled_from([None, "0", "0.000", "1", "abc", "9" * 40]), max_size=5))
def test_no_price_makes_it_fail(prices: list[str | None]) -> None:
    board = Board()
    for price in prices:
        page(board, 80, dict(BTC, price=price))


@pytest.fixture
async def admin() -> AsyncIterator[Admin]:
    node = Node()
    book = node.engine.book
    for asset, price, venue in (("BTC", "97123.45", "coinbase"), ("ETH", "3321.10", "kraken"), ("XRP", "", "")):
        book.announce(asset)
        if price:
            received_ns = 100 * SECOND_NS
            book.publish(
                asset, price, "USD", venue, f"{venue}-ws",
                exchange_time_ns=START_NS, received_monotonic_ns=received_ns, usable_for_ns=90 * SECOND_NS,
            )  # fmt: skip
    async with serving(small_app([board_routes(partial(held_prices, node.engine), operator=operator())])) as port:
        yield Admin(port)
    node.close()


@pytest.mark.parametrize(
    ("query", "assets"),
    [
        ("", ["BTC", "ETH", "XRP"]),
        ("?assets=eth,%20btc", ["BTC", "ETH"]),
        ("?venue=kraken", ["ETH"]),
        ("?state=unavailable", ["XRP"]),
        ("?assets=DOGE", []),
    ],
)
async def test_prices_are_told_by_asset_venue_and_state(admin: Admin, query: str, assets: list[str]) -> None:
    assert [each["asset"] for each in (await admin.get(f"/admin/prices{query}")).data["prices"]] == assets


async def test_a_price_is_told_with_its_digits_and_where_it_came_from_and_none_as_none(admin: Admin) -> None:
    told = {each["asset"]: each for each in (await admin.get("/admin/prices")).data["prices"]}

    assert (told["BTC"]["price"], told["BTC"]["venue"], told["BTC"]["source"]) == ("97123.45", "coinbase", "coinbase-ws")
    assert (told["XRP"]["price"], told["XRP"]["state"], told["XRP"]["age_ms"]) == (None, "unavailable", None)


async def test_strangers_see_no_price_here(admin: Admin) -> None:
    assert (await Admin(admin.port, None).get("/admin/prices")).code == "ADMIN_KEY_MISSING"
    assert (await admin.get("/admin/prices?assets=" + "A," * 5_000)).code in {"REQUEST_INVALID", "REQUEST_TOO_LARGE"}

"""A venue the code has never heard of, added by rows while a node runs: no line of code knows its name."""

import asyncio
import http.client
import json
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.readme.product import Product, running
from tests.support.processes import wait_until
from tests.support.shell import Ended, beast, done
from trinity_beast.clock import SystemClock
from trinity_beast.lab import Lab, open_market
from trinity_beast.lab.connection import Connection
from trinity_beast.lab.model import Listing, MarketTrade
from trinity_beast.lab.protocol import VenueProtocol
from trinity_beast.randomness import dice_from
from trinity_beast.words import Asset, Symbol, Venue

ADMIN_KEY = "an-admin-key-for-this-test-alone"
NEWCOMER = Venue("newcomer")
ASSETS = tuple(map(Asset, ("BTC", "ETH", "TEST")))


class Newcomer(VenueProtocol):
    """Speaks as no other venue of ours: markets joined by lower-case names, prices as numbers, microseconds."""

    venue: ClassVar[Venue] = NEWCOMER
    socket_path: ClassVar[str] = "/stream"

    @classmethod
    def listings(cls, assets: Sequence[Asset]) -> list[Listing]:
        return [
            Listing(NEWCOMER, Symbol(f"{asset.lower()}_usd"), asset, "USD", asset, "1", 5, 5, 5.0, pads_digits=True) for asset in assets
        ]

    def asked(self, connection: Connection, message: dict[str, Any]) -> None:
        connection.has_asked = True
        for market in message["join"]:
            connection.channels.setdefault("deals", {})[Symbol(market)] = None
        connection.put(json.dumps({"joined": message["join"]}))

    def publish(self, symbol: Symbol, trades: Sequence[MarketTrade]) -> None:
        for connection in self.desk.connections:
            if symbol in connection.channels.get("deals", {}):
                deals = ",".join(f'{{"at":{trade.time_ns // 1_000},"rate":{trade.price},"amount":7}}' for trade in trades)
                connection.put(f'{{"kind":"deals","market":"{symbol}","deals":[{deals}]}}', symbol=symbol)


def row(endpoint: str, **changes: object) -> dict[str, Any]:
    return {
        "venue": "newcomer",
        "display_name": "Newcomer",
        "enabled": False,
        "endpoint": endpoint,
        "frame_codec": "text",
        "subscribe_template": '{"join":[{SYMBOLS}]}',
        "unsubscribe_template": '{"join":[{SYMBOLS}]}',
        "symbol_template": '"{SYMBOL}"',
        "symbols_per_message": 10,
        "trade_match": {"kind": "deals"},
        "trade_rows_path": "deals[]",
        "price_path": "rate",
        "symbol_path": "^market",
        "time_path": "at",
        "time_format": "unix_us",
        "ping_interval_seconds": None,
        "ping_payload": None,
        "control_rules": {"ack": {"match": {"joined": "*"}, "symbol": "joined[]", "scope": "symbol"}},
        "rest_rules": {},
    } | changes


MAP = [{"asset": asset, "venue": "newcomer", "symbol": f"{asset.lower()}_usd", "prewarm": True} for asset in ASSETS]


class Shell:
    """`beast` beside a running node: it finds the node by the data folder."""

    def __init__(self, product: Product) -> None:
        self._product = product

    def run(self, *words: str, given: object = None) -> Ended:
        return beast(*words, "--data-dir", self._product.folder / "data", given=json.dumps(given), ADMIN_KEY=ADMIN_KEY)

    def data(self, *words: str, given: object = None) -> Any:
        return done(*words, "--data-dir", self._product.folder / "data", given=json.dumps(given), ADMIN_KEY=ADMIN_KEY)

    def price(self, query: str) -> dict[str, Any]:
        connection = http.client.HTTPConnection(self._product.ready["addresses"]["price"], timeout=10)
        try:
            connection.request("GET", f"/price?{query}", headers={"Authorization": f"Bearer {self._product.ready['demo_key']}"})
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
            return answer
        finally:
            connection.close()

    def awaited_price(self, query: str) -> dict[str, Any]:
        """The first price told; until then there is none, or the demo key is asked too often."""
        told: list[dict[str, Any]] = []

        def is_told() -> bool:
            told.append(self.price(query))
            return bool(told[-1]["success"])

        wait_until(is_told, "the first price", within_seconds=20)
        price: dict[str, Any] = told[-1]["data"]
        return price


@pytest.fixture
async def endpoint() -> AsyncIterator[str]:
    """Where the newcomer is played."""
    kinds: dict[Venue, type[VenueProtocol]] = {NEWCOMER: Newcomer}
    lab = Lab(open_market(kinds=kinds, assets=ASSETS), SystemClock(), dice_from("newcomer"), kinds=kinds)
    addresses = await lab.start()
    yield addresses[NEWCOMER].ws_url
    await lab.stop()


@pytest.fixture
async def shell(own_database_url: str, tmp_path: Path) -> AsyncIterator[Shell]:
    """A shell beside a node that plays its market."""
    with running(tmp_path, "--feeds", "lab", ADMIN_KEY=ADMIN_KEY, DATABASE_URL=own_database_url) as product:
        yield Shell(product)


async def test_a_venue_unknown_to_the_code_is_added_by_rows_while_the_node_runs(shell: Shell, endpoint: str) -> None:
    await asyncio.to_thread(add_and_watch, shell, endpoint)


def add_and_watch(shell: Shell, endpoint: str) -> None:
    saved = shell.data("feeds", "save", "-", "--as", "Ada", given=row(endpoint))
    assert (saved["version"], saved["tried"]) == (1, None)
    rows = shell.data("assets", "save", "-", given=MAP)
    assert [one["symbol"] for one in rows] == ["btc_usd", "eth_usd", "test_usd"]

    # One mistake at a time is refused with its evidence, and none of them reaches traffic.
    for change, blamed in (({"price_path": "amount"}, "row.price_path"), ({"time_format": "unix_ms"}, "row.time_format")):
        refused = shell.run("feeds", "save", "-", given=row(endpoint, enabled=True, **change))
        assert refused.returncode == 1
        assert f"- {blamed}: " in refused.stderr
        assert "newcomer" not in refused.stdout
    assert shell.price("asset=TEST")["code"] == "PRICE_UNAVAILABLE", "it is mapped, and nothing has told a price of it"

    switched = shell.data("feeds", "toggle", "newcomer", "--on", "--as", "Ada")
    assert switched["tried"]["passed"]
    told = shell.awaited_price("asset=TEST")
    assert (told["venue"], told["source"], told["quote"]) == ("newcomer", "lab:newcomer-ws", "USD")
    assert Decimal(told["price"]) > 0

    by_venue = {feed["venue"]: feed for feed in shell.data("feeds", "status")}
    assert {symbol["standing"] for symbol in by_venue["newcomer"]["symbols"]} == {"held"}
    assert by_venue["coinbase"]["counts"]["connections_opened"] == 1, "no other venue's connection was touched"

    shell.data("feeds", "rollback", "newcomer", "--to", "1")
    wait_until(lambda: shell.data("feeds", "status", "newcomer")["state"] == "off", "the newcomer's end", within_seconds=20)
    history = shell.data("feeds", "history", "newcomer")
    assert [(one["version"], one["changed_by"].split()[0]) for one in history] == [(3, "operator"), (2, "Ada"), (1, "Ada")]

"""The whole program: what is changed in the tables is in force without a restart."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.readme.product import Product, running
from tests.support.processes import wait_until


@pytest.fixture
def product(tmp_path: Path, own_database_url: str) -> Iterator[Product]:
    config = tmp_path / "config.toml"
    config.write_text(f'DATABASE_URL = "{own_database_url}"\n', encoding="utf-8")
    with running(tmp_path, "--feeds", "lab", "--config", str(config)) as product:
        yield product


def ask(product: Product, path: str) -> dict[str, Any]:
    """What an HTTP GET with the demo key is answered, whatever its status."""
    address = f"http://{product.ready['addresses']['price']}{path}"
    request = urllib.request.Request(address, headers={"X-API-Key": product.ready["demo_key"]})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - The node's own address.
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        return dict(json.load(error))


def coinbase(product: Product) -> dict[str, Any]:
    """Coinbase as `/exchanges`, which is free, tells it."""
    return next(each for each in ask(product, "/exchanges")["data"]["exchanges"] if each["venue"] == "coinbase")


def is_answered(product: Product, asset: str, code: str) -> bool:
    """Whether a price is answered with this code. The demo key may ask three times a second; to be turned away is no answer."""
    return bool(ask(product, f"/price?asset={asset}")["code"] == code)


@pytest.mark.slow
def test_assets_and_venues_change_while_the_program_runs(product: Product, own_database_url: str) -> None:
    wait_until(lambda: is_answered(product, "BTC", "OK"), "a price of BTC")
    wait_until(lambda: is_answered(product, "BITCOIN", "ASSET_UNKNOWN"), "BITCOIN being unknown")
    with psycopg.connect(own_database_url, autocommit=True) as database:
        database.execute("INSERT INTO exchange_asset_map (asset, venue, symbol, quote) VALUES ('BITCOIN', 'coinbase', 'BTC-USD', 'USD')")
        wait_until(lambda: is_answered(product, "BITCOIN", "OK"), "a price of the new asset")
        database.execute("UPDATE exchange_feeds SET enabled = false WHERE venue = 'coinbase'")
        wait_until(lambda: coinbase(product)["state"] == "off", "the feed being off")
        database.execute("UPDATE exchange_feeds SET price_path = 'a..b' WHERE venue = 'coinbase'")
        database.execute("DELETE FROM exchange_asset_map WHERE asset = 'BITCOIN'")
        wait_until(lambda: "BITCOIN" not in coinbase(product)["assets"], "the asset being gone")
        assert "price_path, character 3" in product.log()
        database.execute("UPDATE exchange_feeds SET price_path = 'price', enabled = true WHERE venue = 'coinbase'")
        wait_until(lambda: coinbase(product)["state"] == "live", "the feed being live again")

"""Published clients of other price APIs, pointed at a node of ours by base URL alone.

Their paths are not ours yet. A base URL that ends in our own path and an unknown parameter takes their path as that
parameter's value, so that what they meet is our answer to a known key.
"""

from collections.abc import Callable
from typing import Any

import coinmarketcap
import httpx
import pycoingecko
from coingecko_sdk import Coingecko


def through(url: str) -> str:
    """Return a base URL under which any path of theirs is a question for all prices."""
    return f"{url}/prices?their_path="


def ask_pycoingecko(url: str, secret: str) -> Any:
    api = pycoingecko.CoinGeckoAPI(demo_api_key=secret)
    api.api_base_url = url
    api.session.headers["X-API-Key"] = secret
    # It retries over TLS only, which is how it is used; here we are plain, and want it to retry all the same.
    api.session.mount("http://", api.session.get_adapter("https://example.org"))
    return api.get_price("bitcoin", "usd")


def ask_coingecko(url: str, secret: str) -> Any:
    with Coingecko(pro_api_key=secret, base_url=url, default_headers={"X-API-Key": secret}) as client:
        return client.simple.price.get(vs_currencies="usd", ids="bitcoin")


def ask_coinmarketcap(url: str, secret: str) -> Any:
    def sign(request: httpx.Request) -> None:
        request.headers["X-API-Key"] = secret

    with coinmarketcap.CoinMarketCap(secret, base_url=url, event_hooks={"request": [sign]}) as client:
        return client.cryptocurrency.simple_price(id="1")


Ask = Callable[[str, str], Any]
CLIENTS = {"pycoingecko": ask_pycoingecko, "coingecko_sdk": ask_coingecko, "coinmarketcap-sdk": ask_coinmarketcap}

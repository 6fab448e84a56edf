"""Published clients of other price APIs, pointed at our node by base URL alone: none of them hangs on a refusal of ours.

Their paths are not ours yet. A base URL that ends in our own path and an unknown parameter takes their path as that
parameter's value, so that what they meet is our answer to a known key. Whatever they sleep is slept. What coinmarketcap-sdk
makes of a problem by RFC 9457 is a TypeError, for its own errors have an object where that has a number; answers of its own
shape come with its own paths.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import coinmarketcap
import httpx
import pycoingecko
import pytest
from coingecko_sdk import Coingecko, RateLimitError

from tests.callers.node import SECRET, PriceNode, wrong

WITHIN_SECONDS = 30.0


def through(node: PriceNode) -> str:
    """Return a base URL under which any path of theirs is a question for all prices."""
    return f"{node.url}/prices?their_path="


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
each_client = pytest.mark.parametrize("ask", CLIENTS.values(), ids=CLIENTS.keys())


async def refused(ask: Ask, url: str, secret: str = SECRET) -> Exception:
    """Have the client ask, beside the node, and return what it raised."""
    try:
        answer = await asyncio.wait_for(asyncio.to_thread(ask, url, secret), WITHIN_SECONDS)
    except TimeoutError as error:
        raise AssertionError(f"no answer within {WITHIN_SECONDS} s") from error
    except Exception as error:
        return error
    raise AssertionError(f"it was answered {answer!r}")


def asked(node: PriceNode) -> int:
    return node.engine.counters.read()["quota_refused"] + node.engine.counters.read()["rate_limited"]


@each_client
async def test_at_a_spent_month_a_client_gives_up_at_once_or_after_what_it_waits_by_itself(node: PriceNode, ask: Ask) -> None:
    node.issue(quota=100, quota_left=0)
    await refused(ask, through(node))
    # coinmarketcap-sdk heeds nothing but Retry-After; where there is none it tries twice more, after 2.25 s together at most.
    assert asked(node) == (3 if ask is ask_coinmarketcap else 1)


@each_client
async def test_past_its_burst_a_client_comes_back_when_it_was_told_to(node: PriceNode, ask: Ask) -> None:
    node.issue(rate_per_second=1.0, burst=1)
    assert (await node.ask("/price?asset=BTC")).status == 200
    asking = asyncio.create_task(asyncio.to_thread(ask, through(node), SECRET))
    async with asyncio.timeout(WITHIN_SECONDS):
        while not asked(node):  # noqa: ASYNC110 - It has no event; the time-out bounds it.
            await asyncio.sleep(0)
    node.advance(1)  # The client is told one second, and sleeps it.
    await asyncio.wait({asking}, timeout=WITHIN_SECONDS)
    assert asking.done()
    asking.exception()  # Our prices are not shaped as theirs: what it makes of them is no matter here.
    assert asked(node) == 1, "one refusal, one wait, one answer"


@each_client
async def test_a_path_that_is_not_there_keeps_no_client_waiting_with_a_spent_month(node: PriceNode, ask: Ask) -> None:
    node.issue(quota=100, quota_left=0)
    await refused(ask, f"{node.url}/")
    assert node.engine.counters.read()["handed_over"] == 1


async def test_what_our_refusal_says_reaches_whoever_catches_it(node: PriceNode) -> None:
    node.issue(quota=100, quota_left=0)
    error = await refused(ask_coingecko, through(node))
    assert isinstance(error, RateLimitError)
    assert error.response.headers["x-should-retry"] == "false"
    assert error.response.json()["code"] == "QUOTA_SPENT"
    error = await refused(ask_pycoingecko, through(node))
    assert isinstance(error, ValueError)
    assert error.args[0]["code"] == "QUOTA_SPENT"


@each_client
async def test_a_wrong_key_is_given_up_at_once(node: PriceNode, ask: Ask) -> None:
    await refused(ask, through(node), wrong(1))
    assert node.engine.counters.read()["keys_refused"] == 1

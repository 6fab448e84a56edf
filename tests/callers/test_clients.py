"""Published clients of other price APIs, pointed at our node by base URL alone: none of them hangs on a refusal of ours.

Their paths are not ours yet. A base URL that ends in our own path and an unknown parameter takes their path as that
parameter's value, so that what they meet is our answer to a known key. How long they would sleep is recorded, not slept:
it is the only thing of theirs that is replaced. What coinmarketcap-sdk makes of a problem by RFC 9457 is a TypeError, for
its own errors have an object where that has a number; the answers of its own shape come with its own paths.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import coinmarketcap
import httpx
import pycoingecko
import pytest
from coingecko_sdk import Coingecko, RateLimitError

from tests.callers.node import SECRET, PriceNode, wrong

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

WITHIN_SECONDS = 3.0


class Sleeps:
    """How long the client slept, had it been let."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.meanwhile: Callable[[float], None] = lambda _: None

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self.meanwhile(seconds)

    @property
    def total(self) -> float:
        return sum(self.seconds)


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> Sleeps:
    recorded = Sleeps()
    monkeypatch.setattr(time, "sleep", recorded)
    return recorded


def through(node: PriceNode) -> str:
    """Return a base URL under which any path of theirs is a question for all prices."""
    return f"{node.url}/prices?their_path="


def ask_pycoingecko(node: PriceNode, secret: str) -> Any:
    api = pycoingecko.CoinGeckoAPI(demo_api_key=secret)
    api.api_base_url = through(node)
    api.session.headers["X-API-Key"] = secret
    # It retries over TLS only, which is how it is used; here we are plain, and want it to retry all the same.
    api.session.mount("http://", api.session.get_adapter("https://example.org"))
    return api.get_price("bitcoin", "usd")


def ask_coingecko(node: PriceNode, secret: str) -> Any:
    with Coingecko(pro_api_key=secret, base_url=through(node), default_headers={"X-API-Key": secret}) as client:
        return client.simple.price.get(vs_currencies="usd", ids="bitcoin")


def ask_coinmarketcap(node: PriceNode, secret: str) -> Any:
    def sign(request: httpx.Request) -> None:
        request.headers["X-API-Key"] = secret

    with coinmarketcap.CoinMarketCap(secret, base_url=through(node), event_hooks={"request": [sign]}) as client:
        return client.cryptocurrency.simple_price(id="1")


Ask = Callable[[PriceNode, str], Any]
CLIENTS = {"pycoingecko": ask_pycoingecko, "coingecko_sdk": ask_coingecko, "coinmarketcap-sdk": ask_coinmarketcap}
each_client = pytest.mark.parametrize("ask", CLIENTS.values(), ids=CLIENTS.keys())


async def refused(ask: Ask, node: PriceNode, secret: str = SECRET) -> Exception:
    """Have the client ask, beside the node, and return what it raised."""
    try:
        answer = await asyncio.wait_for(asyncio.to_thread(ask, node, secret), 30)
    except Exception as error:
        return error
    raise AssertionError(f"it was answered {answer!r}")


def asked(node: PriceNode) -> int:
    return node.engine.counters.read()["quota_refused"] + node.engine.counters.read()["rate_limited"]


@each_client
async def test_at_a_spent_month_a_client_returns_within_three_seconds(node: PriceNode, sleeps: Sleeps, ask: Ask) -> None:
    node.issue(quota=100, quota_left=0)
    await refused(ask, node)
    assert 1 <= asked(node) <= 3
    assert sleeps.total < WITHIN_SECONDS
    if ask is not ask_coinmarketcap:  # It heeds nothing but Retry-After, and tries again by itself where there is none.
        assert (asked(node), sleeps.seconds) == (1, [])


@each_client
async def test_past_its_burst_a_client_waits_no_longer_than_it_must(node: PriceNode, sleeps: Sleeps, ask: Ask) -> None:
    node.issue(rate_per_second=1.0, burst=1)
    node.engine.keys.forget(node.engine.keys.digest_of(SECRET))
    assert (await node.ask("/price?asset=BTC")).status == 200
    sleeps.meanwhile = node.advance
    try:
        await asyncio.wait_for(asyncio.to_thread(ask, node, SECRET), 30)
    except (AssertionError, TimeoutError):
        raise
    except Exception as error:  # Our prices are not shaped as theirs: what it makes of them is no matter here.
        assert "429" not in str(error)
    assert asked(node) == 1, "one refusal, one wait, one answer"
    assert sleeps.total <= 2.0


@each_client
async def test_a_path_that_is_not_there_keeps_no_client_waiting_with_a_spent_month(
    node: PriceNode, sleeps: Sleeps, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.issue(quota=100, quota_left=0)
    handed = node.engine.counters.read()["handed_over"]
    monkeypatch.setattr("tests.callers.test_clients.through", lambda node: f"{node.url}/")
    await refused(ask, node)
    assert (node.engine.counters.read()["handed_over"] - handed, sleeps.seconds) == (1, [])


async def test_what_our_refusal_says_reaches_whoever_catches_it(node: PriceNode, sleeps: Sleeps) -> None:
    node.issue(quota=100, quota_left=0)
    error = await refused(ask_coingecko, node)
    assert isinstance(error, RateLimitError)
    assert error.response.headers["x-should-retry"] == "false"
    assert error.response.json()["code"] == "QUOTA_SPENT"
    error = await refused(ask_pycoingecko, node)
    assert isinstance(error, ValueError)
    assert error.args[0]["code"] == "QUOTA_SPENT"


@each_client
async def test_a_wrong_key_is_given_up_at_once(node: PriceNode, sleeps: Sleeps, ask: Ask) -> None:
    await refused(ask, node, wrong(1))
    assert (node.engine.counters.read()["keys_refused"], sleeps.seconds) == (1, [])

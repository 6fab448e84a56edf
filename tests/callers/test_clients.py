"""None of the published clients of other price APIs hangs on a refusal of ours. Whatever they sleep is slept.

What coinmarketcap-sdk makes of a problem by RFC 9457 is a TypeError, for its own errors have an object where that has a
number; answers of its own shape come with its own paths. `bench clients` tells how long each takes.
"""

import asyncio

import pytest
from coingecko_sdk import RateLimitError

from tests.callers.clients import CLIENTS, Ask, ask_coingecko, ask_coinmarketcap, ask_pycoingecko, through
from tests.callers.node import SECRET, PriceNode, wrong

WITHIN_SECONDS = 30.0

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
    await refused(ask, through(node.url))
    # coinmarketcap-sdk heeds nothing but Retry-After; where there is none it tries twice more, after 2.25 s together at most.
    assert asked(node) == (3 if ask is ask_coinmarketcap else 1)


@each_client
async def test_past_its_burst_a_client_comes_back_when_it_was_told_to(node: PriceNode, ask: Ask) -> None:
    node.issue(rate_per_second=1.0, burst=1)
    assert (await node.ask("/price?asset=BTC")).status == 200
    asking = asyncio.create_task(asyncio.to_thread(ask, through(node.url), SECRET))
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
    error = await refused(ask_coingecko, through(node.url))
    assert isinstance(error, RateLimitError)
    assert error.response.headers["x-should-retry"] == "false"
    assert error.response.json()["code"] == "QUOTA_SPENT"
    error = await refused(ask_pycoingecko, through(node.url))
    assert isinstance(error, ValueError)
    assert error.args[0]["code"] == "QUOTA_SPENT"


@each_client
async def test_a_wrong_key_is_given_up_at_once(node: PriceNode, ask: Ask) -> None:
    await refused(ask, through(node.url), wrong(1))
    assert node.engine.counters.read()["keys_refused"] == 1

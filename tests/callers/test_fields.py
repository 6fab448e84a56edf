"""What every answer tells of the caller's limits: always there, always readable, and true to the second."""

import asyncio

import pytest

from tests.callers.fields import limits_of
from tests.callers.node import HELD, REVOKED, PriceNode, price_node, wrong

MONTH_ENDS_IN = 10 * 86_400 + 16 * 3_600 + 20 * 60
"""From the clock's start to the first of December."""

EVERY_ANSWER = [
    # name, path, method, status
    ("a price", "/price?asset=BTC", "GET", 200),
    ("a price of Python's", "/price?asset=BTC&odd=1", "GET", 200),
    ("prices", "/prices?assets=BTC,ETH", "GET", 200),
    ("a head", "/price?asset=BTC", "HEAD", 200),
    ("its own limits", "/key", "GET", 200),
    ("an unknown asset", "/price?asset=NOPE", "GET", 404),
    ("an unknown address", "/nowhere", "GET", 404),
    ("an unknown address with a head", "/nowhere", "HEAD", 404),
    ("a wrong method in the engine", "/price?asset=BTC", "DELETE", 405),
    ("a wrong method in Python", "/key", "DELETE", 405),
    ("a price never printed", "/price?asset=XRP", "GET", 503),
    ("a question without its asset", "/price", "GET", 400),
]


@pytest.mark.parametrize(("path", "method", "status"), [case[1:] for case in EVERY_ANSWER], ids=[case[0] for case in EVERY_ANSWER])
async def test_a_key_is_told_where_it_stands_whatever_it_asks(node: PriceNode, path: str, method: str, status: int) -> None:
    node.issue(burst=50, rate_per_second=25.0, quota=1_000, quota_left=990)
    assert (await node.ask("/price?asset=BTC")).status == 200  # From here on the node knows it.
    heard = await node.ask(path, method=method)
    assert heard.status == status
    told = limits_of(heard)
    assert (told.quota, told.window) == ({"burst": 50, "month": 1_000}, {"burst": 2, "month": 30 * 86_400})
    assert (48 <= told.left["burst"] <= 50, 988 <= told.left["month"] <= 990) == (True, True)
    assert told.more_in["month"] == MONTH_ENDS_IN


@pytest.mark.parametrize(("path", "method"), [case[1:3] for case in EVERY_ANSWER], ids=[case[0] for case in EVERY_ANSWER])
@pytest.mark.parametrize("secret", [None, wrong(1), "mistyped", REVOKED], ids=["no", "wrong", "mistyped", "revoked"])
async def test_whoever_has_no_good_key_is_told_so_in_the_same_fields(node: PriceNode, secret: str | None, path: str, method: str) -> None:
    heard = await node.ask(path, secret=secret, method=method)
    assert heard.status in {401, 404, 405, 400}
    assert limits_of(heard).quota == {"key": 0}


@pytest.mark.parametrize("path", ["/price?asset=BTC", "/prices", "/key", "/nowhere"])
async def test_a_browser_that_asks_beforehand_is_told_too(node: PriceNode, path: str) -> None:
    heard = await node.ask(path, "Origin: https://example.org", "Access-Control-Request-Method: GET", secret=None, method="OPTIONS")
    assert heard.status == 204
    limits_of(heard)
    allowed = {name.strip().lower() for name in heard.headers["access-control-allow-headers"].split(",")}
    assert allowed >= {"authorization", "x-api-key", "if-none-match", "accept-language", "x-request-id", "content-type"}
    assert "GET" in heard.headers["access-control-allow-methods"]


async def test_what_has_not_changed_is_told_with_the_limits_as_they_are(node: PriceNode) -> None:
    node.issue(burst=50, rate_per_second=25.0, quota=1_000, quota_left=990)
    first = await node.ask("/price?asset=BTC")
    again = await node.ask("/price?asset=BTC", f"If-None-Match: {first.headers['etag']}")
    assert (again.status, again.body) == (304, b"")
    assert limits_of(again).left == {"burst": 48, "month": 989}, "a request that brought nothing new costs nothing of the month"


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [(b"GET /price HTTP/1.1\r\n\r\n", 400), (b"GET /price?asset=BTC HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20_000 + b"\r\n\r\n", 431)],
)
async def test_what_cannot_be_read_is_answered_with_the_fields_of_nobody(node: PriceNode, request_bytes: bytes, status: int) -> None:
    heard = await node.tell(request_bytes)
    assert (heard.status, limits_of(heard).quota) == (status, {"key": 0})


async def test_a_node_with_too_much_to_do_tells_the_limits_all_the_same() -> None:
    async with price_node(handed_max=1, question_seconds=30.0) as node:
        node.issue(burst=50)
        assert (await node.ask("/price?asset=BTC")).status == 200
        line = await asyncio.open_connection("127.0.0.1", node.port)
        line[1].write(b"POST /prices HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")  # It never sends the rest.
        while node.engine.counters.read()["handed_open"] == 0:  # noqa: ASYNC110 - It has no event; pytest's time-out bounds it.
            await asyncio.sleep(0)
        heard = await node.ask("/nowhere")
        assert (heard.status, heard.headers["retry-after"], heard.headers["connection"]) == (503, "1", "close")
        assert limits_of(heard).quota["burst"] == 50
        line[1].close()
        await line[1].wait_closed()


async def test_a_question_nobody_answers_in_time_is_told_with_the_fields() -> None:
    async with price_node(question_seconds=5.0) as node:
        asked = asyncio.create_task(node.ask("/price?asset=BTC", secret=HELD))
        while node.engine.counters.read()["questions_asked"] == 0:  # noqa: ASYNC110 - It has no event; pytest's time-out bounds it.
            await asyncio.sleep(0)
        node.advance(5)
        heard = await asked
        assert (heard.status, limits_of(heard).quota, heard.headers["retry-after"]) == (503, {"key": 0}, "1")


@pytest.mark.parametrize("path", ["/price?asset=BTC", "/price?asset=BTC&odd=1", "/prices?assets=ETH,BTC"], ids=["engine", "python", "many"])
@pytest.mark.parametrize("which", ["burst", "month"])
async def test_so_many_requests_succeed_and_the_next_one_fails_and_each_counts_the_fields_down_by_one(path: str, which: str) -> None:
    quota = 25
    async with price_node() as node:
        if which == "burst":
            node.issue(burst=quota, rate_per_second=0.5)
        else:
            node.issue(quota=quota, quota_left=quota)
        heard = [await node.ask(path) for _ in range(quota + 1)]
        assert [each.status for each in heard] == [200] * quota + [429]
        assert [limits_of(each).left[which] for each in heard] == [*range(quota - 1, -1, -1), 0]
        assert limits_of(heard[0]).quota[which] == quota
        if which == "burst":
            assert heard[-1].headers["retry-after"] == "2"
            assert "x-should-retry" not in heard[-1].headers
        else:
            assert heard[-1].headers["x-should-retry"] == "false"
            assert "retry-after" not in heard[-1].headers


@pytest.mark.parametrize(("rate", "burst"), [(0.3, 4), (1.7, 5), (3.0, 6), (0.04, 2)])
@pytest.mark.parametrize("path", ["/price?asset=BTC", "/price?asset=BTC&odd=1"], ids=["engine", "python"])
async def test_there_is_more_within_a_second_of_when_it_is_said(path: str, rate: float, burst: int) -> None:
    async with price_node() as node:
        node.issue(rate_per_second=rate, burst=burst)
        for passed in (0.0, 0.21, 0.5, 0.013):
            node.advance(passed)
            told = limits_of(await node.ask(path))
            wait, left = told.more_in["burst"], told.left["burst"]
            assert (wait > 0) == (left < burst)
            node.advance(max(wait - 1, 0))
            assert await _left(node) == left, "there is no more a second before"
            node.advance(min(wait, 1))
            assert await _left(node) > left or left == burst, "and there is at the moment told"


async def _left(node: PriceNode) -> int:
    return limits_of(await node.ask("/key")).left["burst"]


async def test_a_month_begins_when_it_was_said(node: PriceNode) -> None:
    node.issue(quota=3, quota_left=0)
    heard = await node.ask("/price?asset=BTC")
    wait = limits_of(heard).more_in["month"]
    assert (heard.status, wait) == (429, MONTH_ENDS_IN)
    node.advance(wait - 1)
    assert limits_of(await node.ask("/key")).left["month"] == 0
    node.advance(1)
    assert limits_of(await node.ask("/key")).left["month"] == 3

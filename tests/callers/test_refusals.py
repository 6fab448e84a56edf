"""Every refusal as the contract has it: code, status, headers, the envelope and the problem in one; and over UDP within its bytes."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.callers.fields import limits_of
from tests.callers.node import EXPIRED, HELD, REVOKED, SECRET, PriceNode, price_node, wrong
from tests.web.caller import Heard
from trinity_beast import content

ENVELOPE = ["success", "service", "code", "message", "data", "errors", "request_id", "timestamp", "latency_us", "node", "region", "version"]
PROBLEM = ["type", "title", "status", "detail"]
PRICE = "/price?asset=BTC"
URL_ONLY = f"/price?asset=BTC&key={SECRET}"
STALE_AFTER_SECONDS = 91


async def rate_limited(node: PriceNode, path: str) -> Heard:
    node.issue(burst=1, rate_per_second=0.1)
    await node.ask(path)
    return await node.ask(path)


async def quota_spent(node: PriceNode, path: str) -> Heard:
    node.issue(quota=5, quota_left=0)
    return await node.ask(path)


async def stale(node: PriceNode, path: str) -> Heard:
    node.advance(STALE_AFTER_SECONDS)
    return await node.ask(path)


async def away(node: PriceNode, path: str) -> Heard:
    node.registry.is_away = True
    return await node.ask(path, secret=wrong(1))


async def tries_spent(node: PriceNode, path: str) -> Heard:
    node.engine.tries.set_bounds(most=1, window_seconds=60, pause_seconds=20)
    await node.ask(path, secret=wrong(1))
    return await node.ask(path, secret=wrong(2))


def plain(secret: str | None, *, method: str = "GET") -> Callable[[PriceNode, str], Awaitable[Heard]]:
    async def asked(node: PriceNode, path: str) -> Heard:
        return await node.ask(path, secret=secret, method=method)

    return asked


async def unreadable(node: PriceNode, _: str) -> Heard:
    return await node.tell(b"GET /price HTTP/1.1\r\n\r\n")


async def too_large(node: PriceNode, _: str) -> Heard:
    return await node.tell(b"GET /price HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20_000 + b"\r\n\r\n")


ODD = "/price?asset=BTC&odd=1"
"""Python answers this: the engine leaves whatever is not plainly its own."""

CASES: list[tuple[str, int, Callable[[PriceNode, str], Awaitable[Heard]], str]] = [
    ("KEY_MISSING", 401, plain(None), PRICE),
    ("KEY_MISSING", 401, plain(None), ODD),
    ("KEY_MISSING", 401, plain(None), "/key"),
    ("KEY_INVALID", 401, plain(wrong(1)), PRICE),
    ("KEY_INVALID", 401, plain(wrong(1)), ODD),
    ("KEY_INVALID", 401, plain("mistyped"), PRICE),
    ("KEY_INVALID", 401, plain("mistyped"), "/key"),
    ("KEY_REVOKED", 401, plain(REVOKED), PRICE),
    ("KEY_REVOKED", 401, plain(REVOKED), ODD),
    ("KEY_REVOKED", 401, plain(REVOKED), "/key"),
    ("KEY_EXPIRED", 401, plain(EXPIRED), PRICE),
    ("KEY_EXPIRED", 401, plain(EXPIRED), ODD),
    ("TIER_FORBIDS", 403, plain(None), URL_ONLY),
    ("TIER_FORBIDS", 403, plain(None), f"{URL_ONLY}&odd=1"),
    ("ASSET_UNKNOWN", 404, plain(SECRET), "/price?asset=NOPE"),
    ("PRICE_STALE", 503, stale, PRICE),
    ("PRICE_STALE", 503, stale, ODD),
    ("PRICE_UNAVAILABLE", 503, plain(SECRET), "/price?asset=XRP"),
    ("PRICE_UNAVAILABLE", 503, plain(SECRET), "/price?asset=XRP&odd=1"),
    ("RATE_LIMITED", 429, rate_limited, PRICE),
    ("RATE_LIMITED", 429, rate_limited, ODD),
    ("QUOTA_SPENT", 429, quota_spent, PRICE),
    ("QUOTA_SPENT", 429, quota_spent, ODD),
    ("KEY_TRIES_SPENT", 429, tries_spent, PRICE),
    ("KEY_TRIES_SPENT", 429, tries_spent, ODD),
    ("KEY_TRIES_SPENT", 429, tries_spent, "/key"),
    ("REQUEST_INVALID", 400, unreadable, ""),
    ("REQUEST_INVALID", 400, plain(SECRET), "/price"),
    ("REQUEST_TOO_LARGE", 431, too_large, ""),
    ("METHOD_NOT_ALLOWED", 405, plain(SECRET, method="DELETE"), PRICE),
    ("METHOD_NOT_ALLOWED", 405, plain(SECRET, method="DELETE"), "/key"),
    ("NOT_FOUND", 404, plain(SECRET), "/nowhere"),
    ("DEPENDENCY_AWAY", 503, away, PRICE),
    ("DEPENDENCY_AWAY", 503, away, ODD),
    ("DEPENDENCY_AWAY", 503, away, "/key"),
]

RETRY_AFTER = {"RATE_LIMITED": "10", "KEY_TRIES_SPENT": "20", "DEPENDENCY_AWAY": "1", "OVERLOADED": "1"}
CHALLENGED = {"KEY_MISSING", "KEY_INVALID", "KEY_REVOKED", "KEY_EXPIRED"}


@pytest.mark.parametrize(("code", "status", "ask", "path"), CASES, ids=[f"{code} {path}".strip() for code, _, _, path in CASES])
async def test_a_refusal_is_as_the_contract_has_it(
    node: PriceNode, code: str, status: int, ask: Callable[[PriceNode, str], Awaitable[Heard]], path: str
) -> None:
    heard = await ask(node, path)
    told = json.loads(heard.body)
    assert (heard.status, told["code"], told["status"]) == (status, code, status)
    assert list(told) == ENVELOPE + PROBLEM
    assert (told["success"], told["data"], told["service"], told["version"]) == (False, None, "LPO", "1")
    assert told["message"] == told["detail"]
    assert told["errors"][0]["message"] == told["message"] or told["errors"][0]["location"].startswith("query.")
    assert (told["title"], told["type"]) == (content.told(code).title, f"/problems/{code}")
    for error in told["errors"]:
        assert list(error)[:4] == ["location", "code", "message", "fix"]
        assert all(error[part] for part in ("location", "code", "message", "fix"))
    assert "{" not in heard.body.decode()[1:].replace('[{"', "")
    assert heard.headers["x-request-id"] == told["request_id"]
    check_headers(heard, code)


def check_headers(heard: Heard, code: str) -> None:
    limits_of(heard)
    headers = heard.headers
    assert headers["content-type"] == "application/problem+json"
    assert (headers["cache-control"], headers["vary"], headers["content-language"]) == ("no-store", "Accept-Language", "en")
    assert headers.get("retry-after") == RETRY_AFTER.get(code)
    assert headers.get("x-should-retry") == ("false" if code == "QUOTA_SPENT" else None)
    assert ("www-authenticate" in headers) == (code in CHALLENGED)
    assert ("allow" in headers) == (code == "METHOD_NOT_ALLOWED")
    assert int(headers["content-length"]) == len(heard.body)


@pytest.mark.parametrize("code", sorted({case[0] for case in CASES}))
async def test_what_a_refusal_names_as_its_type_is_a_page(node: PriceNode, code: str) -> None:
    heard = await node.ask(f"/problems/{code}", secret=None)
    assert (heard.status, code in heard.body.decode()) == (200, True)


async def test_a_node_with_too_much_to_do_refuses_by_the_contract_too() -> None:
    async with price_node(questions_max=1, question_seconds=60.0) as node:
        waiting = asyncio.create_task(node.ask(PRICE, secret=HELD))
        while node.engine.counters.read()["questions_asked"] == 0:  # noqa: ASYNC110 - It has no event; pytest's time-out bounds it.
            await asyncio.sleep(0)
        heard = await node.ask(PRICE, secret=wrong(5))
        assert (heard.status, json.loads(heard.body)["code"]) == (503, "OVERLOADED")
        check_headers(heard, "OVERLOADED")
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


async def told(node: PriceNode, question: dict[str, Any], length: int) -> tuple[str, int]:
    answer = await node.datagram(question, length=length)
    assert list(json.loads(answer))[:2] == ["success", "code"]
    return str(json.loads(answer)["code"]), len(answer)


@pytest.mark.parametrize("length", [90, 130, 400, 1_200])
async def test_a_wrong_key_is_answered_over_udp_with_no_more_bytes_than_it_sent(node: PriceNode, length: int) -> None:
    node.engine.tries.set_bounds(most=4, window_seconds=60, pause_seconds=20)
    for secret, code in (
        (None, "KEY_MISSING"), ("mistyped", "KEY_INVALID"), (wrong(1), "KEY_INVALID"), (REVOKED, "KEY_REVOKED"), (EXPIRED, "KEY_EXPIRED"),
        (wrong(2), "KEY_TRIES_SPENT"), (REVOKED, "KEY_TRIES_SPENT"),
    ):  # fmt: skip
        question = {"asset": "BTC", "id": "7"} | ({} if secret is None else {"key": secret})
        heard, answered = await told(node, question, length)
        assert (heard, answered <= length) == (code, True)


@pytest.mark.parametrize("length", [100, 200, 400])
async def test_a_good_key_is_refused_over_udp_within_three_times_its_bytes(node: PriceNode, length: int) -> None:
    node.issue(burst=4, rate_per_second=0.1, quota=1, quota_left=1)
    for asset, code in (("NOPE", "ASSET_UNKNOWN"), ("XRP", "PRICE_UNAVAILABLE"), ("BTC", "OK"), ("BTC", "QUOTA_SPENT")):
        heard, answered = await told(node, {"key": SECRET, "asset": asset}, length)
        assert (heard, answered <= 3 * length) == (code, True)
    node.issue(burst=1, rate_per_second=0.1)
    node.engine.keys.forget(node.engine.keys.digest_of(SECRET))
    assert [(await told(node, {"key": SECRET, "asset": "BTC"}, length))[0] for _ in range(2)] == ["OK", "RATE_LIMITED"]
    node.advance(STALE_AFTER_SECONDS)
    assert (await told(node, {"key": SECRET, "asset": "BTC"}, length))[0] == "PRICE_STALE"


async def test_a_key_that_may_not_use_udp_is_told_so(node: PriceNode) -> None:
    node.issue(udp=False)
    assert (await told(node, {"key": SECRET, "asset": "BTC"}, 300))[0] == "TIER_FORBIDS"

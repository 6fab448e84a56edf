"""`GET /key`: free, uncounted, and exact to the last request."""

import json
from typing import Any

import pytest

from tests.callers.fields import limits_of
from tests.callers.node import SECRET, PriceNode, price_node
from tests.web.caller import Line, get

ONE = get("/price?asset=BTC", f"Authorization: Bearer {SECRET}")


async def own(node: PriceNode) -> dict[str, Any]:
    heard = await node.ask("/key")
    assert heard.status == 200
    told: dict[str, Any] = json.loads(heard.body)["data"]
    header = limits_of(heard)
    assert {window["name"]: window["left"] for window in told["windows"]} == header.left, "the body says what the header says"
    assert {window["name"]: window["limit"] for window in told["windows"]} == header.quota
    assert {window["name"]: window["more_in_seconds"] for window in told["windows"]} == header.more_in
    return told


def month(told: dict[str, Any]) -> dict[str, Any]:
    return next(window for window in told["windows"] if window["name"] == "month")


async def test_after_a_thousand_requests_over_many_connections_it_tells_a_thousand() -> None:
    async with price_node(threads=3) as node:
        node.issue(quota=100_000, quota_left=100_000, burst=5_000, rate_per_second=0.001)
        assert (await own(node))["quota_used"] == 0
        lines = [await Line.to(node.port) for _ in range(20)]
        for line in lines:
            await line.say(ONE * 50)
        for line in lines:
            assert {(await line.hear()).status for _ in range(50)} == {200}
            await line.hang_up()
        told = await own(node)
        assert (told["quota_used"], told["quota_left"], told["burst_left"]) == (1_000, 99_000, 4_000)
        assert (month(told)["used"], month(told)["left"]) == (1_000, 99_000)


async def test_asking_it_costs_nothing_and_is_recorded_nowhere(node: PriceNode) -> None:
    node.issue(quota=10, quota_left=10, burst=3, rate_per_second=0.001)
    told = [await own(node) for _ in range(20)]
    assert {(each["burst_left"], each["quota_left"]) for each in told} == {(3, 10)}
    assert node.engine.counters.read()["usage_recorded"] == 0


async def test_what_was_refused_is_not_counted(node: PriceNode) -> None:
    node.issue(quota=10, quota_left=10, burst=2, rate_per_second=0.001)
    assert [(await node.ask("/price?asset=BTC")).status for _ in range(5)] == [200, 200, 429, 429, 429]
    told = await own(node)
    assert (told["quota_used"], told["burst_left"]) == (2, 0)


async def test_it_tells_the_plan_and_how_the_month_will_end(node: PriceNode) -> None:
    node.issue(tier="pro", quota=1_000, quota_left=500)
    told = await own(node)
    assert (told["tier"], told["kind"], told["unlimited"]) == ("pro", "live", False)
    assert told["features"]["batch_assets_max"] > 0
    # 500 in nineteen and a third days: the other 500 take as long again, and the month has ten and two thirds.
    assert told["projection"] == {"used_by_end": 776, "spent_at": None}
    node.issue(secret=SECRET, tier="pro", quota=1_000, quota_left=100)
    node.engine.keys.forget(node.engine.keys.digest_of(SECRET))
    assert (await own(node))["projection"] == {"used_by_end": 1_397, "spent_at": "2026-11-22T11:11:06.666667Z"}


async def test_a_spent_month_still_tells_its_owner_everything(node: PriceNode) -> None:
    node.issue(quota=10, quota_left=0)
    assert (await node.ask("/price?asset=BTC")).status == 429
    told = await own(node)
    assert (month(told)["left"], told["projection"]["spent_at"]) == (0, "2026-11-20T07:40:00.000000Z")


async def test_a_key_without_a_monthly_bound_has_no_month(node: PriceNode) -> None:
    told = await own(node)
    assert ([window["name"] for window in told["windows"]], told["projection"], told["quota"]) == (["burst"], None, None)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_every_carrier_of_a_key_will_do(node: PriceNode, method: str) -> None:
    for header in (f"Authorization: Bearer {SECRET}", f"X-API-Key: {SECRET}"):
        assert (await node.ask("/key", header, secret=None, method=method)).status == 200

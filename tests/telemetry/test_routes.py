from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from tests.support.clock import ManualClock
from tests.telemetry.test_counters import Counting
from tests.telemetry.test_health import BROKEN, WORKS, Part
from tests.web.caller import Heard, ask, get
from tests.web.serving import serving, small_app
from trinity_beast.telemetry import Counters, Health
from trinity_beast.telemetry.routes import health_routes, metrics_routes

Asking = Callable[[str], Awaitable[Heard]]


async def asked(path: str, health: Health, *, with_facts: bool = True) -> Heard:
    app = small_app([health_routes(health, with_facts=with_facts), metrics_routes(Counters(Counting(tcp_requests=5)))])
    async with serving(app) as port:
        return await ask(port, get(path, "Connection: close"))


def data(heard: Heard) -> Any:
    return msgspec.json.decode(heard.body)["data"]


@pytest.fixture
def health() -> Health:
    health = Health(ManualClock())
    health.register("database", Part(WORKS))
    return health


async def test_health_lists_every_part(health: Health) -> None:
    heard = await asked("/health", health)
    assert heard.status == 200
    part = {"part": "database", "ok": True, "needed": True, "reason": "", "facts": {"rows": 3}}
    assert data(heard) == {"status": "ready", "up_seconds": 0.0, "parts": [part]}


async def test_health_answers_as_long_as_the_process_does(health: Health) -> None:
    health.register("feeds", Part(BROKEN))
    heard = await asked("/health", health)
    assert (heard.status, data(heard)["status"]) == (200, "not_ready")


async def test_figures_of_the_parts_are_not_told_in_public(health: Health) -> None:
    assert "facts" not in data(await asked("/health", health, with_facts=False))["parts"][0]


async def test_a_node_that_is_ready_says_so(health: Health) -> None:
    heard = await asked("/health/ready", health)
    assert (heard.status, data(heard)["status"]) == (200, "ready")


async def test_a_node_that_is_not_ready_says_why_and_when_to_ask_again(health: Health) -> None:
    health.register("feeds", Part(BROKEN))
    heard = await asked("/health/ready", health)
    body = msgspec.json.decode(heard.body)
    assert (heard.status, body["code"], heard.headers["retry-after"]) == (503, "NOT_READY", "5")
    assert [(each["location"], each["message"]) for each in body["errors"]] == [("feeds", "3 of 4 lines are down")]
    assert "feeds" in body["message"]


async def test_being_alive_asks_no_part() -> None:
    part = Part(BROKEN)
    health = Health(ManualClock())
    health.register("feeds", part)
    heard = await asked("/health/live", health)
    assert (heard.status, data(heard)["status"], part.asked) == (200, "alive", 0)


async def test_counters_are_told_to_programs_and_to_prometheus(health: Health) -> None:
    heard = await asked("/metrics", health)
    assert heard.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert b'beast_tcp_requests_total{node="BeastMain",region="local"} 5\n' in heard.body
    assert data(await asked("/counters", health))["tcp_requests"] == 5


async def test_latencies_are_told_in_figures_and_as_a_histogram(health: Health) -> None:
    heard = await asked("/metrics", health)
    assert b'beast_answer_seconds_count{node="BeastMain",region="local",way="http"} 2\n' in heard.body
    told = data(await asked("/latencies", health))["http"]
    assert (told["answers"], told["mean_us"], told["p50_us"], told["max_us"]) == (2, 0.7, 63.743, 63.743)

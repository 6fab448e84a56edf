"""A key's limits: exact over threads, told on every answer, the same for Python."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.callers import Answer, Caller, request
from tests.support.engines import SECOND_NS, SECRET, START_NS, STRANGER, Node
from trinity_beast.engine import Policy


def fields(text: str) -> dict[str, dict[str, int]]:
    """Read a `RateLimit` field: each item with its parameters."""
    told = {}
    for item in text.split(", "):
        name, *parameters = item.split(";")
        told[name.strip('"')] = {key: int(value) for key, value in (parameter.split("=") for parameter in parameters)}
    return told


def codes_of_many(node: Node, *, threads: int, each: int) -> Counter[str]:
    """Ask from several connections at once and count what is told."""
    told: list[str] = []

    def ask() -> None:
        with Caller(node.port) as caller:
            caller.send(request("/price?asset=BTC", secret=SECRET) * each)
            told.extend(caller.answer().envelope["code"] for _ in range(each))

    asking = [threading.Thread(target=ask) for _ in range(threads)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join(timeout=60)
    return Counter(told)


def test_a_bucket_is_exact_over_threads(make_node: Callable[..., Node]) -> None:
    node = make_node(threads=4)
    node.admit(rate_per_second=10, burst=500)
    node.publish()
    assert codes_of_many(node, threads=8, each=100) == {"OK": 500, "RATE_LIMITED": 300}
    node.advance(7)
    assert codes_of_many(node, threads=8, each=20) == {"OK": 70, "RATE_LIMITED": 90}
    assert node.counted("rate_limited") == 390


def test_a_quota_is_exact_over_threads(make_node: Callable[..., Node]) -> None:
    node = make_node(threads=4)
    node.admit(quota=1_000, quota_left=333)
    node.publish()
    assert codes_of_many(node, threads=8, each=100) == {"OK": 333, "QUOTA_SPENT": 467}
    assert node.counted("quota_refused") == 467


def test_an_answer_tells_what_is_left(node: Node, caller: Caller) -> None:
    resets_at_ns = START_NS + 86_400 * SECOND_NS
    node.admit(rate_per_second=5, burst=10, quota=1_000, quota_left=500, quota_resets_at_ns=resets_at_ns)
    for used in range(1, 5):
        headers = caller.ask("/price?asset=BTC", secret=SECRET).headers
        assert fields(headers["ratelimit-policy"]) == {"burst": {"q": 10, "w": 2}, "month": {"q": 1_000, "w": 30 * 86_400}}
        assert fields(headers["ratelimit"]) == {"burst": {"r": 10 - used, "t": 1}, "month": {"r": 500 - used, "t": 86_400}}
        twins = [headers[f"x-ratelimit-{name}"] for name in ("limit", "remaining", "reset")]
        assert twins == ["10", str(10 - used), "1"]


def test_a_fast_caller_is_told_when_to_come_back(node: Node, caller: Caller) -> None:
    node.admit(rate_per_second=0.1, burst=1)
    assert caller.ask("/price?asset=BTC", secret=SECRET).status == 200
    node.advance(3)
    answer = caller.ask("/price?asset=BTC", secret=SECRET)
    assert (answer.status, answer.envelope["code"], answer.headers["retry-after"]) == (429, "RATE_LIMITED", "7")
    assert fields(answer.headers["ratelimit"]) == {"burst": {"r": 0, "t": 7}}
    assert "x-should-retry" not in answer.headers
    node.advance(6.9)
    assert caller.ask("/price?asset=BTC", secret=SECRET).status == 429
    node.advance(0.1)
    assert caller.ask("/price?asset=BTC", secret=SECRET).status == 200


def test_nobody_is_asked_to_wait_longer_than_a_minute(node: Node, caller: Caller) -> None:
    node.admit(rate_per_second=0.001, burst=1)
    caller.ask("/price?asset=BTC", secret=SECRET)
    assert caller.ask("/price?asset=BTC", secret=SECRET).headers["retry-after"] == "60"


def test_a_spent_month_is_told_without_a_wait(node: Node, caller: Caller) -> None:
    digest = node.admit(quota=5, quota_left=1, quota_resets_at_ns=START_NS + 10 * SECOND_NS, burst=50)
    assert caller.ask("/price?asset=BTC", secret=SECRET).status == 200
    answer = caller.ask("/price?asset=BTC", secret=SECRET)
    assert (answer.status, answer.envelope["code"], answer.headers["x-should-retry"]) == (429, "QUOTA_SPENT", "false")
    assert "retry-after" not in answer.headers
    twins = [answer.headers[f"x-ratelimit-{name}"] for name in ("limit", "remaining", "reset")]
    assert twins == ["5", "0", "10"], "whoever reads the twins alone must not think that 49 requests are left"
    standing = node.engine.keys.standing(digest)
    assert standing is not None
    assert standing.tokens_left == 49, "a refused request spends nothing"

    node.advance(10)
    told = [caller.ask("/price?asset=BTC", secret=SECRET).status for _ in range(6)]
    assert told == [200, 200, 200, 200, 200, 429], "a new month begins though Python did not say so"


def test_what_is_not_told_costs_no_quota(node: Node, caller: Caller) -> None:
    digest = node.admit(quota=5, quota_left=5)
    node.engine.book.announce("ETH")
    for _ in range(3):
        assert caller.ask("/price?asset=ETH", secret=SECRET).status == 503
    assert caller.ask("/prices?assets=ETH", secret=SECRET).status == 200
    standing = node.engine.keys.standing(digest)
    assert standing is not None
    assert standing.quota_left == 5
    caller.ask("/prices?assets=ETH,BTC", secret=SECRET)
    standing = node.engine.keys.standing(digest)
    assert standing is not None
    assert standing.quota_left == 4


def test_an_unlimited_key_is_bound_by_nothing(node: Node, caller: Caller) -> None:
    node.admit(burst=2, rate_per_second=1, quota=1, quota_left=0, unlimited=True)
    for _ in range(20):
        answer = caller.ask("/price?asset=BTC", secret=SECRET)
        assert (answer.status, answer.headers["x-ratelimit-remaining"]) == (200, "2")


def test_a_key_expires(node: Node, caller: Caller) -> None:
    node.admit(expires_at_ns=START_NS + SECOND_NS)
    assert caller.ask("/price?asset=BTC", secret=SECRET).status == 200
    node.advance(1)
    assert caller.ask("/price?asset=BTC", secret=SECRET).envelope["code"] == "KEY_EXPIRED"


def test_python_is_told_with_what_a_key_would_be_refused(node: Node, caller: Caller) -> None:
    digest = node.admit(
        burst=3, quota=5, quota_left=5, expires_at_ns=START_NS + SECOND_NS, networks=["192.0.2.0/24"], origins=["https://a.example"]
    )
    refusal = node.engine.keys.refusal
    inside: dict[str, Any] = {"address": "192.0.2.7", "origin": "https://a.example"}
    assert refusal(digest, **inside) is None
    kept_out = [
        inside | {"address": "192.0.3.7"},
        inside | {"address": None},
        inside | {"origin": None},
        inside | {"origin": "https://b.example"},
    ]
    assert [refusal(digest, **came) for came in kept_out] == ["KEY_FORBIDS"] * 4
    assert refusal(digest, in_url=True, **inside) == "TIER_FORBIDS"
    assert refusal(node.engine.keys.digest_of(STRANGER)) is None
    node.advance(1)
    assert refusal(digest, **inside) == "KEY_EXPIRED"
    standing = node.engine.keys.standing(digest)
    assert standing is not None
    assert (standing.tokens_left, standing.quota_left, node.counted("keys_refused")) == (3, 5, 0)


def test_a_key_stands_in_the_address_only_where_its_policy_says_so(node: Node, caller: Caller) -> None:
    def ask_by_address() -> Answer:
        return caller.ask(f"/price?asset=BTC&key={SECRET}")

    assert (ask_by_address().status, ask_by_address().envelope["code"]) == (403, "TIER_FORBIDS")
    node.admit(in_url=True)
    assert ask_by_address().status == 200
    assert caller.ask("/price?asset=BTC", X_API_Key=SECRET).status == 200


def test_python_spends_from_the_same_bucket_and_quota(node: Node, caller: Caller) -> None:
    node.admit(rate_per_second=1, burst=3, quota=10, quota_left=10)
    assert caller.ask("/price?asset=BTC", secret=SECRET).status == 200
    verdict = node.engine.keys.take(SECRET)
    assert (verdict.code, verdict.key_id, verdict.retry_after_seconds) == ("OK", 7, None)
    assert fields(dict(verdict.headers)["RateLimit"]) == {"burst": {"r": 1, "t": 1}, "month": {"r": 9, "t": 0}}
    charged = node.engine.keys.charge(SECRET)
    assert (charged.code, fields(dict(charged.headers)["RateLimit"])["month"]["r"]) == ("OK", 8)
    assert caller.ask("/price?asset=BTC", secret=SECRET).headers["x-ratelimit-remaining"] == "0"
    refused = node.engine.keys.take(SECRET)
    assert (refused.code, refused.retry_after_seconds) == ("RATE_LIMITED", 1)
    assert [node.engine.keys.take(STRANGER).code, node.engine.keys.charge(STRANGER).code] == ["KEY_UNKNOWN", "KEY_UNKNOWN"]
    node.engine.keys.refuse(node.engine.keys.digest_of(STRANGER), "KEY_INVALID", seconds=9)
    assert (node.engine.keys.take(STRANGER).code, node.engine.keys.take(SECRET, in_url=True).code) == ("KEY_INVALID", "TIER_FORBIDS")
    assert node.counted("keys_refused") == 2


def test_a_change_of_policy_keeps_what_was_spent(node: Node, caller: Caller) -> None:
    digest = node.admit(rate_per_second=1, burst=10, quota=100, quota_left=100)
    for _ in range(4):
        caller.ask("/price?asset=BTC", secret=SECRET)
    node.admit(rate_per_second=100, burst=20, quota=200, quota_left=200)
    standing = node.engine.keys.standing(digest)
    assert standing is not None
    assert (standing.tokens_left, standing.quota_left, standing.burst, standing.quota) == (16, 196, 20, 200)
    assert caller.ask("/price?asset=BTC", secret=SECRET).headers["x-ratelimit-remaining"] == "15"


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"key_id": 0}, "key_id"),
        ({"key_id": 2**32}, "key_id"),
        ({"rate_per_second": 0.0}, "rate_per_second"),
        ({"rate_per_second": float("nan")}, "rate_per_second"),
        ({"burst": 0}, "burst"),
        ({"quota": -1}, "quota"),
        ({"quota_left": -1}, "quota_left"),
        ({"expires_at_ns": -1}, "expires_at_ns"),
    ],
)
def test_a_policy_out_of_range_is_refused_by_name(changes: dict[str, int], name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        Policy(**({"key_id": 1, "rate_per_second": 1.0, "burst": 1, "quota": None} | changes))  # type: ignore[arg-type]


def test_a_key_without_units_of_its_month_is_told_what_they_wait_for(node: Node, caller: Caller) -> None:
    resets_at_ns = START_NS + 86_400 * SECOND_NS
    node.admit(key_id=7, rate_per_second=5, burst=10, quota=100, quota_resets_at_ns=resets_at_ns, quota_in_blocks=True)
    node.publish()
    month = (7, resets_at_ns)
    node.engine.quotas.deliver([(*month, 1, 50, True, 0)])
    assert caller.ask("/price?asset=BTC", secret=SECRET).envelope["code"] == "OK"

    short = caller.ask("/price?asset=BTC", secret=SECRET)
    assert (short.status, short.envelope["code"], short.headers["retry-after"]) == (429, "RATE_LIMITED", "1")
    assert node.engine.quotas.hungry() == [month]

    node.engine.quotas.store_is_away(True)
    away = caller.ask("/price?asset=BTC", secret=SECRET)
    assert (away.status, away.envelope["code"], away.headers["retry-after"]) == (503, "DEPENDENCY_AWAY", "1")
    assert (fields(away.headers["ratelimit"])["burst"]["r"], fields(away.headers["ratelimit"])["month"]["r"]) == (9, 50)
    assert node.engine.keys.take(SECRET).code == "DEPENDENCY_AWAY"
    assert node.counted("keys_refused") == 0

    node.engine.quotas.store_is_away(False)
    node.engine.quotas.deliver([(*month, 0, 0, False, 0)])
    assert caller.ask("/price?asset=BTC", secret=SECRET).envelope["code"] == "QUOTA_SPENT"

"""Keys that are kept to networks, to origins, to other things than prices, to small batches: told by the engine itself."""

from typing import Any

import pytest

from tests.support.callers import Caller
from tests.support.engines import SECRET, Node
from trinity_beast.engine import Policy

FORBIDDEN = (403, "KEY_FORBIDS")


def told(caller: Caller, **headers: str) -> tuple[int, str]:
    answer = caller.ask("/price?asset=BTC", secret=SECRET, **headers)
    return answer.status, answer.envelope["code"]


def test_a_key_kept_to_networks_is_refused_elsewhere_and_spends_nothing(node: Node, caller: Caller) -> None:
    node.admit(networks=["192.0.2.0/24", "2001:db8::/32"], quota=5, quota_left=5)
    assert told(caller) == FORBIDDEN
    standing = node.engine.keys.standing(node.engine.keys.digest_of(SECRET))
    assert standing is not None
    assert (standing.tokens_left, standing.quota_left) == (standing.burst, 5)
    node.admit(networks=["192.0.2.0/24", "127.0.0.0/8"], quota=5, quota_left=5)
    assert told(caller) == (200, "OK")


def test_a_key_kept_to_origins_answers_their_pages_alone(node: Node, caller: Caller) -> None:
    node.admit(origins=["https://example.org", "https://*.example.com"])
    assert told(caller, Origin="https://example.org") == (200, "OK")
    assert told(caller, Origin="https://app.example.com") == (200, "OK")
    assert told(caller, Origin="https://evil.net") == FORBIDDEN
    assert told(caller) == FORBIDDEN


def test_a_refusal_by_a_fence_can_be_read_by_the_page_that_caused_it(node: Node, caller: Caller) -> None:
    node.admit(origins=["https://example.org"])
    refused = caller.ask("/price?asset=BTC", secret=SECRET, Origin="https://evil.net")
    assert refused.headers["access-control-allow-origin"] == "*"
    assert "ratelimit" in refused.headers


def test_a_key_for_something_else_tells_no_prices_and_is_let_in_for_what_it_is_for(node: Node, caller: Caller) -> None:
    node.admit(prices=False)
    assert told(caller) == FORBIDDEN
    assert node.engine.keys.take(SECRET).code == "KEY_FORBIDS"
    assert node.engine.keys.take(SECRET, wants_prices=False).code == "OK"


def test_a_month_that_is_used_up_refuses_prices_alone(node: Node) -> None:
    node.admit(quota=5, quota_left=0)
    take = node.engine.keys.take
    assert take(SECRET).code == "QUOTA_SPENT"
    standing = node.engine.keys.standing(node.engine.keys.digest_of(SECRET))
    assert standing is not None
    for _ in range(standing.tokens_left):
        assert take(SECRET, wants_prices=False).code == "OK"
    assert take(SECRET, wants_prices=False).code == "RATE_LIMITED"


def test_python_takes_by_the_same_fence(node: Node) -> None:
    node.admit(networks=["192.0.2.0/24"], origins=["https://example.org"])
    take = node.engine.keys.take
    assert take(SECRET, address="192.0.2.7", origin="https://example.org").code == "OK"
    assert take(SECRET, address="192.0.2.7").code == "KEY_FORBIDS"
    assert take(SECRET, address="203.0.113.7", origin="https://example.org").code == "KEY_FORBIDS"
    assert take(SECRET, address="nowhere", origin="https://example.org").code == "KEY_FORBIDS"


def test_more_assets_than_the_key_may_name_are_left_to_python(node: Node, caller: Caller) -> None:
    node.publish("ETH", "3000")
    node.admit(assets_max=1)
    assert caller.ask("/prices?assets=BTC", secret=SECRET).status == 200
    assert caller.ask("/prices", secret=SECRET).status == 200  # All there are may always be asked for.
    caller.send(b"GET /prices?assets=BTC,ETH HTTP/1.1\r\nHost: x\r\nX-API-Key: " + SECRET.encode() + b"\r\n\r\n")
    assert node.handed().first_bytes.startswith(b"GET /prices?assets=BTC,ETH")


@pytest.mark.parametrize(
    "nonsense", [{"networks": ["10.0.0.0/33"]}, {"networks": ["here"]}, {"origins": ["example.org"]}, {"origins": ["https://a/b"]},
                 {"account_id": -1}, {"account_id": 2**32}, {"assets_max": -1}],
)  # fmt: skip
def test_a_fence_that_makes_no_sense_is_refused_by_its_name(node: Node, nonsense: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(nonsense))):
        Policy(**({"key_id": 1, "rate_per_second": 1.0, "burst": 1, "quota": None} | nonsense))


def test_what_each_key_was_granted_and_refused_is_told(node: Node, caller: Caller) -> None:
    node.admit(burst=2, rate_per_second=0.001)
    assert node.engine.keys.used_since(0) == []
    assert [told(caller)[0] for _ in range(3)] == [200, 200, 429]
    (used,) = node.engine.keys.used_since(0)
    assert (used.key_id, used.granted, used.refused, used.last_used_ns) == (7, 2, 1, node.clock.wall_ns())
    node.advance(1)
    assert node.engine.keys.used_since(node.clock.monotonic_ns()) == []
    node.admit(burst=50, rate_per_second=10)  # Its counts outlive its policy.
    assert told(caller)[0] == 200
    (used,) = node.engine.keys.used_since(node.clock.monotonic_ns())
    assert (used.granted, used.refused) == (3, 1)

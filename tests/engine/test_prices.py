"""What a price says, over HTTP."""

from collections.abc import Callable

from tests.support.callers import Caller
from tests.support.engines import SECOND_NS, SECRET, Node


def test_a_price_is_told_in_the_envelope_of_the_contract(node: Node, caller: Caller) -> None:
    node.advance(0.0215)
    answer = caller.ask("/price?asset=BTC", secret=SECRET)

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.envelope == {
        "success": True,
        "service": "LPO",
        "code": "OK",
        "message": "",
        "data": {
            "asset": "BTC",
            "price": "97123.45",
            "quote": "USD",
            "venue": "coinbase",
            "source": "coinbase-ws",
            "cache_tier": "memory",
            "state": "live",
            "exchange_time": "2026-11-20T07:40:00.000000Z",
            "received_time": "2026-11-20T07:40:00.000000Z",
            "age_ms": 22,
        },
        "errors": [],
        "request_id": answer.headers["x-request-id"],
        "timestamp": "2026-11-20T07:40:00.021500Z",
        "latency_us": 0,
        "node": "BeastMain",
        "region": "local",
        "version": "1",
    }
    order = [
        "success",
        "service",
        "code",
        "message",
        "data",
        "errors",
        "request_id",
        "timestamp",
        "latency_us",
        "node",
        "region",
        "version",
    ]
    assert list(answer.envelope) == order


def test_a_price_goes_to_the_wire_digit_for_digit(node: Node, caller: Caller) -> None:
    for price in ["0.00000001230", "1", "1234567890123456789012345.12345678901234"]:
        node.publish(price=price)
        assert caller.ask("/price?asset=BTC", secret=SECRET).envelope["data"]["price"] == price


def test_a_publish_is_told_by_the_next_request_on_every_thread(make_node: Callable[..., Node]) -> None:
    node = make_node(threads=3)
    node.admit()
    node.publish()
    callers = [node.caller() for _ in range(12)]
    for number in range(50):
        node.publish(price=str(number))
        told = [caller.ask("/price?asset=BTC", secret=SECRET).envelope["data"]["price"] for caller in callers]
        assert told == [str(number)] * len(callers)


def test_age_counts_from_the_venues_clock(node: Node, caller: Caller) -> None:
    node.publish(exchange_time_ns=node.clock.wall_ns() - 5 * SECOND_NS)
    node.advance(1)
    assert caller.ask("/price?asset=BTC", secret=SECRET).envelope["data"]["age_ms"] == 6_000


def test_a_price_is_refused_from_the_age_at_which_it_is_stale(node: Node, caller: Caller) -> None:
    node.advance(89.999_999_999)
    assert caller.ask("/price?asset=BTC", secret=SECRET).status == 200
    node.clock.advance(1)
    answer = caller.ask("/price?asset=BTC", secret=SECRET)
    assert (answer.status, answer.envelope["code"]) == (503, "PRICE_STALE")
    assert "90 seconds" in answer.envelope["message"]
    assert node.engine.book.read("BTC") is not None
    assert node.counted("prices_stale") == 1


def test_a_step_of_the_wall_clock_neither_revives_nor_kills_a_price(node: Node, caller: Caller) -> None:
    node.clock.step_wall(3_600 * SECOND_NS)
    node.advance(1)
    assert caller.ask("/price?asset=BTC", secret=SECRET).envelope["data"]["age_ms"] == 1_000

    node.advance(100)
    node.clock.step_wall(-7_200 * SECOND_NS)
    assert caller.ask("/price?asset=BTC", secret=SECRET).envelope["code"] == "PRICE_STALE"
    assert node.counted("clock_steps") == 2


def test_a_step_of_the_wall_clock_does_not_age_what_is_published_after_it(node: Node, caller: Caller) -> None:
    venue_time_ns = node.clock.wall_ns() + SECOND_NS
    node.clock.step_wall(-3_600 * SECOND_NS)
    node.advance(1)
    node.publish(exchange_time_ns=venue_time_ns)
    assert caller.ask("/price?asset=BTC", secret=SECRET).envelope["data"]["age_ms"] <= 1


def test_a_caller_may_ask_for_a_younger_price(node: Node, caller: Caller) -> None:
    node.advance(0.5)
    assert caller.ask("/price?asset=BTC&max_age_ms=500", secret=SECRET).status == 200
    assert caller.ask("/price?asset=BTC&max_age_ms=499", secret=SECRET).envelope["code"] == "PRICE_STALE"


def test_an_asset_without_a_price_is_unavailable_not_unknown(node: Node, caller: Caller) -> None:
    node.engine.book.announce("ETH")
    answer = caller.ask("/price?asset=ETH", secret=SECRET)
    assert (answer.status, answer.envelope["code"], answer.envelope["data"]) == (503, "PRICE_UNAVAILABLE", None)
    assert "ETH" in answer.envelope["message"]


def test_the_venue_that_is_held_may_be_asked_for(caller: Caller) -> None:
    assert caller.ask("/price?asset=BTC&venue=coinbase", secret=SECRET).status == 200


def test_one_missing_asset_fails_no_other(node: Node, caller: Caller) -> None:
    node.publish("ETH", "3000")
    node.publish("ADA", "0.5", usable_for_ns=1)
    node.engine.book.announce("SOL")
    node.advance(1)
    data = caller.ask("/prices?assets=ETH,SOL,BTC,ADA", secret=SECRET).envelope["data"]
    assert [price["asset"] for price in data["prices"]] == ["ETH", "BTC"]
    assert [(gone["asset"], gone["code"]) for gone in data["missing"]] == [("SOL", "PRICE_UNAVAILABLE"), ("ADA", "PRICE_STALE")]
    assert all(set(gone) == {"asset", "code", "message"} and gone["message"] for gone in data["missing"])


def test_all_prewarmed_prices_are_told_when_none_is_named(node: Node, caller: Caller) -> None:
    node.publish("ETH", "3000")
    node.publish("ADA", "0.5", prewarmed=False)
    data = caller.ask("/prices", secret=SECRET).envelope["data"]
    assert [price["asset"] for price in data["prices"]] == ["BTC", "ETH"]
    node.engine.book.retire("BTC")
    data = caller.ask("/prices", secret=SECRET).envelope["data"]
    assert [price["asset"] for price in data["prices"]] == ["ETH"]


def test_a_thousand_prices_are_told_at_once(node: Node, caller: Caller) -> None:
    names = [f"A{number}" for number in range(1_000)]
    for name in names:
        node.publish(name, "1.5")
    data = caller.ask(f"/prices?assets={'%2C'.join(names)}", secret=SECRET).envelope["data"]
    assert [price["asset"] for price in data["prices"]] == names
    assert node.counted("syncmap_hits") == 1_000

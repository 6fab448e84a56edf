import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from tests.support.clock import ManualClock
from tests.support.engine_keys import LIVE_SECRET, FakeDoorman, FakeEngineKeys, grant
from tests.support.rest import FakeRest
from tests.web.caller import Heard, ask, get
from tests.web.serving import serving, small_app
from trinity_beast.access import Callers, Features
from trinity_beast.access.routes import admission
from trinity_beast.feeds import FeedState, FeedStatus, Looks, MappedAsset
from trinity_beast.pricing import Demand, Prices
from trinity_beast.pricing.routes import price_routes
from trinity_beast.pricing.tick import Loan
from trinity_beast.words import Asset, Symbol, Trade, Venue

SECOND_NS = 1_000_000_000
KEY = f"Authorization: Bearer {LIVE_SECRET}"
COINBASE = Venue("coinbase")


class Book:
    """Takes what is published; here only the reading beside the engine matters."""

    def publish(self, *_: object, **__: object) -> None: ...
    def announce(self, *_: object, **__: object) -> None: ...
    def offer(self, *_: object) -> None: ...
    def retire(self, *_: object) -> bool:
        return True


@dataclass
class Node:
    """A price port with two priced assets (BTC at two venues), one mapped and silent, and what it recorded and counted."""

    clock: ManualClock = field(default_factory=ManualClock)
    records: list[dict[str, Any]] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=dict)
    port: int = 0
    prices: Prices | None = None

    def record(self, **fields: Any) -> int:
        self.records.append(fields)
        return len(self.records)

    def count(self, name: str, amount: int) -> None:
        self.counted[name] = self.counted.get(name, 0) + amount

    def trade(self, venue: str, symbol: str, price: str, *, age_ms: int = 22) -> Trade:
        now_ns = self.clock.time_ns()
        return Trade(Venue(venue), Symbol(symbol), price, now_ns - age_ms * 1_000_000, now_ns, self.clock.monotonic_ns())

    async def get(self, path: str, *headers: str) -> Heard:
        return await ask(self.port, get(path, *(headers or (KEY,)), "Connection: close"))

    async def post(self, body: object) -> Heard:
        sent = json.dumps(body).encode()
        head = get("/prices", KEY, "Content-Type: application/json", f"Content-Length: {len(sent)}", "Connection: close", method="POST")
        return await ask(self.port, head + sent)


def mapped(asset: str, venue: str, symbol: str, *, prewarm: bool = True) -> MappedAsset:
    return MappedAsset(Asset(asset), Venue(venue), Symbol(symbol), "USD", prewarm=prewarm)


def status(venue: str) -> FeedStatus:
    return FeedStatus(Venue(venue), venue.title(), FeedState.LIVE, 1, 9.0, 0.1, 0, None, True, "", (), {})


@contextlib.asynccontextmanager
async def serving_prices(**key: object) -> AsyncIterator[Node]:
    node = Node()
    rows = [mapped("BTC", "coinbase", "BTC-USD"), mapped("BTC", "kraken", "XBT/USD", prewarm=False)]
    rows += [mapped("ETH", "coinbase", "ETH-USD"), mapped("XRP", "coinbase", "XRP-USD"), mapped("DOGE", "kraken", "XDG/USD", prewarm=False)]
    prices = node.prices = Prices(Book(), rows, clock=node.clock)
    prices.on_trades([node.trade("coinbase", "BTC-USD", "97123.45"), node.trade("coinbase", "ETH-USD", "3500.10")])
    prices.on_trades([node.trade("kraken", "XBT/USD", "97120.0", age_ms=5_000)])
    demand = Demand(prices, Looks([], opener=FakeRest(), clock=node.clock), clock=node.clock)
    keys = FakeEngineKeys()
    callers = Callers(keys, FakeDoorman(keys, {LIVE_SECRET: grant(**{"burst": 100, **key})}), count=node.count)
    routes = price_routes(
        prices, demand, admitted=admission(callers), exchanges=lambda: [status("coinbase"), status("kraken")], count=node.count
    )
    app = small_app([routes], meter=node, count=node.count)
    async with serving(app) as node.port:
        yield node


def data(heard: Heard) -> Any:
    assert heard.status == 200, heard.body
    return msgspec.json.decode(heard.body)["data"]


def code(heard: Heard) -> tuple[int, str]:
    return heard.status, msgspec.json.decode(heard.body)["code"]


async def test_a_price_is_told_as_the_contract_has_it() -> None:
    async with serving_prices() as node:
        told = data(await node.get("/price?asset=BTC"))
        assert list(told.items()) == [
            ("asset", "BTC"), ("price", "97123.45"), ("quote", "USD"), ("venue", "coinbase"), ("source", "coinbase-ws"),
            ("cache_tier", "memory"), ("state", "live"), ("exchange_time", "2026-11-20T07:39:59.978000Z"),
            ("received_time", "2026-11-20T07:40:00.000000Z"), ("age_ms", 22),
        ]  # fmt: skip


async def test_one_venue_can_be_asked_for() -> None:
    async with serving_prices() as node:
        assert data(await node.get("/price?asset=BTC&venue=kraken"))["price"] == "97120.0"
        assert code(await node.get("/price?asset=ETH&venue=kraken")) == (404, "ASSET_UNKNOWN")


async def test_an_unknown_asset_is_told_with_what_looks_like_it() -> None:
    async with serving_prices() as node:
        heard = await node.get("/price?asset=BTC-USD")
        assert code(heard) == (404, "ASSET_UNKNOWN")
        problem = msgspec.json.decode(heard.body)
        assert problem["errors"][0]["location"] == "query.asset"
        assert problem["errors"][0]["fix"] == "Did you mean BTC?"
        assert "suggest" not in (await node.get("/price?asset=ZZZZZZ")).body.decode()


async def test_an_old_price_is_refused_with_its_age_and_none_is_not_zero() -> None:
    async with serving_prices() as node:
        assert code(await node.get("/price?asset=BTC&venue=kraken&max_age_ms=4999")) == (503, "PRICE_STALE")
        node.clock.advance(91)
        heard = await node.get("/price?asset=BTC")
        assert code(heard) == (503, "PRICE_STALE")
        assert "91 s old" in msgspec.json.decode(heard.body)["message"]
        assert code(await node.get("/price?asset=XRP")) == (503, "PRICE_UNAVAILABLE")


async def test_many_prices_come_in_the_order_asked_and_one_bad_asset_fails_no_other() -> None:
    async with serving_prices() as node:
        told = data(await node.get("/prices?assets=ETH,BTX,BTC,XRP,ETH"))
        assert [each["asset"] for each in told["prices"]] == ["ETH", "BTC"]
        assert [(each["asset"], each["code"]) for each in told["missing"]] == [("BTX", "ASSET_UNKNOWN"), ("XRP", "PRICE_UNAVAILABLE")]
        assert told["missing"][0]["message"] == "There is no asset called BTX."


async def test_without_a_list_all_prewarmed_prices_are_told() -> None:
    async with serving_prices() as node:
        told = data(await node.get("/prices"))
        assert [each["asset"] for each in told["prices"] + told["missing"]] == ["BTC", "ETH", "XRP"]


@pytest.mark.parametrize("body", [["ETH", "BTC"], {"assets": ["ETH", "BTC"]}])
async def test_a_list_can_be_sent_either_way(body: object) -> None:
    async with serving_prices() as node:
        assert [each["asset"] for each in data(await node.post(body))["prices"]] == ["ETH", "BTC"]


async def test_a_tier_says_how_many_assets_one_request_may_name_and_all_may_be_asked_for() -> None:
    async with serving_prices(features=Features(udp=True, batch_assets_max=1)) as node:
        assert code(await node.get("/prices?assets=BTC")) == (200, "OK")
        told = await node.get("/prices?assets=BTC,ETH")
        assert code(told) == (403, "TIER_FORBIDS")
        assert "more than 1 assets in one request" in msgspec.json.decode(told.body)["message"]
        assert code(await node.post(["BTC", "ETH"])) == (403, "TIER_FORBIDS")
        assert code(await node.get("/prices")) == (200, "OK")


async def test_a_thousand_assets_are_answered_and_one_more_is_refused() -> None:
    names = [f"A{number}" for number in range(1_001)]
    async with serving_prices() as node:
        assert len(data(await node.post(names[:1_000]))["missing"]) == 1_000
        assert code(await node.post(names)) == (400, "REQUEST_INVALID")
        assert code(await node.post({"assets": names})) == (400, "REQUEST_INVALID")
        assert code(await node.get("/prices?assets=" + ",".join(names))) == (400, "REQUEST_INVALID")


async def test_nothing_asked_for_is_nothing_told() -> None:
    async with serving_prices() as node:
        assert data(await node.post([])) == {"prices": [], "missing": []}
        assert data(await node.get("/prices?assets=,")) == {"prices": [], "missing": []}


@pytest.mark.parametrize(
    "path", ["/price", "/price?asset=", "/price?asset=BTC&max_age_ms=-1", "/price?asset=BTC&max_age_ms=soon", "/price?asset=" + "A" * 41]
)
async def test_a_question_that_makes_no_sense_is_refused(path: str) -> None:
    async with serving_prices() as node:
        assert code(await node.get(path)) == (400, "REQUEST_INVALID")


async def test_every_answer_to_a_key_is_recorded_once_with_what_the_engine_would_say() -> None:
    async with serving_prices(burst=5) as node:
        for path in (
            "/price?asset=BTC",
            "/prices?assets=BTX,ETH",
            "/price?asset=NOPE",
            "/price?asset=XRP",
            "/price?asset=btc",
            "/price?asset=BTC",
        ):
            await node.get(path)
        told = [(each["code"], each["status"], each["asset"], each["asset_count"], each["source"], each["state"]) for each in node.records]
        assert told == [
            ("OK", 200, "BTC", 1, "coinbase-ws", "live"),
            ("OK", 200, "BTX", 2, "coinbase-ws", "live"),
            ("ASSET_UNKNOWN", 404, "NOPE", 1, "", ""),
            ("PRICE_UNAVAILABLE", 503, "XRP", 1, "", "unavailable"),
            ("ASSET_UNKNOWN", 404, "", 1, "", ""),
            ("RATE_LIMITED", 429, "", 0, "", ""),
        ]
        assert {each["key_id"] for each in node.records} == {7}
        assert {each["protocol"] for each in node.records} == {"http"}


async def test_answers_are_counted() -> None:
    async with serving_prices() as node:
        for path in ("/price?asset=BTC", "/prices?assets=ETH,BTX", "/price?asset=XRP", "/price?asset=NOPE"):
            await node.get(path)
        assert node.counted == {"tcp_requests": 4, "syncmap_hits": 2, "cache_misses": 3, "prices_unavailable": 1}


async def test_a_price_that_a_neighbour_lent_says_so_and_is_counted_so() -> None:
    async with serving_prices() as node:
        assert node.prices is not None
        now_ns = node.clock.monotonic_ns()
        node.prices.on_loan(Loan(node.trade("coinbase", "XRP-USD", "2.5"), "live", False, now_ns, now_ns + 5_000_000_000))
        told = data(await node.get("/price?asset=XRP"))
        assert (told["price"], told["cache_tier"], told["source"]) == ("2.5", "valkey", "coinbase-ws")
        assert [each["cache_tier"] for each in node.records] == ["valkey"]
        assert node.counted == {"tcp_requests": 1, "elasticache_hits": 1}


async def test_a_stranger_gets_no_price_and_no_record() -> None:
    async with serving_prices() as node:
        assert code(await node.get("/price?asset=BTC", "Accept: */*")) == (401, "KEY_MISSING")
        assert code(await node.get("/price?asset=BTC", "X-API-Key: nonsense")) == (401, "KEY_INVALID")
        assert code(await node.get(f"/price?asset=BTC&key={LIVE_SECRET}", "Accept: */*")) == (403, "TIER_FORBIDS")
        assert [each["code"] for each in node.records] == ["TIER_FORBIDS"]
        assert node.counted == {"tcp_requests": 3, "keys_refused": 2}


async def test_limits_are_told_on_every_answer() -> None:
    async with serving_prices(burst=2) as node:
        told = [(await node.get("/price?asset=BTC")).headers["ratelimit"] for _ in range(3)]
        assert told == ['"burst";r=1;t=1', '"burst";r=0;t=1', '"burst";r=0;t=1']


async def test_exchanges_are_told_to_anybody_with_the_assets_they_price_and_how_each_stands() -> None:
    async with serving_prices() as node:
        node.clock.advance(87)  # Kraken's was five seconds old when it came.
        told = data(await node.get("/exchanges", "Accept: */*"))
        assert told["exchanges"] == [
            {
                "venue": "coinbase",
                "name": "Coinbase",
                "state": "live",
                "assets": ["BTC", "ETH", "XRP"],
                "states": {"BTC": "live", "ETH": "live", "XRP": "unavailable"},
            },
            {
                "venue": "kraken",
                "name": "Kraken",
                "state": "live",
                "assets": ["BTC", "DOGE"],
                "states": {"BTC": "stale", "DOGE": "on_demand"},
            },
        ]

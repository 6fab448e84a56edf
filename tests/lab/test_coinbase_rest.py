"""The stand-in's REST answers as Coinbase's does."""

from tests.lab.client import LabClient, Rest
from tests.support.clock import ManualClock
from trinity_beast.lab import Lab
from trinity_beast.lab.digits import rfc3339
from trinity_beast.lab.venues.listed import LISTED
from trinity_beast.words import Symbol, Venue


async def test_the_last_trade_is_the_market_s_last(rest: Rest, lab: Lab, clock: ManualClock) -> None:
    await clock.let_pass(7)
    trade = await rest.last("ETH-USD")

    true = lab.truth(Venue("coinbase"), Symbol("ETH-USD"), clock.now())
    assert true is not None
    assert (trade["trade_id"], trade["price"], trade["size"], trade["time"], trade["side"]) == (
        str(true.trade_id),
        true.price,
        true.size,
        rfc3339(true.time_ns),
        true.maker_side,
    )
    assert set(trade) == {"trade_id", "product_id", "price", "size", "time", "side", "bid", "ask", "exchange"}


async def test_a_limit_gives_that_many_trades_newest_first(rest: Rest) -> None:
    _, body = await rest.get("/products/BTC-USD/ticker?limit=3")
    ids = [int(trade["trade_id"]) for trade in body["trades"]]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 3
    assert float(body["best_bid"]) < float(body["best_ask"])


async def test_the_product_list_names_the_living_their_aliases_and_the_dead(rest: Rest) -> None:
    _, body = await rest.get("/products")
    products = {product["product_id"]: product for product in body["products"]}

    assert body["num_products"] == len(products)
    assert body["pagination"]["has_next"] is False
    alive = [name for name, product in products.items() if product["status"] == "online" and name.endswith("-USD")]
    assert len(alive) == len(LISTED[Venue("coinbase")])
    assert products["BTC-USDC"]["alias"] == "BTC-USD"
    assert products["BTC-USD"]["alias_to"] == ["BTC-USDC"]
    assert products["BTC-USD"]["price_increment"] == "0.01"
    assert products["PEPE-USD"]["price_increment"] == "0.00000001"
    dead = products["RNDR-USD"]
    assert (dead["status"], dead["trading_disabled"], dead["price"]) == ("delisted", True, "2.9685")
    assert dead["approximate_quote_24h_volume"] == ""


async def test_one_product_is_one_such_object(rest: Rest, clock: ManualClock) -> None:
    await clock.let_pass(1)
    status, product = await rest.get("/products/SOL-USD")
    trade = await rest.last("SOL-USD")
    assert status == 200
    assert product["price"] == trade["price"]
    assert product["base_currency_id"] == "SOL"


async def test_a_dead_product_has_a_price_and_no_trades(rest: Rest) -> None:
    _, product = await rest.get("/products/RNDR-USD")
    _, ticker = await rest.get("/products/RNDR-USD/ticker?limit=1")
    assert product["price"] == "2.9685"
    assert ticker["trades"] == []


async def test_an_unknown_product_is_not_found(rest: Rest) -> None:
    for path in ("/products/NOPE-USD", "/products/NOPE-USD/ticker?limit=1"):
        status, body = await rest.get(path)
        assert status == 404
        assert body["error"] == "NOT_FOUND"


async def test_an_eleventh_request_in_a_second_is_refused(rest: Rest, clock: ManualClock) -> None:
    statuses = [(await rest.get("/products/BTC-USD"))[0] for _ in range(11)]
    assert statuses == [200] * 10 + [429]
    await clock.let_pass(1)
    assert (await rest.get("/products/BTC-USD"))[0] == 200


async def test_rest_is_ahead_of_the_socket_by_one_batch_at_most(rest: Rest, client: LabClient, clock: ManualClock) -> None:
    await client.subscribe("BTC-USD")
    frames = await client.during(5.2)
    told = int(frames[-1]["events"][0]["trades"][0]["trade_id"])
    assert int((await rest.last("BTC-USD"))["trade_id"]) >= told

"""A venue's lists, prices and volumes read by its row, and joined by whatever names it has for a market."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.feeds import VENUES, feed_row, row_values
from trinity_beast.feeds.grammar import RowInvalid, parse_row
from trinity_beast.feeds.reading.codec import decoder
from trinity_beast.feeds.rest import Product, Products
from trinity_beast.feeds.rest.products import Figures, details_reader, prices_reader, products_reader, volumes_reader
from trinity_beast.words import Symbol

NAMES = st.text("aAbB/", min_size=1, max_size=3)
PRODUCTS = st.lists(st.builds(Product, NAMES.map(Symbol), names=st.lists(NAMES, max_size=2).map(tuple)), max_size=6).map(Products)
MEMBERS = [
    "result", "list", "data", "products", "symbols", "symbol", "product_id", "price", "v", "p", "c", "wsname", "altname", "status", "alias",
    "pair", "volume", "USD", "id", "last", "quote_volume", "vv", "i", "a", "market_symbol", "vwap", "name", "XXBTZUSD",
]  # fmt: skip
ANYTHING = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=5)),
    max_leaves=20,
)


def read(body: object) -> object:
    """An answer as it comes from the wire: every fraction as its literal text."""
    return decoder()(json.dumps(body).encode())


def of(products: Products, symbol: str) -> Product:
    found = products.get(symbol)
    assert found is not None
    return found


def test_kraken_is_joined_by_the_key_of_its_lists() -> None:
    rules = feed_row("kraken").rest_rules
    assert rules.symbols is not None
    assert rules.prices is not None
    assert rules.volume is not None
    pairs = {
        "XXBTZUSD": {"altname": "XBTUSD", "wsname": "XBT/USD", "base": "XXBT", "quote": "ZUSD", "status": "online"},
        "XDGUSD": {"altname": "XDGUSD", "wsname": "XDG/USD", "base": "XXDG", "quote": "ZUSD", "status": "cancel_only"},
        "dark": {"altname": "XBTUSD.d", "status": "online"},
    }
    products = products_reader(rules.symbols)(read({"error": [], "result": pairs}))
    assert [(one.symbol, one.base, one.quote, one.is_alive) for one in products] == [
        ("BTC/USD", "BTC", "USD", True), ("DOGE/USD", "DOGE", "USD", False),
    ]  # fmt: skip
    for name in ("BTC/USD", "XBT/USD", "XBTUSD", "XXBTZUSD", "xbtusd"):
        found = products.called(name)
        assert found is not None, name
        assert found.symbol == "BTC/USD"
    tickers = {"XXBTZUSD": {"c": ["64000.1", "1"], "v": ["1", "2.5"], "p": ["1", "64000"]}, "XETHZUSD": {"c": ["1900", "1"]}}
    answer = read({"error": [], "result": tickers})
    filled = products.with_figures(prices_reader(rules.prices)(answer)).with_figures(volumes_reader(rules.volume)(answer))
    assert (of(filled, "BTC/USD").price, of(filled, "BTC/USD").volume) == ("64000.1", Decimal("160000.0"))
    assert (of(filled, "DOGE/USD").price, of(filled, "DOGE/USD").volume) == (None, None)


def test_coinbase_tells_its_aliases_and_its_volume_in_the_quote() -> None:
    rules = feed_row("coinbase").rest_rules.symbols
    assert rules is not None
    kept = {"status": "online", "is_disabled": False, "trading_disabled": False, "view_only": False}
    rows = [
        {"product_id": "ETH-BTC", "quote_currency_id": "BTC", "alias": "", **kept, "approximate_quote_24h_volume": "6.78"},
        {"product_id": "BTC-USDC", "base_currency_id": "BTC", "quote_currency_id": "USDC", "alias": "BTC-USD", **kept},
        {"product_id": "RNDR-USD", "alias": "", **kept, "status": "delisted", "approximate_quote_24h_volume": ""},
    ]  # fmt: skip
    products = products_reader(rules)(read({"products": rows}))
    assert [(one.symbol, one.alias, one.volume, one.is_alive) for one in products] == [
        ("ETH-BTC", "", Decimal("6.78"), True), ("BTC-USDC", "BTC-USD", None, True), ("RNDR-USD", "", None, False),
    ]  # fmt: skip


def test_gemini_names_symbols_alone_and_tells_of_each_by_itself() -> None:
    rules = feed_row("gemini").rest_rules
    assert rules.symbols is not None
    assert rules.prices is not None
    assert rules.volume is not None
    assert rules.volume.is_of_one
    products = products_reader(rules.symbols)(read(["btcusd", "ethusd", 3, None]))
    assert [(one.symbol, one.is_alive, one.base) for one in products] == [("btcusd", None, ""), ("ethusd", None, "")]
    filled = products.with_figures(prices_reader(rules.prices)(read([{"pair": "BTCUSD", "price": "64000.5"}])))
    assert of(filled, "btcusd").price == "64000.5"
    page = {"symbol": "BTCUSD", "status": "closed", "product_type": "spot", "base_currency": "BTC", "quote_currency": "USD"}
    told = details_reader(rules.symbols)(of(filled, "btcusd"), read(page))
    assert (told.is_alive, told.base, told.quote, told.price) == (False, "BTC", "USD", "64000.5")
    assert volumes_reader(rules.volume)(read({"volume": {"BTC": "1.5", "USD": "96000.75", "timestamp": 1}}))[""].volume == Decimal(
        "96000.75"
    )


def test_a_volume_that_is_not_in_the_quote_says_in_what() -> None:
    rules = feed_row("cryptocom").rest_rules.volume
    assert rules is not None
    told = volumes_reader(rules)(read({"result": {"data": [{"i": "ETH_BTC", "vv": "1000.5"}]}}))
    assert told == {"ETH_BTC": Figures(volume=Decimal("1000.5"), volume_currency="USD")}


@given(PRODUCTS, NAMES)
def test_a_name_that_means_two_markets_means_none_and_a_symbol_always_means_itself(products: Products, name: str) -> None:
    found = products.called(name)
    if products.get(name) is not None:
        assert found is products.get(name)
        return
    exactly = {one.symbol for one in products if name in {one.symbol, *one.names}}
    loosely = {one.symbol for one in products if name.upper() in {told.upper() for told in (one.symbol, *one.names)}}
    wanted = exactly or loosely
    assert (found.symbol if found is not None else None) == (next(iter(wanted)) if len(wanted) == 1 else None)


@given(PRODUCTS, st.dictionaries(NAMES, st.builds(Figures, st.sampled_from(["1", "2"]), st.just(Decimal(3)))))
def test_figures_change_no_name_and_no_market(products: Products, found: dict[str, Figures]) -> None:
    filled = products.with_figures(found)
    assert [one.symbol for one in filled] == [one.symbol for one in products]
    for one in filled:
        assert one.price is None or any(products.called(name) is not None for name in found)


@pytest.mark.parametrize("venue", [venue for venue in VENUES if venue != "htx"])
@given(answer=ANYTHING)
def test_whatever_a_venue_answers_is_read_or_passed_over(venue: str, answer: object) -> None:
    rules = feed_row(venue).rest_rules
    body = read(answer)
    assert rules.symbols is not None
    assert rules.prices is not None or venue == "coinbaseexchange", "which tells one market's price at a time"
    for one in products_reader(rules.symbols)(body):
        assert one.symbol
        assert one.volume is None or (one.volume.is_finite() and one.volume >= 0)
        details_reader(rules.symbols)(one, body)
    for figures in prices_reader(rules.prices)(body).values() if rules.prices is not None else ():
        assert figures.price is not None
        assert Decimal(figures.price) > 0
    if rules.volume is not None:
        assert all(one.volume is not None and one.volume >= 0 for one in volumes_reader(rules.volume)(body).values())


@pytest.mark.parametrize(
    ("part", "changes", "column"),
    [
        ("symbols", {"rows": "result[]", "names": ["@"]}, "rest_rules.symbols.names[0]"),
        ("symbols", {"names": ["a..b"]}, "rest_rules.symbols.names[0]"),
        ("symbols", {"names": []}, "rest_rules.symbols.names"),
        ("symbols", {"alias": "x["}, "rest_rules.symbols.alias"),
        ("prices", {"symbol": None}, "rest_rules.prices.symbol"),
        ("prices", {"rows": "$", "symbol": "@"}, "rest_rules.prices.symbol"),
        ("prices", {"url": "https://x/{SYMBOL}"}, "rest_rules.prices.url"),
        ("prices", {"time": "t"}, "rest_rules.prices.time"),
        ("volume", {"currency": "usd"}, "rest_rules.volume.currency"),
        ("volume", {"currency": "NINECHARS"}, "rest_rules.volume.currency"),
        ("volume", {"url": "https://x/{ID}"}, "rest_rules.volume.url"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_at_its_place(part: str, changes: dict[str, Any], column: str) -> None:
    values = row_values("kraken")
    values["rest_rules"][part] |= changes
    with pytest.raises(RowInvalid) as caught:
        parse_row(values)
    assert [fault.column for fault in caught.value.faults] == [column]

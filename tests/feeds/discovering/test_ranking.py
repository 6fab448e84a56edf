"""What a discovery ranks, and in which order."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.feeds import mapped
from trinity_beast.feeds.auditing.names import also_called
from trinity_beast.feeds.discovering.ranking import QUOTES, Market, in_dollars, markets_of, ranked, split, uncovered
from trinity_beast.feeds.rest import Product, Products
from trinity_beast.words import Symbol, Venue

KRAKEN = Venue("kraken")
BASES = ("BTC", "ETH", "RNDR", "RENDER", "ADA", "a b")


def product(base: str, quote: str = "USD", volume: str | None = None, **more: object) -> Product:
    told = None if volume is None else Decimal(volume)
    return Product(Symbol(f"{base}/{quote}"), base, quote, is_alive=True, volume=told, **more)  # type: ignore[arg-type]


def names(products: Sequence[Product], asset_map: Sequence[object] = ()) -> list[str]:
    markets = markets_of(Products(products))
    free = uncovered(markets, KRAKEN, asset_map)  # type: ignore[arg-type]
    return [one.symbol for one in ranked(free, in_dollars(markets), asset_map)]  # type: ignore[arg-type]


def test_volumes_in_several_quotes_are_compared_in_dollars_by_the_venues_own_prices() -> None:
    products = [
        product("ADA", "USD", "1000000"),
        product("ETH", "BTC", "20", price="0.03"),
        product("BTC", "USD", "5", price="64000"),
        product("SOL", "EUR", "1500000"),
        product("EUR", "USD", "10", price="1.1"),
        product("XRP", "JPY", "900000000"),
        product("DOT", "USD"),
    ]
    assert names(products) == ["SOL/EUR", "ETH/BTC", "ADA/USD", "EUR/USD", "BTC/USD", "XRP/JPY", "DOT/USD"]


def test_a_volume_told_in_another_currency_than_the_quote_is_taken_in_that() -> None:
    told = [product("ETH", "BTC", "1000", volume_currency="USD"), product("BTC", "USD", "2000", price="64000")]
    assert names(told) == ["BTC/USD", "ETH/BTC"]


def test_an_asset_stands_once_by_its_most_traded_market() -> None:
    markets = markets_of(Products([product("ADA", "EUR", "5"), product("ADA", "USD", "50"), product("ADA", "USDT", "70")]))
    (one,) = ranked(markets, in_dollars(markets), [mapped("ADA", venue="okx"), mapped("BTC", venue="okx")])
    assert (one.symbol, one.markets, one.volume_dollars, one.elsewhere) == ("ADA/USDT", 3, Decimal(70), ("okx",))


def test_what_is_mapped_under_a_former_name_or_switched_off_is_covered() -> None:
    asset_map = [mapped("RNDR", venue="kraken", symbol="RNDR/USD"), mapped("ADA", venue="kraken", symbol="ADA/USD", enabled=False)]
    products = [product("RENDER"), product("ADA", "EUR"), product("SOL"), product("BTC")]
    assert names(products, [*asset_map, mapped("SOL", venue="okx")]) == ["BTC/USD", "SOL/USD"]


def test_a_mapped_symbol_covers_its_coin_whatever_we_call_it() -> None:
    assert names([product("CGLD"), product("CGLD", "EUR")], [mapped("CELO", venue="kraken", symbol="CGLD/USD")]) == []


def test_the_dead_the_aliases_and_what_cannot_be_named_are_left_out() -> None:
    products = [
        Product(Symbol("A/USD"), "A", "USD", is_alive=False),
        Product(Symbol("B/USDC"), "B", "USDC", is_alive=True, alias="B/USD"),
        Product(Symbol("WORD WORD"), "WORD WORD", "USD", is_alive=True),
        Product(Symbol("ODD USD"), "ODD", "USD", is_alive=True),
        Product(Symbol("Q/TOOLONGQUOTE"), "Q", "TOOLONGQUOTE", is_alive=True),
        Product(Symbol("btcgusdperp"), is_alive=None),
        Product(Symbol("filusd"), is_alive=None),
    ]
    assert names(products) == ["filusd"]


@pytest.mark.parametrize(
    ("symbol", "parts"),
    [
        ("BTCUSD", ("BTC", "USD")),
        ("BTCUSDT", ("BTC", "USDT")),
        ("ETHBTC", ("ETH", "BTC")),
        ("USD", ("", "")),
        ("XYZ", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_bare_symbol_is_split_at_the_longest_quote_it_ends_in(symbol: str, parts: tuple[str, str]) -> None:
    assert split(symbol) == parts


MARKETS = st.lists(
    st.builds(
        product, st.sampled_from(BASES), st.sampled_from([*QUOTES, "JPY"]),
        st.one_of(st.none(), st.integers(0, 10**9).map(str)), price=st.sampled_from([None, "1.5", "64000"]),
    ),
    max_size=12,
)  # fmt: skip


@given(MARKETS, st.lists(st.sampled_from(BASES[:5]), max_size=2))
def test_a_ranking_holds_each_free_coin_once_in_falling_order_of_dollars_and_nothing_that_is_covered(
    products: list[Product], held: list[str]
) -> None:
    asset_map = [mapped(asset, venue="kraken", symbol=f"{asset}/XYZ") for asset in held]
    markets = markets_of(Products(products))
    free = uncovered(markets, KRAKEN, asset_map)
    candidates = ranked(free, in_dollars(markets), asset_map)
    assert len({one.asset for one in candidates}) == len(candidates)
    assert {one.asset for one in candidates} == {market.asset for market in free}
    covered = {name for asset in held for name in also_called(asset)}
    assert not covered & {one.asset for one in candidates}
    told = [one.volume_dollars for one in candidates if one.volume_dollars is not None]
    assert told == sorted(told, reverse=True)
    assert all(one.volume_dollars is None for one in candidates[len(told) :])
    for one in candidates:
        mine = [market for market in free if market.asset == one.asset]
        assert one.markets == len(mine)
        assert one.volume_dollars is None or one.volume_dollars >= max(_dollars(market, markets) for market in mine)


def _dollars(market: Market, markets: Sequence[Market]) -> Decimal:
    rate = in_dollars(markets).get(market.quote)
    return market.product.volume * rate if market.product.volume is not None and rate is not None else Decimal(0)

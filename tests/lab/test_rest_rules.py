"""The REST rules of the seeded rows, read at the stand-ins: last price and its time, the list with its alive test, volumes."""

from collections.abc import AsyncIterator
from decimal import Decimal
from urllib.parse import urlsplit

import pytest

from tests.lab.visitor import Played, played
from tests.support.feeds import DOCUMENTED
from trinity_beast.feeds import FeedRow, parse_row
from trinity_beast.feeds.grammar.digits import price_digits
from trinity_beast.feeds.grammar.times import time_reader
from trinity_beast.feeds.reading.codec import decoder
from trinity_beast.feeds.reading.conditions import condition
from trinity_beast.feeds.reading.getters import all_of, one_of
from trinity_beast.feeds.rest import Products
from trinity_beast.feeds.rest.products import prices_reader, products_reader, volumes_reader
from trinity_beast.feeds.session.texts import symbol_text
from trinity_beast.lab import row_for_lab
from trinity_beast.words import Symbol

SIX_AND_THREE = [venue for venue, row in DOCUMENTED.items() if row["rest_rules"]]


class Asker:
    """One venue's REST, asked by its row."""

    def __init__(self, stage: Played) -> None:
        self.stage = stage
        self.row: FeedRow = parse_row(row_for_lab(DOCUMENTED[stage.venue], stage.addresses))

    async def get(self, url: str) -> object:
        if self.stage.venue == "kraken":
            await self.stage.clock.let_pass(1)
        assert urlsplit(url).scheme == "http"
        async with self.stage.session.get(url) as answer:
            return decoder()(await answer.read())

    async def last(self, symbol: str) -> tuple[str, int]:
        """Return the price and the time in ns that the row's rule finds."""
        rule = self.row.rest_rules.price
        assert rule is not None
        assert rule.time is not None
        assert rule.time_format is not None
        body = await self.get(symbol_text(rule.url, Symbol(symbol)))
        return price_digits(one_of(rule.price)(body)), time_reader(rule.time_format)(one_of(rule.time)(body))

    async def products(self) -> Products:
        """Return the list that the row's rule reads."""
        rule = self.row.rest_rules.symbols
        assert rule is not None
        return products_reader(rule)(await self.get(str(rule.url)))

    async def alive(self) -> set[str]:
        """Return the symbols that the row's rule finds on the list and alive, as the socket spells them."""
        rule = self.row.rest_rules.symbols
        assert rule is not None
        body = await self.get(str(rule.url))
        found = set()
        for row in all_of(rule.rows)(body):
            symbol = str(one_of(rule.symbol)(row))
            shown = row if rule.details_url is None else await self.get(symbol_text(rule.details_url, Symbol(symbol)))
            for listed, on_the_socket in rule.rename:
                symbol = symbol.replace(listed, on_the_socket)
            if rule.alive is None or condition(rule.alive)(shown):
                found.add(symbol)
        return found


@pytest.fixture(params=SIX_AND_THREE)
async def asker(request: pytest.FixtureRequest) -> AsyncIterator[Asker]:
    async with played(request.param) as stage:
        yield Asker(stage)


async def test_the_last_trade_is_found_with_its_price_and_its_true_time(asker: Asker) -> None:
    stage = asker.stage
    await stage.clock.let_pass(2)
    for symbol in (stage.dialect.btc, stage.dialect.eth):
        price, time_ns = await asker.last(symbol)
        true = stage.tape(symbol).last
        assert true is not None
        assert price == true.price
        assert 0 <= true.time_ns - time_ns < (10**9 if stage.venue == "bitstamp" else 10**6)


async def test_the_living_are_found_and_the_dead_are_not(asker: Asker) -> None:
    stage = asker.stage
    living = {listing.symbol for listing in stage.lab.market.listings[stage.venue] if not listing.is_delisted}
    twins = {f"{symbol}C" for symbol in living} if stage.venue == "coinbase" else set()
    assert await asker.alive() == living | twins
    await stage.order("delist BTC")
    await stage.clock.let_pass(3)
    assert await asker.alive() == (living | twins) - {stage.dialect.btc, f"{stage.dialect.btc}C"}


async def test_all_last_prices_are_told_at_once_each_by_a_name_the_list_knows(asker: Asker) -> None:
    stage, rules = asker.stage, asker.row.rest_rules
    if rules.prices is None:
        assert stage.venue == "coinbaseexchange", "which tells one market's price at a time"
        return
    await stage.clock.let_pass(2)
    products = (await asker.products()).with_figures(prices_reader(rules.prices)(await asker.get(str(rules.prices.url))))
    for listing in stage.lab.market.listings[stage.venue]:
        product = products.get(listing.symbol)
        assert product is not None
        assert product.price is not None, f"{listing.symbol} has no price"
    for symbol in (stage.dialect.btc, stage.dialect.eth):
        true, product = stage.tape(symbol).last, products.get(symbol)
        assert true is not None
        assert product is not None
        assert product.price is not None
        assert Decimal(product.price) == Decimal(true.price)


async def test_every_market_has_its_24_h_volume_and_the_dead_have_none(asker: Asker) -> None:
    stage, rules = asker.stage, asker.row.rest_rules
    if stage.venue == "coinbaseexchange":
        assert rules.volume is None, "its volumes are not described in what we have"
        return
    products = await asker.products()
    if rules.volume is not None and rules.volume.is_of_one:
        read = volumes_reader(rules.volume)
        told = {one.symbol: read(await asker.get(symbol_text(rules.volume.url, one.symbol)))[""].volume for one in products}
    elif rules.volume is not None:
        products = products.with_figures(volumes_reader(rules.volume)(await asker.get(str(rules.volume.url))))
        told = {one.symbol: one.volume for one in products}
    else:
        told = {one.symbol: one.volume for one in products}
    for listing in stage.lab.market.listings[stage.venue]:
        volume = told[listing.symbol]
        true = stage.tape(listing.symbol).quote_volume
        assert volume == 0 if listing.is_delisted and volume is not None else (volume is None) == listing.is_delisted
        assert listing.is_delisted or float(volume or 0) == pytest.approx(float(true), rel=0.05)

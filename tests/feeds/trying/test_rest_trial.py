"""REST rules and rows of the map looked through before they are used, at the lab's Coinbase beside a feed that runs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from tests.pricing.test_words_at_the_lab import market
from tests.support.clock import ManualClock
from tests.support.feeds import DOCUMENTED, NOW_NS, mapped, row_values
from tests.support.watched import COINBASE, Watched, watched
from trinity_beast.feeds import MappedAsset, RestTrial, parse_row
from trinity_beast.feeds.guard import LastTrade
from trinity_beast.feeds.trying import Flaw
from trinity_beast.parameters import Readings
from trinity_beast.words import Symbol, Venue

T = TypeVar("T")
ASSETS = [mapped("BTC"), mapped("ETH")]
TRADES, PRODUCTS = "/api/v3/brokerage/market/products/{SYMBOL}/ticker?limit=1", "/api/v3/brokerage/market/products"


class Stage:
    """A running feed, the rows as its node has them, and what is tried beside it."""

    def __init__(self, run: Watched) -> None:
        self._run = run
        self.row = run.feeds.kept_frames(COINBASE)[0]  # type: ignore[index]  # It runs.
        self.elsewhere: dict[tuple[Venue, Symbol], LastTrade] = {}
        self.trial = RestTrial(run.looks, dict, self, readings=Readings())

    def last_known(self, venue: Venue, symbol: Symbol) -> LastTrade | None:
        return self.elsewhere.get((venue, symbol)) or self._run.feeds.last_known(venue, symbol)

    async def done(self, work: Awaitable[T]) -> T:
        task = asyncio.ensure_future(work)
        async with asyncio.timeout(10):
            while not task.done():
                await self._run.clock.let_pass(0.05)
        return task.result()

    async def flaws(self, change: Callable[[dict[str, Any]], object]) -> dict[str, str]:
        """What is wrong with the running row's rules, changed."""
        rules = row_values()["rest_rules"]
        change(rules)
        row = parse_row(row_values(enabled=True, rest_rules=rules))
        moved = replace(row, endpoint=self.row.endpoint, rest_rules=_moved(row.rest_rules, self.row.rest_rules))
        found = await self.done(self.trial.rules(moved, ASSETS))
        return {flaw.kind.value: flaw.column for flaw in found.flaws}

    async def speaks_against(self, *rows: MappedAsset) -> list[tuple[int, Flaw]]:
        """What a changed map's rows are refused for."""
        return await self.done(self.trial.map_rows(list(enumerate(rows)), [rendered_at(self.row)], [*ASSETS, mapped("SOL", quote="USDT")]))

    async def order(self, words: str) -> None:
        await self._run.lab.fault(words)

    @property
    def counts(self) -> dict[str, int]:
        return dict(self._run.looks.counts()[COINBASE])


def _moved(rules: Any, at: Any) -> Any:
    """REST rules at the lab's addresses, as a node moves them."""
    return replace(rules, price=replace(rules.price, url=at.price.url), symbols=replace(rules.symbols, url=at.symbols.url))


def rendered_at(row: Any) -> dict[str, object]:
    rules = dict(DOCUMENTED[COINBASE]["rest_rules"])
    rules["price"] = rules["price"] | {"url": str(row.rest_rules.price.url)}
    rules["symbols"] = rules["symbols"] | {"url": str(row.rest_rules.symbols.url)}
    return row_values(enabled=True, rest_rules=rules)


@pytest.fixture
async def stage(clock: ManualClock) -> AsyncIterator[Stage]:
    async with watched(market(COINBASE, {"BTC": 4.0, "ETH": 4.0}), ASSETS, clock) as run:
        await clock.let_pass(3)
        yield Stage(run)


async def test_rules_that_tell_what_the_feed_hears_pass_within_the_venues_budget_and_count_for_nothing(stage: Stage) -> None:
    before = stage.counts
    assert await stage.flaws(lambda rules: rules.update(requests_per_second=5)) == {}
    after = stage.counts
    assert after["requests"] - before["requests"] == 3, "its list, and a last trade of each symbol"
    assert (after["looks"], after["answered"]) == (before["looks"], before["answered"])


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        (lambda rules: rules["price"].update(price="trades[0].size"), "price_elsewhere"),
        (lambda rules: rules["price"].update(price="trades[0].prize"), "rest_unreadable"),
        (lambda rules: rules["price"].update(time_format="unix_ms"), "rest_unreadable"),
        (lambda rules: rules["price"].update(price="best_bid", time="trades[0].trade_id", time_format="unix_s"), "rest_unreadable"),
        (lambda rules: rules["symbols"].update(alive={"status": "alive"}), "not_listed"),
        (lambda rules: rules["symbols"].update(symbol="base_currency_id"), "not_listed"),
        (lambda rules: rules.update(ok={"code": 0}), "rest_unreadable"),
    ],
)
async def test_rules_that_read_the_venue_wrong_are_told_with_the_evidence(
    stage: Stage, change: Callable[[dict[str, Any]], object], flaw: str
) -> None:
    assert list(await stage.flaws(change)) == [flaw]
    assert stage.counts["pauses"] == 0, "the venue is well, whatever the tried rules make of it"


async def test_a_venue_whose_rest_is_away_lets_no_rules_pass(stage: Stage) -> None:
    await stage.order("rest-status coinbase status=500")
    assert list(await stage.flaws(lambda rules: rules.update(requests_per_second=5))) == ["rest_away"]


@pytest.mark.parametrize(
    ("row", "flaw", "column"),
    [
        (mapped("X", symbol="NOPE-USD"), "not_listed", "symbol"),
        (mapped("RNDR", symbol="RNDR-USD"), "not_listed", "symbol"),
        (mapped("BTC", symbol="BTC-USD", quote="USDT"), "quote_other", "quote"),
        (mapped("BTC", symbol="ETH-USD"), "price_elsewhere", "symbol"),
    ],
)
async def test_a_map_row_of_no_market_a_dead_one_another_quote_or_coin_is_told(
    stage: Stage, row: MappedAsset, flaw: str, column: str
) -> None:
    there = mapped("BTC", venue="kraken", symbol="BTC/USD")
    stage.elsewhere[there.venue, there.symbol] = LastTrade("97000", NOW_NS)
    rows = [mapped("ETH", symbol="ETH-USD"), row]
    found = await stage.done(
        stage.trial.map_rows(list(enumerate(rows)), [rendered_at(stage.row)], [*ASSETS, there, mapped("S", quote="USDT")])
    )
    assert [(index, each.kind.value, each.column) for index, each in found] == [(1, flaw, column)]


async def test_a_halted_market_is_one_and_a_venue_that_is_away_speaks_against_nothing(stage: Stage) -> None:
    await stage.order("halt coinbase BTC-USD")
    assert await stage.speaks_against(mapped("BTC", symbol="BTC-USD")) == []
    await stage.order("rest-status coinbase status=503")
    assert await stage.speaks_against(mapped("X", symbol="NOPE-USD")) == []

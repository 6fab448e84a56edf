"""What is proposed in place of a market that is gone."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.feeds import mapped
from trinity_beast.feeds import MappedAsset
from trinity_beast.feeds.auditing import Finding, Layer, Outcome, Proposal, ProposalKind
from trinity_beast.feeds.auditing.layers import ListSeen, listed
from trinity_beast.feeds.auditing.names import also_called
from trinity_beast.feeds.auditing.proposals import DOLLARS, proposal_of
from trinity_beast.feeds.rest import Product, Products
from trinity_beast.words import Symbol, Venue

COINBASE, KRAKEN, GEMINI = Venue("coinbase"), Venue("kraken"), Venue("gemini")
ROW = mapped("RNDR", symbol="RNDR-USD")
FAILED = Finding(Layer.DELIVERS, Outcome.FAILED, "muted")


def product(symbol: str, base: str = "", quote: str = "USD", **more: object) -> Product:
    return replace(Product(Symbol(symbol), base, quote if base else "", is_alive=True), **more)  # type: ignore[arg-type]


def lists(**products: Sequence[Product] | None) -> dict[Venue, ListSeen]:
    return {Venue(venue): ListSeen(None if found is None else Products(found), "late") for venue, found in products.items()}


def proposed(
    found: dict[Venue, ListSeen], row: MappedAsset = ROW, asset_map: Sequence[MappedAsset] = (), *, known_price: str | None = None
) -> Proposal:
    told = proposal_of(row, [listed(row, found[row.venue])], found, asset_map, known_price=known_price)
    assert told is not None
    return told


def where(told: Proposal) -> tuple[ProposalKind, str, str, str]:
    return told.kind, told.venue, told.symbol, told.quote


def test_nothing_is_proposed_where_nothing_failed() -> None:
    passed = [Finding(Layer.LISTED, Outcome.PASSED), Finding(Layer.DELIVERS, Outcome.UNPROVEN, "quiet")]
    assert proposal_of(ROW, passed, {}, (), known_price=None) is None


def test_a_market_that_is_there_is_not_replaced() -> None:
    told = proposal_of(ROW, [FAILED], lists(coinbase=[product("RENDER-USD", "RENDER")]), (), known_price=None)
    assert told is not None
    assert (told.kind, "the market is there" in told.why) == (ProposalKind.NONE, True)


def test_the_same_coin_by_its_newer_name_comes_first() -> None:
    found = lists(
        coinbase=[product("RENDER-USD", "RENDER"), product("RNDR-USD", "RNDR", is_alive=False)], kraken=[product("RNDR/USD", "RNDR")]
    )
    assert where(proposed(found)) == (ProposalKind.RENAME, "coinbase", "RENDER-USD", "USD")


def test_the_same_venue_in_another_dollar_comes_before_another_venue() -> None:
    found = lists(
        coinbase=[product("RNDR-EUR", "RNDR", "EUR"), product("RNDR-USDC", "RNDR", "USDC"), product("RNDR-USDT", "RNDR", "USDT")],
        kraken=[product("RNDR/USD", "RNDR")],
    )
    assert where(proposed(found)) == (ProposalKind.REQUOTE, "coinbase", "RNDR-USDT", "USDT")


def test_a_venue_that_has_it_mapped_comes_before_one_that_only_lists_it() -> None:
    found = lists(coinbase=[], gemini=[product("rndrusd")], kraken=[product("RNDR/USD", "RNDR")])
    assert where(proposed(found)) == (ProposalKind.MOVE, "kraken", "RNDR/USD", "USD") or where(proposed(found))[1] == "gemini"
    here = [mapped("RNDR", venue="kraken", symbol="RNDR/USD", prewarm=False)]
    assert where(proposed(found, asset_map=here)) == (ProposalKind.MOVE, "kraken", "RNDR/USD", "USD")
    off = [replace(here[0], venue=GEMINI, symbol=Symbol("rndrusd"), enabled=False)]
    assert "mapped there already" not in proposed(found, asset_map=off).why


def test_a_bare_symbol_is_found_by_base_and_quote_run_together() -> None:
    assert where(proposed(lists(coinbase=[], gemini=[product("renderusd")]))) == (ProposalKind.MOVE, "gemini", "renderusd", "USD")


def test_another_coin_of_the_same_name_is_not_proposed() -> None:
    found = lists(coinbase=[], kraken=[product("RNDR/USD", "RNDR", price="250")])
    assert proposed(found, known_price="1.3").kind is ProposalKind.NONE
    assert proposed(found, known_price="140").kind is ProposalKind.MOVE


def test_a_symbol_the_map_cannot_hold_is_not_proposed() -> None:
    assert proposed(lists(coinbase=[product("RENDER USD", "RENDER"), product("=RENDER", "RENDER")])).kind is ProposalKind.NONE


def test_where_nothing_is_found_it_is_told_whose_list_could_not_be_read() -> None:
    told = proposed(lists(coinbase=[], kraken=None, gemini=[]))
    assert (told.kind, told.why) == (
        ProposalKind.NONE, "no exchange whose list could be read trades RNDR in USD or dollars; not read: kraken",
    )  # fmt: skip


@pytest.mark.parametrize(("name", "others"), [("RNDR", {"RENDER"}), ("POL", {"MATIC"}), ("BTC", {"XBT"}), ("ETH", set())])
def test_a_coin_is_known_by_its_other_names_both_ways(name: str, others: set[str]) -> None:
    assert also_called(name)[0] == name
    assert set(also_called(name)[1:]) == others
    assert all(name in also_called(other) for other in others)


SYMBOLS = st.builds(
    product, st.text("ABC- ", min_size=1, max_size=6), st.sampled_from(["RNDR", "RENDER", "ETH", ""]), st.sampled_from([*DOLLARS, "EUR"]),
    is_alive=st.sampled_from([True, False, None]), alias=st.sampled_from(["", "X-USD"]), price=st.sampled_from([None, "1", "500"]),
)  # fmt: skip


@given(st.lists(SYMBOLS, max_size=8), st.lists(SYMBOLS, max_size=8), st.sampled_from([None, "1.3"]))
def test_what_is_proposed_is_always_on_a_list_alive_no_alias_the_same_coin_and_another_market(
    here: list[Product], there: list[Product], known_price: str | None
) -> None:
    found = lists(coinbase=here, kraken=there)
    told = proposed(found, known_price=known_price)
    assert told.why
    if told.kind is ProposalKind.NONE:
        assert told.symbol == ""
        return
    chosen = found[Venue(told.venue)].product(told.symbol)
    assert chosen is not None
    assert chosen.is_alive is not False
    assert not chosen.alias
    assert chosen.base in {*also_called("RNDR"), ""}
    assert told.quote in DOLLARS
    assert " " not in told.symbol
    assert (told.venue, told.symbol) != (ROW.venue, ROW.symbol)
    assert not (known_price and chosen.price == "500")

"""The four layers as rules: what was seen goes in, a finding comes out."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.support.feeds import NOW_NS, SECOND_NS, mapped, trade
from trinity_beast.feeds import FeedState, FeedStatus, Look, SymbolStatus
from trinity_beast.feeds.auditing import Answered, Outcome
from trinity_beast.feeds.auditing.layers import ListSeen, Told, agrees, answers, delivers, differs_percent, listed, needs_look
from trinity_beast.feeds.rest import Product, Products
from trinity_beast.words import Symbol, Venue

BTC = mapped("BTC")
LIVE, REST, STALE = (
    Answered(True, "live", "coinbase", "100", 0.2),
    Answered(True, "rest", "coinbase", "100", 3),
    Answered(False, code="PRICE_STALE"),
)
PRICES = st.decimals(Decimal("0.00000001"), Decimal(1_000_000), places=8).map(lambda price: f"{price:f}")


def seen(*products: Product) -> ListSeen:
    return ListSeen(Products(products))


def product(symbol: str = "BTC-USD", **more: object) -> Product:
    return replace(Product(Symbol(symbol), "BTC", "USD", is_alive=True), **more)  # type: ignore[arg-type]


def status(standing: str = "held", *, state: FeedState = FeedState.LIVE, last_ns: int | None = NOW_NS, **more: object) -> FeedStatus:
    symbols = (SymbolStatus(Symbol("BTC-USD"), standing, last_ns, "no such product"),)
    whole = FeedStatus(Venue("coinbase"), "Coinbase", state, 1, 100.0, 0.1, 0, None, True, "gone", symbols, {"rows_refused_time": 3})
    return replace(whole, **more)  # type: ignore[arg-type]


def look(*, earlier: float = 0.0, price: str = "100") -> Look:
    told = replace(trade(price=price), exchange_time_ns=NOW_NS - round(earlier * SECOND_NS), received_time_ns=NOW_NS)
    return Look(Venue("coinbase"), Symbol("BTC-USD"), told, 0)


@pytest.mark.parametrize(
    ("where", "outcome", "reason"),
    [
        (seen(product()), Outcome.PASSED, ""),
        (seen(product(is_alive=None)), Outcome.PASSED, ""),
        (seen(product(alias="BTC-USD")), Outcome.PASSED, ""),
        (seen(product(is_alive=False)), Outcome.FAILED, "not_tradable"),
        (seen(product(alias="XBT-USD")), Outcome.FAILED, "alias"),
        (seen(product("ETH-USD")), Outcome.FAILED, "not_listed"),
        (seen(), Outcome.FAILED, "not_listed"),
        (seen(product("XBT-USD", names=("BTC-USD",))), Outcome.FAILED, "old_name"),
        (seen(product("btc-usd")), Outcome.FAILED, "old_name"),
        (ListSeen(None, "limited: 429"), Outcome.UNPROVEN, "list_away"),
        (
            ListSeen(Products([product(is_alive=None)]), details={}, details_problem={Symbol("BTC-USD"): "late"}),
            Outcome.UNPROVEN,
            "list_away",
        ),
        (
            ListSeen(Products([product(is_alive=None)]), details={Symbol("BTC-USD"): product(is_alive=False)}),
            Outcome.FAILED,
            "not_tradable",
        ),
    ],
)
def test_a_symbol_is_on_its_venues_list_under_this_name_and_traded_or_it_is_told_why_not(
    where: ListSeen, outcome: Outcome, reason: str
) -> None:
    found = listed(BTC, where)
    assert (found.outcome, found.reason) == (outcome, reason)
    assert bool(found.told) == (outcome is not Outcome.PASSED)


@pytest.mark.parametrize(
    ("feed", "held", "looked", "outcome", "reason"),
    [
        (status(), LIVE, None, Outcome.PASSED, ""),
        (status(), replace(LIVE, state="quiet"), None, Outcome.PASSED, ""),
        (status(), REST, None, Outcome.FAILED, "muted"),
        (status(), replace(LIVE, is_lent=True), None, Outcome.FAILED, "lent"),
        (status(), replace(LIVE, state="halted"), None, Outcome.UNPROVEN, "halted"),
        (status(), replace(LIVE, state="quiet", is_lent=True), None, Outcome.PASSED, ""),
        (status(), replace(REST, is_lent=True), None, Outcome.FAILED, "lent"),
        (status(), STALE, None, Outcome.FAILED, "silent"),
        (status(), STALE, Look(Venue("coinbase"), Symbol("BTC-USD"), None, 0, "late"), Outcome.FAILED, "silent"),
        (status(last_ns=NOW_NS - 10 * SECOND_NS), STALE, look(), Outcome.FAILED, "muted"),
        (status(), STALE, look(), Outcome.UNPROVEN, "quiet"),
        (status(last_ns=None), STALE, look(earlier=99), Outcome.FAILED, "muted"),
        (status(last_ns=None), STALE, look(earlier=101), Outcome.UNPROVEN, "quiet"),
        (status("refused"), STALE, None, Outcome.FAILED, "refused"),
        (status("unanswered"), STALE, None, Outcome.FAILED, "unanswered"),
        (status("asked"), STALE, None, Outcome.UNPROVEN, "asked"),
        (status("queued"), STALE, None, Outcome.UNPROVEN, "asked"),
        (status(symbols=()), STALE, None, Outcome.UNPROVEN, "asked"),
        (status(state=FeedState.WAITING), STALE, None, Outcome.FAILED, "feed_away"),
        (status(state=FeedState.CONNECTING), STALE, None, Outcome.FAILED, "feed_away"),
        (status(state=FeedState.OFF), STALE, None, Outcome.FAILED, "feed_off"),
        (None, STALE, None, Outcome.FAILED, "feed_off"),
    ],
)
def test_a_feed_delivers_or_it_is_told_why_not(
    feed: FeedStatus | None, held: Answered, looked: Look | None, outcome: Outcome, reason: str
) -> None:
    found = delivers(BTC, feed, held, looked)
    assert (found.outcome, found.reason) == (outcome, reason)
    assert needs_look(found) == (reason == "silent")


def test_what_was_dropped_of_a_silent_symbols_feed_is_told_beside_it() -> None:
    assert delivers(BTC, status(), STALE).evidence == {"code": "PRICE_STALE", "rows_refused_time": "3"}


def test_what_no_feed_holds_is_not_asked_of_one() -> None:
    found = delivers(replace(BTC, prewarm=False), None, STALE)
    assert (found.outcome, found.reason) == (Outcome.SKIPPED, "not_held")


@given(PRICES, PRICES)
def test_a_difference_is_the_same_both_ways_and_nothing_only_between_equals(one: str, other: str) -> None:
    assert differs_percent(one, other) == differs_percent(other, one) >= 0
    assert (differs_percent(one, other) == 0) == (Decimal(one) == Decimal(other))


@given(PRICES, st.lists(PRICES, max_size=5), st.floats(0.01, 100))
def test_a_price_drifts_from_venues_only_where_not_one_of_them_is_near(own: str, others: list[str], percent: float) -> None:
    told = [Told(Venue("kraken"), price) for price in others]
    found = agrees(BTC, own, None, told, percent=percent)
    if not others:
        assert found.reason == "nothing_to_compare"
    else:
        is_near = any(differs_percent(own, price) <= percent for price in others)
        assert (found.outcome is Outcome.PASSED) == is_near
        assert (found.reason == "drifts_from_venues") == (not is_near)


@given(PRICES, PRICES, st.lists(PRICES, max_size=3), st.floats(0.01, 100))
def test_a_socket_that_contradicts_its_own_rest_drifts_whatever_others_say(own: str, rest: str, others: list[str], percent: float) -> None:
    assume(differs_percent(own, rest) > percent)
    found = agrees(BTC, own, rest, [Told(Venue("kraken"), price) for price in others], percent=percent)
    assert (found.outcome, found.reason) == (Outcome.FAILED, "drifts_from_rest")


def test_a_price_nobody_has_proves_nothing() -> None:
    assert agrees(BTC, None, None, [Told(Venue("kraken"), "1")], percent=2).reason == "no_price"
    assert agrees(BTC, "100", "101.9", [], percent=2).outcome is Outcome.PASSED
    assert agrees(BTC, "100", "102.1", [], percent=2).outcome is Outcome.FAILED


def test_a_request_is_answered_or_refused_with_its_code() -> None:
    assert answers(BTC, LIVE).outcome is Outcome.PASSED
    refused = answers(BTC, replace(STALE, age_seconds=91.25))
    assert (refused.outcome, refused.reason, refused.evidence) == (
        Outcome.FAILED, "no_answer", {"code": "PRICE_STALE", "age_seconds": "91.2"},
    )  # fmt: skip


@given(st.text(max_size=700))
def test_whatever_words_a_venue_uses_can_be_stored_and_shown(words: str) -> None:
    told = [listed(BTC, ListSeen(None, words)), delivers(BTC, status("refused", last_error=words), STALE)]
    told.append(delivers(BTC, status(state=FeedState.WAITING, last_error=words), STALE))
    for found in told:
        for text in (found.told, *found.evidence.values()):
            assert text.isprintable()
            assert len(text) <= 500

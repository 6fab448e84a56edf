"""One symbol asked for anew, the others untouched."""

import json
from collections.abc import Iterable

from tests.support.feeds import at, feed_row, session, texts, with_control
from trinity_beast.feeds.counts import Counts
from trinity_beast.feeds.session import Action, Session
from trinity_beast.words import Symbol

BTC, ETH = Symbol("BTC-USD"), Symbol("ETH-USD")


def held(*symbols: str, counts: Counts | None = None) -> Session:
    """A session of Coinbase that was told it holds its symbols."""
    talk = session(feed_row(), *symbols, counts=counts, feed_messages_per_second=1_000.0)
    talk.opened(at(0))
    run(talk, 0.1)
    ack(talk, 0.2, *symbols)
    return talk


def run(talk: Session, seconds: float) -> list[tuple[str, list[str]]]:
    """What is sent, as (type, symbols), until nothing is due."""
    found = []
    for number in range(20):
        found += texts(talk.tick(at(seconds + number / 1_000)))
    return [(told["type"], told.get("product_ids", [])) for told in map(json.loads, found)]


def ack(talk: Session, seconds: float, *symbols: str) -> list[str]:
    body = {"channel": "subscriptions", "events": [{"subscriptions": {"market_trades": list(symbols)}}]}
    return texts(talk.received(json.dumps(body).encode(), at(seconds)).actions)


def sent(actions: object) -> list[tuple[str, list[str]]]:
    return [(told["type"], told.get("product_ids", [])) for told in map(json.loads, texts(actions))]


def test_a_renewed_symbol_is_left_then_asked_for_and_no_other_is_named() -> None:
    talk = held(BTC, ETH)
    told = sent(talk.renew(BTC, at(1))) + run(talk, 1.001)
    assert told == [("unsubscribe", [BTC]), ("subscribe", [BTC])]
    assert talk.subscriptions.by_symbol[ETH].standing == "held"


def test_a_trade_or_an_ack_that_comes_in_between_does_not_leave_it_unasked() -> None:
    talk = held(BTC, ETH)
    assert talk.subscriptions.renew(BTC)
    left = talk.subscriptions.next_request(1, at(1))
    asked = ack(talk, 1.01, BTC, ETH)
    assert [json.loads(text or "")["type"] for text in (left, *asked)] == ["unsubscribe", "subscribe"]


def test_only_what_is_held_can_be_renewed_and_a_renewal_under_way_is_not_begun_twice() -> None:
    talk = session(feed_row(), BTC)
    assert talk.renew(BTC, at(0)) is None
    talk = held(BTC)
    assert talk.renew(ETH, at(1)) is None
    assert talk.subscriptions.renew(BTC)
    assert not talk.subscriptions.renew(BTC)


def test_a_symbol_that_is_no_longer_wanted_is_left_and_not_asked_for() -> None:
    talk = held(BTC, ETH)
    talk.subscriptions.renew(BTC)
    told = sent(talk.want([ETH], at(1))) + run(talk, 1.001)
    assert told == [("unsubscribe", [BTC])]


def test_renewals_are_counted() -> None:
    counts = Counts()
    held(BTC, ETH, counts=counts).renew(BTC, at(1))
    assert counts.symbols_renewed == 1


def hourly(requests: int, *symbols: str) -> Session:
    """A session of OKX that may send so many requests an hour, and was told it holds its symbols."""
    talk = session(with_control("okx", requests_per_hour=requests), *symbols, feed_messages_per_second=1_000.0)
    talk.opened(at(0))
    for symbol in symbols:
        hold(talk, 0.1, symbol)
    return talk


def hold(talk: Session, seconds: float, symbol: str) -> None:
    """The venue says that it holds a symbol."""
    talk.received(json.dumps({"event": "subscribe", "arg": {"channel": "trades", "instId": symbol}}).encode(), at(seconds))


def test_a_symbol_is_not_left_where_too_few_requests_of_the_hour_remain_to_ask_for_it_again() -> None:
    one, two = Symbol("BTC-USDT"), Symbol("ETH-USDT")
    talk = hourly(8, one, two)
    renewed, asked = [], []
    for number, symbol in enumerate([one, two, one, two], start=1):
        begun = talk.renew(symbol, at(number))
        renewed.append(begun is not None)
        asked += ops(begun or []) + ops(action for turn in range(9) for action in talk.tick(at(number + 0.01 * turn)))
        hold(talk, number + 0.5, symbol)
    assert renewed == [True, True, False, False]
    assert asked == ["unsubscribe", "subscribe"] * 2
    assert talk.renew(one, at(3_601)) is not None


def test_renewals_of_many_at_once_are_counted_with_what_they_still_have_to_send() -> None:
    symbols = [Symbol(f"A{number}-USDT") for number in range(20)]
    talk = hourly(16, *symbols)
    begun = [talk.renew(symbol, at(1)) for symbol in symbols]
    assert sum(actions is not None for actions in begun) == 5
    asked = [op for actions in begun for op in ops(actions or [])]
    asked += ops(action for turn in range(99) for action in talk.tick(at(1 + 0.01 * turn)))
    assert (asked.count("unsubscribe"), asked.count("subscribe")) == (5, 5)


def test_of_many_that_are_renewed_each_is_asked_for_by_the_request_after_the_one_that_left_it() -> None:
    symbols = [Symbol(f"A{number}-USDT") for number in range(20)]
    talk = hourly(480, *symbols)
    begun = [talk.renew(symbol, at(1)) or [] for symbol in symbols]
    later = [action for turn in range(99) for action in talk.tick(at(1 + 0.01 * turn))]
    said = [json.loads(text) for text in texts([action for actions in [*begun, later] for action in actions]) if text != "ping"]
    told = [(each["op"], each["args"][0]["instId"]) for each in said]
    assert told == [(op, symbol) for symbol in symbols for op in ("unsubscribe", "subscribe")]


def ops(actions: Iterable[Action]) -> list[str]:
    """What is asked for, pings left out."""
    return [json.loads(text)["op"] for text in texts(list(actions)) if text != "ping"]

"""One connection's conversation, told as events and times."""

import json
from typing import Any

import pytest

from tests.support.feeds import VENUES, at, closes, feed_row, rfc3339, session, texts
from trinity_beast.feeds.counts import Counts
from trinity_beast.feeds.moment import Moment
from trinity_beast.feeds.session import Heard, Session, Standing
from trinity_beast.words import Symbol


def frame(*rows: tuple[str, str, str], kind: str = "update", **more: Any) -> bytes:
    trades = [{"product_id": symbol, "price": price, "time": time} for symbol, price, time in rows]
    return json.dumps({"channel": "market_trades", **more, "events": [{"type": kind, "trades": trades}]}).encode()


def ack(*symbols: str) -> bytes:
    return json.dumps({"channel": "subscriptions", "events": [{"subscriptions": {"market_trades": symbols}}]}).encode()


REFUSED = b'{"type":"error","message":"failure to subscribe"}'
HEARTBEAT = b'{"channel":"heartbeats","events":[{}]}'


def drain(talk: Session, now: Moment, seconds: float = 5.0) -> list[str]:
    """Let the session say all it has to say within some seconds, its silence aside."""
    said: list[str] = []
    for tenth in range(round(seconds * 10) + 1):
        later = Moment(now.wall_ns + tenth * 10**8, now.monotonic_ns + tenth * 10**8)
        said += texts(talk.tick(later))
    return said


def asked(said: list[str]) -> list[list[str]]:
    """The products of each subscription among the texts."""
    messages = [json.loads(text) for text in said]
    return [message["product_ids"] for message in messages if message["channel"] == "market_trades"]


def standing(talk: Session) -> dict[str, str]:
    return {str(symbol): str(subscription.standing) for symbol, subscription in talk.subscriptions.by_symbol.items()}


def test_the_first_messages_go_before_the_subscriptions() -> None:
    talk = session(feed_row(), "BTC-USD", "ETH-USD")
    assert texts(talk.opened(at(0))) == ['{"type":"subscribe","channel":"heartbeats"}']
    assert drain(talk, at(0)) == ['{"type":"subscribe","channel":"market_trades","product_ids":["BTC-USD","ETH-USD"]}']


def test_nothing_is_said_before_the_connect_delay_has_passed() -> None:
    talk = session(feed_row("cryptocom"), "BTC_USD")
    assert talk.opened(at(0)) == []
    assert talk.tick(at(0.9)) == []
    assert talk.due_ns() == at(1).monotonic_ns
    assert texts(talk.tick(at(1))) == ['{"id":1,"method":"subscribe","params":{"channels":["trade.BTC_USD"]}}']


def test_messages_are_spaced_by_the_venues_pace() -> None:
    talk = session(feed_row("binance", symbols_per_message=1), *[f"S{number}USDT" for number in range(11)])
    sent = [(tenth / 10, text) for tenth in range(31) for text in texts(talk.opened(at(0)) if tenth == 0 else talk.tick(at(tenth / 10)))]
    assert len(sent) == 11
    for start, _ in sent:
        assert sum(1 for moment, _ in sent if start <= moment < start + 1) <= 5


def test_requests_stay_within_the_hour_and_wait_for_it() -> None:
    control = {"requests_per_hour": 3, "silence_seconds": 30, "text_frames": {"pong": "alive"}}
    row = feed_row("okx", symbols_per_message=1, control_rules=control)
    talk = session(row, "A-USDT", "B-USDT", "C-USDT", "D-USDT")
    said = texts(talk.opened(at(0))) + drain(talk, at(0), seconds=20)
    assert len([text for text in said if "subscribe" in text]) == 3
    talk.received(b"pong", at(3_599))
    assert not [text for text in texts(talk.tick(at(3_599.9))) if "D-USDT" in text]
    assert [text for text in texts(talk.tick(at(3_600))) if "D-USDT" in text]


def test_a_trade_counts_from_the_asking_not_from_the_ack() -> None:
    talk = session(feed_row(), "BTC-USD")
    talk.opened(at(0))
    assert talk.received(frame(("BTC-USD", "1", rfc3339(at(0)))), at(0)).trades == []
    drain(talk, at(0.1), 1)
    heard = talk.received(frame(("BTC-USD", "97123.45", rfc3339(at(2)))), at(2))
    assert [trade.price for trade in heard.trades] == ["97123.45"]
    assert heard.proves_life
    assert standing(talk) == {"BTC-USD": "held"}


def test_a_trade_older_than_its_subscription_is_history_and_proves_nothing() -> None:
    counts = Counts()
    talk = session(feed_row("okx"), "BTC-USDT", counts=counts)
    talk.opened(at(10))

    def told(earlier: float) -> Heard:
        time_ms = at(10).wall_ns // 10**6 - round(earlier * 1000)
        row = {"instId": "BTC-USDT", "px": "97000", "ts": str(time_ms)}
        return talk.received(json.dumps({"arg": {"channel": "trades"}, "data": [row]}).encode(), at(10.1))

    old = told(25)
    assert (len(old.trades), len(old.history), old.proves_life) == (0, 1, False)
    assert standing(talk) == {"BTC-USDT": "asked"}
    assert not talk.proved_life
    assert len(told(1.001).history) == 1
    young = told(1.0)
    assert (len(young.trades), young.proves_life) == (1, True)


def test_marked_history_proves_nothing_and_only_of_what_is_held() -> None:
    counts = Counts()
    talk = session(feed_row(), "BTC-USD", counts=counts)
    talk.opened(at(0))
    drain(talk, at(0), 1)
    heard = talk.received(frame(("BTC-USD", "1", rfc3339(at(0.5))), ("DOGE-USD", "2", rfc3339(at(0.5))), kind="snapshot"), at(1))
    assert [trade.symbol for trade in heard.history] == ["BTC-USD"]
    assert not heard.trades
    assert not heard.proves_life
    assert counts.trades_unasked == 1


def test_a_trade_from_the_future_is_refused_and_counted() -> None:
    counts = Counts()
    talk = session(feed_row(), "BTC-USD", counts=counts, feed_future_seconds_max=2.0)
    talk.opened(at(0))
    drain(talk, at(0), 1)
    assert len(talk.received(frame(("BTC-USD", "1", rfc3339(at(5)))), at(3)).trades) == 1
    assert talk.received(frame(("BTC-USD", "1", rfc3339(at(5.001)))), at(3)).trades == []
    assert talk.received(frame(("BTC-USD", "1", rfc3339(at(5.001))), kind="snapshot"), at(3)).history == []
    assert counts.trades_future == 2


def test_of_two_wall_clocks_the_one_ahead_says_what_is_the_future() -> None:
    talk = session(feed_row(), "BTC-USD", feed_future_seconds_max=2.0)
    talk.opened(at(0))
    drain(talk, at(0), 1)
    corrected = at(3)._replace(machine_ns=at(3_600).wall_ns)
    assert len(talk.received(frame(("BTC-USD", "1", rfc3339(at(3_601)))), corrected).trades) == 1
    stepped_back = at(4)._replace(machine_ns=at(-3_600).wall_ns)
    assert len(talk.received(frame(("BTC-USD", "1", rfc3339(at(5)))), stepped_back).trades) == 1


def test_a_queued_symbol_that_trades_meanwhile_is_not_asked_for_again() -> None:
    talk = session(feed_row(), "BTC-USD", "ETH-USD", feed_messages_per_second=1.0)
    talk.opened(at(0))
    talk.tick(at(1))
    talk.received(REFUSED, at(1.5))
    talk.received(frame(("BTC-USD", "1", rfc3339(at(1.6))), ("ETH-USD", "1", rfc3339(at(1.6)))), at(1.6))
    assert asked(drain(talk, at(1.7), 5)) == []


def test_a_refused_request_is_asked_in_halves_until_the_bad_symbol_stands_alone() -> None:
    counts = Counts()
    symbols = ["A-USD", "B-USD", "BAD-USD", "D-USD", "E-USD"]
    talk = session(feed_row(), *symbols, counts=counts)
    said = texts(talk.opened(at(0))) + drain(talk, at(0), 1)
    moment, requests = 1.0, asked(said)
    while requests:
        batch = requests.pop(0)
        moment += 0.3
        if "BAD-USD" in batch:
            answer = REFUSED
        else:
            held = [symbol for symbol, state in standing(talk).items() if state == "held"]
            answer = ack(*held, *batch)
        heard = talk.received(answer, at(moment))
        requests += asked(texts(heard.actions))
        if not requests:
            requests += asked(drain(talk, at(moment), 1))
            moment += 1
    assert standing(talk) == {"A-USD": "held", "B-USD": "held", "BAD-USD": "refused", "D-USD": "held", "E-USD": "held"}
    assert talk.subscriptions.by_symbol[talk.subscriptions.suspects()[0]].told == "failure to subscribe"
    assert (counts.symbols_refused, counts.requests_halved) == (1, 2)


def test_a_refused_symbol_takes_no_other_with_it_where_the_venue_says_which() -> None:
    talk = session(feed_row("kraken"), "BTC/USD", "NOPE/USD")
    talk.opened(at(0))
    talk.received(b'{"error":"Currency pair not supported NOPE/USD","method":"subscribe","success":false,"symbol":"NOPE/USD"}', at(0.1))
    talk.received(b'{"method":"subscribe","result":{"channel":"trade","symbol":"BTC/USD"},"success":true}', at(0.1))
    assert standing(talk) == {"BTC/USD": "held", "NOPE/USD": "refused"}
    assert talk.subscriptions.by_symbol[talk.subscriptions.suspects()[0]].told == "Currency pair not supported NOPE/USD"


def test_a_refusal_that_names_a_request_by_its_id_is_that_requests_own() -> None:
    talk = session(feed_row("gemini"), "btcusd", "nosuch", "ethusd")
    said = texts(talk.opened(at(0))) + drain(talk, at(0), 2)
    number = {json.loads(text)["params"][0]: json.loads(text)["id"] for text in said}
    talk.received(json.dumps({"id": number["ethusd@trade"], "status": 200}).encode(), at(2))
    talk.received(
        json.dumps(
            {"id": number["nosuch@trade"], "status": 400, "error": {"code": -1013, "msg": "Invalid stream name: nosuch@trade"}}
        ).encode(),
        at(2),
    )
    talk.received(b'{"id":"ping","status":200}', at(2))
    assert standing(talk) == {"btcusd": "asked", "nosuch": "refused", "ethusd": "held"}


def test_a_late_refusal_does_not_unseat_a_symbol_that_trades() -> None:
    talk = session(feed_row("kraken"), "BTC/USD")
    talk.opened(at(0))
    row = {"symbol": "BTC/USD", "price": 1.5, "timestamp": rfc3339(at(1))}
    talk.received(json.dumps({"channel": "trade", "type": "update", "data": [row]}).encode(), at(1))
    talk.received(b'{"error":"Already subscribed","method":"subscribe","success":false,"symbol":"BTC/USD"}', at(1.1))
    assert standing(talk) == {"BTC/USD": "held"}


def test_a_refused_symbol_is_asked_again_after_its_time_by_itself() -> None:
    talk = session(feed_row(), "BTC-USD", "BAD-USD", feed_refused_retry_seconds=60)
    talk.opened(at(0))
    drain(talk, at(0), 1)
    talk.received(REFUSED, at(1))
    drain(talk, at(1), 1)
    talk.received(ack("BTC-USD"), at(2))
    talk.received(REFUSED, at(2))
    assert standing(talk) == {"BTC-USD": "held", "BAD-USD": "refused"}
    talk.received(HEARTBEAT, at(61))
    assert asked(texts(talk.tick(at(61.9)))) == []
    assert asked(texts(talk.tick(at(62)))) == [["BAD-USD"]]


def test_an_unanswered_subscription_is_asked_again_and_then_set_aside() -> None:
    counts = Counts()
    talk = session(feed_row(), "BTC-USD", "LOST-USD", counts=counts, feed_ack_seconds=5.0, feed_asks_max=2)
    talk.opened(at(0))
    drain(talk, at(0), 1)
    talk.received(ack("BTC-USD"), at(1))
    talk.received(HEARTBEAT, at(5))
    assert asked(drain(talk, at(5), 1)) == [["LOST-USD"]]
    talk.received(HEARTBEAT, at(10.9))
    assert asked(drain(talk, at(11), 1)) == []
    assert standing(talk) == {"BTC-USD": "held", "LOST-USD": "unanswered"}
    assert counts.symbols_unanswered == 1
    assert talk.settled


def test_a_symbol_the_venue_no_longer_lists_is_asked_for_again() -> None:
    talk = session(feed_row(), "BTC-USD", "ETH-USD")
    talk.opened(at(0))
    drain(talk, at(0), 1)
    talk.received(ack("BTC-USD", "ETH-USD"), at(1))
    heard = talk.received(ack("BTC-USD"), at(2))
    assert asked(texts(heard.actions)) == [["ETH-USD"]]


def test_suspects_are_asked_for_last_and_each_by_itself() -> None:
    talk = session(feed_row(), "A-USD", "BAD-USD", "B-USD", "WORSE-USD", suspects=("BAD-USD", "WORSE-USD"))
    said = texts(talk.opened(at(0))) + drain(talk, at(0), 2)
    assert asked(said) == [["A-USD", "B-USD"], ["BAD-USD"], ["WORSE-USD"]]


def test_symbols_are_added_and_left_over_the_standing_connection() -> None:
    counts = Counts()
    talk = session(feed_row(), "BTC-USD", "ETH-USD", counts=counts)
    talk.opened(at(0))
    drain(talk, at(0), 1)
    said = texts(talk.want([Symbol("BTC-USD"), Symbol("SOL-USD")], at(2))) + drain(talk, at(2), 1)
    assert [json.loads(text)["type"] for text in said] == ["unsubscribe", "subscribe"]
    assert asked(said) == [["ETH-USD"], ["SOL-USD"]]
    assert talk.received(frame(("ETH-USD", "1", rfc3339(at(3)))), at(3)).trades == []
    assert counts.trades_unasked == 1


def test_a_heartbeat_that_must_be_answered_is_answered_at_once_with_its_own_number() -> None:
    talk = session(feed_row("cryptocom"), "BTC_USD")
    talk.opened(at(0))
    heard = talk.received(b'{"id":1795160399342,"method":"public/heartbeat","code":0}', at(0.2))
    assert texts(heard.actions) == ['{"id":1795160399342,"method":"public/respond-heartbeat"}']
    assert heard.proves_life


def test_pings_go_out_at_their_interval() -> None:
    talk = session(feed_row("gateio"), "BTC_USDT")
    talk.opened(at(0))
    pings = []
    for second in range(1, 31):
        talk.received(b"{}", at(second))
        pings += [(second, text) for text in texts(talk.tick(at(second))) if "spot.ping" in text]
    assert [second for second, _ in pings] == [10, 20, 30]
    assert json.loads(pings[0][1]) == {"time": at(10).wall_ns // 10**9, "channel": "spot.ping"}


@pytest.mark.parametrize("venue", VENUES)
def test_silence_ends_a_connection_and_any_frame_prevents_it(venue: str) -> None:
    row = feed_row(venue)
    limit = row.control_rules.silence_seconds
    assert limit is not None
    talk = session(row, "X")
    talk.opened(at(0))
    assert closes(talk.tick(at(limit - 0.1))) == []
    talk.received(b'{"anything":1}', at(limit - 0.1))
    assert closes(talk.tick(at(limit))) == []
    assert closes(talk.tick(at(2 * limit - 0.1))) == ["silent"]


def test_websocket_pings_count_only_where_a_venue_shows_no_other_life() -> None:
    for venue, counted in [("binance", True), ("coinbase", False), ("gemini", False), ("htx", False)]:
        row = feed_row(venue)
        limit = row.control_rules.silence_seconds or 0
        talk = session(row, "X")
        talk.opened(at(0))
        talk.control_frame(at(limit - 1))
        assert (closes(talk.tick(at(limit))) == []) is counted, venue


def test_gaps_and_repetitions_of_the_sequence_are_counted() -> None:
    counts = Counts()
    talk = session(feed_row(), "BTC-USD", counts=counts)
    talk.opened(at(0))
    for number in (0, 1, 4, 4, 2, 5):
        talk.received(json.dumps({"channel": "x", "sequence_num": number}).encode(), at(1))
    assert (counts.sequence_gaps, counts.sequence_missing, counts.sequence_repeats) == (1, 2, 2)


def test_the_venues_own_state_is_kept() -> None:
    talk = session(feed_row("kraken"), "BTC/USD")
    talk.opened(at(0))
    talk.received(b'{"channel":"status","type":"update","data":[{"system":"maintenance"}]}', at(0.1))
    assert (talk.status, talk.status_is_good) == ("maintenance", False)
    talk.received(b'{"channel":"status","type":"update","data":[{"system":"online"}]}', at(0.2))
    assert (talk.status, talk.status_is_good) == ("online", True)


def test_every_dropped_frame_and_row_is_counted_by_its_reason() -> None:
    counts = Counts()
    talk = session(feed_row(), "BTC-USD", counts=counts)
    talk.opened(at(0))
    drain(talk, at(0), 1)
    now = rfc3339(at(1))
    for payload in (
        b"nonsense",
        b'{"channel":"ticker"}',
        frame(("BTC-USD", "0", now), ("BTC-USD", "1", "then"), ("", "1", now), ("BTC-USD", "5", now)),
    ):
        talk.received(payload, at(1))
    assert (counts.frames, counts.frames_unreadable, counts.frames_unknown) == (3, 1, 1)
    assert (counts.rows_refused_price, counts.rows_refused_time, counts.rows_refused_symbol) == (1, 1, 1)


def test_leaving_gives_up_what_is_held_and_closes() -> None:
    talk = session(feed_row("gateio"), *[f"S{number}_USDT" for number in range(20)], feed_messages_per_second=3.0)
    talk.opened(at(0))
    for second in range(1, 10):
        talk.received(b"{}", at(second))
        talk.tick(at(second))
    actions = talk.leave(at(10))
    assert [json.loads(text)["event"] for text in texts(actions)] == ["unsubscribe"] * 3
    assert closes(actions) == ["leaving"]


def test_a_connection_that_never_opened_is_left_without_a_word() -> None:
    assert texts(session(feed_row(), "BTC-USD").leave(at(0))) == []


def test_a_session_has_settled_once_all_is_answered_and_life_was_seen() -> None:
    talk = session(feed_row(), "BTC-USD")
    talk.opened(at(0))
    drain(talk, at(0), 1)
    assert not talk.settled
    talk.received(ack("BTC-USD"), at(1))
    assert not talk.settled
    talk.received(HEARTBEAT, at(1))
    assert talk.settled


def test_a_symbol_may_stand_in_these_ways() -> None:
    assert [str(state) for state in Standing] == ["queued", "asked", "held", "refused", "unanswered"]

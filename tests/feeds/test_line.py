"""A line: dialled, lost, dialled again, replaced in order."""

import itertools
import json

from tests.support.feeds import Moment, at, closes, dice, feed_row, knobs, rfc3339, with_control
from trinity_beast.feeds.backoff import Attempts
from trinity_beast.feeds.counts import Counts
from trinity_beast.feeds.grammar import FeedRow
from trinity_beast.feeds.line import Dial, Line, Step
from trinity_beast.feeds.session import Heard, Send
from trinity_beast.words import Symbol

HEARTBEAT = b'{"channel":"heartbeats","events":[{}]}'
ACK = b'{"channel":"subscriptions","events":[{"subscriptions":{"market_trades":["BTC-USD","ETH-USD"]}}]}'
NOTICE = b'{"event":"notice","code":"64008","msg":"soon"}'


def line(row: FeedRow | None = None, *symbols: str, counts: Counts | None = None, seed: int = 1, **turned: object) -> Line:
    readings = knobs(**turned)
    return Line(
        row or feed_row(),
        [Symbol(symbol) for symbol in symbols or ("BTC-USD", "ETH-USD")],
        knobs=readings,
        counts=counts or Counts(),
        attempts=Attempts(readings),
        dice=dice(seed),
        numbers=itertools.count(1),
    )


def dialled(steps: list[Step]) -> list[int]:
    return [number for number, step in steps if isinstance(step, Dial)]


def closed(steps: list[Step]) -> list[tuple[int, str]]:
    return [(number, reason) for number, step in steps for reason in closes([step])]


def sent(steps: list[Step]) -> list[tuple[int, str]]:
    return [(number, step.text) for number, step in steps if isinstance(step, Send)]


def tick_until(one: Line, since: float, until: float) -> list[Step]:
    steps: list[Step] = []
    for tenth in range(round(since * 10), round(until * 10) + 1):
        steps += one.tick(at(tenth / 10))
    return steps


def hear(one: Line, number: int, payload: bytes, now: Moment) -> tuple[Heard, list[Step]]:
    heard, steps = one.received(number, payload, now)
    assert heard is not None
    return heard, steps


def trade(price: str, now: Moment) -> bytes:
    row = {"product_id": "BTC-USD", "price": price, "time": rfc3339(now)}
    return json.dumps({"channel": "market_trades", "events": [{"type": "update", "trades": [row]}]}).encode()


def test_a_line_dials_at_once_and_speaks_when_it_stands() -> None:
    one = line()
    steps = one.start(at(0))
    assert steps == [(1, Dial("wss://advanced-trade-ws.coinbase.com", 16_777_216))]
    assert one.session is None
    assert sent(one.opened(1, at(0.2))) == [(1, '{"type":"subscribe","channel":"heartbeats"}')]
    assert one.session is not None


def test_a_failed_attempt_is_followed_by_another_after_a_wait() -> None:
    counts = Counts()
    one = line(counts=counts)
    one.start(at(0))
    assert dialled(one.ended(1, "refused", at(0.1))) == []
    assert dialled(tick_until(one, 0.1, 1.2)) == [2]
    assert (counts.connections_failed, one.failures, one.last_error) == (1, 1, "refused")


def test_only_life_resets_the_backoff_never_a_standing_connection_or_an_ack_or_history() -> None:
    one = line()
    one.start(at(0))
    moment, number = 0.0, 1
    for expected in range(1, 6):
        one.opened(number, at(moment))
        tick_until(one, moment, moment + 1)
        hear(one, number, ACK, at(moment + 1))
        hear(one, number, trade("1", at(moment - 60)), at(moment + 1))
        one.ended(number, "dropped", at(moment + 1))
        assert one.failures == expected
        steps = tick_until(one, moment + 1, moment + 61)
        number, moment = dialled(steps)[0], moment + 61
    one.opened(number, at(moment))
    hear(one, number, HEARTBEAT, at(moment))
    assert one.failures == 0


def test_a_live_trade_resets_the_backoff() -> None:
    one = line()
    one.start(at(0))
    one.ended(1, "refused", at(0))
    number = dialled(tick_until(one, 0, 2))[0]
    one.opened(number, at(2))
    tick_until(one, 2, 3)
    hear(one, number, trade("97000", at(3)), at(3))
    assert one.failures == 0


def test_a_silent_connection_is_given_up_and_forgotten_at_once() -> None:
    counts = Counts()
    one = line(counts=counts)
    one.start(at(0))
    one.opened(1, at(0))
    steps = tick_until(one, 0, 9.9)
    assert closed(steps) == []
    steps = tick_until(one, 10, 12)
    assert closed(steps) == [(1, "silent")]
    assert dialled(steps) == [2]
    assert one.received(1, HEARTBEAT, at(12)) == (None, [])
    assert counts.silences == 1


def test_on_a_notice_the_new_connection_takes_over_before_the_old_one_is_dropped() -> None:
    counts = Counts()
    one = line(feed_row("okx"), "BTC-USDT", counts=counts)
    one.start(at(0))
    one.opened(1, at(0))
    hear(one, 1, NOTICE, at(5))
    steps = tick_until(one, 5, 6.1)
    assert (dialled(steps), closed(steps)) == ([2], [])
    steps = one.opened(2, at(6.2)) + tick_until(one, 6.2, 7)
    assert closed(steps) == []
    row = {"instId": "BTC-USDT", "px": "97000", "ts": str(at(7).wall_ns // 10**6)}
    payload = json.dumps({"arg": {"channel": "trades"}, "data": [row]}).encode()
    assert hear(one, 1, payload, at(7))[0].trades  # The old one still delivers.
    _, steps = hear(one, 2, payload, at(7.1))
    assert closed(steps) == [(1, "replaced")]
    assert one.session is not None
    assert counts.reconnects_planned == 1
    assert dialled(tick_until(one, 7.1, 20)) == []


def test_notices_that_repeat_open_one_connection_only() -> None:
    one = line(feed_row("okx"), "BTC-USDT")
    one.start(at(0))
    one.opened(1, at(0))
    for tenth in range(5):
        hear(one, 1, NOTICE, at(1 + tenth / 10))
    steps = tick_until(one, 1.5, 3)
    hear(one, 1, NOTICE, at(3))
    assert dialled(steps + tick_until(one, 3, 5)) == [2]


def test_a_successor_that_fails_is_tried_again_while_the_old_one_stays() -> None:
    one = line(feed_row("okx"), "BTC-USDT")
    one.start(at(0))
    one.opened(1, at(0))
    hear(one, 1, NOTICE, at(1))
    number = dialled(tick_until(one, 1, 2.1))[0]
    one.ended(number, "refused", at(2.2))
    again = dialled(tick_until(one, 2.2, 4))
    assert again == [number + 1]
    assert one.opened_ns == at(0).monotonic_ns


def test_a_successor_that_shows_no_life_is_given_up_and_the_old_one_stays() -> None:
    row = with_control("okx", silence_seconds=300)
    one = line(row, "BTC-USDT", feed_settle_seconds=5.0)
    one.start(at(0))
    one.opened(1, at(0))
    hear(one, 1, NOTICE, at(1))
    number = dialled(tick_until(one, 1, 2.1))[0]
    one.opened(number, at(3))
    steps = tick_until(one, 3, 8.1)
    assert closed(steps) == [(number, "showed no life")]
    assert one.opened_ns == at(0).monotonic_ns


def test_when_the_old_connection_is_lost_first_its_successor_serves() -> None:
    one = line(feed_row("okx"), "BTC-USDT")
    one.start(at(0))
    one.opened(1, at(0))
    hear(one, 1, NOTICE, at(1))
    number = dialled(tick_until(one, 1, 2.1))[0]
    one.ended(1, "closed by the venue", at(2.2))
    one.opened(number, at(2.5))
    assert one.opened_ns == at(2.5).monotonic_ns
    assert dialled(tick_until(one, 2.5, 20)) == []


def test_a_changed_row_is_spoken_by_a_new_connection_that_takes_over_when_it_has_proved_itself() -> None:
    one = line()
    one.start(at(0))
    one.opened(1, at(0))
    tick_until(one, 0, 1)
    steps = one.use(feed_row().at("wss://elsewhere.example"), at(2)) + tick_until(one, 2, 3)
    assert [step for _, step in steps if isinstance(step, Dial)] == [Dial("wss://elsewhere.example", 16_777_216)]
    number = dialled(steps)[0]
    one.opened(number, at(3))
    tick_until(one, 3, 4)
    hear(one, number, ACK, at(4))
    _, steps = hear(one, number, HEARTBEAT, at(4))
    assert closed(steps) == [(1, "replaced")]


def test_symbols_refused_before_are_asked_for_by_themselves_on_the_next_connection() -> None:
    one = line(feed_row("kraken"), "BTC/USD", "BAD/USD", "ETH/USD")
    one.start(at(0))
    one.opened(1, at(0))
    hear(one, 1, b'{"error":"not supported","method":"subscribe","success":false,"symbol":"BAD/USD"}', at(0.1))
    one.ended(1, "dropped", at(0.2))
    number = dialled(tick_until(one, 0.2, 7))[0]
    said = sent(one.opened(number, at(7)) + tick_until(one, 7, 8))
    assert [json.loads(text)["params"]["symbol"] for _, text in said] == [["BTC/USD", "ETH/USD"], ["BAD/USD"]]


def test_symbols_change_over_the_standing_connection() -> None:
    one = line()
    one.start(at(0))
    one.opened(1, at(0))
    tick_until(one, 0, 1)
    steps = one.want([Symbol("BTC-USD"), Symbol("SOL-USD")], at(2)) + tick_until(one, 2, 3)
    assert [json.loads(text)["type"] for _, text in sent(steps)] == ["unsubscribe", "subscribe"]
    assert dialled(steps) == []


def test_leaving_closes_every_connection_and_dials_none() -> None:
    one = line(feed_row("okx"), "BTC-USDT")
    one.start(at(0))
    one.opened(1, at(0))
    hear(one, 1, NOTICE, at(1))
    tick_until(one, 1, 2.1)
    assert [number for number, _ in closed(one.leave(at(3)))] == [1, 2]
    assert tick_until(one, 3, 100) == []
    assert one.due_ns() is None


def test_what_is_due_never_lies_in_the_past_after_a_tick() -> None:
    for venue in ("coinbase", "okx", "cryptocom", "gateio", "binance"):
        one = line(feed_row(venue), *[f"S{number}" for number in range(30)])
        one.start(at(0))
        one.opened(1, at(0))
        for tenth in range(1, 600):
            if tenth % 50 == 0 and tenth < 400:
                hear(one, 1, b"{}", at(tenth / 10))
            one.tick(at(tenth / 10))
            due_ns = one.due_ns()
            assert due_ns is not None or one.session is None
            assert due_ns is None or due_ns > at(tenth / 10).monotonic_ns, (venue, tenth)

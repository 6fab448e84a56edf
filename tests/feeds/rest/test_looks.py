import asyncio
import json
from datetime import timedelta

import pytest

from tests.support.clock import START, ManualClock
from tests.support.feeds import VENUES, feed_row
from tests.support.rest import BTC, ETH, FakeRest, RestBench, rest_row, ticker
from trinity_beast.feeds import Urgency
from trinity_beast.feeds.rest import Answer
from trinity_beast.feeds.rest.model import LookFailed
from trinity_beast.words import Symbol, Venue

SECOND_NS = 1_000_000_000


async def test_a_look_gives_the_venues_digits_and_its_own_time(clock: ManualClock) -> None:
    bench = RestBench(clock, rest=FakeRest(**{BTC: ticker("97123.450", earlier=7)}))
    look = await bench.look()
    assert look.trade is not None
    assert (look.trade.price, look.trade.exchange_time_ns) == ("97123.450", round(START.timestamp() - 7) * SECOND_NS)
    assert bench.rest.asked == ["https://api.coinbase.com/api/v3/brokerage/market/products/BTC-USD/ticker?limit=1"]


async def test_one_flight_however_many_ask(clock: ManualClock) -> None:
    bench = RestBench(clock, rest=FakeRest(**{BTC: ticker("1")}))
    asks = [bench.ask() for _ in range(50)]
    await bench.settle()
    asks[0].cancel()  # One that goes away takes the look from nobody.
    await clock.let_pass(1)
    assert {ask.result() for ask in asks[1:]} == {asks[1].result()}
    assert len(bench.rest.asked) == 1
    assert bench.counts()["looks_shared"] == 49


async def test_a_venue_is_never_asked_faster_than_its_row_allows(clock: ManualClock) -> None:
    bench = RestBench(clock, rest_row(requests_per_second=2), rest=FakeRest(), rest_look_seconds=60.0)
    bench.rest.answers[""] = ticker("1")
    asks = [bench.ask(f"S{number}-USD") for number in range(10)]
    for seconds in range(1, 5):
        await clock.let_pass(1)
        assert len(bench.rest.asked) <= 2 * seconds + 1
    await clock.let_pass(2.5)
    assert all(ask.done() for ask in asks)


async def test_customers_go_before_proofs_and_pull_a_waiting_look_ahead(clock: ManualClock) -> None:
    bench = RestBench(clock, rest_row(requests_per_second=1), rest=FakeRest(), rest_look_seconds=60.0)
    bench.rest.answers[""] = ticker("1")
    for name in "ABCD":
        bench.ask(f"{name}-USD")
    await bench.settle()
    bench.ask("E-USD", Urgency.CUSTOMER)
    bench.ask("D-USD", Urgency.CUSTOMER)
    await clock.let_pass(5)
    assert [url.split("/")[-2] for url in bench.rest.asked] == ["A-USD", "D-USD", "E-USD", "B-USD", "C-USD"]


async def test_a_full_row_gives_up_a_proof_for_a_customer_and_refuses_the_rest(clock: ManualClock) -> None:
    bench = RestBench(clock, rest_row(requests_per_second=1), rest=FakeRest(), rest_look_seconds=60.0, rest_waiting_max=2)
    bench.rest.answers[""] = ticker("1")
    bench.ask("A-USD")
    await bench.settle()
    proofs = [bench.ask(f"{name}-USD") for name in "BCD"]
    await bench.settle()
    customer = bench.ask("E-USD", Urgency.CUSTOMER)
    await bench.settle()
    await clock.let_pass(10)
    assert [(await proof).problem for proof in proofs] == ["", "crowded", "crowded"]
    assert (await customer).trade is not None


async def test_who_joins_the_look_of_an_audit_waits_no_longer_than_its_own_time(clock: ManualClock) -> None:
    bench = RestBench(clock, rest_row(requests_per_second=0.05), rest=FakeRest(**{"": ticker("1")}))
    await bench.look(ETH)
    ends_ns = clock.monotonic_ns() + 60 * SECOND_NS
    audit = asyncio.ensure_future(bench.looks.last_trade(Venue("coinbase"), BTC, Urgency.AUDIT, ends_ns=ends_ns))
    await bench.settle()
    customer = bench.ask(BTC, Urgency.CUSTOMER)
    await bench.settle()
    await clock.let_pass(5.1)
    assert customer.result().problem == "late"
    assert not audit.done()
    await clock.let_pass(20)
    assert audit.result().trade is not None
    assert bench.counts()["late"] == 1


async def test_a_look_that_takes_too_long_is_given_up(clock: ManualClock) -> None:
    bench = RestBench(clock, rest=FakeRest(**{BTC: ticker("1")}), rest_look_seconds=2.0)
    bench.rest.held.clear()
    ask = bench.ask()
    await bench.settle()
    await clock.let_pass(1.9)
    assert not ask.done()
    await clock.let_pass(0.2)
    assert (await ask).problem == "late"
    assert bench.counts() == {"looks": 1, "requests": 1, "late": 1}


async def test_a_venue_that_fails_is_left_alone_then_tried_by_one_request(clock: ManualClock) -> None:
    bench = RestBench(clock, rest=FakeRest(**{BTC: Answer(500, b"")}), rest_failures_max=3, rest_pause_seconds=60.0)
    for _ in range(3):
        assert (await bench.look()).problem == "statuses: 500"
    assert (await bench.look()).problem == "paused"
    assert len(bench.rest.asked) == 3
    await clock.let_pass(60)
    bench.rest.held.clear()
    asks = [bench.ask(), bench.ask(ETH)]
    await bench.settle()
    await clock.let_pass(1)
    assert len(bench.rest.asked) == 4
    bench.rest.answers[BTC] = bench.rest.answers[ETH] = ticker("2")
    bench.rest.held.set()
    await clock.let_pass(1)
    assert [(await ask).problem for ask in asks] == ["", ""]


async def test_the_pause_doubles_while_the_venue_goes_on_failing(clock: ManualClock) -> None:
    bench = RestBench(clock, rest=FakeRest(**{BTC: Answer(500, b"")}), rest_failures_max=1, rest_pause_seconds=10.0)
    for pause in (10, 20, 40):
        await bench.look()
        asked = len(bench.rest.asked)
        await clock.let_pass(pause - 6)
        assert (await bench.look(seconds=1)).problem == "paused"
        assert len(bench.rest.asked) == asked
        await clock.let_pass(6)


@pytest.mark.parametrize("status", [418, 429])
@pytest.mark.parametrize("header", ["30", "Fri, 20 Nov 2026 07:40:30 GMT"])
async def test_a_limit_is_kept_as_long_as_the_venue_says(clock: ManualClock, status: int, header: str) -> None:
    bench = RestBench(clock, rest=FakeRest(**{BTC: Answer(status, b"", header)}))
    assert (await bench.look()).problem == f"limited: {status}"
    bench.rest.answers[BTC] = ticker("1")
    await clock.let_pass(20)
    assert (await bench.look()).problem == "paused"
    await clock.let_pass(10)
    assert (await bench.look()).trade is not None
    assert len(bench.rest.asked) == 2


async def test_a_symbol_the_venue_does_not_know_closes_nothing(clock: ManualClock) -> None:
    rest = FakeRest(**{ETH: ticker("1")})
    rest.answers[BTC] = Answer(404, b"{}")
    bench = RestBench(clock, rest=rest, rest_failures_max=1)
    assert (await bench.look()).problem == "statuses: 404"
    assert (await bench.look(ETH)).trade is not None


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"not json", "unreadable"),
        (b'{"trades":[]}', "no_trade"),
        (b'{"trades":[{"price":"0","time":"2026-11-20T07:40:00Z"}]}', "unreadable"),
        (b'{"trades":[{"price":"1","time":"1970-01-01T00:00:00Z"}]}', "unreadable"),
        (b'{"trades":[{"price":"1","time":"2026-11-20T07:50:00Z"}]}', "future"),
    ],
)
async def test_what_is_no_trade_of_our_day_is_refused_and_counted(clock: ManualClock, body: bytes, problem: str) -> None:
    bench = RestBench(clock, rest=FakeRest(**{BTC: body}))
    look = await bench.look()
    assert look.trade is None
    assert look.problem.startswith(problem)
    assert bench.counts()[problem] == 1


async def test_an_answer_that_says_no_is_no_price(clock: ManualClock) -> None:
    row = rest_row("okx")
    rest = FakeRest(**{"": b'{"code":"50011","msg":"Too Many Requests","data":[{"px":"1","ts":"1795160400000"}]}'})
    bench = RestBench(clock, row, rest=rest)
    ask = bench.ask("BTC-USDT", venue="okx")
    await clock.let_pass(1)
    assert (await ask).problem == "refused: Too Many Requests"


async def test_a_dead_symbol_keeps_its_price_and_is_not_believed(clock: ManualClock) -> None:
    alive = {"status": "online", "is_disabled": False, "trading_disabled": False, "view_only": False}
    dead: dict[str, object] = {"product_id": ETH} | alive | {"status": "delisted", "trading_disabled": True}
    listing = {"products": [{"product_id": BTC} | alive, dead]}
    bench = RestBench(clock, rest_row(listed=True), rest=FakeRest(ticker=ticker("1"), products=json.dumps(listing).encode()))
    assert (await bench.look(BTC)).trade is not None
    assert (await bench.look(ETH)).problem == "not_traded"
    assert len(bench.rest.asked) == 2  # The list once, one price; of the dead one nothing more is asked.
    await clock.let_pass(60)
    dead |= {"status": "online", "trading_disabled": False}
    bench.rest.answers["products"] = json.dumps(listing).encode()
    assert (await bench.look(ETH)).trade is not None


@pytest.mark.parametrize("seconds", [1.0, 86_400.0])
async def test_a_list_is_believed_for_as_long_as_the_parameter_says(clock: ManualClock, seconds: float) -> None:
    listing = {"products": [{"product_id": BTC, "status": "online", "is_disabled": False, "trading_disabled": False, "view_only": False}]}
    rest = FakeRest(ticker=ticker("1"), products=json.dumps(listing).encode())
    bench = RestBench(clock, rest_row(listed=True), rest=rest, rest_list_seconds=seconds)
    await bench.look(BTC)
    await clock.let_pass(seconds - 0.5)
    await bench.look(BTC)
    assert len([url for url in rest.asked if url.endswith("products")]) == 1
    await clock.let_pass(0.5)
    await bench.look(BTC)
    assert len([url for url in rest.asked if url.endswith("products")]) == 2


async def test_a_halted_symbol_is_looked_at_and_said_to_be_halted_unless_it_traded_since(clock: ManualClock) -> None:
    halted = {"product_id": BTC, "status": "online", "is_disabled": False, "trading_disabled": True, "view_only": False}
    rest = FakeRest(ticker=ticker("1"), products=json.dumps({"products": [halted]}).encode())
    bench = RestBench(clock, rest_row(listed=True), rest=rest)
    assert (await bench.look(BTC)).is_halted
    assert bench.counts()["halted"] == 1
    await clock.let_pass(20)
    rest.answers["ticker"] = ticker("2", earlier=-15)
    look = await bench.look(BTC)
    assert (look.problem, look.is_halted) == ("", False)


@pytest.mark.parametrize("seconds", [1.0, 86_400.0])
async def test_the_word_on_one_symbol_is_believed_for_as_long_as_its_parameter_says(clock: ManualClock, seconds: float) -> None:
    details = json.dumps({"status": "cancel_only", "product_type": "spot"}).encode()
    rest = FakeRest(details=details, trades=b'[{"timestampms":1795160399500,"price":"9.5"}]')
    bench = RestBench(clock, rest_row("gemini", listed=True, requests_per_second=100), rest=rest, rest_details_seconds=seconds)

    async def is_halted() -> bool:
        ask = bench.ask("btcusd", venue="gemini")
        await bench.settle()
        await clock.let_pass(0.2)
        return (await ask).is_halted

    assert await is_halted()
    rest.answers["details"] = json.dumps({"status": "open", "product_type": "spot"}).encode()
    await clock.let_pass(seconds - 0.5)
    assert await is_halted()
    await clock.let_pass(0.5)
    assert not await is_halted()


async def test_where_the_list_only_names_symbols_each_is_asked_for_its_details(clock: ManualClock) -> None:
    details = json.dumps({"status": "open", "product_type": "spot"}).encode()
    rest = FakeRest(details=details, trades=b'[{"timestampms":1795160399500,"price":"9.5"}]')
    bench = RestBench(clock, rest_row("gemini", listed=True), rest=rest)
    ask = bench.ask("btcusd", venue="gemini")
    await bench.settle()
    await clock.let_pass(3)
    trade = (await ask).trade
    assert trade is not None
    assert (trade.price, trade.exchange_time_ns) == ("9.5", 1_795_160_399_500_000_000)
    rest.answers["details"] = b'{"status":"closed","product_type":"spot"}'
    ask = bench.ask("ethusd", venue="gemini")
    await bench.settle()
    await clock.let_pass(3)
    assert (await ask).problem == "not_traded"


async def test_a_venue_without_rest_rules_is_never_asked(clock: ManualClock) -> None:
    bench = RestBench(clock, feed_row("htx", enabled=True))
    assert not bench.looks.can_look(Venue("htx"))
    assert (await bench.looks.last_trade(Venue("htx"), BTC, Urgency.PROOF)).problem == "no REST rules"


async def test_every_documented_venue_but_htx_can_be_looked_at(clock: ManualClock) -> None:
    bench = RestBench(clock, *(feed_row(venue, enabled=True) for venue in VENUES))
    assert [venue for venue in VENUES if not bench.looks.can_look(Venue(venue))] == ["htx"]


async def test_a_venue_that_is_off_is_not_looked_at_and_a_changed_row_keeps_its_pause(clock: ManualClock) -> None:
    bench = RestBench(clock, rest=FakeRest(**{BTC: Answer(429, b"", "100")}))
    await bench.look()
    bench.looks.use([rest_row(requests_per_second=5)])
    assert (await bench.look()).problem == "paused"
    bench.looks.use([feed_row(enabled=False)])
    assert not bench.looks.can_look(Venue("coinbase"))


async def test_stopping_ends_what_is_on_its_way_and_closes_the_connections(clock: ManualClock) -> None:
    bench = RestBench(clock, rest=FakeRest(**{BTC: ticker("1")}))
    bench.rest.held.clear()
    ask = bench.ask()
    await bench.settle()
    await clock.let_pass(timedelta(seconds=1))
    await bench.looks.stop()
    assert ask.cancelled() or ask.done()
    assert bench.rest.is_closed


async def test_an_unreachable_venue_is_told_as_that(clock: ManualClock) -> None:
    bench = RestBench(clock, rest=FakeRest(**{BTC: LookFailed("unreachable", "ConnectionRefusedError")}))
    assert (await bench.look(Symbol(BTC))).problem == "unreachable: ConnectionRefusedError"

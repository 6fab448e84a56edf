"""Every fault does at the other venues what it does at Coinbase: each is tried at two of them at least."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake

from tests.lab.dialects import decode
from tests.lab.visitor import Played, Visitor, played
from trinity_beast.lab import FaultMisspoken
from trinity_beast.lab.faults import FAULTS
from trinity_beast.lab.venues import VENUES
from trinity_beast.words import Symbol

SECOND_NS = 10**9


@pytest.fixture
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Played]:
    async with played(request.param) as stage:
        yield stage


def at(*venues: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("stage", venues, indirect=True)


async def listening(stage: Played) -> Visitor:
    """Return a visitor that hears BTC and ETH, with what came at first already taken."""
    visitor = await stage.visit()
    await visitor.subscribe_to(stage.dialect.btc, stage.dialect.eth)
    await visitor.later(0.3)
    return visitor


async def heard(visitor: Visitor, seconds: float) -> set[str]:
    return {row.symbol for row in visitor.rows(await visitor.later(seconds))}


@at("gemini", "kraken", "cryptocom", "htx")
async def test_a_muted_symbol_is_silent_and_the_others_go_on(stage: Played) -> None:
    visitor = await listening(stage)
    await stage.order("mute BTC")
    assert await heard(visitor, 4) == {stage.dialect.eth}
    await stage.order("clear")
    assert await heard(visitor, 4) == {stage.dialect.btc, stage.dialect.eth}


@at("kraken", "bybit", "okx", "cryptocom", "bitstamp")
async def test_ack_silent_acknowledges_and_tells_no_trade_old_or_new(stage: Played) -> None:
    await stage.order("ack-silent")
    visitor = await stage.visit()
    messages = await visitor.subscribe_to(stage.dialect.btc)
    assert messages
    assert not any(map(stage.dialect.is_refusal, messages))
    assert visitor.rows([*messages, *await visitor.later(3)]) == []
    if stage.venue == "cryptocom":
        assert messages[-1]["result"]["data"] == []


@at("gemini", "kraken", "gateio", "cryptocom", "okx", "bybit")
async def test_a_delisted_symbol_is_silent_dead_in_the_list_and_refused(stage: Played) -> None:
    visitor = await listening(stage)
    await stage.order("delist BTC")
    assert await heard(visitor, 3) == {stage.dialect.eth}
    assert not (await stage.listed()).get(stage.dialect.btc, False)
    assert any(map(stage.dialect.is_refusal, await visitor.subscribe_to(stage.dialect.btc)))


@at("kraken", "gateio", "cryptocom", "okx", "bitstamp", "binance")
async def test_a_halted_symbol_prints_nothing_is_not_listed_as_traded_and_goes_on_with_ids_in_a_row(stage: Played) -> None:
    visitor = await listening(stage)
    await stage.clock.let_pass(3)
    await stage.order("halt BTC")
    await stage.clock.let_pass(1)
    await visitor.take_raw()
    before = stage.tape(stage.dialect.btc).last
    assert before is not None
    assert await heard(visitor, 3) == {stage.dialect.eth}
    assert not (await stage.listed())[stage.dialect.btc]
    assert stage.lab.truth_at(stage.venue, before.symbol, stage.lab.now_ns()) == before
    await stage.lab.fault(f"clear {stage.venue}")
    assert await heard(visitor, 5) == {stage.dialect.btc, stage.dialect.eth}
    after = stage.tape(stage.dialect.btc).between(before.time_ns, stage.lab.now_ns())
    assert after[0].trade_id == before.trade_id + 1


@at("gemini", "kraken", "gateio", "cryptocom", "bitstamp", "binance")
async def test_a_delisted_symbol_still_has_a_price_where_the_venue_keeps_it(stage: Played) -> None:
    await stage.order("delist BTC")
    price, _ = await stage.last(stage.dialect.btc)
    assert Decimal(price) > 0


@at("okx", "bybit")
async def test_a_delisted_symbol_vanishes_where_the_venue_drops_it(stage: Played) -> None:
    await stage.order("delist BTC")
    _, body = await stage.get(stage.dialect.last_path.replace("SYMBOL", stage.dialect.btc))
    assert str(body.get("code", body.get("retCode"))) in {"51001", "10001"}


@at("coinbase", "kraken", "okx", "binance")
async def test_a_renamed_symbol_is_gone_and_traded_under_its_new_name(stage: Played) -> None:
    visitor = await listening(stage)
    new = stage.dialect.nope
    await stage.order(f"rename BTC to={new}")
    assert await heard(visitor, 3) == {stage.dialect.eth}
    listed = await stage.listed()
    assert (listed[new], listed.get(stage.dialect.btc)) == (True, None)
    price, time_ns = await stage.last(new)
    true = stage.lab.truth_at(stage.venue, Symbol(new), time_ns)
    assert true is not None
    assert true.price == price

    await visitor.subscribe_to(new)
    assert await heard(visitor, 3) == {new, stage.dialect.eth}
    await stage.lab.fault(f"mute {stage.venue} {new}")
    assert await heard(visitor, 3) == {stage.dialect.eth}
    await stage.lab.fault(f"clear {stage.venue} {stage.dialect.btc}")
    assert stage.lab.faults() == []


@at("kraken")
async def test_a_name_that_is_taken_is_no_new_name(stage: Played) -> None:
    for order in (f"rename BTC to={stage.dialect.eth}", "rename BTC", f"rename to={stage.dialect.nope}"):
        with pytest.raises(FaultMisspoken):
            await stage.order(order)


@at("gemini", "gateio", "bybit")
async def test_future_times_lie_ahead(stage: Played) -> None:
    visitor = await listening(stage)
    await stage.order("future-times BTC ahead_seconds=600")
    rows = [row for row in visitor.rows(await visitor.later(3)) if row.symbol == stage.dialect.btc]
    assert rows
    assert all(590 * SECOND_NS < row.time_ns - stage.clock.time_ns() <= 600 * SECOND_NS for row in rows)


@at("coinbase", "kraken", "cryptocom", "htx")
async def test_a_step_of_the_venue_s_clock_moves_what_is_traded_from_then_on(stage: Played) -> None:
    visitor = await listening(stage)
    await stage.order("clock-step by_seconds=-30")
    assert [status.clock_ahead_ns for status in stage.lab.statuses()] == [-30 * SECOND_NS]
    await visitor.later(0.3)
    since_ns = stage.clock.time_ns()
    rows = visitor.rows(await visitor.later(3))
    assert rows
    assert all(since_ns - 31 * SECOND_NS < row.time_ns <= since_ns - 27 * SECOND_NS for row in rows)
    if stage.dialect.rest_last is not None:
        _, time_ns = await stage.last(stage.dialect.btc)
        assert time_ns < stage.clock.time_ns() - 29 * SECOND_NS

    await stage.lab.fault("clear")
    await visitor.later(0.3)
    assert all(row.time_ns > since_ns for row in visitor.rows(await visitor.later(3)))


@at("gemini", "okx", "bitstamp", "kraken")
async def test_seconds_where_smaller_units_belong_put_trades_into_1970(stage: Played) -> None:
    visitor = await listening(stage)
    await stage.order("wrong-units BTC")
    rows = [row for row in visitor.rows(await visitor.later(3)) if row.symbol == stage.dialect.btc]
    assert rows
    assert all(row.time_ns < 30 * 86_400 * SECOND_NS for row in rows)


@at("kraken", "binance")
async def test_a_price_in_cents_is_a_hundred_times_larger(stage: Played) -> None:
    visitor = await listening(stage)
    await stage.order("wrong-units of=price")
    rows = visitor.rows(await visitor.later(3))
    true = {trade.trade_id: trade.price for trade in stage.tape(stage.dialect.btc).recent(500)}
    told = [(Decimal(row.price), Decimal(true[row.trade_id])) for row in rows if row.symbol == stage.dialect.btc]
    assert told
    assert all(price == 100 * real for price, real in told)


@at("kraken", "gateio", "cryptocom")
async def test_a_replay_tells_old_trades_as_live_ones(stage: Played) -> None:
    visitor = await listening(stage)
    await stage.order("replay BTC count=5 older_than_seconds=4")
    rows = [row for row in visitor.rows(await visitor.later(0.1)) if stage.clock.time_ns() - row.time_ns >= 4 * SECOND_NS]
    assert len(rows) == 5
    assert {row.symbol for row in rows} == {stage.dialect.btc}


@at("kraken", "okx", "htx")
async def test_garbage_and_halves_arrive_between_the_others(stage: Played) -> None:
    visitor = await listening(stage)
    await stage.order("garbage count=2")
    await stage.order("garbage count=1 kind=binary")
    await stage.order("truncate count=2")
    await stage.clock.let_pass(3)
    unreadable = 0
    for raw in await visitor.take_raw():
        try:
            decode(raw)
        except (ValueError, OSError):
            unreadable += 1
    assert unreadable == 5


@at("gemini", "htx")
async def test_a_cut_frame_ends_the_connection_in_the_middle(stage: Played) -> None:
    visitor = await listening(stage)
    await stage.order("cut-frame")
    await stage.clock.let_pass(5)
    closed = await visitor.ended()
    assert closed.rcvd is None


@at("okx", "bitstamp", "kraken")
async def test_duplicates_come_twice_and_swapped_pairs_second_first(stage: Played) -> None:
    visitor = await listening(stage)
    await stage.order("duplicate BTC")
    rows = [row for row in visitor.rows(await visitor.later(4)) if row.symbol == stage.dialect.btc]
    assert len(rows) == 2 * len(set(rows)) > 0
    await stage.lab.fault("clear")
    await stage.order("reorder BTC")
    ids = [row.trade_id for row in visitor.rows(await visitor.later(6)) if row.symbol == stage.dialect.btc]
    assert ids != sorted(ids)


@at("kraken", "binance", "gateio")
async def test_skipped_numbers_leave_a_gap_in_the_ids_of_trades(stage: Played) -> None:
    visitor = await listening(stage)
    await stage.order("skip-sequence count=7")
    rows = [row for row in visitor.rows(await visitor.later(3)) if row.symbol == stage.dialect.btc]
    true = {trade.trade_id for trade in stage.tape(stage.dialect.btc).recent(500)}
    assert rows
    assert {row.trade_id - 7 for row in rows} <= true


@at("kraken", "gateio", "cryptocom")
async def test_a_frozen_socket_tells_nothing_and_all_of_it_afterwards(stage: Played) -> None:
    visitor = await listening(stage)
    await stage.order("freeze")
    await stage.clock.let_pass(5)
    assert visitor.raw == []
    await stage.lab.fault("clear")
    assert visitor.rows(await visitor.hear())


@at("bybit", "htx")
async def test_dropped_connections_end_at_once_with_a_code_or_without(stage: Played) -> None:
    visitor, other = await listening(stage), await listening(stage)
    await stage.order("drop code=1012")
    closed = await visitor.ended()
    assert closed.rcvd is not None
    assert closed.rcvd.code == 1012
    await other.ended()
    third = await listening(stage)
    await stage.order("drop")
    assert (await third.ended()).rcvd is None


@pytest.mark.parametrize(
    ("stage", "notice", "code"),
    [
        ("coinbase", "", 1001),
        ("kraken", '"phase":"announced"', 1001),
        ("cryptocom", "", 1013),
        ("okx", '"code":"64008"', 1001),
        ("bitstamp", "bts:request_reconnect", 1001),
        ("binance", "serverShutdown", 1001),
    ],
    indirect=["stage"],
)
async def test_a_planned_end_is_announced_where_there_are_words_for_it(stage: Played, notice: str, code: int) -> None:
    visitor = await listening(stage)
    await stage.order("planned-end after_seconds=20")
    said = "".join(str(raw) for raw in await visitor.take_raw())
    assert notice in said
    await stage.clock.let_pass(10)
    later = await listening(stage)
    assert visitor.closed is None
    await stage.clock.let_pass(10)
    closed = await visitor.ended()
    assert closed.rcvd is not None
    assert closed.rcvd.code == code
    assert await heard(later, 3)
    assert stage.lab.faults() == []


@at("gateio", "okx")
async def test_who_comes_while_sockets_are_refused_finds_nobody(stage: Played) -> None:
    visitor = await listening(stage)
    await stage.order("refuse")
    with pytest.raises(ConnectionRefusedError):
        await stage.visit()
    assert await heard(visitor, 2)
    await stage.lab.fault("clear")
    await stage.visit()


@at("gemini", "bitstamp")
async def test_a_handshake_is_never_answered(stage: Played) -> None:
    await stage.order("never-answer")
    with pytest.raises((TimeoutError, InvalidHandshake)):
        await connect(stage.addresses.ws_url, open_timeout=0.1)


@at(*(venue for venue in VENUES if venue != "coinbase"))
async def test_an_error_on_subscribe_is_the_venue_s_own_and_nothing_comes(stage: Played) -> None:
    await stage.order("error-on-subscribe BTC")
    visitor = await stage.visit()
    messages = await visitor.subscribe_to(stage.dialect.btc)
    await stage.clock.let_pass(1)
    assert any(map(stage.dialect.is_refusal, messages))
    assert await heard(visitor, 2) == set()


@at("gemini", "kraken", "cryptocom", "htx")
async def test_a_burst_is_of_true_trades_one_a_message_and_bounded(stage: Played) -> None:
    visitor = await listening(stage)
    await stage.order("burst BTC per_second=4000 for_seconds=0.5")
    since_ns = stage.clock.time_ns()
    messages = await visitor.later(0.5)
    told = [[row for row in visitor.rows([message]) if row.symbol == stage.dialect.btc] for message in messages]
    rows = [row for of_message in told for row in of_message if row.time_ns > since_ns]
    assert 2000 <= len(rows) < 2050
    assert sum(len(of_message) == 1 for of_message in told) >= 1990
    assert rows == stage.true_rows(stage.dialect.btc, after_ns=since_ns, until_ns=stage.clock.time_ns())
    # Afterwards the market goes on where the burst left it.
    more = [row for row in visitor.rows(await visitor.later(3)) if row.symbol == stage.dialect.btc]
    assert more[0].trade_id == rows[-1].trade_id + 1
    assert stage.lab.faults() == []


@at("okx")
async def test_a_burst_beyond_all_reason_is_refused(stage: Played) -> None:
    for order in ("burst per_second=50001", "burst for_seconds=61"):
        with pytest.raises(FaultMisspoken):
            await stage.order(order)


@pytest.mark.parametrize(
    ("stage", "status", "named"),
    [
        ("gemini", 429, "RateLimit"),
        ("kraken", 429, "EGeneral:Too many requests"),
        ("gateio", 500, "SERVER_ERROR"),
        ("cryptocom", 429, "42901"),
        ("okx", 429, "50011"),
        ("bybit", 429, "10006"),
        ("binance", 418, "-1003"),
    ],
    indirect=["stage"],
)
async def test_rest_fails_as_ordered_in_the_venue_s_shape(stage: Played, status: int, named: str) -> None:
    await stage.order(f"rest-status BTC status={status} retry_after=7")
    seen, body, headers = await stage.get_whole(stage.dialect.last_path.replace("SYMBOL", stage.dialect.btc))
    assert (seen, headers["Retry-After"]) == (status, "7")
    assert named in str(body)
    assert (await stage.get(stage.dialect.last_path.replace("SYMBOL", stage.dialect.eth)))[0] == 200


@at("gateio", "okx")
async def test_slow_rest_answers_late(stage: Played) -> None:
    await stage.order("rest-slow seconds=8")
    asking = asyncio.ensure_future(stage.last(stage.dialect.btc))
    await stage.clock.wait_for_sleepers(2)
    await stage.clock.let_pass(7)
    assert not asking.done()
    await stage.clock.let_pass(2)
    assert await asyncio.wait_for(asking, 5)


@at("kraken", "binance", "bitstamp")
async def test_rest_repeats_an_old_trade_while_the_market_moves_on(stage: Played) -> None:
    before = await stage.last(stage.dialect.btc)
    await stage.order("rest-repeats BTC")
    first = await stage.last(stage.dialect.btc)
    await stage.clock.let_pass(20)
    assert await stage.last(stage.dialect.btc) == first
    assert first[1] >= before[1]
    assert (await stage.last(stage.dialect.eth))[1] > first[1]


@pytest.mark.parametrize("venue", VENUES)
async def test_every_fault_can_be_ordered_and_cleared_at_every_venue_and_trades_go_on(venue: str) -> None:
    options = {"rename": f"BTC to={'nope' if venue in {'gemini', 'bitstamp', 'htx'} else 'NOPE'}", "burst": "per_second=200"}
    async with played(venue) as stage:
        for verb in FAULTS:
            await listening(stage)
            await stage.order(f"{verb} {options.get(verb, '')}")
            await stage.clock.let_pass(0.6)
            await stage.lab.fault("clear")
            await stage.clock.let_pass(1.1)
        visitor = await listening(stage)
        assert await heard(visitor, 4) == {stage.dialect.btc, stage.dialect.eth}

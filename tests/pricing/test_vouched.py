"""What a venue vouches for on its own socket: quiet without a look, and a socket that lies found out."""

import pytest

from tests.pricing.test_watch import staged
from tests.support.clock import ManualClock
from tests.support.feeds import mapped, replace
from tests.support.rest import rest_row, ticker
from tests.support.ticks import Told
from trinity_beast.feeds import NOTHING, Said
from trinity_beast.pricing.phase import Verdict
from trinity_beast.words import Symbol, Venue


def test_a_missing_trade_is_owed_and_looked_for_after_a_moment() -> None:
    told = Told()
    told.beats(20, every=0.2)
    told.misses(21)
    assert told.due() == pytest.approx(23)
    assert not told.renews(22.9)
    assert told.renews(23)
    assert told.due() == pytest.approx(23)
    assert told.is_usable(32.9)
    assert not told.is_usable(33)


def test_a_trade_that_comes_in_time_settles_it() -> None:
    told = Told()
    told.beats(20, every=0.2)
    told.misses(21)
    told.hears(21.2)
    assert not told.renews(23)
    assert told.is_usable(36)


def test_what_was_called_quiet_is_served_no_longer_than_the_missing_trade_may_take() -> None:
    told = Told()
    told.beats(20, every=0.2)
    assert told.looks(25, printed=20) is Verdict.QUIET
    told.misses(30)
    assert told.is_usable(31.9)
    assert not told.is_usable(32)


def test_rest_that_knows_no_more_than_we_do_proves_nothing_while_a_trade_is_missing() -> None:
    told = Told()
    told.beats(20, every=0.2)
    told.misses(21)
    assert told.looks(23, printed=20) is Verdict.UNPROVEN
    assert told.looks(25, "101", printed=21) is Verdict.NEWER
    assert told.tick.state == "rest"


def test_what_is_vouched_for_is_owed_even_by_a_subscription_younger_than_what_we_hold() -> None:
    told = Told()
    told.tick.recalled(told.trade(10, printed=0), told.bounds)
    told.tick.subscribed(told.trade(9).exchange_time_ns)
    told.misses(12)
    told.tick.subscribed(told.trade(9).exchange_time_ns)
    assert told.renews(14)


async def test_a_symbol_its_venue_vouches_for_is_quiet_without_a_single_look(clock: ManualClock) -> None:
    async with staged(clock, [rest_row()], [mapped("BTC"), mapped("ETH")]) as stage:
        stage.rest.answers[""] = ticker("1")
        stage.hear("BTC-USD", "ETH-USD")
        trade = stage.prices.tick(*mapped_key("BTC")).trade
        for _ in range(60):
            stage.said[mapped_key("BTC")] = Said(last=trade, told_ns=clock.monotonic_ns())
            await clock.let_pass(1)
        assert stage.prices.read("BTC").state == "quiet"
        assert not [url for url in stage.rest.asked if "BTC" in url]
        assert [url for url in stage.rest.asked if "ETH" in url]
        assert stage.watch.looks_spared >= 1


async def test_an_old_word_or_one_on_another_trade_spares_no_look(clock: ManualClock) -> None:
    async with staged(clock, [rest_row()], [mapped("BTC")]) as stage:
        stage.rest.answers[""] = ticker("1")
        stage.hear("BTC-USD")
        trade = stage.prices.tick(*mapped_key("BTC")).trade
        assert trade is not None
        stage.said[mapped_key("BTC")] = Said(last=trade, told_ns=clock.monotonic_ns())
        await clock.let_pass(50)
        assert len(stage.rest.asked) >= 1
        stage.said[mapped_key("BTC")] = Said(last=replace(trade, price="2"), told_ns=clock.monotonic_ns() + 100 * 10**9)
        before = len(stage.rest.asked)
        for _ in range(50):
            await clock.let_pass(1)
        assert len(stage.rest.asked) > before
        assert stage.watch.looks_spared == 0


async def test_a_socket_that_lies_is_found_out_long_before_the_symbols_window(clock: ManualClock) -> None:
    async with staged(clock, [rest_row()], [mapped("BTC")]) as stage:
        stage.rest.answers[""] = ticker("2", earlier=-1)
        stage.hear("BTC-USD")
        await clock.let_pass(1)
        stage.say("BTC", Said(is_missing=True))
        await clock.let_pass(2.5)
        assert stage.renewed == ["BTC-USD"]
        price = stage.prices.read("BTC")
        assert (price.price, price.state) == ("2", "rest")


async def test_a_halt_said_on_the_socket_is_told_at_once_and_ends_with_the_next_trade(clock: ManualClock) -> None:
    async with staged(clock, [rest_row()], [mapped("BTC"), mapped("ETH")]) as stage:
        stage.rest.answers[""] = ticker("1")
        stage.hear("BTC-USD", "ETH-USD")
        stage.say("BTC", Said(halted_wall_ns=clock.time_ns()))
        assert (stage.book.last("BTC")["state"], stage.book.last("ETH")["state"]) == ("halted", "live")
        for _ in range(60):
            await clock.let_pass(1)
        price = stage.prices.read("BTC")
        assert (price.state, price.age_ns) == ("halted", 60 * 10**9)
        assert not [url for url in stage.rest.asked if "BTC" in url]
        stage.said.clear()
        stage.hear("BTC-USD")
        assert stage.prices.read("BTC").state == "live"


async def test_a_word_about_the_whole_venue_turns_every_symbol_of_it_and_none_of_another(clock: ManualClock) -> None:
    assets = [mapped("BTC"), mapped("ETH"), mapped("SOL", venue="htx", symbol="solusdt")]
    async with staged(clock, [rest_row()], assets) as stage:
        stage.hear("BTC-USD", "ETH-USD")
        stage.hear("solusdt", venue="htx")
        said = Said(halted_wall_ns=clock.time_ns())
        stage.said |= {mapped_key("BTC"): said, mapped_key("ETH"): said}
        stage.watch.stir(mapped("BTC").venue, None)
        assert [stage.book.last(asset)["state"] for asset in ("BTC", "ETH", "SOL")] == ["halted", "halted", "live"]


async def test_a_connection_that_is_gone_says_nothing_so_its_halt_ends(clock: ManualClock) -> None:
    async with staged(clock, [rest_row()], [mapped("BTC")]) as stage:
        stage.hear("BTC-USD")
        stage.say("BTC", Said(halted_wall_ns=clock.time_ns()))
        await clock.let_pass(5)
        stage.said[mapped_key("BTC")] = NOTHING
        await clock.let_pass(30)
        assert not stage.prices.tick(*mapped_key("BTC")).is_usable(clock.monotonic_ns())


def mapped_key(asset: str) -> tuple[Venue, Symbol]:
    row = mapped(asset)
    return row.venue, row.symbol

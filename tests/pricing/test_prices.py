from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.book import Ledger
from tests.support.clock import ManualClock
from tests.support.feeds import mapped, trade
from trinity_beast.feeds import Look, MappedAsset, Moment
from trinity_beast.parameters import Readings
from trinity_beast.pricing import STALE_AFTER_SECONDS, AssetUnknown, Prices, PriceStale, PriceUnavailable
from trinity_beast.words import Trade

SECOND_NS = 1_000_000_000


class Bench:
    """Prices, their book and their clock."""

    def __init__(self, clock: ManualClock, *assets: MappedAsset, prefix: str = "") -> None:
        self.clock, self.book, self.readings = clock, Ledger(), Readings()
        self.prices = Prices(self.book, assets or [mapped("BTC")], clock=clock, readings=self.readings, source_prefix=prefix)

    def trade(self, price: str, *, symbol: str = "BTC-USD", venue: str = "coinbase", earlier: float = 0.0) -> Trade:
        now = Moment(self.clock.time_ns(), self.clock.monotonic_ns())
        return trade(symbol, price, venue=venue, time_ns=now.wall_ns - round(earlier * SECOND_NS), received=now)

    def hear(self, price: str, **more: Any) -> None:
        self.prices.on_trades([self.trade(price, **more)])


def test_a_trade_is_published_with_its_digits_its_times_and_its_source(clock: ManualClock) -> None:
    bench = Bench(clock)
    bench.hear("97123.450", earlier=0.5)
    assert bench.book.published == [
        (
            "BTC",
            "97123.450",
            {
                "quote": "USD",
                "venue": "coinbase",
                "source": "coinbase-ws",
                "exchange_time_ns": clock.time_ns() - SECOND_NS // 2,
                "received_monotonic_ns": clock.monotonic_ns(),
                "usable_for_ns": 90 * SECOND_NS,
                "state": "live",
                "cache_tier": "memory",
                "prewarmed": True,
            },
        )
    ]


def test_a_price_of_the_lab_says_so(clock: ManualClock) -> None:
    bench = Bench(clock, prefix="lab:")
    bench.hear("1")
    assert bench.book.published[0][2]["source"] == "lab:coinbase-ws"
    assert bench.prices.read("BTC").source == "lab:coinbase-ws"


def test_every_prewarmed_asset_is_announced_before_it_has_a_price(clock: ManualClock) -> None:
    bench = Bench(clock, mapped("BTC"), mapped("CELO", symbol="CGLD-USD", prewarm=False), mapped("OLD", enabled=False))
    assert bench.book.announced == {"BTC": True}


def test_of_several_trades_of_a_frame_the_newest_is_published(clock: ManualClock) -> None:
    bench = Bench(clock, mapped("BTC"), mapped("ETH"))
    bench.prices.on_trades([bench.trade("1"), bench.trade("7", symbol="ETH-USD"), bench.trade("2")])
    assert bench.book.prices("BTC") == ["2"]
    assert bench.book.prices("ETH") == ["7"]


def test_two_assets_may_share_a_symbol(clock: ManualClock) -> None:
    bench = Bench(clock, mapped("CGLD"), mapped("CELO", symbol="CGLD-USD", prewarm=False))
    bench.hear("0.25", symbol="CGLD-USD")
    assert bench.prices.read("CELO").price == bench.prices.read("CGLD").price == "0.25"
    assert {asset: facts["prewarmed"] for asset, _, facts in bench.book.published} == {"CGLD": True, "CELO": False}
    assert bench.prices.prewarmed() == ["CGLD"]


@given(st.lists(st.tuples(st.floats(0, 100), st.booleans()), min_size=1, max_size=30))
def test_a_price_never_gives_way_to_an_older_one(heard: list[tuple[float, bool]]) -> None:
    bench = Bench(ManualClock())
    for number, (earlier, is_history) in enumerate(heard):
        told = [bench.trade(str(number + 1), earlier=earlier)]
        (bench.prices.on_history if is_history else bench.prices.on_trades)(told)
    times = [facts["exchange_time_ns"] for _, _, facts in bench.book.published]
    assert times == sorted(times)
    assert bench.prices.trades_late == len(heard) - len(times)


def test_history_fills_an_empty_book_with_its_true_age(clock: ManualClock) -> None:
    bench = Bench(clock)
    bench.prices.on_history([bench.trade("2", earlier=6), bench.trade("1", earlier=60)])
    assert bench.book.prices("BTC") == ["2"]
    assert bench.prices.read("BTC").age_ns == 6 * SECOND_NS


def test_history_does_not_displace_a_younger_price(clock: ManualClock) -> None:
    bench = Bench(clock)
    bench.hear("3")
    bench.prices.on_history([bench.trade("2", earlier=6)])
    assert bench.prices.read("BTC").price == "3"


def test_an_old_price_is_refused_with_its_age_and_a_wall_clock_step_changes_nothing(clock: ManualClock) -> None:
    bench = Bench(clock)
    bench.hear("1")
    clock.advance(timedelta(seconds=89, milliseconds=999))
    clock.step_wall(timedelta(hours=-5))
    assert bench.prices.read("BTC").age_ns == 89_999_000_000
    clock.advance(timedelta(milliseconds=1))
    with pytest.raises(PriceStale) as caught:
        bench.prices.read("BTC")
    assert caught.value.facts == {"asset": "BTC", "age_seconds": 90, "age_ms": 90_000}


def test_a_callers_own_bound_is_kept(clock: ManualClock) -> None:
    bench = Bench(clock)
    bench.hear("1")
    clock.advance(0.5)
    assert bench.prices.read("BTC", max_age_ms=500).price == "1"
    with pytest.raises(PriceStale) as caught:
        bench.prices.read("BTC", max_age_ms=499)
    assert caught.value.facts["max_age_ms"] == 499


def test_an_asset_without_a_trade_is_unavailable_not_unknown(clock: ManualClock) -> None:
    with pytest.raises(PriceUnavailable):
        Bench(clock).prices.read("BTC")


@pytest.mark.parametrize(
    ("asked", "suggested"), [("BTCC", "BTC"), ("btc", "BTC"), ("BTC-USD", "BTC"), ("BTC/USD", "BTC"), ("RENDR", "RENDER"), ("QQQQQ", "")]
)
def test_an_unknown_asset_is_refused_with_what_looks_like_it(clock: ManualClock, asked: str, suggested: str) -> None:
    with pytest.raises(AssetUnknown) as caught:
        Bench(clock, mapped("BTC"), mapped("RENDER"), mapped("ETH")).prices.read(asked)
    assert str(caught.value.facts["suggestions"]).split(", ")[0] == suggested


def test_one_venue_can_be_asked_for(clock: ManualClock) -> None:
    bench = Bench(clock, mapped("BTC"), mapped("BTC", venue="kraken", symbol="BTC/USD", prewarm=False))
    bench.hear("1")
    bench.hear("2", symbol="BTC/USD", venue="kraken")
    assert bench.prices.read("BTC", venue="kraken").price == "2"
    assert bench.prices.read("BTC").price == "1"
    with pytest.raises(AssetUnknown) as caught:
        bench.prices.read("BTC", venue="gemini")
    assert caught.value.facts["venue"] == "gemini"


def test_the_prewarmed_venue_serves_first_another_when_it_has_gone_stale_and_it_again_once_settled(clock: ManualClock) -> None:
    bench = Bench(clock, mapped("BTC", venue="kraken", symbol="BTC/USD", prewarm=False), mapped("BTC"))
    bench.hear("101")
    clock.advance(60)
    bench.hear("102", symbol="BTC/USD", venue="kraken")
    assert bench.book.prices("BTC") == ["101"]
    clock.advance(31)
    bench.hear("103", symbol="BTC/USD", venue="kraken")
    assert bench.book.prices("BTC") == ["101", "103"]
    assert (bench.prices.read("BTC").venue, bench.prices.read("BTC").source) == ("kraken", "kraken-ws")
    bench.hear("104")
    assert bench.book.prices("BTC") == ["101", "103"]
    clock.advance(10)
    bench.hear("105")
    assert bench.book.prices("BTC") == ["101", "103", "105"]
    assert bench.prices.serving.venues_switched == 2


def test_a_jump_no_other_venue_shows_is_held_back_and_counted(clock: ManualClock) -> None:
    bench = Bench(clock, mapped("BTC"), mapped("BTC", venue="kraken", symbol="BTC/USD", prewarm=False))
    bench.hear("100")
    bench.hear("100", symbol="BTC/USD", venue="kraken")
    bench.hear("100000")
    assert (bench.book.prices("BTC"), bench.prices.jumps_held) == (["100"], 1)
    bench.hear("101")
    assert bench.book.prices("BTC") == ["100", "101"]


def test_an_asset_of_a_single_venue_is_never_held_back(clock: ManualClock) -> None:
    bench = Bench(clock)
    bench.hear("100")
    bench.hear("100000")
    assert (bench.book.prices("BTC"), bench.prices.jumps_held) == (["100", "100000"], 0)


def test_turning_the_bound_reaches_every_price_with_the_next_trade(clock: ManualClock) -> None:
    bench = Bench(clock, mapped("BTC"), mapped("ETH"))
    bench.hear("1")
    bench.readings.turn(STALE_AFTER_SECONDS.name, 30)
    bench.hear("7", symbol="ETH-USD")
    assert [(asset, facts["usable_for_ns"] // SECOND_NS) for asset, _, facts in bench.book.published] == [
        ("BTC", 90),
        ("BTC", 30),
        ("ETH", 30),
    ]


def test_a_changed_map_announces_what_is_new_and_retires_what_has_gone(clock: ManualClock) -> None:
    bench = Bench(clock, mapped("BTC"), mapped("ETH"))
    bench.hear("7", symbol="ETH-USD")
    bench.prices.use_map([mapped("ETH"), mapped("SOL")])
    assert bench.book.retired == ["BTC"]
    assert set(bench.book.announced) == {"BTC", "ETH", "SOL"}
    assert bench.prices.read("ETH").price == "7"
    with pytest.raises(AssetUnknown):
        bench.prices.read("BTC")
    bench.hear("1")
    assert bench.prices.trades_unmapped == 1


def test_what_rest_told_anew_is_noted_also_where_it_is_as_old_as_another_trade_of_its_instant(clock: ManualClock) -> None:
    bench = Bench(clock)
    ahead = bench.trade("1", earlier=-5)
    bench.prices.on_trades([ahead])
    clock.advance(1)
    now = Moment(clock.time_ns(), clock.monotonic_ns())
    for price, noted in [("1", set()), ("2", {("coinbase", "BTC-USD")})]:
        told = trade("BTC-USD", price, venue="coinbase", time_ns=ahead.exchange_time_ns, received=now)
        bench.prices.on_look(
            bench.prices.tick(told.venue, told.symbol), Look(told.venue, told.symbol, told, asked_ns=now.monotonic_ns, problem="")
        )
        assert bench.prices.rest_told == noted
    assert (bench.prices.read("BTC").state, bench.prices.read("BTC").age_ns) == ("rest", SECOND_NS)


def test_what_the_book_refuses_is_counted_and_stops_nothing(clock: ManualClock) -> None:
    bench = Bench(clock, mapped("A" * 17, symbol="BTC-USD"), mapped("BTC"))
    bench.hear("1")
    assert bench.prices.serving.publishes_refused == 1
    assert bench.book.prices("BTC") == ["1"]


def test_a_price_is_told_as_the_contract_has_it(clock: ManualClock) -> None:
    bench = Bench(clock)
    bench.hear("97123.45", earlier=0.0225)
    assert bench.prices.read("BTC").as_json() == {  # 22.5 ms old: rounded up, never down.
        "asset": "BTC",
        "price": "97123.45",
        "quote": "USD",
        "venue": "coinbase",
        "source": "coinbase-ws",
        "cache_tier": "memory",
        "state": "live",
        "exchange_time": "2026-11-20T07:39:59.977500Z",
        "received_time": "2026-11-20T07:40:00.000000Z",
        "age_ms": 23,
    }

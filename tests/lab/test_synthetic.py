"""The made-up market: foretold by its seed, on every listing's grid, at every coin's rhythm."""

from decimal import Decimal
from itertools import pairwise

import pytest

from trinity_beast.lab import Market, open_market
from trinity_beast.lab.coins import COINS
from trinity_beast.lab.model import SECOND_NS, Print
from trinity_beast.lab.venues import Coinbase
from trinity_beast.lab.venues.listed import WARM
from trinity_beast.words import Asset, Symbol, Venue

BEGIN_NS = 1_795_160_400 * SECOND_NS
COINBASE = Venue("coinbase")
ASSETS = list(WARM[COINBASE])


def _market(seed: int, assets: list[Asset] = ASSETS, *, history_seconds: float = 300) -> Market:
    return open_market(seed=seed, assets=assets, kinds={COINBASE: Coinbase}, history_seconds=history_seconds)


def _played(seed: int, *, seconds: int = 60, step_ms: int = 50, assets: list[Asset] = ASSETS) -> list[Print]:
    market = _market(seed, assets)
    market.begin(BEGIN_NS)
    steps = range(step_ms, seconds * 1000 + 1, step_ms)
    return [told for step in steps for told in market.advance(BEGIN_NS + step * 1_000_000)]


def test_the_same_seed_gives_the_same_market_digit_for_digit() -> None:
    assert _played(3) == _played(3)
    assert _played(3) != _played(4)


def test_the_market_does_not_depend_on_how_often_it_is_asked() -> None:
    assert _played(3, step_ms=50) == _played(3, step_ms=3000)


def test_prices_and_sizes_stand_on_the_grid_of_their_listing() -> None:
    market = _market(5)
    listings = {listing.symbol: listing for listing in market.listings[COINBASE]}
    trades = [trade for told in _played(5) for trade in told.trades]
    assert {trade.symbol for trade in trades} == {f"{asset}-USD" for asset in ASSETS}
    for trade in trades:
        listing = listings[trade.symbol]
        for text, decimals in ((trade.price, listing.price_decimals), (trade.size, listing.size_decimals)):
            assert Decimal(text) > 0
            assert Decimal(text) % Decimal(1).scaleb(-decimals) == 0
            assert "e" not in text.lower()


def test_trades_come_in_order_with_consecutive_ids() -> None:
    told = _played(6)
    assert all(earlier.printed_ns <= later.printed_ns for earlier, later in pairwise(told))
    for asset in ASSETS:
        trades = [trade for each in told if each.symbol == f"{asset}-USD" for trade in each.trades]
        assert all(later.trade_id == earlier.trade_id + 1 and later.time_ns >= earlier.time_ns for earlier, later in pairwise(trades))
        assert all(BEGIN_NS < trade.time_ns <= BEGIN_NS + 60 * SECOND_NS for trade in trades)


def test_every_coin_keeps_its_rhythm() -> None:
    told = _played(7, seconds=600, step_ms=1000)
    for asset in ASSETS:
        orders = sum(each.symbol == f"{asset}-USD" for each in told)
        expected = COINS[asset].trades_per_second * 600
        assert 0.5 * expected < orders < 1.7 * expected, asset


def test_every_symbol_has_traded_before_the_market_begins() -> None:
    market = _market(8)
    market.begin(BEGIN_NS)
    for asset in ASSETS:
        tape = market.tape(COINBASE, Symbol(f"{asset}-USD"))
        assert tape is not None
        assert tape.last is not None
        assert tape.last.time_ns <= BEGIN_NS


def test_prices_move_and_stay_in_sight_of_their_level() -> None:
    told = _played(9, seconds=3600, step_ms=60_000, assets=[Asset("BTC"), Asset("CHZ")])
    for asset in ("BTC", "CHZ"):
        prices = [Decimal(trade.price) for each in told if each.symbol == f"{asset}-USD" for trade in each.trades]
        level = Decimal(COINS[asset].start_price)
        assert len(set(prices)) > 5
        assert all(level / 2 < price < level * 2 for price in prices)


def test_an_asset_nobody_described_trades_too() -> None:
    told = _played(10, assets=[Asset("ZZTOP")])
    assert {each.symbol for each in told} == {"ZZTOP-USD"}


@pytest.mark.parametrize("history_seconds", [30, 120])
def test_the_past_is_remembered_as_long_as_asked_and_no_longer(history_seconds: int) -> None:
    market = _market(11, [Asset("BTC")], history_seconds=history_seconds)
    market.begin(BEGIN_NS)
    market.advance(BEGIN_NS + 1000 * SECOND_NS)
    tape = market.tape(COINBASE, Symbol("BTC-USD"))
    assert tape is not None
    remembered = tape.between(0, BEGIN_NS + 1000 * SECOND_NS)
    span_ns = remembered[-1].time_ns - remembered[0].time_ns
    assert 0.8 * history_seconds * SECOND_NS < span_ns <= history_seconds * SECOND_NS or len(remembered) == 100


def test_the_truth_at_a_time_is_the_last_trade_not_after_it() -> None:
    market = _market(12)
    market.begin(BEGIN_NS)
    trades = [trade for told in market.advance(BEGIN_NS + 30 * SECOND_NS) for trade in told.trades if trade.symbol == "BTC-USD"]
    tape = market.tape(COINBASE, Symbol("BTC-USD"))
    assert tape is not None
    for earlier, later in pairwise(trades):
        if earlier.time_ns < later.time_ns:
            assert tape.last_at(later.time_ns - 1) == earlier
    assert tape.last_at(trades[-1].time_ns) == trades[-1]
    assert tape.last_at(BEGIN_NS - 10_000 * SECOND_NS) is None

from hypothesis import given
from hypothesis import strategies as st

from tests.support.feeds import NOW_NS, trade
from trinity_beast.feeds.counts import Counts
from trinity_beast.feeds.guard import TradeGuard

TICKS = st.lists(st.tuples(st.integers(1, 2), st.sampled_from(["A", "B"]), st.integers(0, 5), st.integers(1, 3)), max_size=40)


@given(TICKS)
def test_no_symbol_ever_goes_back_in_time_over_any_number_of_connections(ticks: list[tuple[int, str, int, int]]) -> None:
    counts = Counts()
    guard, last = TradeGuard(counts), dict[str, int]()
    for link, symbol, seconds, price in ticks:
        for admitted in guard.admitted([trade(symbol, str(price), time_ns=NOW_NS + seconds)], link):
            assert admitted.exchange_time_ns >= last.get(symbol, 0)
            last[symbol] = admitted.exchange_time_ns
    assert counts.trades + counts.trades_late + counts.trades_repeated == len(ticks)


def test_several_trades_of_one_time_end_with_the_last() -> None:
    guard = TradeGuard(Counts())
    prices = [trade(price=price) for price in ("1", "2", "3")]
    assert [admitted.price for admitted in guard.admitted(prices, 1)] == ["1", "2", "3"]


def test_the_same_trades_by_a_second_connection_do_not_turn_the_price_back() -> None:
    counts = Counts()
    guard = TradeGuard(counts)
    prices = [trade(price=price) for price in ("1", "2")]
    guard.admitted(prices, 1)
    assert guard.admitted(prices, 2) == []
    assert counts.trades_repeated == 2
    assert len(guard.admitted([trade(price="3", time_ns=NOW_NS + 1)], 2)) == 1


def test_late_and_repeated_trades_are_counted_apart() -> None:
    counts = Counts()
    guard = TradeGuard(counts)
    guard.admitted([trade(time_ns=NOW_NS), trade(time_ns=NOW_NS - 1), trade(time_ns=NOW_NS)], 1)
    assert (counts.trades, counts.trades_late, counts.trades_repeated) == (1, 1, 1)


def test_a_symbol_let_go_begins_anew() -> None:
    guard = TradeGuard(Counts())
    first = trade()
    guard.admitted([first], 1)
    assert guard.last_time_ns(first.symbol) == NOW_NS
    guard.forget([first.symbol])
    assert guard.last_time_ns(first.symbol) is None

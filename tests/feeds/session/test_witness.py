"""What a connection's venue says of its symbols beside trades, and what is made of it."""

import json

from tests.support.feeds import at, rfc3339, row_values, session
from trinity_beast.feeds import NOTHING, FeedRow, parse_row
from trinity_beast.feeds.counts import Counts
from trinity_beast.feeds.session import Heard, Session
from trinity_beast.words import Symbol

BTC, ETH = Symbol("BTC-USD"), Symbol("ETH-USD")


def row(**control: object) -> FeedRow:
    """A venue of flat frames whose heartbeats name the last trade, and whose status frames name the halted."""
    rules = {
        "sequence": {"path": "trade_id", "per": "symbol"},
        "proof": {
            "match": {"type": "heartbeat"}, "symbol": "product_id", "number": "last_trade_id", "time": "time", "time_format": "rfc3339",
        },
        "halts": [
            {"match": {"type": "status"}, "rows": "products[]", "symbol": "id", "word": "status", "halted": ["halted"]},
            {"match": {"type": "system"}, "word": "state", "halted": ["maintenance"]},
        ],
    }  # fmt: skip
    return parse_row(
        row_values(
            trade_match={"type": "match"}, trade_rows_path="$", price_path="price", symbol_path="product_id", time_path="time",
            control_rules=rules | control,
        )
    )  # fmt: skip


class Talk:
    """A session of that venue which has asked for two symbols."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.session: Session = session(row(), BTC, ETH, counts=self.counts, feed_messages_per_second=1_000.0)
        self.session.opened(at(0))

    def hears(self, seconds: float, **message: object) -> Heard:
        return self.session.received(json.dumps(message).encode(), at(seconds))

    def trade(self, seconds: float, number: int, *, symbol: str = BTC, earlier: float = 0.0) -> Heard:
        time = rfc3339(at(seconds), earlier_seconds=earlier)
        return self.hears(seconds, type="match", product_id=symbol, trade_id=number, price="100", time=time)

    def beat(self, seconds: float, number: int, *, symbol: str = BTC, earlier: float = 0.0) -> Heard:
        time = rfc3339(at(seconds), earlier_seconds=earlier)
        return self.hears(seconds, type="heartbeat", product_id=symbol, last_trade_id=number, time=time)


def test_a_heartbeat_with_the_number_read_last_vouches_for_that_trade() -> None:
    talk = Talk()
    trade = talk.trade(1, 7).trades[0]
    assert talk.beat(5, 7).turned == set()
    said = talk.session.witness.of(BTC)
    assert (said.last, said.told_ns, said.is_missing) == (trade, at(5).monotonic_ns, False)
    assert talk.counts.proofs_heard == 1


def test_a_heartbeat_that_was_long_on_its_way_vouches_for_the_time_it_was_said() -> None:
    talk = Talk()
    talk.trade(1, 7)
    talk.beat(25, 7, earlier=20)
    assert talk.session.witness.of(BTC).told_ns == at(5).monotonic_ns


def test_a_heartbeat_with_a_later_number_says_that_a_trade_is_missing_once_until_it_comes() -> None:
    talk = Talk()
    talk.trade(1, 7)
    assert talk.beat(2, 8).turned == {BTC}
    assert talk.beat(3, 8).turned == set()
    assert talk.session.witness.of(BTC).is_missing
    talk.trade(3.5, 8)
    assert not talk.session.witness.of(BTC).is_missing
    assert talk.counts.proofs_against == 2


def test_a_heartbeat_proves_nothing_of_another_symbol_nor_of_one_nobody_asked_for() -> None:
    talk = Talk()
    talk.trade(1, 7)
    talk.beat(2, 9, symbol=ETH)
    talk.beat(2, 9, symbol="SOL-USD")
    assert talk.session.witness.of(BTC) == talk.session.witness.of(ETH) == NOTHING


def test_an_old_number_and_one_with_nothing_to_compare_prove_nothing() -> None:
    talk = Talk()
    talk.beat(1, 7)
    talk.trade(2, 8)
    talk.beat(3, 7)
    talk.beat(4, 0)
    assert talk.session.witness.of(BTC) == NOTHING


def test_the_old_trade_told_at_the_subscription_is_one_to_compare_with() -> None:
    talk = Talk()
    old = talk.trade(1, 7, earlier=600).history[0]
    talk.beat(2, 7)
    assert talk.session.witness.of(BTC).last == old


def test_a_trade_that_was_refused_is_not_what_the_venue_is_believed_to_vouch_for() -> None:
    talk = Talk()
    talk.trade(1, 7)
    talk.trade(2, 8, earlier=-60)
    assert talk.counts.trades_future == 1
    assert talk.beat(3, 8).turned == {BTC}


def test_after_a_renewal_what_was_before_it_is_no_longer_compared_with() -> None:
    talk = Talk()
    talk.trade(1, 7)
    talk.beat(2, 8)
    assert talk.session.renew(BTC, at(3)) is not None
    assert talk.beat(4, 9).turned == set()
    assert not talk.session.witness.of(BTC).is_missing


def test_a_halted_symbol_is_so_until_the_venue_or_a_later_trade_says_otherwise() -> None:
    talk = Talk()
    assert talk.hears(1, type="status", products=[{"id": BTC, "status": "halted"}, {"id": "SOL-USD", "status": "halted"}]).turned == {BTC}
    assert talk.session.witness.of(BTC).halted_wall_ns == at(1).wall_ns
    assert talk.session.witness.of(ETH).halted_wall_ns is None
    talk.trade(1.2, 1, earlier=0.5)
    assert talk.session.witness.of(BTC).halted_wall_ns is not None, "printed before, told after"
    assert talk.hears(2, type="status", products=[{"id": BTC, "status": "online"}]).turned == {BTC}
    assert talk.session.witness.of(BTC).halted_wall_ns is None
    talk.hears(3, type="status", products=[{"id": BTC, "status": "halted"}])
    talk.trade(4, 2)
    assert talk.session.witness.of(BTC).halted_wall_ns is None
    assert talk.counts.halts == 2


def test_a_halted_venue_halts_every_symbol_until_it_goes_on_or_the_symbol_trades() -> None:
    talk = Talk()
    assert talk.hears(1, type="system", state="maintenance").turned == {None}
    assert talk.hears(1.5, type="system", state="maintenance").turned == set()
    talk.trade(2, 1)
    assert talk.session.witness.of(BTC).halted_wall_ns is None
    assert talk.session.witness.of(ETH).halted_wall_ns == at(1).wall_ns
    assert talk.hears(3, type="system", state="online").turned == {None}
    assert talk.session.witness.of(ETH) == NOTHING


def test_who_is_not_asked_for_leaves_nothing_behind() -> None:
    talk = Talk()
    products = [{"id": f"A{number}-USD", "status": "halted"} for number in range(2_000)]
    talk.hears(1, type="status", products=products)
    assert not talk.session.witness._told

"""The engine takes what is ordinary: nobody could tell, but by the clock."""

import json
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from tests.support.feeds import SECOND_NS, feed_row, mapped, rfc3339
from tests.support.twins import World
from trinity_beast.feeds import Look, Moment
from trinity_beast.words import Symbol, Trade, Venue

ROWS = [feed_row("coinbase"), feed_row("kraken"), feed_row("gemini")]
SYMBOLS = {
    "coinbase": {"BTC": "BTC-USD", "ETH": "ETH-USD"},
    "kraken": {"BTC": "BTC/USD", "ETH": "ETH/USD"},
    "gemini": {"BTC": "btcusd", "SOL": "solusd"},
}
ASSETS = [
    mapped(asset, venue=venue, symbol=symbol, prewarm=venue == "coinbase" or asset == "SOL")
    for venue, symbols in SYMBOLS.items()
    for asset, symbol in symbols.items()
]
COUNTED = ("frames", "trades", "trades_late", "trades_repeated", "trades_future", "trades_history", "trades_unasked", "sequence_gaps")


@dataclass(frozen=True)
class Print:
    """A trade of a frame: how much its time lies before now, and its price in hundredths of a percent of 100."""

    asset: str
    earlier_ms: int
    price: int

    @property
    def digits(self) -> str:
        return f"{self.price // 100}.{self.price % 100:02}"


class Scribe:
    """Writes frames as the venues do, the same for both worlds."""

    def __init__(self) -> None:
        self.number = 0

    def frame(self, venue: str, prints: list[Print], now: Moment) -> bytes:
        if venue == "coinbase":
            self.number += 1
            trades = [
                {"product_id": SYMBOLS[venue][one.asset], "price": one.digits, "time": rfc3339(now, earlier_seconds=one.earlier_ms / 1e3)}
                for one in reversed(prints)
            ]
            return told(
                {"channel": "market_trades", "sequence_num": self.number - 1, "events": [{"type": "update", "trades": trades}]}
            )  # fmt: skip
        if venue == "kraken":
            rows = [
                {
                    "symbol": SYMBOLS[venue][one.asset],
                    "price": float(one.digits),
                    "timestamp": rfc3339(now, earlier_seconds=one.earlier_ms / 1e3),
                }
                for one in prints
            ]
            return told({"channel": "trade", "type": "update", "data": rows})
        one = prints[-1]
        return told({"E": now.wall_ns - one.earlier_ms * 1_000_000, "s": SYMBOLS[venue][one.asset], "t": 1, "p": one.digits})


def told(frame: object) -> bytes:
    return json.dumps(frame, separators=(",", ":")).encode()


def prints_of(venue: str) -> st.SearchStrategy[tuple[str, list[Print]]]:
    one = st.builds(
        Print,
        asset=st.sampled_from(sorted(SYMBOLS[venue])),
        earlier_ms=st.sampled_from([0, 0, 0, 1, 5, 50, 900, 5_000, -1_000, -999, -850, -5_000]),
        price=st.one_of(st.integers(9_990, 10_010), st.sampled_from([9_000, 11_000, 11_500, 20_000, 10_999, 11_001])),
    )
    return st.tuples(st.just(venue), st.lists(one, min_size=1, max_size=3))


FRAMES = st.one_of(*(prints_of(venue) for venue in SYMBOLS))
PAUSES = st.sampled_from([0, 0, 1_000, 1_000_000, 150_000_000, SECOND_NS, 12 * SECOND_NS, 60 * SECOND_NS, 100 * SECOND_NS])
OTHERS = st.sampled_from(["heartbeat", "garbage", "lost number", "proof", "newer by REST", "failed look", "knob"])
EVENTS = st.lists(st.one_of(FRAMES, FRAMES, FRAMES, FRAMES, PAUSES, OTHERS), min_size=4, max_size=60)


class Twins:
    """Both worlds, told the same."""

    def __init__(self) -> None:
        self.scribe = Scribe()
        self.python, self.engine = (World(ROWS, ASSETS, by_engine=by_engine) for by_engine in (False, True))
        self.worlds = (self.python, self.engine)
        for _ in range(2):  # Every symbol prints, so that the engine may take its next trade.
            for venue, symbols in SYMBOLS.items():
                for asset in symbols:
                    self.happen((venue, [Print(asset, 0, 10_000)]))
            self.happen(1_000_000)

    def happen(self, event: object) -> None:
        if isinstance(event, int):
            for world in self.worlds:
                world.pass_time(event)
                world.prices.turn()
        elif isinstance(event, tuple):
            venue, prints = event
            self.hear(venue, self.scribe.frame(venue, prints, self.python.now))
        elif event == "heartbeat":
            self.scribe.number += 1
            self.hear("coinbase", told({"channel": "heartbeats", "sequence_num": self.scribe.number - 1}))
            self.hear("kraken", told({"channel": "heartbeat"}))
        elif event == "garbage":
            self.hear("kraken", b'{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","price":')
        elif event == "lost number":
            self.scribe.number += 3
        elif event == "knob":
            for world in self.worlds:
                world.readings.turn("liveness_gaps", float(world.readings.values()["liveness_gaps"]) % 9 + 1.0)
                world.prices.turn()  # As happens ten times a second.
        else:
            self.look(str(event))

    def hear(self, venue: str, payload: bytes) -> None:
        for world in self.worlds:
            world.hear(venue, payload)

    def look(self, event: str) -> None:
        for world in self.worlds:
            world.prices.hear()
            tick, now = world.prices.tick(Venue("coinbase"), Symbol("BTC-USD")), world.now
            trade = None
            if event == "proof" and tick.trade is not None:
                trade = Trade(tick.venue, tick.symbol, tick.trade.price, tick.trade.exchange_time_ns, now.wall_ns, now.monotonic_ns)
            if event == "newer by REST":
                trade = Trade(tick.venue, tick.symbol, "100.02", now.wall_ns - 1_000_000, now.wall_ns, now.monotonic_ns)
            world.look(
                "coinbase", "BTC-USD", Look(tick.venue, tick.symbol, trade, asked_ns=now.monotonic_ns, problem="" if trade else "away")
            )

    def agree(self) -> None:
        self.engine.prices.hear()
        for asset in ("BTC", "ETH", "SOL"):
            assert self.engine.told(asset) == self.python.told(asset)
        for venue, connection in self.python.connections.items():
            ours, theirs = self.engine.connections[venue].read_counts(), connection.read_counts()
            assert {name: ours[name] for name in COUNTED} == {name: theirs[name] for name in COUNTED}
        for key, tick in self.python.prices.serving.ticks.items():
            other = self.engine.prices.serving.ticks[key]
            assert (other.phase, other.state, other.usable_until_ns, other.heard_ns) == (
                tick.phase, tick.state, tick.usable_until_ns, tick.heard_ns,
            )  # fmt: skip
            assert (other.rhythm.count, other.rhythm.long_gap_ns) == (tick.rhythm.count, tick.rhythm.long_gap_ns)


@given(EVENTS)
def test_whatever_venues_print_a_caller_is_told_the_same_as_if_python_had_read_it_all(events: list[object]) -> None:
    twins = Twins()
    for event in events:
        twins.happen(event)
        twins.agree()


def test_what_is_ordinary_never_reaches_python() -> None:
    twins = Twins()
    for number in range(200):
        for venue in SYMBOLS:
            twins.happen((venue, [Print("BTC", 0, 10_000 + number % 7)]))
        twins.happen(1_000_000)
    twins.agree()
    for connection in twins.engine.connections.values():
        assert connection.taken >= 195, "all but a sample ten times a second"


def test_no_caller_sees_an_older_trade_after_a_younger_one_while_python_has_not_caught_up() -> None:
    twins = Twins()
    twins.happen(("coinbase", [Print("ETH", 0, 10_001)]))
    twins.happen(("coinbase", [Print("ETH", -1, 10_002)]))
    assert twins.engine.told("ETH") == twins.python.told("ETH")
    twins.happen(("coinbase", [Print("ETH", 5, 9_999)]))
    assert twins.engine.told("ETH") == twins.python.told("ETH")
    assert twins.engine.prices.read("ETH").price == "100.02", "whoever reads here catches up first"


def test_a_trade_told_again_behind_another_of_its_instant_keeps_its_age_in_both_halves() -> None:
    twins = Twins()
    twins.happen(150_000_000)
    twins.happen(("coinbase", [Print("ETH", 0, 10_000)]))  # Left to Python, as a sample.
    for ahead_ms, price in [(1_000, 10_001), (950, 10_002), (910, 10_001)]:
        twins.happen(("coinbase", [Print("ETH", -ahead_ms, price)]))
        taken = twins.engine.connections[Venue("coinbase")].taken
        twins.happen(50_000_000 if ahead_ms == 1_000 else 40_000_000)
        twins.agree()
    assert taken >= 2, "by the engine"
    told = twins.python.told("ETH")
    assert [world.told("ETH") for world in twins.worlds] == [told] * 2
    assert told is not None
    assert told[-1] == 130_000_000


def test_a_jump_is_judged_before_it_is_served() -> None:
    twins = Twins()
    twins.happen(("coinbase", [Print("BTC", 0, 20_000)]))
    assert twins.engine.prices.read("BTC").price == "100.00"
    assert twins.engine.prices.jumps_held == twins.python.prices.jumps_held == 1


def test_a_changed_map_leaves_every_trade_to_python_until_it_was_judged_by_it() -> None:
    twins = Twins()
    without_ether = [row for row in ASSETS if row.asset != "ETH"]
    for world in twins.worlds:
        world.prices.use_map(without_ether)
    twins.happen(("coinbase", [Print("ETH", 0, 10_005)]))
    assert twins.engine.told("ETH") is None
    assert twins.engine.prices.trades_unmapped == twins.python.prices.trades_unmapped == 1

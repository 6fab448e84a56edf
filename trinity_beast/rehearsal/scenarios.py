"""The fault matrix: what is ordered of the lab, for how long, and by what it must show. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from trinity_beast.words import Symbol, Venue


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row of the matrix.

    `orders` are the lab's own words with `{venue}`, `{symbol}` and `{other}` (a free name) to be filled in; an order with
    `{symbol}` goes out for every symbol concerned. It must be noticed: by prices that are no longer called live by their
    venue's socket (`by_prices`), or by one of the feed's counters (`by_counts`). Without either, it is harmless where a node is
    right, and only its answers are judged.
    """

    name: str
    verb: str
    orders: tuple[str, ...]
    seconds: float
    by_prices: bool = False
    by_counts: frozenset[str] = frozenset()
    is_alone: bool = False
    """Whether no other venue may be told to do it at the same time."""
    stays: bool = False
    """Whether it goes on for all its time, though it has shown."""

    def orders_for(self, venue: Venue, symbols: Sequence[Symbol]) -> list[str]:
        """Return the orders for one venue and the symbols concerned."""
        found = []
        for order in self.orders:
            if "{symbol}" in order:
                found += [order.format(venue=venue, symbol=symbol, other=free_name(symbol)) for symbol in symbols]
            else:
                found.append(order.format(venue=venue))
        return found

    @property
    def is_harmless(self) -> bool:
        """Whether nothing has to show."""
        return not self.by_prices and not self.by_counts


def free_name(symbol: Symbol) -> str:
    """Return a name nothing is listed under."""
    return f"x{symbol}" if symbol.islower() else f"X{symbol}"


def counted(*names: str) -> frozenset[str]:
    """Return the counters by any of which a fault shows."""
    return frozenset(names)


LOST = counted("connections_lost", "reconnects_planned")
HISTORY = counted("trades_late", "trades_repeated", "trades_history")

MUTED = "mute {venue} {symbol}"

WHOLE_VENUE: tuple[Scenario, ...] = (
    Scenario("mute", "mute", ("mute {venue}",), 11, by_prices=True),
    Scenario("ack-silent", "ack-silent", ("ack-silent {venue}", "drop {venue}"), 11, by_prices=True),
    Scenario("halt", "halt", ("halt {venue}",), 11, by_prices=True),
    Scenario("future-times", "future-times", ("future-times {venue} ahead_seconds=3600",), 5, by_counts=counted("trades_future")),
    Scenario("clock-step -5 s", "clock-step", ("clock-step {venue} by_seconds=-5",), 7, by_counts=counted("trades_late")),
    Scenario("clock-step +5 s", "clock-step", ("clock-step {venue} by_seconds=5",), 7, by_counts=counted("trades_future")),
    Scenario("clock-step +1 s", "clock-step", ("clock-step {venue} by_seconds=1",), 4),
    Scenario("wrong-units of time", "wrong-units", ("wrong-units {venue} of=time",), 5, by_counts=counted("rows_refused_time")),
    Scenario("wrong-units of price", "wrong-units", ("wrong-units {venue} of=price",), 11, is_alone=True),
    Scenario("replay", "replay", ("replay {venue} count=20 older_than_seconds=10",), 4, by_counts=HISTORY),
    Scenario(
        "garbage", "garbage", ("garbage {venue} count=3", "garbage {venue} count=3 kind=binary"), 3,
        by_counts=counted("frames_unreadable", "frames_unknown"),
    ),
    Scenario("truncate", "truncate", ("truncate {venue} count=20",), 4, by_counts=counted("frames_unreadable")),
    Scenario("cut-frame", "cut-frame", ("cut-frame {venue}",), 5, by_counts=LOST),
    Scenario("duplicate", "duplicate", ("duplicate {venue}",), 4, by_counts=counted("trades_repeated", "trades_late", "sequence_repeats")),
    Scenario("reorder", "reorder", ("reorder {venue}",), 4),
    Scenario("skip-sequence", "skip-sequence", ("skip-sequence {venue} count=7",), 3),
    Scenario("freeze", "freeze", ("freeze {venue}",), 11, by_prices=True),
    Scenario("freeze, long", "freeze", ("freeze {venue}",), 16, by_prices=True, stays=True),
    Scenario("drop, reset", "drop", ("drop {venue}",), 4, by_counts=LOST),
    Scenario("drop, closed", "drop", ("drop {venue} code=1012",), 4, by_counts=LOST),
    Scenario("planned-end", "planned-end", ("planned-end {venue} after_seconds=3",), 6, by_counts=LOST),
    Scenario("refuse", "refuse", ("refuse {venue}", "drop {venue}"), 8, by_counts=counted("connections_failed")),
    Scenario("never-answer", "never-answer", ("never-answer {venue}", "drop {venue}"), 10, by_counts=counted("connections_failed")),
    Scenario("error-on-subscribe", "error-on-subscribe", ("error-on-subscribe {venue}", "drop {venue}"), 8, by_counts=counted("refusals")),
    Scenario("burst", "burst", ("burst {venue} per_second=2000 for_seconds=2",), 3),
    Scenario("rest-slow + mute", "rest-slow", ("rest-slow {venue} seconds=20", MUTED), 11, by_prices=True),
    Scenario("rest 500 + mute", "rest-status", ("rest-status {venue} status=500", MUTED), 11, by_prices=True),
    Scenario("rest 429 + mute", "rest-status", ("rest-status {venue} status=429 retry_after=4", MUTED), 11, by_prices=True),
    Scenario("rest 418 + mute", "rest-status", ("rest-status {venue} status=418 retry_after=4", MUTED), 11, by_prices=True),
    Scenario("rest-repeats + mute", "rest-repeats", ("rest-repeats {venue}", MUTED), 11, by_prices=True),
)  # fmt: skip
"""What happens to a venue as a whole. Where it says `{symbol}`, some of its symbols are muted, for REST to be asked at all."""

ONE_SYMBOL: tuple[Scenario, ...] = (
    Scenario("mute", "mute", ("mute {venue} {symbol}",), 13, by_prices=True),
    Scenario("ack-silent", "ack-silent", ("ack-silent {venue} {symbol}",), 13, by_prices=True),
    Scenario("halt", "halt", ("halt {venue} {symbol}",), 13, by_prices=True),
    Scenario("delist", "delist", ("delist {venue} {symbol}",), 13, by_prices=True),
    Scenario("rename", "rename", ("rename {venue} {symbol} to={other}",), 13, by_prices=True),
    Scenario("future-times", "future-times", ("future-times {venue} {symbol} ahead_seconds=600",), 13, by_prices=True),
    Scenario("wrong-units of time", "wrong-units", ("wrong-units {venue} {symbol} of=time",), 13, by_prices=True),
    Scenario("wrong-units of price", "wrong-units", ("wrong-units {venue} {symbol} of=price",), 13),
    Scenario("replay", "replay", ("replay {venue} {symbol} count=20 older_than_seconds=10",), 13),
    Scenario("truncate", "truncate", ("truncate {venue} {symbol} count=1000",), 13, by_prices=True),
    Scenario("duplicate", "duplicate", ("duplicate {venue} {symbol}",), 13),
    Scenario("reorder", "reorder", ("reorder {venue} {symbol}",), 13),
    Scenario("burst", "burst", ("burst {venue} {symbol} per_second=200 for_seconds=5",), 13),
    Scenario(
        "error-on-subscribe + mute", "error-on-subscribe", ("error-on-subscribe {venue} {symbol}", MUTED), 13,
        by_prices=True,
    ),
    Scenario("rest-slow + mute", "rest-slow", ("rest-slow {venue} {symbol} seconds=20", MUTED), 13, by_prices=True),
    Scenario("rest 500 + mute", "rest-status", ("rest-status {venue} {symbol} status=500", MUTED), 13, by_prices=True),
    Scenario("rest-repeats + mute", "rest-repeats", ("rest-repeats {venue} {symbol}", MUTED), 13, by_prices=True),
)  # fmt: skip
"""What happens to one symbol while its neighbours must not notice. Several at once, each at a symbol of its own."""

FOR_GOOD: tuple[Scenario, ...] = (
    Scenario("delist, long", "delist", ("delist {venue} {symbol}",), 36, by_prices=True, stays=True),
    Scenario("rename, long", "rename", ("rename {venue} {symbol} to={other}",), 36, by_prices=True, stays=True),
    Scenario("delist of a quiet one", "delist", ("delist {venue} {symbol}",), 36, stays=True),
)
"""Markets that are gone for longer than anything may still be believed of them. The last one hits the symbol that hardly trades."""

EVERYWHERE_AT_ONCE = Scenario("mute everywhere", "mute", ("mute {venue}",), 20, by_prices=True, stays=True)
"""Every exchange falls silent at once, so that nobody can stand in for anybody."""

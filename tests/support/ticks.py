"""Builders for ticks: what a venue's symbol printed, and what a look told, so many seconds after the test's beginning."""

from tests.support.feeds import NOW_NS, SECOND_NS, at, trade
from trinity_beast.parameters import Readings
from trinity_beast.pricing.freshness import age_ns
from trinity_beast.pricing.parameters import Bounds, LivenessKnobs
from trinity_beast.pricing.phase import Verdict
from trinity_beast.pricing.tick import Tick
from trinity_beast.words import Symbol, Trade, Venue


def bounds(**turned: object) -> Bounds:
    """The bounds by default, some parameters turned."""
    readings = Readings()
    knobs = LivenessKnobs(readings)
    for name, value in turned.items():
        readings.turn(name, value)
    return knobs.bounds()


class Told:
    """A tick, and what it is told."""

    def __init__(self, *, can_prove: bool = True, **turned: object) -> None:
        self.bounds = bounds(**turned)
        start = at(0)
        self.tick = Tick(Venue("coinbase"), Symbol("BTC-USD"), now_ns=start.monotonic_ns, wall_ns=start.wall_ns, can_prove=can_prove)

    def trade(self, seconds: float, price: str = "100", *, printed: float | None = None) -> Trade:
        time_ns = NOW_NS + round((seconds if printed is None else printed) * SECOND_NS)
        return trade(price=price, time_ns=time_ns, received=at(seconds))

    def hears(self, seconds: float, price: str = "100", *, printed: float | None = None) -> bool:
        return self.tick.heard(self.trade(seconds, price, printed=printed), self.bounds)

    def beats(self, until: float, *, every: float) -> None:
        """Hear a trade every so often."""
        for number in range(round(until / every) + 1):
            self.hears(number * every)

    def looks(self, seconds: float, price: str = "100", *, printed: float | None, is_halted: bool = False) -> Verdict:
        """Take a look's answer: its trade was printed at `printed`, or there was none."""
        told = None if printed is None else self.trade(seconds, price, printed=printed)
        now_ns = at(seconds).monotonic_ns
        return self.tick.judged(told, self.bounds, asked_ns=now_ns, now_ns=now_ns, is_halted=is_halted)

    def halts(self, seconds: float, *, since: float | None) -> None:
        """Take the socket's word: halted since then, or not."""
        halted_ns = None if since is None else at(since).wall_ns
        self.tick.told_halted(halted_ns, self.bounds, now_ns=at(seconds).monotonic_ns)

    def misses(self, seconds: float) -> None:
        """Take the venue's word that a trade was printed that has not come."""
        self.tick.missed(self.bounds, now_ns=at(seconds).monotonic_ns)

    def is_usable(self, seconds: float) -> bool:
        return self.tick.is_usable(at(seconds).monotonic_ns)

    def age(self, seconds: float) -> float:
        """Return the age of what is held, in seconds."""
        assert self.tick.trade is not None
        return age_ns(self.tick.trade, now_monotonic_ns=at(seconds).monotonic_ns) / SECOND_NS

    def due(self) -> float:
        return (self.tick.due_ns(self.bounds) - at(0).monotonic_ns) / SECOND_NS

    def renews(self, seconds: float) -> bool:
        """Renew if the socket owes a trade by now; whether it did."""
        now = at(seconds)
        if not self.tick.must_renew(now.monotonic_ns):
            return False
        self.tick.renewed(now_ns=now.monotonic_ns, wall_ns=now.wall_ns, is_asked=True)
        return True

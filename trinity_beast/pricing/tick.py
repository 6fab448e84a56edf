"""What we hold of one venue's symbol, and how sure of it we are: the rules of liveness. Pure: events and times in."""

from decimal import Decimal
from enum import Enum, auto
from typing import NamedTuple

from trinity_beast.pricing.parameters import Bounds
from trinity_beast.pricing.rhythm import Rhythm
from trinity_beast.words import Symbol, Trade, Venue

RENEWALS_DOUBLED_MAX = 5
SLACK_NS = 1_000_000_000
"""A trade printed this shortly after its subscription was asked for may have been missed by right: clocks differ."""
_UNITS_NS = (1_000_000_000, 1_000_000, 1_000)


class Phase(Enum):
    """How a symbol fares."""

    FLOWING = auto()
    """Its last trade came by the socket, or none came yet."""
    QUIET = auto()
    """The venue said that there was no newer trade."""
    REST = auto()
    """The venue's REST told a trade that the socket had not."""
    LENT = auto()
    """A neighbour told a trade, or a proof, that we had not."""


_TOLD_BY_OTHERS = (Phase.REST, Phase.LENT)


class Verdict(Enum):
    """What a look proved."""

    UNPROVEN = auto()
    QUIET = auto()
    NEWER = auto()
    UNCHANGED = auto()


class Loan(NamedTuple):
    """What a neighbour holds of a symbol, reckoned by our clocks: its trade, and until when (monotonic) it may be served."""

    trade: Trade
    state: str
    is_from_rest: bool
    proven_ns: int
    usable_until_ns: int


class Tick:
    """The newest trade of a venue's symbol, its state, and until when (monotonic) it may be served.

    `can_prove` says that the venue can be looked at by REST. Where it cannot, a price is live until `stale_after`, for
    then nothing better is known.
    """

    __slots__ = (
        "again_ns",
        "cache_tier",
        "can_prove",
        "heard_ns",
        "is_from_rest",
        "owed_ns",
        "phase",
        "proven_ns",
        "renewals",
        "renewed_ns",
        "rhythm",
        "since_wall_ns",
        "state",
        "symbol",
        "trade",
        "usable_since_ns",
        "usable_until_ns",
        "venue",
    )

    def __init__(self, venue: Venue, symbol: Symbol, *, now_ns: int, wall_ns: int, can_prove: bool = False) -> None:
        self.venue, self.symbol, self.can_prove = venue, symbol, can_prove
        self.trade: Trade | None = None
        self.state, self.is_from_rest, self.phase, self.cache_tier = "live", False, Phase.FLOWING, "memory"
        self.rhythm = Rhythm()
        self.heard_ns, self.since_wall_ns = now_ns, wall_ns
        self.usable_since_ns = self.usable_until_ns = self.again_ns = self.proven_ns = 0
        self.owed_ns: int | None = None
        self.renewals = self.renewed_ns = 0

    def is_usable(self, now_ns: int) -> bool:
        """Return whether it may be served now."""
        return now_ns < self.usable_until_ns

    def usable_for_ns(self) -> int:
        """Return the age at which it stops being usable, as the engine reckons ages."""
        assert self.trade is not None, "only what is held is published"
        return max(1, age_at_receipt(self.trade) + self.usable_until_ns - self.trade.received_monotonic_ns)

    def heard(self, trade: Trade, bounds: Bounds) -> bool:
        """Take a live trade from the socket; False when a younger one is held."""
        if self.trade is not None and trade.exchange_time_ns < self.trade.exchange_time_ns:
            return False
        now_ns = trade.received_monotonic_ns
        # A gap in which the socket kept a trade from us says nothing of the symbol's rhythm.
        if self.trade is not None and now_ns > self.heard_ns and self.phase not in _TOLD_BY_OTHERS:
            self.rhythm.heard(now_ns - self.heard_ns)
        self.heard_ns, self.owed_ns, self.renewals = now_ns, None, 0
        self._flow(trade, bounds)
        return True

    def recalled(self, trade: Trade, bounds: Bounds) -> bool:
        """Take a trade that the socket told as old; it shows no life. False when it is no younger than what is held."""
        if self.trade is not None and trade.exchange_time_ns <= self.trade.exchange_time_ns:
            return False
        printed_ns = trade.received_monotonic_ns - age_at_receipt(trade)
        self.heard_ns = printed_ns if self.trade is None else max(self.heard_ns, printed_ns)
        self._flow(trade, bounds)
        return True

    def polled(self, trade: Trade, bounds: Bounds) -> bool:
        """Take a trade of a symbol that no socket holds; False when it is no younger: an unchanged poll refreshes nothing."""
        if self.trade is not None and not is_newer(trade, self.trade):
            return False
        self._rest(trade, bounds)
        return True

    def judged(self, trade: Trade | None, bounds: Bounds, *, asked_ns: int, now_ns: int) -> Verdict:
        """Take what a look told: the venue's last trade, or None when it failed."""
        held = self.trade
        self.again_ns = now_ns + bounds.retry_ns
        if trade is None:
            return Verdict.UNPROVEN
        if held is None or is_newer(trade, held):
            self._note_owed(trade, bounds, now_ns)
            self._rest(trade, bounds)
            return Verdict.NEWER
        if not is_same(trade, held):
            return Verdict.UNPROVEN  # REST is behind the socket, and so knows nothing of what came after.
        if self.owed_ns is not None:
            return Verdict.UNCHANGED
        return self._quiet(held, bounds, asked_ns=asked_ns, now_ns=now_ns)

    def lent(self, loan: Loan, bounds: Bounds, *, now_ns: int) -> bool:
        """Take what a neighbour holds of this symbol; False when it is no younger, or proves no more, than what is held here.

        It serves for as long as the neighbour proved, and the next trade of our own that is not older takes it back.
        """
        held = self.trade
        if loan.usable_until_ns <= now_ns:
            return False
        if held is not None and is_same(loan.trade, held):
            if loan.state != "quiet" or loan.usable_until_ns <= self.usable_until_ns:
                return False
        elif held is not None and not is_newer(loan.trade, held):
            return False
        else:
            self._note_owed(loan.trade, bounds, now_ns)
        self.phase, self.again_ns = Phase.LENT, max(now_ns, loan.usable_until_ns - bounds.proof_wait_ns)
        trade = loan.trade if held is None or not is_same(loan.trade, held) else older(held, loan.trade)
        self._hold(trade, loan.state, is_from_rest=loan.is_from_rest, until_ns=loan.usable_until_ns, now_ns=now_ns)
        self.cache_tier, self.proven_ns = "valkey", loan.proven_ns
        return True

    def subscribed(self, asked_wall_ns: int) -> None:
        """Note when the present subscription was asked for: what was printed before, it does not owe."""
        self.since_wall_ns = max(self.since_wall_ns, asked_wall_ns)
        if self.trade is not None and self.trade.exchange_time_ns <= self.since_wall_ns + SLACK_NS:
            self.owed_ns = None

    def must_renew(self, now_ns: int) -> bool:
        """Return whether the socket has owed a trade for too long."""
        return self.owed_ns is not None and now_ns >= self.owed_ns

    def renewed(self, *, now_ns: int, wall_ns: int, is_asked: bool) -> None:
        """Note that the symbol was asked for anew (`is_asked`), or that no connection holds it: from now on trades are owed."""
        self.owed_ns, self.since_wall_ns = None, wall_ns
        if is_asked:
            self.renewals, self.renewed_ns = self.renewals + 1, now_ns

    def due_ns(self, bounds: Bounds) -> int:
        """Return the monotonic time of the next look, or of the renewal that is owed."""
        if self.phase is Phase.FLOWING:
            window_ns = bounds.window_min_ns if self.trade is None else self.rhythm.window_ns(bounds)
            return max(self.heard_ns + window_ns, self.again_ns)
        return self.again_ns if self.owed_ns is None else min(self.again_ns, self.owed_ns)

    def turned(self, bounds: Bounds) -> None:
        """Go by other bounds from now on."""
        if self.trade is None:
            return
        if self.phase is Phase.FLOWING:
            self.usable_until_ns = self._fresh_until_ns(self.trade, bounds)
        else:
            self.usable_until_ns = min(self.usable_until_ns, _until(self.trade, bounds.quiet_max_ns))

    def _flow(self, trade: Trade, bounds: Bounds) -> None:
        self.phase, self.again_ns = Phase.FLOWING, 0
        self._hold(trade, "live", is_from_rest=False, until_ns=self._fresh_until_ns(trade, bounds))

    def _fresh_until_ns(self, trade: Trade, bounds: Bounds) -> int:
        """Return until when a trade is live: within its window and the time to seek a proof, and never past the bound of age."""
        stale_ns = _until(trade, bounds.stale_after_ns)
        if not self.can_prove:
            return stale_ns
        return min(stale_ns, self.heard_ns + self.rhythm.window_ns(bounds) + bounds.proof_wait_ns)

    def _note_owed(self, trade: Trade, bounds: Bounds, now_ns: int) -> None:
        """Note that the socket owed us this trade. It may be a moment behind; it is not asked anew too often either."""
        if trade.exchange_time_ns > self.since_wall_ns + SLACK_NS and self.owed_ns is None:
            pause_ns = bounds.renew_ns << min(self.renewals, RENEWALS_DOUBLED_MAX) if self.renewals else 0
            self.owed_ns = max(now_ns + bounds.renew_after_ns, self.renewed_ns + pause_ns)

    def _rest(self, trade: Trade, bounds: Bounds) -> None:
        self.phase = Phase.REST
        self._hold(trade, "rest", is_from_rest=True, until_ns=_until(trade, bounds.stale_after_ns))

    def _quiet(self, held: Trade, bounds: Bounds, *, asked_ns: int, now_ns: int) -> Verdict:
        until_ns = min(asked_ns + bounds.proof_ns, _until(held, self.rhythm.quiet_ns(bounds)))
        if until_ns <= now_ns:
            return Verdict.UNPROVEN  # Such a silence is not this symbol's: the venue halted it, or REST stands still too.
        self.phase, self.again_ns = Phase.QUIET, now_ns + bounds.proof_ns // 2
        self._hold(held, "quiet", is_from_rest=self.is_from_rest, until_ns=until_ns, now_ns=now_ns)
        self.proven_ns = asked_ns
        return Verdict.QUIET

    def _hold(self, trade: Trade, state: str, *, is_from_rest: bool, until_ns: int, now_ns: int | None = None) -> None:
        now_ns = trade.received_monotonic_ns if now_ns is None else now_ns
        if self.trade is not None and not self.is_usable(now_ns):
            self.usable_since_ns = now_ns
        if trade is not self.trade:
            self.cache_tier = "memory"
        self.proven_ns = trade.received_monotonic_ns
        self.trade, self.state, self.is_from_rest, self.usable_until_ns = trade, state, is_from_rest, until_ns


def age_at_receipt(trade: Trade) -> int:
    """Return how old a trade was by the venue's clock when it was received; never negative."""
    return max(0, trade.received_time_ns - trade.exchange_time_ns)


def older(one: Trade, other: Trade) -> Trade:
    """Return the one of two tellings of a trade that was the older at any moment: no hop makes a price younger."""
    return max(one, other, key=lambda trade: age_at_receipt(trade) - trade.received_monotonic_ns)


def is_same(told: Trade, held: Trade) -> bool:
    """Return whether REST tells the trade we hold: the same price at the same instant, as finely as both of them write it."""
    return _is_same_instant(told.exchange_time_ns, held.exchange_time_ns) and Decimal(told.price) == Decimal(held.price)


def is_newer(told: Trade, held: Trade) -> bool:
    """Return whether REST tells a trade younger than the one we hold, or another one of the same instant that is not older."""
    if _is_same_instant(told.exchange_time_ns, held.exchange_time_ns):
        return told.exchange_time_ns >= held.exchange_time_ns and Decimal(told.price) != Decimal(held.price)
    return told.exchange_time_ns > held.exchange_time_ns


def _is_same_instant(one_ns: int, other_ns: int) -> bool:
    """Return whether two times are one, where a venue writes them more coarsely by REST than on the socket."""
    unit_ns = next((unit for unit in _UNITS_NS if one_ns % unit == 0 or other_ns % unit == 0), 1)
    return one_ns // unit_ns == other_ns // unit_ns


def _until(trade: Trade, age_ns: int) -> int:
    """Return the monotonic time at which a trade reaches an age."""
    return trade.received_monotonic_ns + age_ns - age_at_receipt(trade)

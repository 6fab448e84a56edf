"""What we hold of one venue's symbol, and how sure of it we are: the rules of liveness. Pure: events and times in."""

from typing import NamedTuple

from trinity_beast.pricing.freshness import age_at_receipt, reaches_ns
from trinity_beast.pricing.likeness import is_newer, is_same, no_younger, oldest
from trinity_beast.pricing.parameters import Bounds
from trinity_beast.pricing.phase import Phase, Verdict
from trinity_beast.pricing.rhythm import Rhythm
from trinity_beast.words import Symbol, Trade, Venue

RENEWALS_DOUBLED_MAX = 5
SLACK_NS = 1_000_000_000
"""A trade printed this shortly after its subscription was asked for may have been missed by right: clocks differ."""
_TOLD_BY_OTHERS = (Phase.REST, Phase.LENT)


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
    then nothing better is known. `halted_wall_ns` is when (wall) the socket said that the symbol is halted, if it says so;
    `is_missed` its word on a trade that did not come.
    """

    __slots__ = (
        "again_ns",
        "cache_tier",
        "can_prove",
        "halted_wall_ns",
        "heard_ns",
        "is_from_rest",
        "is_missed",
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
        self.halted_wall_ns: int | None = None
        self.is_missed = False
        self.renewals = self.renewed_ns = 0

    def is_usable(self, now_ns: int) -> bool:
        """Return whether it may be served now."""
        return now_ns < self.usable_until_ns

    @property
    def serves_halted(self) -> bool:
        """Return whether it is served, if at all, as halted."""
        return self.phase is Phase.HALTED

    def usable_for_ns(self) -> int:
        """Return the age at which it stops being usable, as the engine reckons ages."""
        assert self.trade is not None, "only what is held is published"
        return max(1, age_at_receipt(self.trade) + self.usable_until_ns - self.trade.received_monotonic_ns)

    def heard(self, trade: Trade, bounds: Bounds) -> bool:
        """Take a live trade from the socket; False when a younger one is held."""
        if self.trade is not None and trade.exchange_time_ns < self.trade.exchange_time_ns:
            return False
        now_ns = trade.received_monotonic_ns
        # A gap in which the socket kept a trade from us, or none could be made, says nothing of the symbol's rhythm.
        if self.trade is not None and now_ns > self.heard_ns and self.phase not in (*_TOLD_BY_OTHERS, Phase.HALTED):
            self.rhythm.heard(now_ns - self.heard_ns)
        self.heard_ns, self.owed_ns, self.renewals = now_ns, None, 0
        self._flow(trade, bounds)
        return True

    def flowed(self, trade: Trade, bounds: Bounds, *, heard_ns: int, gaps_heard: int, long_gap_ns: int) -> None:
        """Take the newest of several trades that were taken one by one in our place, none of which left the symbol unusable.

        It is as old as the first that was told of its instant; `heard_ns` is when it came itself.
        """
        self.rhythm.count, self.rhythm.long_gap_ns = gaps_heard, long_gap_ns
        self.heard_ns, self.owed_ns, self.renewals, self.again_ns = heard_ns, None, 0, 0
        self.trade, self.proven_ns = trade, heard_ns
        self.usable_until_ns = self._fresh_until_ns(trade, bounds)

    @property
    def is_plain(self) -> bool:
        """Return whether its next trade is an ordinary matter: it is live, and nothing is owed."""
        return self.trade is not None and self.phase is Phase.FLOWING and self.state == "live" and self.owed_ns is None

    def recalled(self, trade: Trade, bounds: Bounds) -> bool:
        """Take a trade that the socket told as old; it shows no life. False when it is no younger than what is held."""
        if self.trade is not None and trade.exchange_time_ns <= self.trade.exchange_time_ns:
            return False
        printed_ns = trade.received_monotonic_ns - age_at_receipt(trade)
        self.heard_ns = printed_ns if self.trade is None else max(self.heard_ns, printed_ns)
        self._flow(trade, bounds)
        return True

    def polled(self, trade: Trade, bounds: Bounds, *, is_halted: bool = False, asked_ns: int = 0) -> bool:
        """Take a trade of a symbol that no socket holds; False when it is no younger: an unchanged poll refreshes nothing.

        What may change without a trade is the venue's word on whether the symbol is traded.
        """
        if self.trade is not None and not is_newer(trade, self.trade):
            if not is_same(trade, self.trade) or not (is_halted or self.phase is Phase.HALTED):
                return False
            now_ns, trade = trade.received_monotonic_ns, self.trade
        else:
            now_ns = trade.received_monotonic_ns
        if is_halted:
            self._halt(trade, bounds, is_from_rest=True, told_ns=asked_ns, now_ns=now_ns)
        else:
            self._rest(trade, bounds)
        return True

    def judged(self, trade: Trade | None, bounds: Bounds, *, asked_ns: int, now_ns: int, is_halted: bool = False) -> Verdict:
        """Take what a look told: the venue's last trade, or None when it failed; and whether the venue calls it halted."""
        held = self.trade
        is_halted = is_halted or self.halted_wall_ns is not None
        self.again_ns = now_ns + bounds.retry_ns
        if trade is None:
            return Verdict.UNPROVEN
        if self.phase is Phase.HALTED and not is_halted:
            self.usable_until_ns = min(self.usable_until_ns, now_ns)  # The venue says so no more.
        if held is None or is_newer(trade, held):
            return self._overtaken(trade, bounds, asked_ns=asked_ns, now_ns=now_ns, is_halted=is_halted)
        if not is_same(trade, held) or self.is_missed:
            return Verdict.UNPROVEN  # REST is behind the socket, or behind the venue's word, and so knows nothing of what came after.
        if is_halted:
            return self._halt(held, bounds, is_from_rest=self.is_from_rest, told_ns=asked_ns, now_ns=now_ns)
        if self.owed_ns is not None:
            return Verdict.UNCHANGED
        return self._quiet(held, bounds, asked_ns=asked_ns, now_ns=now_ns)

    def _overtaken(self, trade: Trade, bounds: Bounds, *, asked_ns: int, now_ns: int, is_halted: bool) -> Verdict:
        self._note_owed(trade, bounds, now_ns)
        self.is_missed = False
        if is_halted:
            return self._halt(trade, bounds, is_from_rest=True, told_ns=asked_ns, now_ns=now_ns)
        self._rest(trade, bounds)
        return Verdict.NEWER

    def told_halted(self, halted_wall_ns: int | None, bounds: Bounds, *, now_ns: int) -> None:
        """Take the socket's word on whether the symbol is traded: since when (wall) it is not, or None.

        A price that could be served stays so as `halted`, for as long as the word is renewed; any other has to be proven
        the last one first. When trading is resumed it is served no more until it is proven or traded.
        """
        was_halted, self.halted_wall_ns = self.halted_wall_ns is not None, halted_wall_ns
        is_halted = halted_wall_ns is not None
        is_ours = self.phase not in _TOLD_BY_OTHERS and not self.is_missed
        if is_halted and self.trade is not None and is_ours and self.is_usable(now_ns):
            self._halt(self.trade, bounds, is_from_rest=self.is_from_rest, told_ns=now_ns, now_ns=now_ns)
        elif was_halted and not is_halted and self.phase is Phase.HALTED:
            self.usable_until_ns = self.again_ns = now_ns

    def missed(self, bounds: Bounds, *, now_ns: int) -> None:
        """Take the venue's word that a trade was printed which the socket has not told. It may be a moment behind."""
        if self.is_missed or self.phase in _TOLD_BY_OTHERS:
            return
        self.is_missed = True
        if self.owed_ns is None:
            self._owe(bounds, now_ns)
        self.again_ns = now_ns + bounds.renew_after_ns
        # Unproven it serves as long as any suspect price; but what was called quiet is so no more.
        wait_ns = bounds.proof_wait_ns if self.phase is Phase.FLOWING else 0
        self.usable_until_ns = min(self.usable_until_ns, now_ns + bounds.renew_after_ns + wait_ns)

    def lent(self, loan: Loan, bounds: Bounds, *, now_ns: int) -> bool:
        """Take what a neighbour holds of this symbol; False when it is no younger, or proves no more, than what is held here.

        It serves for as long as the neighbour proved, and the next trade of our own that is not older takes it back.
        """
        held = self.trade
        is_halted = self.phase is Phase.HALTED or self.halted_wall_ns is not None
        if loan.usable_until_ns <= now_ns or (is_halted and loan.state != "halted"):
            return False  # What our venue says itself goes before what a neighbour makes of its silence.
        if held is not None and is_same(loan.trade, held):
            if loan.state not in {"quiet", "halted"} or loan.usable_until_ns <= self.usable_until_ns:
                return False
        elif held is not None and not is_newer(loan.trade, held):
            return False
        else:
            self._note_owed(loan.trade, bounds, now_ns)
        self.phase, self.again_ns = Phase.LENT, max(now_ns, loan.usable_until_ns - bounds.proof_wait_ns)
        trade = self._no_younger(loan.trade) if held is None or not is_same(loan.trade, held) else oldest(held, loan.trade)
        self._hold(trade, loan.state, is_from_rest=loan.is_from_rest, until_ns=loan.usable_until_ns, now_ns=now_ns)
        self.cache_tier, self.proven_ns = "valkey", loan.proven_ns
        return True

    def subscribed(self, asked_wall_ns: int) -> None:
        """Note when the present subscription was asked for: what was printed before, it does not owe."""
        self.since_wall_ns = max(self.since_wall_ns, asked_wall_ns)
        if self.is_missed:
            return  # What the venue vouched for on this very connection, it owes.
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
        if self.phase is Phase.FLOWING and not self.is_missed:
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
            most_ns = bounds.halted_max_ns if self.phase is Phase.HALTED else bounds.quiet_max_ns
            self.usable_until_ns = min(self.usable_until_ns, reaches_ns(self.trade, most_ns))

    def _flow(self, trade: Trade, bounds: Bounds) -> None:
        now_ns, self.is_missed = trade.received_monotonic_ns, False
        trade = self._no_younger(trade)
        if self.halted_wall_ns is not None and trade.exchange_time_ns <= self.halted_wall_ns:
            self._halt(trade, bounds, is_from_rest=False, told_ns=now_ns, now_ns=now_ns)  # Printed before, told after.
            return
        self.phase, self.again_ns, self.halted_wall_ns = Phase.FLOWING, 0, None
        self._hold(trade, "live", is_from_rest=False, until_ns=self._fresh_until_ns(trade, bounds), now_ns=now_ns)

    def _fresh_until_ns(self, trade: Trade, bounds: Bounds) -> int:
        """Return until when a trade is live: within its window and the time to seek a proof, and never past the bound of age.

        The window counts from when it was printed: what a socket held back for long is not live for coming at last.
        """
        stale_ns = reaches_ns(trade, bounds.stale_after_ns)
        if not self.can_prove:
            return stale_ns
        return min(stale_ns, reaches_ns(trade, self.rhythm.window_ns(bounds) + bounds.proof_wait_ns))

    def _note_owed(self, trade: Trade, bounds: Bounds, now_ns: int) -> None:
        """Note that the socket owed us this trade."""
        if trade.exchange_time_ns > self.since_wall_ns + SLACK_NS and self.owed_ns is None:
            self._owe(bounds, now_ns)

    def _rest(self, trade: Trade, bounds: Bounds) -> None:
        self.phase, now_ns, trade = Phase.REST, trade.received_monotonic_ns, self._no_younger(trade)
        self._hold(trade, "rest", is_from_rest=True, until_ns=reaches_ns(trade, bounds.stale_after_ns), now_ns=now_ns)

    def _owe(self, bounds: Bounds, now_ns: int) -> None:
        # The socket owes us a trade. It may be a moment behind; it is not asked anew too often either.
        pause_ns = bounds.renew_ns << min(self.renewals, RENEWALS_DOUBLED_MAX) if self.renewals else 0
        self.owed_ns = max(now_ns + bounds.renew_after_ns, self.renewed_ns + pause_ns)

    def _halt(self, trade: Trade, bounds: Bounds, *, is_from_rest: bool, told_ns: int, now_ns: int) -> Verdict:
        self.phase, self.again_ns, trade = Phase.HALTED, now_ns + bounds.proof_ns // 2, self._no_younger(trade)
        until_ns = min(told_ns + bounds.proof_ns, reaches_ns(trade, bounds.halted_max_ns))
        self._hold(trade, "halted", is_from_rest=is_from_rest, until_ns=until_ns, now_ns=now_ns)
        return Verdict.HALTED

    def _quiet(self, held: Trade, bounds: Bounds, *, asked_ns: int, now_ns: int) -> Verdict:
        until_ns = min(asked_ns + bounds.proof_ns, reaches_ns(held, self.rhythm.quiet_ns(bounds)))
        if until_ns <= now_ns:
            return Verdict.UNPROVEN  # Such a silence is not this symbol's: the venue halted it, or REST stands still too.
        self.phase, self.again_ns = Phase.QUIET, now_ns + bounds.proof_ns // 2
        self._hold(held, "quiet", is_from_rest=self.is_from_rest, until_ns=until_ns, now_ns=now_ns)
        self.proven_ns = asked_ns
        return Verdict.QUIET

    def _no_younger(self, trade: Trade) -> Trade:
        return trade if self.trade is None else no_younger(trade, self.trade)

    def _hold(self, trade: Trade, state: str, *, is_from_rest: bool, until_ns: int, now_ns: int) -> None:
        # One that comes back from a halt has to settle like one that was lost.
        if self.trade is not None and (not self.is_usable(now_ns) or (self.state == "halted" and state != "halted")):
            self.usable_since_ns = now_ns
        if trade is not self.trade:
            self.cache_tier = "memory"
        self.proven_ns = trade.received_monotonic_ns
        self.trade, self.state, self.is_from_rest, self.usable_until_ns = trade, state, is_from_rest, until_ns

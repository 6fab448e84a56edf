"""How often a symbol trades, learned from its own gaps: what silence is usual for it, and what is not."""

from trinity_beast.pricing.parameters import Bounds

GAPS_LEAST = 8
"""A rhythm is not known before so many gaps; until then the longest of them stands for all."""
LONG_GAP_PER = 20
"""A long gap is the one that one gap in twenty exceeds."""


class Rhythm:
    """A symbol's long gap, followed gap by gap: a step up where a gap is longer, a twentieth of it down where not.

    Two numbers per symbol, and a single outage moves them by no more than a step.
    """

    __slots__ = ("count", "long_gap_ns")

    def __init__(self) -> None:
        self.count = self.long_gap_ns = 0

    def heard(self, gap_ns: int) -> None:
        """Take the time between two arrivals."""
        self.count += 1
        long_ns = self.long_gap_ns
        if self.count <= GAPS_LEAST:
            self.long_gap_ns = max(long_ns, gap_ns)
        elif gap_ns > long_ns:
            self.long_gap_ns = min(gap_ns, long_ns + long_ns // 10 + 1)
        else:
            self.long_gap_ns = long_ns - long_ns // (10 * LONG_GAP_PER)

    @property
    def is_known(self) -> bool:
        """Return whether enough was heard to judge by it."""
        return self.count >= GAPS_LEAST

    def window_ns(self, bounds: Bounds) -> int:
        """Return how long a silence is usual, within the bounds; the most of them while the rhythm is not known."""
        if not self.is_known:
            return bounds.window_max_ns
        return max(bounds.window_min_ns, min(bounds.window_max_ns, round(self.long_gap_ns * bounds.gaps)))

    def quiet_ns(self, bounds: Bounds) -> int:
        """Return the longest silence that is believed to be quiet: what serves unproven anyway, or many of its own gaps."""
        if not self.is_known:
            return bounds.quiet_max_ns
        return min(bounds.quiet_max_ns, max(bounds.stale_after_ns, round(self.long_gap_ns * bounds.quiet_gaps_max)))

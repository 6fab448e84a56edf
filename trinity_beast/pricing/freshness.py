"""How old a price is."""

from trinity_beast.words import Trade


def age_ns(trade: Trade, *, now_monotonic_ns: int) -> int:
    """Return a trade's age: what it was by the venue's clock when we received it, and what has passed since.

    What has passed is counted by the monotonic clock, so that a step of the wall clock can neither revive nor kill a
    price. A venue whose clock is ahead of ours has printed it now: an age is never negative.
    """
    return age_at_receipt(trade) + max(0, now_monotonic_ns - trade.received_monotonic_ns)


def age_at_receipt(trade: Trade) -> int:
    """Return how old a trade was by the venue's clock when it was received; never negative."""
    return max(0, trade.received_time_ns - trade.exchange_time_ns)


def reaches_ns(trade: Trade, age_ns: int) -> int:
    """Return the monotonic time at which a trade reaches an age."""
    return trade.received_monotonic_ns + age_ns - age_at_receipt(trade)

"""How old a price is."""

from trinity_beast.words import Trade


def age_ns(trade: Trade, *, now_monotonic_ns: int) -> int:
    """Return a trade's age: what it was by the venue's clock when we received it, and what has passed since.

    What has passed is counted by the monotonic clock, so that a step of the wall clock can neither revive nor kill a
    price. A venue whose clock is ahead of ours has printed it now: an age is never negative.
    """
    at_receipt = max(0, trade.received_time_ns - trade.exchange_time_ns)
    return at_receipt + max(0, now_monotonic_ns - trade.received_monotonic_ns)

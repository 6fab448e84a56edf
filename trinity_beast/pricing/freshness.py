"""How old a price is, and which are young enough to serve."""

from collections.abc import Iterable

from trinity_beast.words import Trade


def age_ns(trade: Trade, *, now_monotonic_ns: int) -> int:
    """Return a trade's age: what it was by the venue's clock when we received it, and what has passed since.

    What has passed is counted by the monotonic clock, so that a step of the wall clock can neither revive nor kill a
    price. A venue whose clock is ahead of ours has printed it now: an age is never negative.
    """
    at_receipt = max(0, trade.received_time_ns - trade.exchange_time_ns)
    return at_receipt + max(0, now_monotonic_ns - trade.received_monotonic_ns)


def is_fresh(age: int, usable_for_ns: int) -> bool:
    """Return whether a price of this age may be served. One exactly `usable_for_ns` old may not."""
    return age < usable_for_ns


def serving(in_order_of_trust: Iterable[Trade | None], *, now_monotonic_ns: int, usable_for_ns: int) -> Trade | None:
    """Return the trade that answers for an asset: of the most trusted venue that has a fresh one.

    Where none is fresh it is the youngest, so that a refusal tells the best age there is; None where there is none at all.
    """
    youngest: tuple[int, Trade] | None = None
    for trade in in_order_of_trust:
        if trade is None:
            continue
        age = age_ns(trade, now_monotonic_ns=now_monotonic_ns)
        if is_fresh(age, usable_for_ns):
            return trade
        if youngest is None or age < youngest[0]:
            youngest = (age, trade)
    return youngest[1] if youngest is not None else None

"""Whether what a venue tells elsewhere is the trade we hold, or a younger one."""

from dataclasses import replace
from decimal import Decimal

from trinity_beast.pricing.freshness import age_at_receipt
from trinity_beast.words import Trade

_UNITS_NS = (1_000_000_000, 1_000_000, 1_000)


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


def no_younger(told: Trade, held: Trade) -> Trade:
    """Return another trade of the instant of the one we hold, as old as that one at least: an age never restarts.

    Where the venue's clock is ahead of ours, ages count from receipt, and a second trade of the same instant, or the first
    one told again after it, would begin anew what is known to be older. It then counts as received with the first.
    """
    if told.exchange_time_ns != held.exchange_time_ns or _printed_ns(told) <= _printed_ns(held):
        return told
    return replace(told, received_time_ns=held.received_time_ns, received_monotonic_ns=held.received_monotonic_ns)


def oldest(held: Trade, told: Trade) -> Trade:
    """Return the older telling of the trade we hold: no hop makes a price younger. Told with another time, ours stays."""
    if told.exchange_time_ns != held.exchange_time_ns:
        return held  # REST writes it more coarsely than the socket; a coarser time would be a step back.
    return min(held, told, key=_printed_ns)


def _printed_ns(trade: Trade) -> int:
    """Return the monotonic time at which a trade's age was zero."""
    return trade.received_monotonic_ns - age_at_receipt(trade)

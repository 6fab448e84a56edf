"""Which venue answers for an asset: the most trusted that may be served, without flapping."""

from collections.abc import Sequence

from trinity_beast.pricing.tick import Tick


def chosen(in_order_of_trust: Sequence[Tick], serving: Tick | None, *, now_ns: int, settle_ns: int) -> Tick | None:
    """Return the tick that answers, `serving` being the one that did so far.

    The most trusted usable one; but one that had been lost takes its place back only once it has been usable for
    `settle_ns` without a break, so that a venue that comes and goes is not followed each time. One that its venue has
    halted answers only where no other is usable. Where none is usable at all it is the youngest trade, so that a refusal
    tells the best age there is; None where there is none.
    """
    usable = [tick for tick in in_order_of_trust if tick.is_usable(now_ns)]
    traded = [tick for tick in usable if not tick.serves_halted]
    if usable:
        return _first(traded or usable, serving, now_ns=now_ns, settle_ns=settle_ns)
    held = [tick for tick in in_order_of_trust if tick.trade is not None]
    return max(held, key=lambda tick: tick.trade.exchange_time_ns if tick.trade is not None else 0, default=None)


def _first(usable: Sequence[Tick], serving: Tick | None, *, now_ns: int, settle_ns: int) -> Tick | None:
    is_serving_usable = serving in usable
    for tick in usable:
        if tick is serving or not is_serving_usable or has_settled(tick, now_ns=now_ns, settle_ns=settle_ns):
            return tick
    return serving


def has_settled(tick: Tick, *, now_ns: int, settle_ns: int) -> bool:
    """Return whether a tick was never lost, or has been usable again for long enough."""
    return tick.usable_since_ns == 0 or now_ns - tick.usable_since_ns >= settle_ns

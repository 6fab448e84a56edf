"""Which venue answers for an asset: the most trusted that may be served, without flapping."""

from collections.abc import Sequence

from trinity_beast.pricing.tick import Tick


def chosen(in_order_of_trust: Sequence[Tick], serving: Tick | None, *, now_ns: int, settle_ns: int) -> Tick | None:
    """Return the tick that answers, `serving` being the one that did so far.

    The most trusted usable one; but one that had been lost takes its place back only once it has been usable for
    `settle_ns` without a break, so that a venue that comes and goes is not followed each time. Where none is usable it is
    the youngest trade, so that a refusal tells the best age there is; None where there is none at all.
    """
    is_serving_usable = serving is not None and serving.is_usable(now_ns)
    for tick in in_order_of_trust:
        if tick is serving and is_serving_usable:
            return tick
        if tick.is_usable(now_ns) and (not is_serving_usable or has_settled(tick, now_ns=now_ns, settle_ns=settle_ns)):
            return tick
    if is_serving_usable:
        return serving
    held = [tick for tick in in_order_of_trust if tick.trade is not None]
    return max(held, key=lambda tick: tick.trade.exchange_time_ns if tick.trade is not None else 0, default=None)


def has_settled(tick: Tick, *, now_ns: int, settle_ns: int) -> bool:
    """Return whether a tick was never lost, or has been usable again for long enough."""
    return tick.usable_since_ns == 0 or now_ns - tick.usable_since_ns >= settle_ns

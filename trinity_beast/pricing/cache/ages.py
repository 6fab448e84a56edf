"""From a price held here to one that is shared, and back: ages survive the way, and the oldest opinion wins. Pure."""

from trinity_beast.feeds import MappedAsset, Moment
from trinity_beast.pricing.cache.model import SharedPrice
from trinity_beast.pricing.freshness import age_ns
from trinity_beast.pricing.parameters import Bounds
from trinity_beast.pricing.tick import Loan, Tick
from trinity_beast.words import Symbol, Trade, Venue


def shared_price(row: MappedAsset, tick: Tick, *, source: str, node: str, now: Moment, cache_time_us: int) -> SharedPrice | None:
    """Return what neighbours are told of a row's symbol, or None where there is nothing of our own that may be served.

    `cache_time_us` is what the cache's clock showed a moment before `now`: then it was no older than it is said to be.
    What a neighbour lent us is never told on: its age would begin a second way, and its proof would go in circles.
    What a venue has halted is not told either: each node hears of it and of its end from the venue itself.
    """
    trade = tick.trade
    if trade is None or tick.cache_tier != "memory" or tick.serves_halted or not tick.is_usable(now.monotonic_ns):
        return None
    held_ns = max(0, now.monotonic_ns - trade.received_monotonic_ns)
    unproven_ns = min(held_ns, max(0, now.monotonic_ns - tick.proven_ns))
    age, usable_for_ns = age_ns(trade, now_monotonic_ns=now.monotonic_ns), tick.usable_for_ns()
    return SharedPrice(
        exchange_time_ns=trade.exchange_time_ns,
        asset=row.asset,
        venue=row.venue,
        symbol=row.symbol,
        quote=row.quote,
        price=trade.price,
        source=source,
        state=tick.state,
        received_time_ns=now.wall_ns - held_ns,
        proven_time_ns=now.wall_ns - unproven_ns,
        age_ns=age,
        held_ns=held_ns,
        unproven_ns=unproven_ns,
        usable_for_ns=usable_for_ns,
        node=node,
        written_us=cache_time_us,
        expires_us=cache_time_us + max(0, usable_for_ns - age) // 1_000,
    )


def loan_of(told: SharedPrice, bounds: Bounds, *, now: Moment, cache_time_us: int) -> Loan | None:
    """Return a shared price reckoned by our own clocks, or None where it may be served no longer.

    Its age is the oldest of two opinions: what the neighbour said and what the cache's clock has counted since, and what
    our clock says of the venue's time. A neighbour, or a cache, whose clock is behind so cannot make it younger; one whose
    clock is ahead makes it older. It is usable until both the neighbour's bound and ours are reached, whichever is first.
    """
    shelved_ns = max(0, cache_time_us - told.written_us) * 1_000
    by_the_neighbour_ns, by_us_ns = told.age_ns + shelved_ns, now.wall_ns - told.exchange_time_ns
    age = max(by_the_neighbour_ns, by_us_ns)
    cap_ns = bounds.quiet_max_ns if told.state == "quiet" else bounds.stale_after_ns
    left_ns = min(told.usable_for_ns, cap_ns) - age
    left_ns = min(left_ns, (told.expires_us - cache_time_us) * 1_000)
    if left_ns <= 0:
        return None
    # A trade's age is what it was at receipt by the venue's clock and what has passed since. Where the neighbour thinks it
    # older than we do, it counts as received that long ago: then nothing is added for the venue's clock, and the age is that.
    since_ns = min(told.held_ns + shelved_ns, age) if by_us_ns >= by_the_neighbour_ns else age
    trade = Trade(
        Venue(told.venue), Symbol(told.symbol), told.price, told.exchange_time_ns, now.wall_ns - since_ns, now.monotonic_ns - since_ns
    )
    return Loan(
        trade,
        told.state,
        is_from_rest=told.source.endswith("-rest"),
        proven_ns=now.monotonic_ns - told.unproven_ns - shelved_ns,
        usable_until_ns=now.monotonic_ns + left_ns,
    )

"""How long it takes from an answer to its row, with the row's indexes and counts, while prices are asked for at full rate."""

import statistics
from collections.abc import Iterator, Sequence

from bench.effort import Effort
from bench.figures import Figure, Target
from bench.machine import Cores
from bench.metered import Seen, metered_node

RATE = 50_000.0
SECONDS = 15.0
LAG_TARGET = Target(5.0, is_absolute=True)


def bench(cores: Cores, effort: Effort) -> Iterator[Figure]:
    """Yield the figures as they are found.

    Raises:
        RunBroken: a record is missing, or there twice.
    """
    seconds = SECONDS if effort.rounds >= Effort.thorough().rounds else SECONDS / 2
    with metered_node(cores) as metered:
        begun = metered.load.begin_open(seconds=seconds, rate=RATE)
        seen = metered.watch(lambda: not begun.is_over)
        run = begun.finished()
        seen += metered.drained()
    lags = sorted(lags_of(seen))
    yield Figure("from an answer to its queryable row, at most", (lags[-1],), "s", LAG_TARGET, disturbance=run.strangers_share)
    yield Figure("  median", (statistics.median(lags),), "s")
    yield Figure("  answers a second meanwhile", (run.rate,), "/s")
    yield Figure("  p99 of prices meanwhile", (run.latency.p99,), "µs")


def lags_of(seen: Sequence[Seen]) -> Iterator[float]:
    """Yield for each look how long ago as many answers had been recorded as are stored now: what is stored was recorded by then."""
    at = 0
    for look in seen:
        while at + 1 < len(seen) and seen[at + 1].recorded <= look.stored:
            at += 1
        if seen[0].recorded <= look.stored < look.recorded:
            yield look.seconds - seen[at].seconds

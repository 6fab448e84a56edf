"""PostgreSQL away under full load: what prices pay for it, how small what waits is kept, how fast it is made up for."""

from collections.abc import Iterator, Sequence

from bench.effort import Effort
from bench.errors import RunBroken
from bench.figures import Figure, Target
from bench.machine import Cores
from bench.metered import Seen, metered_node

RATE = 20_000.0
"""Requests a second: of two processors the client takes one, and what is left has to answer, to store and to make up."""
BEFORE_SECONDS, AFTER_SECONDS = 5.0, 20.0
P99_TARGET = Target(1.5)
BYTES_TARGET = Target(64.0, is_absolute=True)
DRAIN_TARGET = Target(3.0, at_most=False, is_absolute=True)


def bench(cores: Cores, effort: Effort) -> Iterator[Figure]:
    """Yield the figures as they are found.

    Raises:
        RunBroken: a record is missing, or there twice.
    """
    with metered_node(cores) as metered:
        before = metered.load.open(seconds=BEFORE_SECONDS, rate=RATE)
        with metered.database_frozen():
            during = metered.load.open(seconds=effort.outage_seconds, rate=RATE)
            waiting_bytes, waiting_records = metered.backlog()
        begun = metered.load.begin_open(seconds=AFTER_SECONDS, rate=RATE)
        seen = metered.watch(lambda: not begun.is_over)
        after = begun.finished()
        metered.drained()
    yield Figure("p99 of prices before", (before.latency.p99,), "µs")
    yield Figure("p99 of prices while PostgreSQL is away", (during.latency.p99,), "µs")
    yield Figure("  away over before", (during.latency.p99 / before.latency.p99,), "x", P99_TARGET, during.strangers_share)
    yield Figure("  answers a second meanwhile", (during.rate,), "/s")
    if waiting_records:
        yield Figure("what waits, a record", (waiting_bytes / waiting_records,), "bytes", BYTES_TARGET)
        yield Figure("  records", (waiting_records,), "")
    yield Figure("stored over arriving, once it is back", (_drain(seen),), "x", DRAIN_TARGET, after.strangers_share)
    yield Figure("  p99 of prices meanwhile", (after.latency.p99,), "µs")


def _drain(seen: Sequence[Seen]) -> float:
    """Return how many records were stored for each that came, from the return until the backlog was made up for or the load ended.

    Raises:
        RunBroken: nothing was to be made up for.
    """
    stored = [look for look in seen if look.stored > seen[0].stored]
    behind = max(look.recorded - look.stored for look in seen)
    made_up = next((look for look in stored if look.recorded - look.stored < behind / 20), seen[-1])
    first = seen[0]
    if not stored or made_up.recorded == first.recorded:
        raise RunBroken("the backlog was gone before it could be seen to go")
    return (made_up.stored - first.stored) / (made_up.recorded - first.recorded)

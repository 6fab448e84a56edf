"""Symbols: what each further symbol costs, in memory and in processor time, up to ten thousand over six venues.

Every symbol prints every two seconds. What grows is told per symbol between one size and the next, so that a figure that is
the same at both steps is a straight line.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping

from bench.effort import Effort
from bench.fed import Taken, measured
from bench.figures import Figure, Target
from bench.machine import Cores

SIZES = (1_000, 3_000, 10_000)
PRINTS_PER_SYMBOL_SECOND = 0.5
LINEAR_TARGET = Target(1.5)
"""How much more the last step may cost per symbol than the first."""


def bench(cores: Cores, effort: Effort) -> Iterator[Figure]:
    """Yield the figures as they are found.

    Raises:
        RunBroken: a frame or trade was lost, or an answer was not the last price printed.
    """
    runs = {
        size: measured(cores, "engine", seconds=max(10.0, effort.seconds), symbols=size, rate=size * PRINTS_PER_SYMBOL_SECOND)
        for size in SIZES
    }  # fmt: skip
    for size, run in runs.items():
        yield Figure(f"{size:,} symbols: resident", (run.resident_bytes / 1e6,), "MB")
        yield Figure(f"{size:,} symbols: of the processor", (run.node_share,), "", disturbance=run.strangers_share)
    steps = list(itertools.pairwise(SIZES))
    kilobytes = [_per_symbol(runs, step, lambda run: run.resident_bytes / 1e3) for step in steps]
    shares = [_per_symbol(runs, step, lambda run: run.node_share * 1e6) for step in steps]
    for (small, large), memory, share in zip(steps, kilobytes, shares, strict=True):
        yield Figure(f"each symbol from {small:,} to {large:,}: memory", (memory,), "kB")
        yield Figure(f"each symbol from {small:,} to {large:,}: processor", (share,), "µs/s")
    disturbance = max(run.strangers_share for run in runs.values())
    yield Figure("last step over first, memory per symbol", (kilobytes[-1] / kilobytes[0],), "x", LINEAR_TARGET)
    yield Figure("last step over first, processor per symbol", (shares[-1] / shares[0],), "x", LINEAR_TARGET, disturbance)


def _per_symbol(runs: Mapping[int, Taken], step: tuple[int, int], of: Callable[[Taken], float]) -> float:
    small, large = step
    return (of(runs[large]) - of(runs[small])) / (large - small)

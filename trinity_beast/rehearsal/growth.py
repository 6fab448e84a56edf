"""Whether something grows: a straight line through the least that was ever held, once the node has warmed up. Pure.

What comes and goes with every fault, a pool that is full for a while, a hundred questions in flight, is no growth; what is
lost never goes, and lifts the least of every stretch of time. So each stretch counts by its least.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, median

HOUR_SECONDS = 3_600.0
WARM_UP_SHARE = 0.25
"""What was measured in this first part of a soak is left out: pools fill, caches learn, the allocator finds its size."""
STRETCHES = 15
"""Into so many stretches of time the rest is divided."""
SAMPLES_LEAST = 8
ERRORS_SURE = 3.0
"""A slope of so many standard errors is no chance."""

MIB = 1_048_576
BOUNDS: Mapping[str, float] = {
    "memory_bytes": 24 * MIB,
    "threads": 3.0,  # The pool for blocking work begins its last threads only once so much is asked of it at the same moment.
    "tasks": 4.0,
    "sockets": 4.0,
    "files": 3.0,
}
"""By how much each may grow in an hour, by the line fitted: memory is what the process has to itself, without mapped files."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """What a node held at one moment, so many seconds after the soak began."""

    seconds: float
    memory_bytes: int
    threads: int
    tasks: int
    sockets: int
    files: int


@dataclass(frozen=True, slots=True)
class Growth:
    """How one thing developed: the least of it at the beginning and the end, and by how much that would grow in an hour."""

    name: str
    first: float
    last: float
    most: float
    """At any moment."""
    per_hour: float
    bound: float
    samples: int
    doubt: float = 0.0
    """The standard error of `per_hour`: what comes and goes with every fault tilts a line by chance."""

    @property
    def is_growing(self) -> bool:
        """Whether it grows by more than is allowed. The line must say so beyond chance, and the ends too: one peak is no growth."""
        return self.per_hour > max(self.bound, ERRORS_SURE * self.doubt) and self.last - self.first > self.bound / 4


def growths(measured: Sequence[Vitals]) -> list[Growth]:
    """Return how everything developed; nothing where too little was measured to say."""
    if not measured:
        return []
    begin = measured[0].seconds + WARM_UP_SHARE * (measured[-1].seconds - measured[0].seconds)
    settled = [vitals for vitals in measured if vitals.seconds >= begin]
    if len(settled) < SAMPLES_LEAST:
        return []
    size = max(len(settled) // STRETCHES, 1)
    stretches = [settled[start : start + size] for start in range(0, len(settled) - size + 1, size)]
    return [_growth(name, stretches, bound) for name, bound in BOUNDS.items()]


def _growth(name: str, stretches: Sequence[Sequence[Vitals]], bound: float) -> Growth:
    measured = [float(getattr(vitals, name)) for stretch in stretches for vitals in stretch]
    times = [fmean(vitals.seconds for vitals in stretch) for stretch in stretches]
    least = [min(float(getattr(vitals, name)) for vitals in stretch) for stretch in stretches]
    quarter = max(len(least) // 4, 1)
    first, last = median(least[:quarter]), median(least[-quarter:])
    rise = slope(times, least)
    doubt = error_of(times, least, rise)
    return Growth(name, first, last, max(measured), rise * HOUR_SECONDS, bound, len(measured), doubt * HOUR_SECONDS)


def slope(times: Sequence[float], values: Sequence[float]) -> float:
    """Return by how much the values rise in a second, by the line with the least squares; 0 where all times are one."""
    middle, mean = fmean(times), fmean(values)
    spread = sum((time - middle) ** 2 for time in times)
    if not spread:
        return 0.0
    return sum((time - middle) * (value - mean) for time, value in zip(times, values, strict=True)) / spread


def error_of(times: Sequence[float], values: Sequence[float], rise: float) -> float:
    """Return the standard error of a slope, by how far the values lie from the line."""
    middle, mean = fmean(times), fmean(values)
    spread = sum((time - middle) ** 2 for time in times)
    if len(times) < 3 or not spread:
        return 0.0
    off = sum((value - mean - rise * (time - middle)) ** 2 for time, value in zip(times, values, strict=True))
    return sqrt(off / (len(times) - 2) / spread)

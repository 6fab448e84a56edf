"""Whether something grows: a straight line through what was measured, once the node has warmed up. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

HOUR_SECONDS = 3_600.0
WARM_UP_SHARE = 0.25
"""What was measured in this first part of a soak is left out: pools fill, caches learn, the allocator finds its size."""
SAMPLES_LEAST = 8

MIB = 1_048_576
BOUNDS: Mapping[str, float] = {
    "memory_bytes": 24 * MIB,
    "threads": 1.0,
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
    """How one thing developed: where it began and ended after the warm-up, and by how much it would grow in an hour."""

    name: str
    first: float
    last: float
    most: float
    per_hour: float
    bound: float
    samples: int

    @property
    def is_growing(self) -> bool:
        """Whether it grows by more than is allowed. Both the line and the ends must say so: one peak at an end is no growth."""
        return self.per_hour > self.bound and self.last - self.first > self.bound / 4


def growths(measured: Sequence[Vitals]) -> list[Growth]:
    """Return how everything developed; nothing where too little was measured to say."""
    if not measured:
        return []
    begin = measured[0].seconds + WARM_UP_SHARE * (measured[-1].seconds - measured[0].seconds)
    settled = [vitals for vitals in measured if vitals.seconds >= begin]
    if len(settled) < SAMPLES_LEAST:
        return []
    times = [vitals.seconds for vitals in settled]
    return [_growth(name, times, [float(getattr(vitals, name)) for vitals in settled], bound) for name, bound in BOUNDS.items()]


def _growth(name: str, times: Sequence[float], values: Sequence[float], bound: float) -> Growth:
    quarter = max(len(values) // 4, 1)
    first, last = median(values[:quarter]), median(values[-quarter:])
    return Growth(name, first, last, max(values), slope(times, values) * HOUR_SECONDS, bound, len(values))


def slope(times: Sequence[float], values: Sequence[float]) -> float:
    """Return by how much the values rise in a second, by the line with the least squares; 0 where all times are one."""
    middle, mean = fmean(times), fmean(values)
    spread = sum((time - middle) ** 2 for time in times)
    if not spread:
        return 0.0
    return sum((time - middle) * (value - mean) for time, value in zip(times, values, strict=True)) / spread

"""How many answers took how long, and what can be read from that. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import ceil

from trinity_beast.telemetry.latency.buckets import middle_of


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many answers fell into each bucket that is not empty, and all their times together."""

    buckets: Mapping[int, int] = field(default_factory=dict)
    sum_ns: int = 0

    @property
    def answers(self) -> int:
        """Return how many answers there are."""
        return sum(self.buckets.values())

    @property
    def mean_ns(self) -> float | None:
        """Return how long an answer took on average, exactly; of no answers None."""
        answers = self.answers
        return self.sum_ns / answers if answers else None

    @property
    def least_ns(self) -> int | None:
        """Return the shortest time, within `ERROR_MAX`; of no answers None."""
        return middle_of(min(self.buckets)) if self.buckets else None

    @property
    def most_ns(self) -> int | None:
        """Return the longest time, within `ERROR_MAX`; of no answers None."""
        return middle_of(max(self.buckets)) if self.buckets else None

    def percentile(self, share: float) -> int | None:
        """Return the time that `share` of the answers did not exceed, within `ERROR_MAX`; of no answers None.

        It is the middle of the bucket in which the answer at the rank `ceil(share * answers)` lies.
        """
        rank, counted = max(1, ceil(share * self.answers)), 0
        for bucket in sorted(self.buckets):
            counted += self.buckets[bucket]
            if counted >= rank:
                return middle_of(bucket)
        return None

    def since(self, before: "Histogram") -> "Histogram":
        """Return what came after `before` was read; all of it where the count was reset in between, and so has less anywhere."""
        if any(self.buckets.get(bucket, 0) < count for bucket, count in before.buckets.items()):
            return self
        added = {bucket: count - before.buckets.get(bucket, 0) for bucket, count in self.buckets.items()}
        return Histogram({bucket: count for bucket, count in added.items() if count}, max(0, self.sum_ns - before.sum_ns))


@dataclass(frozen=True, slots=True)
class Figures:
    """What people read of a histogram, in microseconds; of no answers None."""

    answers: int
    mean_us: float | None
    p50_us: float | None
    p90_us: float | None
    p99_us: float | None
    p999_us: float | None
    max_us: float | None


def merged(several: Iterable[Histogram]) -> Histogram:
    """Return the histogram of all these answers together. Nothing is lost: it is as one row of buckets would have counted them."""
    buckets, sum_ns = Counter[int](), 0
    for one in several:
        buckets.update(one.buckets)
        sum_ns += one.sum_ns
    return Histogram(dict(buckets), sum_ns)


def figures(histogram: Histogram) -> Figures:
    """Return what people read of a histogram."""
    shares = [histogram.percentile(share) for share in (0.5, 0.9, 0.99, 0.999)]
    return Figures(histogram.answers, *[_us(ns) for ns in (histogram.mean_ns, *shares, histogram.most_ns)])


def _us(ns: float | None) -> float | None:
    return None if ns is None else round(ns / 1_000, 3)

"""How long answers took, as buckets that add up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil, exp2

BUCKETS_A_DOUBLING = 32
"""As `usage_latency_bucket` has it in the database: a bucket is 2.2 per cent wide."""
ERROR_MAX = 2 ** (1 / (2 * BUCKETS_A_DOUBLING)) - 1
"""By how much of itself, 1.1 per cent, a percentile may differ from the row at that rank."""


@dataclass(frozen=True, slots=True)
class Latencies:
    """How many answers fell into each bucket, and the least and greatest latency of all of them."""

    buckets: Mapping[int, int]
    least_ns: int
    most_ns: int

    @property
    def answers(self) -> int:
        """Return how many answers there are."""
        return sum(self.buckets.values())

    def percentile(self, share: float) -> int | None:
        """Return the latency that `share` of the answers did not exceed, in ns, within `ERROR_MAX`; of no answers None.

        It is the middle of the bucket in which the answer at the rank `ceil(share * answers)` lies, as `percentile_disc` counts.
        """
        rank, counted = max(1, ceil(share * self.answers)), 0
        for bucket in sorted(self.buckets):
            counted += self.buckets[bucket]
            if counted >= rank:
                return min(max(_middle_ns(bucket), self.least_ns), self.most_ns)
        return None


def added(several: Iterable[Latencies]) -> Latencies:
    """Return the latencies of all these answers together."""
    buckets: dict[int, int] = {}
    least_ns, most_ns = [], []
    for one in several:
        least_ns.append(one.least_ns)
        most_ns.append(one.most_ns)
        for bucket, answers in one.buckets.items():
            buckets[bucket] = buckets.get(bucket, 0) + answers
    return Latencies(buckets, min(least_ns, default=0), max(most_ns, default=0))


def _middle_ns(bucket: int) -> int:
    """Return the middle of a bucket, by ratio: as far below its upper end as above its lower."""
    return round(exp2((bucket + 0.5) / BUCKETS_A_DOUBLING))

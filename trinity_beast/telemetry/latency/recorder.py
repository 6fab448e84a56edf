"""What Python answers itself, counted as the engine counts. Pure: the time is measured by whoever calls."""

from collections import Counter

from trinity_beast.telemetry.latency.buckets import NS_MOST, bucket_of
from trinity_beast.telemetry.latency.histogram import Histogram


class LatencyRecorder:
    """Counts how long answers took. Used from one thread."""

    def __init__(self) -> None:
        self._buckets, self._sum_ns = Counter[int](), 0

    def took(self, ns: int) -> None:
        """Count an answer."""
        ns = min(max(0, ns), NS_MOST)
        self._buckets[bucket_of(ns)] += 1
        self._sum_ns += ns

    def read(self) -> Histogram:
        """Return what was counted since the start."""
        return Histogram(dict(self._buckets), self._sum_ns)

"""What is counted: the 24 of the contract, and whatever else the engine counts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from trinity_beast.telemetry.catalog import ANSWER_SECONDS, CONTRACT, OWN
from trinity_beast.telemetry.latency import Histogram
from trinity_beast.telemetry.metric import Metric, Sample


class CounterSource(Protocol):
    """Who counts. `engine.Counters` keeps this."""

    def read(self) -> dict[str, int]:
        """Return every counter by name."""
        ...

    def latencies(self) -> dict[str, tuple[int, list[tuple[int, int]]]]:
        """Return how long answers took, by way: all nanoseconds together, and the buckets that are not empty."""
        ...

    def add(self, name: str, amount: int = 1) -> None:
        """Count something."""
        ...

    def set(self, name: str, value: int) -> None:
        """Set a gauge."""
        ...


class Counters:
    """The counters of this node, as the rest of the program counts and reads them."""

    def __init__(self, source: CounterSource) -> None:
        self._source = source

    def add(self, name: str, amount: int = 1) -> None:
        """Count something.

        Raises:
            KeyError: no counter has that name.
        """
        self._source.add(name, amount)

    def set(self, name: str, value: int) -> None:
        """Set a gauge.

        Raises:
            KeyError: no counter has that name.
        """
        self._source.set(name, value)

    def contract(self) -> dict[str, int]:
        """Return the 24 of the contract, in their order; one that is not counted here is 0."""
        counted = self._source.read()
        return {name: counted.get(name, 0) for name in CONTRACT}

    def read(self) -> dict[str, int]:
        """Return every counter: the 24 first, then the engine's own."""
        counted = self._source.read()
        return {name: counted.get(name, 0) for name in CONTRACT} | counted

    def latencies(self) -> dict[str, Histogram]:
        """Return how long answers to known keys took: `http` and `udp` by the engine, `handed` by Python."""
        return {way: histogram_of(*told) for way, told in self._source.latencies().items()}

    def samples(self) -> Iterator[Sample]:
        """Give all of it as metrics."""
        for name, value in self.read().items():
            yield _metric_of(name).at(value)
        for way, histogram in self.latencies().items():
            yield ANSWER_SECONDS.at(histogram, way)


def histogram_of(sum_ns: int, buckets: Sequence[tuple[int, int]]) -> Histogram:
    """Return as a histogram what the engine tells of one way."""
    return Histogram(dict(buckets), sum_ns)


_KNOWN: Mapping[str, Metric] = {**CONTRACT, **OWN}


def _metric_of(name: str) -> Metric:
    """Return the declaration of a counter; one of a newer engine than this says no more than its name."""
    return _KNOWN.get(name) or Metric(name, name.replace("_", " ").capitalize() + ".")

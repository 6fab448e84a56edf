"""Which reports were told in which form, and how long they took."""

from collections import Counter
from collections.abc import Iterator, Mapping

from trinity_beast.reports.metrics import REPORT_SECONDS, REPORTS_TOLD
from trinity_beast.telemetry import Histogram, LatencyRecorder, Sample


class ReportTallies:
    """Counts since the start."""

    def __init__(self) -> None:
        self._told = Counter[tuple[str, str]]()
        self._took = LatencyRecorder()

    def told(self, report: str, form: str, latency_ns: int) -> None:
        """Count a report."""
        self._told[report, form] += 1
        self._took.took(latency_ns)

    def counted(self) -> Mapping[tuple[str, str], int]:
        """Return how many of which report were told in which form."""
        return dict(self._told)

    def latencies(self) -> Histogram:
        """Return how long they took."""
        return self._took.read()

    def samples(self) -> Iterator[Sample]:
        """Give all of it as metrics."""
        for (report, form), count in sorted(self._told.items()):
            yield REPORTS_TOLD.at(count, report, form)
        yield REPORT_SECONDS.at(self.latencies())

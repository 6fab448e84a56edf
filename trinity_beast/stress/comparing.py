"""Run against run: the same steps of two reports side by side."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from trinity_beast.stress.report import Report, StepReport

Place = tuple[str, str, int, int, float | None, bool, int]


@dataclass(frozen=True, slots=True)
class Compared:
    """One step as it was and as it is; None where a report does not have it."""

    before: StepReport | None
    after: StepReport | None

    @property
    def per_second(self) -> float | None:
        """Return good answers a second, after over before; None where there is nothing to divide by."""
        return self._ratio(lambda step: step.per_second)

    @property
    def p50(self) -> float | None:
        """Return the median latency, after over before."""
        return self._ratio(lambda step: step.latency.p50 if step.latency else None)

    @property
    def p99(self) -> float | None:
        """Return the 99th percentile of latency, after over before."""
        return self._ratio(lambda step: step.latency.p99 if step.latency else None)

    def _ratio(self, read: Callable[[StepReport], float | None]) -> float | None:
        before, after = (None if step is None else read(step) for step in (self.before, self.after))
        return after / before if before and after is not None else None


def compared(before: Report, after: Report) -> Sequence[Compared]:
    """Return the steps of both, each with its like: the same question, over the same protocol, by as many at once and as fast.

    Where it was asked does not matter: nodes come and go. A step that one report has twice is compared in turn. The order is
    that of `after`; what only `before` has comes last.
    """
    old = dict(_placed(before))
    found = [Compared(old.pop(place, None), step) for place, step in _placed(after)]
    return [*found, *(Compared(step, None) for step in old.values())]


def _placed(report: Report) -> Sequence[tuple[Place, StepReport]]:
    met: Counter[object] = Counter()
    placed = []
    for step in report.steps:
        parts = urlsplit(step.target)
        like = (step.protocol, parts.path + parts.query, step.concurrent, step.depth, step.rate, step.keeps_alive)
        placed.append(((*like, met[like]), step))
        met[like] += 1
    return placed

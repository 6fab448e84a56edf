"""What is told to whoever collects metrics: each declared once, beside the code that counts it. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from types import ModuleType

from trinity_beast.telemetry.latency import Histogram

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class Kind(StrEnum):
    """What may become of a metric's value from one look to the next."""

    COUNTER = "counter"
    """It only rises, until the node starts anew or the counters are reset."""
    GAUGE = "gauge"
    """It rises and falls."""
    HISTOGRAM = "histogram"
    """How many of something took at most so long, for a row of times."""


@dataclass(frozen=True, slots=True)
class Metric:
    """The declaration of a metric: its name without prefix and suffix, a sentence, and what tells its values apart.

    Raises:
        ValueError: the declaration contradicts itself; the message names the metric and says how.
    """

    name: str
    about: str
    kind: Kind = Kind.COUNTER
    unit: str = field(default="", kw_only=True)
    labels: tuple[str, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        for word in (self.name, *self.labels):
            if not _NAME.fullmatch(word):
                raise ValueError(f"metric {self.name!r}: {word!r} is no name of a-z, 0-9 and _")
        if not self.about.endswith("."):
            raise ValueError(f"metric {self.name!r}: about is a sentence and ends with a full stop")

    @property
    def exposed(self) -> str:
        """Return the name it is told under."""
        return f"beast_{self.name}_total" if self.kind is Kind.COUNTER else f"beast_{self.name}"

    def at(self, value: "float | Histogram", *labels: str) -> "Sample":
        """Return its value now; `labels` are those of the declaration, in their order."""
        return Sample(self, value, tuple(zip(self.labels, labels, strict=True)))


@dataclass(frozen=True, slots=True)
class Sample:
    """One figure at one moment."""

    metric: Metric
    value: float | Histogram
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """Return the metric's name, without prefix and suffix."""
        return self.metric.name


Samples = Callable[[], Iterable[Sample]]
"""Returns a part's figures now."""


def metrics_in(*modules: ModuleType) -> list[Metric]:
    """Return the metrics that modules declare as their constants, alone or in mappings, in order of name.

    Raises:
        ValueError: two are declared under one name, differently.
    """
    found: dict[str, Metric] = {}
    for module in modules:
        for metric in _metrics_of(dict(vars(module))):
            if found.setdefault(metric.name, metric) != metric:
                raise ValueError(f"metric {metric.name!r} is declared twice, differently")
    return [found[name] for name in sorted(found)]


def _metrics_of(value: object) -> Iterator[Metric]:
    if isinstance(value, Metric):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _metrics_of(inner)

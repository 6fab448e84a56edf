"""Figures as Prometheus reads them: text format 0.0.4. Pure.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/, read 2026-11-20.
"""

from collections.abc import Iterable, Iterator
from itertools import accumulate

from trinity_beast.telemetry.latency import Histogram
from trinity_beast.telemetry.latency.buckets import middle_of
from trinity_beast.telemetry.metric import Sample

MEDIA_TYPE = "text/plain; version=0.0.4"
BOUNDS_SECONDS = tuple(
    float(f"{digits}e{power}") for power in range(-6, 1) for digits in ("1", "2.5", "5")
)  # fmt: skip
"""Up to which times a histogram is counted, from a microsecond to five seconds. Each is true to 0.8 per cent: a bucket of ours
counts below a bound where its middle does."""
_BOUNDS_NS = tuple(round(seconds * 1_000_000_000) for seconds in BOUNDS_SECONDS)

Labels = tuple[tuple[str, str], ...]


def exposition(samples: Iterable[Sample], *, node: str, region: str) -> str:
    """Return samples as text, those of one metric together under its heading."""
    families: dict[str, list[Sample]] = {}
    for sample in samples:
        families.setdefault(sample.name, []).append(sample)
    lines = []
    for family in families.values():
        metric = family[0].metric
        lines += [f"# HELP {metric.exposed} {_help(metric.about)}", f"# TYPE {metric.exposed} {metric.kind}"]
        for one in family:
            lines += _lines(one, (("node", node), ("region", region), *one.labels))
    return "\n".join([*lines, ""])


def _lines(sample: Sample, labels: Labels) -> Iterator[str]:
    name, value = sample.metric.exposed, sample.value
    if not isinstance(value, Histogram):
        yield f"{name}{_braced(labels)} {int(value) if isinstance(value, int) else f'{value:.15g}'}"
        return
    counts = _counts(value)
    for bound, count in zip(BOUNDS_SECONDS, counts, strict=True):
        yield f"{name}_bucket{_braced((*labels, ('le', f'{bound:.15g}')))} {count}"
    yield f"{name}_bucket{_braced((*labels, ('le', '+Inf')))} {value.answers}"
    yield f"{name}_sum{_braced(labels)} {value.sum_ns / 1_000_000_000:.15g}"
    yield f"{name}_count{_braced(labels)} {value.answers}"


def _counts(histogram: Histogram) -> Iterator[int]:
    """Return how many answers took at most as long as each bound."""
    found = [0] * (len(_BOUNDS_NS) + 1)
    for bucket, count in histogram.buckets.items():
        middle = middle_of(bucket)
        found[sum(bound < middle for bound in _BOUNDS_NS)] += count
    return accumulate(found[:-1])


def _braced(labels: Labels) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}"


def _help(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

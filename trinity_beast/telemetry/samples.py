"""Figures with labels: what a part counts of each of its things, for whoever collects metrics."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """One figure at one moment. `name` is without prefix and suffix; a gauge may fall, all else only rises."""

    name: str
    value: float
    about: str
    labels: tuple[tuple[str, str], ...] = ()
    is_gauge: bool = False


Samples = Callable[[], Iterable[Sample]]
"""Returns a part's figures now."""


def exposition(samples: Iterable[Sample], *, node: str, region: str) -> str:
    """Return samples in Prometheus' text format 0.0.4, those of one name together.

    Source: https://prometheus.io/docs/instrumenting/exposition_formats/, read 2026-11-20.
    """
    families: dict[str, list[Sample]] = {}
    for sample in samples:
        families.setdefault(sample.name, []).append(sample)
    lines = []
    for name, family in families.items():
        kind, metric = ("gauge", f"beast_{name}") if family[0].is_gauge else ("counter", f"beast_{name}_total")
        lines += [f"# HELP {metric} {family[0].about}", f"# TYPE {metric} {kind}"]
        lines += [f"{metric}{_braced((('node', node), ('region', region), *one.labels))} {one.value:.15g}" for one in family]
    return "\n".join([*lines, ""])


def _braced(labels: Iterable[tuple[str, str]]) -> str:
    return "{" + ",".join(f'{name}="{escaped(value)}"' for name, value in labels) + "}"


def escaped(value: str) -> str:
    """Return a label's value as the format wants it."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

"""Figures, what they are measured against, and how they are told."""

import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure should be: `at_most` or, when false, at least `value`.

    `is_absolute` says that noise can only take the figure away from its target, so that met is met whoever else was busy.
    A ratio is not: noise pulls it towards 1.
    """

    value: float
    at_most: bool = True
    is_absolute: bool = False

    def is_met_by(self, value: float) -> bool:
        """Whether `value` is on the right side, the edge included."""
        return value <= self.value if self.at_most else value >= self.value


@dataclass(frozen=True, slots=True)
class Figure:
    """The median over rounds of one quantity, with its spread and, where there is one, its target."""

    name: str
    values: tuple[float, ...]
    unit: str
    target: Target | None = None
    disturbance: float = 0.0

    @property
    def median(self) -> float:
        """The middle of the rounds."""
        return statistics.median(self.values)

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met; None without one, or when the machine was too busy to tell."""
        if self.target is None:
            return None
        is_met = self.target.is_met_by(self.median)
        if self.disturbance > DISTURBED and not (self.target.is_absolute and is_met):
            return None
        return is_met

    @property
    def verdict(self) -> str:
        """What is said of the target."""
        if self.is_met is None:
            # Noise lengthens both sides alike: it pulls a ratio of latencies towards 1, and so can fake a success too.
            return f"NOT JUDGED, others had {self.disturbance:.2f} of a processor"
        return "met" if self.is_met else "MISSED"

    def told(self) -> str:
        """Return the figure as one line."""
        line = f"  {self.name:<58} {_short(self.median):>9} {self.unit}"
        if len(self.values) > 1:
            line += f"  ({_short(min(self.values))} to {_short(max(self.values))} over {len(self.values)} rounds)"
        if self.target is not None:
            sign = "≤" if self.target.at_most else "≥"
            line += f"  target {sign} {_short(self.target.value)}: {self.verdict}"
        return line


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, ...]:
    """Return ours over theirs, round by round: what disturbs a round disturbs both of its halves."""
    return tuple(mine / other for mine, other in zip(ours, theirs, strict=True))


Result = TypeVar("Result")

DISTURBED = 0.2
"""Share of a processor that strangers may have while we measure."""


@dataclass(frozen=True, slots=True)
class Rounds(Generic[Result]):
    """Each side's results, round by round, and the most that strangers had of a processor in any of them."""

    sides: dict[str, list[Result]]
    disturbance: float

    def __getitem__(self, side: str) -> list[Result]:
        return self.sides[side]

    def marked(self, figures: Iterable[Figure]) -> Iterator[Figure]:
        """Yield figures with the disturbance they were measured under."""
        for figure in figures:
            yield replace(figure, disturbance=self.disturbance)


def alternating(rounds: int, sides: Mapping[str, Callable[[], Result]], disturbance: Callable[[Result], float]) -> Rounds[Result]:
    """Run every side once a round, the order turned round by round.

    A round in which either side was disturbed by more than `DISTURBED` is run again, half as often as there are rounds at
    most; of all that were run the calmest count.
    """
    played: list[tuple[float, dict[str, Result]]] = []
    while len(played) < rounds + rounds // 2 and sum(disturbed <= DISTURBED for disturbed, _ in played) < rounds:
        order = list(sides) if len(played) % 2 == 0 else list(sides)[::-1]
        found = {name: sides[name]() for name in order}
        played.append((max(map(disturbance, found.values())), found))
    calmest = sorted(played, key=lambda one: one[0])[:rounds]
    return Rounds({name: [found[name] for _, found in calmest] for name in sides}, calmest[-1][0])


def _short(value: float) -> str:
    if value != 0 and abs(value) < 10:
        return f"{value:.3f}"
    return f"{value:,.1f}" if abs(value) < 1000 else f"{value:,.0f}"

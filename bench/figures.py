"""Figures, what they are measured against, and how they are told."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure should be: `at_most` or, when false, at least `value`."""

    value: float
    at_most: bool = True

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

    @property
    def median(self) -> float:
        """The middle of the rounds."""
        return statistics.median(self.values)

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met; None without one."""
        return None if self.target is None else self.target.is_met_by(self.median)

    def told(self) -> str:
        """Return the figure as one line."""
        line = f"  {self.name:<58} {_short(self.median):>9} {self.unit}"
        if len(self.values) > 1:
            line += f"  ({_short(min(self.values))} to {_short(max(self.values))} over {len(self.values)} rounds)"
        if self.target is not None:
            sign = "≤" if self.target.at_most else "≥"
            line += f"  target {sign} {_short(self.target.value)}: {'met' if self.is_met else 'MISSED'}"
        return line


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, ...]:
    """Return ours over theirs, round by round: what disturbs a round disturbs both of its halves."""
    return tuple(mine / other for mine, other in zip(ours, theirs, strict=True))


Result = TypeVar("Result")

DISTURBED = 0.2
"""Share of a processor that strangers may have while we measure."""


def alternating(rounds: int, sides: Mapping[str, Callable[[], Result]], disturbance: Callable[[Result], float]) -> dict[str, list[Result]]:
    """Run every side once a round, the order turned round by round, and return each side's results, round by round.

    A round in which either side was disturbed by more than `DISTURBED` is run again, as often as there are rounds at
    most; of all that were run the calmest count.
    """
    played: list[dict[str, Result]] = []
    calm = 0
    while calm < rounds and len(played) < 2 * rounds:
        order = list(sides) if len(played) % 2 == 0 else list(sides)[::-1]
        found = {name: sides[name]() for name in order}
        calm += max(disturbance(result) for result in found.values()) <= DISTURBED
        played.append(found)
    played.sort(key=lambda found: max(disturbance(result) for result in found.values()))
    return {name: [found[name] for found in played[:rounds]] for name in sides}


def _short(value: float) -> str:
    if value != 0 and abs(value) < 10:
        return f"{value:.3f}"
    return f"{value:,.1f}" if abs(value) < 1000 else f"{value:,.0f}"

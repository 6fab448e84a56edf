"""When which process dies: drawn from the seed alone, so that a run that failed can be had again. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from trinity_beast.randomness import Dice

FIRST_SECONDS = 2.0
"""Nobody dies before: there shall be something to lose."""
GAP_SECONDS = (1.0, 9.0)
DOWN_SECONDS = (0.0, 2.5)
TOGETHER_SHARE = 0.25
"""How often a second process dies in the same moment."""


@dataclass(frozen=True, slots=True)
class Blow:
    """A process is killed at a time of the run, and started again after a while."""

    at_seconds: float
    victim: str
    down_seconds: float


def blows_of(dice: Dice, victims: Sequence[str], seconds: float) -> tuple[Blow, ...]:
    """Return the deaths of a run of so many seconds, in their order. Every victim dies once before any dies twice."""
    blows: list[Blow] = []
    turn: list[str] = []
    at_seconds = FIRST_SECONDS
    while at_seconds < seconds:
        for _ in range(2 if dice.random() < TOGETHER_SHARE else 1):
            turn = turn or dice.sample(list(victims), len(victims))
            blows.append(Blow(round(at_seconds, 3), turn.pop(), round(dice.uniform(*DOWN_SECONDS), 3)))
        at_seconds += dice.uniform(*GAP_SECONDS)
    return tuple(blows)

"""What a synchronisation is made of and comes to."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

Tell = Callable[[str, int, int], None]
"""Hears of progress: the step, how many are done, of about how many."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is brought into step. `work` is told whether to do all anew, and whom to tell; it returns counts by name."""

    name: str
    work: Callable[[bool, Tell], Awaitable[Mapping[str, int]]]


@dataclass(frozen=True, slots=True)
class Synced:
    """What one step came to."""

    name: str
    counts: Mapping[str, int]
    seconds: float

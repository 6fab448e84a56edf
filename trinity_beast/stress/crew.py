"""Who asks: the clients of a stress test, be they this process alone or many that have joined."""

from collections.abc import Callable, Sequence
from typing import Protocol

from trinity_beast.stress.figures import Found
from trinity_beast.stress.model import Progress, Step

Watcher = Callable[[Progress], None]
"""Told several times a second how a step stands."""
Stopped = Callable[[], bool]
"""Whether somebody wants the end."""


class Crew(Protocol):
    """Who asks."""

    @property
    def clients(self) -> int:
        """Return how many clients share the work."""
        ...

    def prepare(self, steps: Sequence[Step]) -> None:
        """Find out, before anything is asked, whether all steps can be taken.

        Raises:
            TrinityError: one of them cannot.
        """
        ...

    def perform(self, step: Step, *, watch: Watcher, stopped: Stopped) -> Found:
        """Take one step, all clients at once, and return what they found together.

        Raises:
            TrinityError: it could not be begun, or a client was lost.
        """
        ...

    def close(self) -> None:
        """Let the clients go."""
        ...

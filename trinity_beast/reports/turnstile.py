"""How many reports are told at once: a bound for all, and one for each key."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from trinity_beast.parameters import Readings
from trinity_beast.reports import parameters
from trinity_beast.web import Overloaded


class Turnstile:
    """Lets in whoever finds room, and refuses the others at once: a report that waited would hold its caller's connection."""

    def __init__(self, readings: Readings) -> None:
        self._at_once_max = readings.of(parameters.AT_ONCE_MAX)
        self._per_key_max = readings.of(parameters.AT_ONCE_PER_KEY_MAX)
        self._inside: Counter[int] = Counter()

    @contextmanager
    def passed(self, key_id: int) -> Iterator[None]:
        """Be inside for the length of a block.

        Raises:
            Overloaded: there is no room.
        """
        if self._inside.total() >= self._at_once_max.value or (key_id and self._inside[key_id] >= self._per_key_max.value):
            raise Overloaded(retry_after_seconds=1)
        self._inside[key_id] += 1
        try:
            yield
        finally:
            self._inside[key_id] -= 1
            if not self._inside[key_id]:
                del self._inside[key_id]

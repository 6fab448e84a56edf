"""When a PostgreSQL that died is started again: soon, then later, then no more."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Restarts:
    """A pause that doubles from `first_seconds` to `most_seconds`, `attempts` times; a healthy run starts it afresh."""

    first_seconds: float = 0.1
    most_seconds: float = 30.0
    attempts: int = 60
    healthy_seconds: float = 60.0

    def pause_seconds(self, failures: int) -> float | None:
        """Return how long to wait after `failures` deaths in a row (1 for the first), or None to give up."""
        if failures > self.attempts:
            return None
        return min(self.first_seconds * 2.0 ** min(failures - 1, 60), self.most_seconds)

    def failures_after(self, failures: int, *, ran_seconds: float) -> int:
        """Return the count of deaths in a row once a run of `ran_seconds` has ended."""
        return 1 if ran_seconds >= self.healthy_seconds else failures + 1

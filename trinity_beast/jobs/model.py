"""What a job is, and how one stands."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Job:
    """Work to be done at the times of `cron` (five fields, UTC), and whenever it is asked for.

    It may be done twice and must take no harm from it: who did it may be killed before that is noted. `seconds_max` bounds
    one try. Of `tries_max` tries the next comes `retry_seconds` after one that failed, or once its process is known to be dead.
    """

    name: str
    about: str
    work: Callable[[], Awaitable[object]]
    cron: str
    seconds_max: float = 600.0
    tries_max: int = 3
    retry_seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class LastRun:
    """How the last run ended, or that it goes on. `state` is todo, doing, succeeded, failed, aborted or cancelled."""

    state: str
    attempts: int
    asked_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class JobStanding:
    """How a job stands: its last run, when it is due next, and how many runs failed of those that are remembered."""

    name: str
    about: str
    cron: str
    last: LastRun | None
    next_at: datetime
    failed: int

"""The nouns of quota alerts."""

from dataclasses import dataclass
from datetime import date, datetime

PERCENTS = (50, 80, 95, 100)
"""How much of its month a key has used when its owner is to hear of it."""


@dataclass(frozen=True, slots=True)
class QuotaAlert:
    """A key has used `percent` of its requests of `month`: told once for each key, month and percentage, whatever restarts.

    `used` and `quota` are as they stood when it was seen; they are its account's where all keys of that together are nearer
    the end of its month than the key is of its own.
    """

    alert_id: int
    key_id: int
    month: date
    percent: int
    quota: int
    used: int
    reached_at: datetime


@dataclass(frozen=True, slots=True)
class ListedAlert:
    """An alert with the key as people know it."""

    alert: QuotaAlert
    public_id: str
    key_name: str
    tier: str


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts are wanted: of one key, of one month, numbered below `before` or above `after`."""

    public_id: str | None = None
    month: date | None = None
    before: int | None = None
    limit: int = 100

"""What summing up comes to."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Pending:
    """Changes of one day that are to be summed up together: which, of which nodes, and between which times their rows lie.

    `records` is None where some of them do not say how many rows they are.
    """

    day: date
    change_ids: list[int]
    node_ids: list[int]
    records: int | None
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Rolled:
    """What one look came to. All that was stored by `complete_until` is summed up; None: never all of it yet."""

    records: int
    days: int
    complete_until: datetime | None
    unsound: tuple[date, ...] = ()
    """Days whose changes name rows that are not there; they are left as they are."""


@dataclass(frozen=True, slots=True)
class DayDifference:
    """A day whose sums and counts of keys do not agree."""

    day: date
    counted: int
    """As `usage_key_days` counts requests, in the transactions that store them."""
    summed_up: int
    pending: int

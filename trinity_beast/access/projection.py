"""When a key will have used up its month, if it goes on as it has so far."""

from dataclasses import dataclass
from datetime import datetime, timedelta

PACE_OVER_MIN = timedelta(hours=1)
"""Less than this says nothing of a pace: a first burst is no month of bursts."""


@dataclass(frozen=True, slots=True)
class Projection:
    """How a month ends at the pace so far: `used` by its end, and when the quota is used up (None: it lasts)."""

    used: int
    spent_at: datetime | None


def projection(used: int, quota: int, *, since: datetime, now: datetime, ends_at: datetime) -> Projection:
    """Project `used` requests, counted from `since` to `now`, on to the month's end. What is used up already was spent by `now`."""
    passed = max(now - since, PACE_OVER_MIN)
    ahead = max(ends_at - now, timedelta(0))
    by_the_end = used + int(used * (ahead / passed))
    if used >= quota:
        return Projection(by_the_end, now)
    if not used:
        return Projection(0, None)
    # Reckoned as a share of what lies ahead: a pace of one a month would take a quota beyond the end of the calendar.
    share = (quota - used) / used * (passed / ahead) if ahead else 1.0
    return Projection(by_the_end, now + ahead * share if share < 1 else None)

"""The month a quota counts in: the calendar's, in UTC."""

from datetime import UTC, date, datetime

SECOND_NS = 1_000_000_000


def month_of(now: datetime) -> date:
    """Return the first day of the month `now` lies in."""
    return now.astimezone(UTC).date().replace(day=1)


def next_month(now: datetime) -> datetime:
    """Return the moment the next month begins."""
    first = month_of(now)
    year, month = (first.year + 1, 1) if first.month == 12 else (first.year, first.month + 1)
    return datetime(year, month, 1, tzinfo=UTC)


def ends_ns(month: date) -> int:
    """Return the Unix time in nanoseconds at which the month that begins with `month` ends: so the engine names months."""
    return int(next_month(datetime(month.year, month.month, 1, tzinfo=UTC)).timestamp()) * SECOND_NS

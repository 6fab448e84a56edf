"""From when until when: how a person says it, and which moments are meant. Every span holds its first moment and not its last."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SPAN_MAX = timedelta(days=400)
DEFAULT_SPAN = timedelta(days=30)
AGO = re.compile(r"(\d{1,5})(m|h|d|w)", re.ASCII)
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,6})?)?(Z|[+-]\d{2}(:?\d{2})?)?", re.ASCII)
ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,30}(/[A-Za-z0-9_+-]{1,30}){0,2}", re.ASCII)
YEARS = (2000, 2200)


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its name, such as `Europe/Berlin`.

    Raises:
        ValueError: there is none of that name.
    """
    try:
        if ZONE.fullmatch(name) and not name.startswith(("posix", "right")):
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass  # Told below, as a name that has the wrong shape.
    raise ValueError(f"{name[:60]!r} is no time zone; say one such as Europe/Berlin, or UTC.")


def moment_of(text: str, now: datetime, zone: ZoneInfo | None) -> datetime:
    """Return the moment that is meant, in UTC.

    `now`; so long ago (`90m`, `24h`, `30d`, `2w`); the begin of a day (`2026-11-20`, `today`) by the calendar of `zone`, or UTC's;
    or a moment with its own zone (`2026-11-20T07:40:00Z`), without one by the clock of `zone`.

    Raises:
        ValueError: it is none of these, or a moment of no zone at all.
    """
    if text == "now":
        return now
    if text == "today":
        return begin_of(now.astimezone(zone or UTC).date(), zone)
    if ago := AGO.fullmatch(text):
        return now - int(ago[1]) * UNITS[ago[2]]
    if DAY.fullmatch(text):
        return begin_of(day_of(text), zone)
    if not MOMENT.fullmatch(text):
        raise ValueError(f"{text[:60]!r} is no time; say 30d, 24h, 2026-11-20 or 2026-11-20T07:40:00Z.")
    found = datetime.fromisoformat(text.replace(",", "."))
    if found.tzinfo is None and zone is None:
        raise ValueError(f"{text!r} says no time zone; end it with Z or an offset such as +02:00 (in an address: %2B02:00), or give zone.")
    return _expect_years(found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def day_of(text: str) -> date:
    """Return a day such as `2026-11-20`.

    Raises:
        ValueError: it is none.
    """
    try:
        day = date.fromisoformat(text) if DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not YEARS[0] <= day.year < YEARS[1]:
        raise ValueError(f"{text[:60]!r} is no day; say one such as 2026-11-20.")
    return day


def begin_of(day: date, zone: ZoneInfo | None) -> datetime:
    """Return the first moment of a day by the calendar of a zone, in UTC. Where midnight is skipped, that is when it would have been."""
    return datetime.combine(day, time.min, zone or UTC).astimezone(UTC)


def span_of_day(text: str, zone: ZoneInfo | None) -> tuple[datetime, datetime]:
    """Return a day's first moment and that of the next day.

    Raises:
        ValueError: it is no day.
    """
    day = day_of(text)
    return begin_of(day, zone), begin_of(day + timedelta(days=1), zone)


def span_of_month(text: str, zone: ZoneInfo | None) -> tuple[datetime, datetime]:
    """Return a month's first moment and that of the next month.

    Raises:
        ValueError: it is no month such as `2026-11`.
    """
    match = MONTH.fullmatch(text)
    year, month = (int(match[1]), int(match[2])) if match else (0, 0)
    if not (1 <= month <= 12 and YEARS[0] <= year < YEARS[1]):
        raise ValueError(f"{text[:60]!r} is no month; say one such as 2026-11.")
    following = date(year + month // 12, month % 12 + 1, 1)
    return begin_of(date(year, month, 1), zone), begin_of(following, zone)


def days_within(since: datetime, until: datetime, zone: ZoneInfo | None) -> Sequence[date]:
    """Return the days that have a moment within a span, by the calendar of a zone, in order."""
    first, last = since.astimezone(zone or UTC).date(), (until - timedelta(microseconds=1)).astimezone(zone or UTC).date()
    return [first + timedelta(days=count) for count in range((last - first).days + 1)] if until > since else []


def _expect_years(moment: datetime) -> datetime:
    if not YEARS[0] <= moment.year < YEARS[1]:
        raise ValueError(f"{moment.year} is too far from now.")
    return moment

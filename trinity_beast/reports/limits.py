"""The month's reports among the limits an answer tells, by the current draft of the RateLimit fields."""

from collections.abc import Sequence
from datetime import UTC, datetime


def with_reports(headers: Sequence[tuple[str, str]], quota: int, used: int, now: datetime) -> list[tuple[str, str]]:
    """Return the headers with a policy `reports` beside those of the key: so many a month, so many of them left."""
    begins, ends = _month(now)
    month, left = round((ends - begins).total_seconds()), max(0, round((ends - now).total_seconds()))
    added = {"ratelimit-policy": f'"reports";q={quota};w={month}', "ratelimit": f'"reports";r={max(0, quota - used)};t={left}'}
    return [(name, f"{value}, {added[name.lower()]}" if name.lower() in added else value) for name, value in headers]


def _month(now: datetime) -> tuple[datetime, datetime]:
    begins = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return begins, begins.replace(year=begins.year + begins.month // 12, month=begins.month % 12 + 1)

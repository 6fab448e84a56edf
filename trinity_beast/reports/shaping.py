"""Rows as every form tells them, made of what is stored."""

from collections.abc import Sequence
from datetime import date

from trinity_beast.reports.formats import told_time
from trinity_beast.reports.model import Kind, Row
from trinity_beast.usage import Counted, Totals, UsageRow


def usage_rows(rows: Sequence[UsageRow]) -> list[Row]:
    """Return answers as rows of `usage`."""
    return [(told_time(row.time), *row[1:]) for row in rows]


def totals_rows(kind: Kind, found: Sequence[Totals]) -> list[Row]:
    """Return sums as rows of `summary`, which tells the dimension, or of a report by one dimension, which is that itself."""
    if kind is Kind.SUMMARY:
        return [(each.dimension.value, each.value, *each.counted) for each in found]
    return [(each.value, *each.counted) for each in found]


def day_rows(days: Sequence[date], found: Sequence[Counted]) -> list[Row]:
    """Return the sums of days as rows of `daily`."""
    return [(day.isoformat(), *counted) for day, counted in zip(days, found, strict=True)]

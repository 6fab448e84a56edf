"""Usage rows in a database, and what a reader that shares no code makes of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support.segments import Layout, Written
from trinity_beast import engine
from trinity_beast.storage import Database
from trinity_beast.usage import Writer

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CHARGED = 1
HTTP, UDP = 1, 2
OK, RATE_LIMITED = 0, 9


def ns_of(moment: datetime) -> int:
    """Return Unix time in nanoseconds."""
    return (moment - EPOCH) // timedelta(microseconds=1) * 1_000


async def store(database: Database, folder: Path, records: Sequence[Written], layout: Layout | None = None) -> None:
    """Store records by the real writer."""
    path = replace(layout or Layout(first_sequence=1), capacity=max(100, len(records))).write(folder, records)
    for batch in engine.UsageBatch.of_segment(str(path), records_max=100_000):
        await Writer(database).store(batch)


def disc(values: Sequence[int], share: float) -> int:
    """Return the smallest value that at least `share` of them do not exceed."""
    ordered = sorted(values)
    return next(value for place, value in enumerate(ordered, start=1) if place >= share * len(ordered))

"""What every form has in common."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from trinity_beast.reports.model import Head, Row


class RowWriter(Protocol):
    """Tells a report in one form."""

    @property
    def media_type(self) -> str:
        """What the form is called on the wire."""
        ...

    def begin(self, head: Head, /) -> bytes:
        """Return what stands before the rows."""
        ...

    def rows(self, rows: Sequence[Row]) -> bytes:
        """Return some rows."""
        ...

    def end(self) -> bytes:
        """Return what stands after them. A report without it was cut."""
        ...


def told_time(moment: datetime) -> str:
    """Return a moment as every form tells it: UTC, to the microsecond."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def head_told(head: Head) -> dict[str, object]:
    """Return what is told of a report besides its rows."""
    return {
        "report": head.kind.value,
        "since": told_time(head.since),
        "until": told_time(head.until),
        "zone": head.zone,
        "filters": dict(head.filters),
        "store": head.store,
        "complete_until": told_time(head.complete_until),
        "next_cursor": head.next_cursor,
    }

"""JSON: the twelve fields of the envelope around the rows, each row an object."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from trinity_beast.reports.formats.writing import head_told
from trinity_beast.reports.model import Column, Head, Row

Envelope = Callable[[Mapping[str, object], str], tuple[bytes, bytes]]
"""Returns what stands before and after the rows in an envelope whose data has these members and, last, a list of the name given."""
ROWS = "rows"


class Objects:
    """Writes objects."""

    media_type = "application/json"

    def __init__(self, columns: Sequence[Column], envelope: Envelope) -> None:
        self._names, self._envelope = [column.name for column in columns], envelope
        self._encode = msgspec.json.Encoder().encode
        self._after, self._has_rows = b"", False

    def begin(self, head: Head) -> bytes:
        """Return the envelope as far as its rows."""
        before, self._after = self._envelope(head_told(head), ROWS)
        return before

    def rows(self, rows: Sequence[Row]) -> bytes:
        """Return some rows."""
        if not rows:
            return b""
        told = self._encode([dict(zip(self._names, row, strict=True)) for row in rows])[1:-1]
        between, self._has_rows = b"," if self._has_rows else b"", True
        return between + told

    def end(self) -> bytes:
        """Return the rest of the envelope."""
        return self._after

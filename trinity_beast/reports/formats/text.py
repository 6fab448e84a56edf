"""Text for a terminal: columns one beneath the other, wide enough for what comes first.

A value that stands nowhere is `-`. One with a blank, a quote or a sign that would move the cursor is told as JSON does, between
quotes, so that every line can be read back: two blanks or more part the columns, and lines that begin with `#` are talk.
"""

import json
import re
from collections.abc import Sequence

from trinity_beast.reports.formats.writing import head_told
from trinity_beast.reports.model import Cell, Column, ColumnKind, Head, Row

GAP = "  "
NOTHING = "-"
_BARE = re.compile(r"[!$-~\u00a1-\u024f]+")  # No blank, no quote, nothing unseen; a hash only within.


class Aligned:
    """Writes columns."""

    media_type = "text/plain; charset=utf-8"

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._widths: list[int] = []

    def begin(self, head: Head) -> bytes:
        """Return what is said of the report."""
        told = head_told(head)
        lines = [f"# {told['report']} from {told['since']} until before {told['until']} ({told['zone']})"]
        if head.filters:
            lines.append("# with " + ", ".join(f"{name} {_bare(text)}" for name, text in sorted(head.filters.items())))
        lines.append(f"# from {told['store']}, complete until {told['complete_until']}")
        if head.next_cursor:
            lines.append(f"# goes on with cursor={head.next_cursor}")
        return "".join(f"{line}\n" for line in lines).encode()

    def rows(self, rows: Sequence[Row]) -> bytes:
        """Return some rows, the names of the columns before the first."""
        lines = [[_shown(cell) for cell in row] for row in rows]
        return b"" if not lines else self._lines(lines)

    def end(self) -> bytes:
        """Return the names of the columns where there was no row."""
        return b"" if self._widths else self._lines([])

    def _lines(self, lines: list[list[str]]) -> bytes:
        if not self._widths:
            lines = [[column.name for column in self._columns], *lines]
            self._widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "".join(self._line(line) for line in lines).encode()

    def _line(self, cells: list[str]) -> str:
        placed = [
            cell.rjust(width) if column.kind is ColumnKind.NUMBER else cell.ljust(width)
            for cell, width, column in zip(cells, self._widths, self._columns, strict=True)
        ]
        return GAP.join(placed).rstrip() + "\n"


def _shown(cell: Cell) -> str:
    if cell is None:
        return NOTHING
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return str(cell) if isinstance(cell, int) else NOTHING if cell == "" else _bare(cell)


def _bare(text: str) -> str:
    return text if _BARE.fullmatch(text) and text != NOTHING else json.dumps(text)

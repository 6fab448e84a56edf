"""CSV and TSV: right for every delimiter, quote and line end, and harmless to whoever opens them in a spreadsheet.

A spreadsheet takes a text that begins with `=`, `+`, `-` or `@` for a formula, which may send what stands beside it to
somebody else. Such a text gets an apostrophe in front, which spreadsheets hide; a text that has one there already gets another, so
that every text can be read back. Numbers are numbers. Source: https://owasp.org/www-community/attacks/CSV_Injection, read 2026-11-20.
"""

import csv
import re
from collections.abc import Sequence

from trinity_beast.reports.model import Cell, Column, ColumnKind, Head, Row

APOSTROPHE = "'"
# Full-width signs too: some spreadsheets take them for the narrow ones. Line ends are looked past by some, as blanks are.
_RISKY = re.compile(r"'*[\s\x00]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


class Delimited:
    """Writes values with a delimiter between. TSV is this with a tab."""

    def __init__(self, columns: Sequence[Column], *, delimiter: str = ",") -> None:
        self._columns, self._delimiter = columns, delimiter
        self._texts = [place for place, column in enumerate(columns) if column.kind is ColumnKind.TEXT]
        self._flags = [place for place, column in enumerate(columns) if column.kind is ColumnKind.FLAG]

    @property
    def media_type(self) -> str:
        """What the form is called on the wire. Only what has commas between is CSV to all who know the name."""
        return "text/tab-separated-values; charset=utf-8" if self._delimiter == "\t" else "text/csv; charset=utf-8; header=present"

    def begin(self, _head: Head) -> bytes:
        """Return the names of the columns."""
        return self._written([[column.name for column in self._columns]])

    def rows(self, rows: Sequence[Row]) -> bytes:
        """Return some rows."""
        return self._written([self._harmless(row) for row in rows])

    def end(self) -> bytes:
        """Return nothing: the last row ends with its line."""
        return b""

    def _harmless(self, row: Row) -> list[Cell]:
        cells = list(row)
        for place in self._texts:
            cells[place] = harmless(str(cells[place]))
        for place in self._flags:
            cells[place] = "true" if cells[place] else "false"
        return cells

    def _written(self, rows: Sequence[Sequence[Cell]]) -> bytes:
        lines = _Lines()
        csv.writer(lines, delimiter=self._delimiter, lineterminator="\r\n").writerows(rows)
        return "".join(lines).encode()


class _Lines(list[str]):
    """Where the writer puts its lines."""

    def write(self, line: str) -> None:
        """Take a line."""
        self.append(line)


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return APOSTROPHE + text if text and text[0] not in _PLAIN and _RISKY.match(text) else text


def unharmed(text: str) -> str:
    """Return the text that `harmless` made this one of."""
    return text[1:] if text.startswith(APOSTROPHE) and _RISKY.match(text) else text


_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")

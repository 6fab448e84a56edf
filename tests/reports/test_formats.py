"""The four forms: whatever is told, all of them carry the same values, and none of them harms whoever opens it."""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trinity_beast.reports.formats import Aligned, Delimited, Objects, RowWriter, told_time
from trinity_beast.reports.formats.delimited import harmless, unharmed
from trinity_beast.reports.model import COLUMNS, Cell, Column, ColumnKind, Head, Kind, Row

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HEAD = Head(Kind.USAGE, NOON, NOON, "UTC", {"asset": "BTC"}, "postgresql", NOON, next_cursor="abc")
FORMULAS = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")

# No surrogates: PostgreSQL keeps none. Its texts hold no zero byte either.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12) | st.sampled_from(
    ["", "-", "=1+1", "'=1", "''", "@SUM(A1)", "a,b;c|d\te", 'say "no"', "two\r\nlines", "\n", "  ", "\uff1d1", "#talk", " =1", "\u2028"]
)
numbers = st.integers(-(2**53), 2**53)
times = st.datetimes(datetime(2001, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(told_time)  # noqa: DTZ001 - Hypothesis adds the zone.
CELLS: Mapping[ColumnKind, st.SearchStrategy[Cell]] = {
    ColumnKind.TEXT: texts,
    ColumnKind.NUMBER: numbers,
    ColumnKind.TIME: times,
    ColumnKind.FLAG: st.booleans(),
}


def rows_of(kind: Kind) -> st.SearchStrategy[list[Row]]:
    row = st.tuples(
        *[CELLS[column.kind] if not column.name.startswith("latency_ns_p") else numbers | st.none() for column in COLUMNS[kind]]
    )
    return st.lists(row, max_size=6)


reports = st.sampled_from(list(Kind)).flatmap(lambda kind: st.tuples(st.just(kind), st.lists(rows_of(kind), max_size=3)))


def envelope(data: Mapping[str, object], name: str) -> tuple[bytes, bytes]:
    return json.dumps({"data": {**data, name: "?"}}).encode().split(b'"?"')[0] + b"[", b"]}}"


def written(writer: RowWriter, parts: Sequence[Sequence[Row]]) -> str:
    return (writer.begin(HEAD) + b"".join(writer.rows(part) for part in parts) + writer.end()).decode()


def of_json(text: str, columns: Sequence[Column]) -> list[tuple[Any, ...]]:
    return [tuple(row[column.name] for column in columns) for row in json.loads(text)["data"]["rows"]]


def of_delimited(text: str, columns: Sequence[Column], delimiter: str) -> list[tuple[Any, ...]]:
    names, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    assert names == [column.name for column in columns]
    return [tuple(_read(cell, column.kind) for cell, column in zip(row, columns, strict=True)) for row in rows]


def _read(cell: str, kind: ColumnKind) -> Cell:
    match kind:
        case ColumnKind.NUMBER:
            return int(cell) if cell else None
        case ColumnKind.FLAG:
            return {"true": True, "false": False}[cell]
        case ColumnKind.TEXT:
            return unharmed(cell)
    return cell


def of_text(text: str, columns: Sequence[Column]) -> list[tuple[Any, ...]]:
    lines = [line for line in text.split("\n")[:-1] if not line.startswith("#")]
    assert lines[0].split() == [column.name for column in columns]
    return [tuple(_shown(cell, column.kind) for cell, column in zip(_cells(line), columns, strict=True)) for line in lines[1:]]


def _cells(line: str) -> list[str]:
    return re.findall(r'"(?:[^"\\]|\\.)*"|\S+', line)


def _shown(cell: str, kind: ColumnKind) -> Cell:
    match kind:
        case ColumnKind.NUMBER:
            return None if cell == "-" else int(cell)
        case ColumnKind.FLAG:
            return {"yes": True, "no": False}[cell]
        case ColumnKind.TEXT:
            return "" if cell == "-" else str(json.loads(cell)) if cell.startswith('"') else cell
    return cell


@given(reports, st.sampled_from([",", ";", "|"]))
def test_all_forms_carry_the_same_values(report: tuple[Kind, list[list[Row]]], delimiter: str) -> None:
    kind, parts = report
    columns, expected = COLUMNS[kind], [tuple(row) for part in parts for row in part]
    assert of_json(written(Objects(columns, envelope), parts), columns) == expected
    assert of_delimited(written(Delimited(columns, delimiter=delimiter), parts), columns, delimiter) == expected
    assert of_delimited(written(Delimited(columns, delimiter="\t"), parts), columns, "\t") == expected
    assert of_text(written(Aligned(columns), parts), columns) == expected


@given(texts)
@example("'=cmd|'/c calc'!A1")
def test_no_text_begins_like_a_formula_and_each_can_be_read_back(text: str) -> None:
    told = harmless(text)
    assert not FORMULAS.match(told.lstrip())
    assert unharmed(told) == text
    assert told in {text, "'" + text}


@pytest.mark.parametrize("text", ["BTC", "coinbase-ws", "lab:coinbase-ws", "2026-11-20", "", "4xx"])
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


def test_a_report_without_rows_still_names_its_columns() -> None:
    columns = COLUMNS[Kind.BY_ASSET]
    assert written(Delimited(columns), []).splitlines() == [",".join(column.name for column in columns)]
    assert written(Aligned(columns), []).splitlines()[-1].split() == [column.name for column in columns]


def test_text_says_where_it_is_from_and_stands_in_columns() -> None:
    rows: list[Row] = [("BTC", 12, 3, 0, 900, 5, 6, 7), ("DOGE", 1_000, 0, 0, 1, None, None, None)]
    lines = written(Aligned(COLUMNS[Kind.BY_ASSET]), [rows]).splitlines()
    assert lines[:4] == [
        "# usage from 2026-11-20T12:00:00.000000Z until before 2026-11-20T12:00:00.000000Z (UTC)",
        "# with asset BTC",
        "# from postgresql, complete until 2026-11-20T12:00:00.000000Z",
        "# goes on with cursor=abc",
    ]
    assert lines[5].index("12") + 2 == lines[6].index("1000") + 4, "numbers end beneath one another"
    assert all(line == line.rstrip() for line in lines)

"""The reports as the API's description tells them: fields, columns and forms, all from where they are declared."""

from collections.abc import Mapping
from typing import Any

from trinity_beast.reports.asked import FIELDS
from trinity_beast.reports.model import COLUMNS, Column, ColumnKind, Kind

DESCRIBED: Mapping[Kind, tuple[str, str]] = {
    Kind.USAGE: ("Answers, one by one", "Every answer the account's keys were given, newest first, in pages or as one stream."),
    Kind.SUMMARY: (
        "What they come to",
        "Counts, bytes and latencies: of all, and by asset, source, status, protocol, cache tier and code.",
    ),
    Kind.BY_ASSET: ("By asset", "The same for each asset, the most asked for first."),
    Kind.BY_SOURCE: ("By source", "The same for each source of prices, the most asked first."),
    Kind.DAILY: ("By day", "The same for each day of the span, by the calendar of `zone`; days without an answer are told as such."),
    Kind.REPORTS: ("Reports that were asked for", "The use of reports itself: which, in which form, and how they were told."),
}
_TYPES: Mapping[ColumnKind, Mapping[str, Any]] = {
    ColumnKind.TEXT: {"type": "string"},
    ColumnKind.NUMBER: {"type": "integer"},
    ColumnKind.TIME: {"type": "string", "format": "date-time"},
    ColumnKind.FLAG: {"type": "boolean"},
}
_HEAD: Mapping[str, Any] = {
    "report": {"type": "string"},
    "since": {"type": "string", "format": "date-time"},
    "until": {"type": "string", "format": "date-time"},
    "zone": {"type": "string"},
    "filters": {"type": "object", "additionalProperties": {"type": "string"}},
    "store": {"type": "string", "description": "Which store told it."},
    "complete_until": {"type": "string", "format": "date-time", "description": "Up to when every answer is in it."},
    "next_cursor": {"type": ["string", "null"], "description": "Where the next page goes on; null after the last."},
}


def parameters_of(kind: Kind) -> list[dict[str, Any]]:
    """Return a report's fields."""
    return [
        {"name": each.name, "in": "query", "required": False, "description": each.about, "schema": {"type": "string"}}
        | ({"example": each.example} if each.example else {})
        for each in FIELDS
        if kind.is_listing or not each.of_listings
    ]


def responses_of(kind: Kind) -> dict[int | str, dict[str, Any]]:
    """Return a report's answers."""
    row = {"type": "object", "properties": {column.name: _schema(column) for column in COLUMNS[kind]}}
    row["required"] = [column.name for column in COLUMNS[kind]]
    data = {"type": "object", "properties": {**_HEAD, "rows": {"type": "array", "items": row}}, "required": [*_HEAD, "rows"]}
    text: dict[str, Any] = {"schema": {"type": "string"}}
    forms = {"application/json": {"schema": data}, "text/csv": text, "text/tab-separated-values": text, "text/plain": text}
    return {200: {"description": DESCRIBED[kind][1], "content": forms}, 304: {"description": "The same as `If-None-Match` names."}}


def _schema(column: Column) -> dict[str, Any]:
    schema = {**_TYPES[column.kind], "description": column.about}
    return schema | ({"type": ["integer", "null"]} if column.name.startswith("latency_ns_p") else {})

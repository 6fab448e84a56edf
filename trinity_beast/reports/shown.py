"""Reports on a terminal: as many columns as it has room for, the days with their bars."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from trinity_beast.reports.model import Kind
from trinity_beast.reports.spark import bar, sparkline

Told = Mapping[str, Any]
WIDE = 120
"""From this many columns on everything is shown; with fewer, what is asked for most."""
BAR_WIDTH_MAX = 40
_SUMS = ("requests", "charged", "refused")
_TIMES = ("latency_ns_p50", "latency_ns_p95", "latency_ns_p99")


def report_table(kind: Kind, rows: Sequence[Told], width: int) -> Table:
    """Return a report as a table."""
    match kind:
        case Kind.USAGE:
            return _usage(rows, is_wide=width >= WIDE)
        case Kind.REPORTS:
            return _uses(rows, is_wide=width >= WIDE)
        case Kind.DAILY:
            return _days(rows, width)
        case Kind.SUMMARY:
            return _sums(("by", "value"), [(_first_of(rows, place), row["value"] or "-") for place, row in enumerate(rows)], rows, width)
    name = "asset" if kind is Kind.BY_ASSET else "source"
    return _sums((name,), [(row[name] or "-",) for row in rows], rows, width)


def spark_of(rows: Sequence[Told]) -> str:
    """Return the days' requests as one line."""
    return sparkline([int(row["requests"]) for row in rows])


def head_lines(told: Told) -> list[str]:
    """Return what is said beside a report."""
    lines = [f"{told['report']} from {_moment(told['since'])} until before {_moment(told['until'])} ({told['zone']})"]
    if told["filters"]:
        lines.append("with " + ", ".join(f"{name} {text}" for name, text in sorted(told["filters"].items())))
    return [*lines, f"from {told['store']}, complete until {_moment(told['complete_until'])}"]


def _usage(rows: Sequence[Told], *, is_wide: bool) -> Table:
    more = ("asset>", "tier", "by", "bytes>", "request", "node") if is_wide else ()
    table = _table("time", "key>", "asset", "source", "state", "status>", "code", "latency>", *(more[1:] if more else ()))
    for row in rows:
        asset = row["asset"] if row["asset_count"] <= 1 else f"{row['asset']} +{row['asset_count'] - 1}"
        moment = row["time"][:23].replace("T", " ") if is_wide else row["time"][5:19].replace("T", " ")
        cells = [moment, str(row["key_id"]), asset, row["source"], row["state"], str(row["status"]), row["code"], _time(row["latency_ns"])]
        if is_wide:
            cells += [row["cache_tier"], row["protocol"], f"{row['answer_bytes']:,}", row["request_id"], row["node"]]
        table.add_row(*[cell or "-" for cell in cells])
    return table


def _uses(rows: Sequence[Told], *, is_wide: bool) -> Table:
    more = ("with", "request", "node") if is_wide else ()
    table = _table("time", "key>", "report", "form", "status>", "code", "rows>", "bytes>", "took>", *more)
    for row in rows:
        moment = row["time"][: 19 if is_wide else 16].replace("T", " ")
        cells = [moment, str(row["key_id"] or "-"), row["report"], row["format"], str(row["status"] or "-"), row["code"]]
        cells += [f"{row['rows']:,}", f"{row['answer_bytes']:,}", _time(row["latency_ns"])]
        cells += [row["filters"], row["request_id"], row["node"]] if is_wide else []
        table.add_row(*[cell or "-" for cell in cells])
    return table


def _sums(names: tuple[str, ...], named: Sequence[tuple[str, ...]], rows: Sequence[Told], width: int) -> Table:
    is_wide = width >= WIDE
    table = _table(*names, "requests>", "charged>", "refused>", *(("bytes>",) if is_wide else ()), "p50>", "p95>", "p99>")
    for words, row in zip(named, rows, strict=True):
        cells = [*words, *(f"{row[name]:,}" for name in _SUMS), *([f"{row['answer_bytes']:,}"] if is_wide else [])]
        table.add_row(*cells, *(_time(row[name]) for name in _TIMES))
    return table


def _days(rows: Sequence[Told], width: int) -> Table:
    most, room = max((int(row["requests"]) for row in rows), default=0), min(BAR_WIDTH_MAX, max(6, width - 76))
    table = _table("day", "requests>", "charged>", "refused>", "p50>", "p95>", "p99>", "")
    for row in rows:
        cells = [row["day"], *(f"{row[name]:,}" for name in _SUMS), *(_time(row[name]) for name in _TIMES)]
        table.add_row(*cells, bar(int(row["requests"]), most, room))
    return table


def _first_of(rows: Sequence[Told], place: int) -> str:
    """Return the dimension where it is told for the first time, and nothing below."""
    dimension = str(rows[place]["dimension"])
    return dimension if place == 0 or rows[place - 1]["dimension"] != dimension else ""


def _table(*headings: str) -> Table:
    """Return a table without lines; a heading that ends in `>` stands over numbers."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        is_number = heading.endswith(">")
        table.add_column(heading.removesuffix(">"), justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    return table


def _time(latency_ns: int | None) -> str:
    """Return a duration in the unit it is read best in."""
    if latency_ns is None:
        return "-"
    for unit, size in (("s", 1_000_000_000), ("ms", 1_000_000), ("µs", 1_000)):
        if latency_ns >= size:
            return f"{latency_ns / size:.3g} {unit}" if latency_ns < 1_000 * size else f"{latency_ns / size:,.0f} {unit}"
    return f"{latency_ns} ns"


def _moment(told: str) -> str:
    return f"{told[:19].replace('T', ' ')}Z"

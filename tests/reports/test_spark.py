from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from trinity_beast.reports.model import COLUMNS, ColumnKind, Kind
from trinity_beast.reports.shown import report_table
from trinity_beast.reports.spark import bar, sparkline


def test_the_greatest_is_the_highest_and_nothing_is_blank() -> None:
    assert sparkline([0, 1, 50, 100]) == " ▁▄█"
    assert sparkline([]) == ""
    assert sparkline([0, 0]) == "  "
    assert sparkline([1, 10**9]) == "▁█"


@given(st.lists(st.integers(0, 10**12), max_size=50))
def test_more_never_looks_like_less(values: list[int]) -> None:
    drawn = sparkline(values)
    assert len(drawn) == len(values)
    heights = [" ▁▂▃▄▅▆▇█".index(column) for column in drawn]
    assert sorted(zip(values, heights, strict=True)) == sorted(zip(values, heights, strict=True), key=lambda pair: (pair[1], pair[0]))


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(1, 60))
def test_a_bar_is_no_longer_than_its_room_and_something_is_seen(value: int, more: int, width: int) -> None:
    drawn = bar(value, value + more, width)
    assert len(drawn) <= width
    assert bool(drawn) == (value > 0)


def test_every_report_fits_a_terminal_of_80_columns_and_one_of_200() -> None:
    for kind in Kind:
        row = {column.name: VALUES[column.kind] for column in COLUMNS[kind]} | REALISTIC
        for width in (80, 200):
            console = Console(width=width)
            with console.capture() as captured:
                console.print(report_table(kind, [row] * 3, width))
            lines = captured.get().splitlines()
            most = 7 if (kind, width) == (Kind.SUMMARY, 80) else 4  # A long name of many answers folds.
            assert len(lines) <= most, captured.get()
            assert all(len(line) <= width for line in lines)


REALISTIC = {
    "dimension": "cache_tier", "asset": "DOGE", "status": 429, "key_id": 1_234, "code": "RATE_LIMITED", "report": "by-asset",
    "format": "json", "state": "live", "cache_tier": "memory", "protocol": "http", "request_id": "D1Z7FPC4QW00", "node": "BeastMain",
    "asset_count": 1, "day": "2026-11-20", "filters": "since=30d",
}  # fmt: skip
VALUES: dict[ColumnKind, object] = {
    ColumnKind.TEXT: "coinbase-ws",
    ColumnKind.NUMBER: 1_234_567,
    ColumnKind.TIME: "2026-11-20T12:00:00.000000Z",
    ColumnKind.FLAG: True,
}

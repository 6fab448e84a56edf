"""What the verbs put on a terminal."""

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console, RenderableType

from trinity_beast.feeds.shown import (
    assets_table,
    counts_line,
    feeds_table,
    parts_lines,
    rest_line,
    statuses_table,
    symbols_table,
    tried_table,
    versions_table,
)
from trinity_beast.web import error_lines

FEED: dict[str, Any] = {
    "venue": "cryptocom", "version": 12, "row": {"display_name": "Crypto.com", "enabled": True, "endpoint": "wss://stream.example/v1/market"},
    "assets": 35, "assets_enabled": 35, "assets_prewarmed": 25, "state": "live", "connections": 1, "mistakes": [],
}  # fmt: skip
STATUS: dict[str, Any] = {
    "venue": "cryptocom", "state": "waiting", "connected_seconds": 7_200.0, "silent_seconds": None, "last_error": "connection lost",
    "symbols": [
        {"symbol": "BTC_USD", "standing": "held", "last_trade_time": "2026-11-20T07:39:58.000000Z", "told": ""},
        {"symbol": "OLD_USD", "standing": "refused", "last_trade_time": None, "told": "no such market"},
    ],
    "counts": {"trades": 1_234_567, "trades_late": 3, "acks": 0, "connections_lost": 2},
    "rest": {
        "can_look": True, "requests_per_second": 100.0, "waiting": 4, "under_way": 1, "paused_seconds": 12.5,
        "counts": {"looks": 9, "answered": 7, "limited": 2, "crowded": 0},
    },
}  # fmt: skip
VERSION: dict[str, Any] = {
    "version": 2, "changed_at": "2026-11-20T07:40:00.000000Z", "changed_by": "Ada (127.0.0.1)", "reason": "their new host", "forced": True,
    "before": {}, "changed_columns": ["endpoint", "control_rules"],
}  # fmt: skip
ASSET: dict[str, Any] = {
    "id": 7, "asset": "BTC", "venue": "cryptocom", "symbol": "BTC_USD", "quote": "USD", "enabled": True, "prewarm": False,
    "category": "chain", "version": 1,
}  # fmt: skip
TRIED: dict[str, Any] = {
    "symbols": [
        {
            "symbol": "BTC_USD", "standing": "held", "trades": 0, "price": "97000", "age_seconds": 12.0, "is_history": True,
            "known": {"venue": "coinbase", "price": "97001"}, "differs_percent": 0.001,
        },
        {
            "symbol": "ETH_USD", "standing": "held", "trades": 0, "price": None, "age_seconds": None, "is_history": False,
            "known": None, "differs_percent": None,
        },
    ]
}  # fmt: skip
NOW = datetime(2026, 11, 20, 7, 40, tzinfo=UTC)


def lines(shown: RenderableType, width: int) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width).print(shown)
    return [line.rstrip() for line in out.getvalue().splitlines()]


@pytest.mark.parametrize("width", [80, 200])
def test_every_table_fits_its_terminal_and_cuts_nothing_off(width: int) -> None:
    tables = {
        "Crypto.com": feeds_table([FEED], width),
        "1,234,567": statuses_table([STATUS], width),
        "no such market": symbols_table(STATUS, NOW),
        "control_rules": versions_table([VERSION], width),
        "BTC_USD": assets_table([ASSET], width),
        "97001 (coinbase)": tried_table(TRIED),
    }
    for told, table in tables.items():
        shown = lines(table, width)
        assert any(told in line for line in shown), (told, shown)
        assert all(len(line) <= width and "…" not in line for line in shown), shown


def test_a_wide_terminal_is_shown_more() -> None:
    assert "wss://stream.example/v1/market" in "\n".join(lines(feeds_table([FEED], 200), 200))
    assert "wss://" not in "\n".join(lines(feeds_table([FEED], 80), 80))
    shown = "\n".join(lines(statuses_table([STATUS], 200), 200))
    assert all(told in shown for told in ("connection lost", "7/9", "left alone 12.5 s"))
    assert "none" in "\n".join(lines(statuses_table([{**STATUS, "rest": None}], 200), 200))


def test_a_broken_row_and_one_that_runs_elsewhere_say_so() -> None:
    shown = "\n".join(lines(feeds_table([{**FEED, "mistakes": ["price_path"]}, {**FEED, "state": None}], 80), 80))
    assert "broken" in shown
    assert "not here" in shown


def test_ages_and_counts_are_told_for_people() -> None:
    shown = lines(symbols_table(STATUS, NOW), 80)
    assert "2.0 s ago" in shown[1]
    assert "never" in shown[2]
    assert rest_line(STATUS) == "REST may be asked 100 times a second, 4 wait, left alone for 12.5 s: looks 9, answered 7, limited 2"
    assert rest_line({**STATUS, "rest": None}) == ""
    assert counts_line(STATUS) == "trades 1,234,567, trades_late 3, connections_lost 2"


def test_a_mistake_is_marked_under_its_character_and_evidence_is_shown() -> None:
    error = {"location": "row.price_path", "message": "Character 3: expected a name.", "fix": "Write a name."}
    marked = error_lines({**error, "facts": {"text": "a..b", "character": 3}})
    assert marked == ["- row.price_path: Character 3: expected a name.", "    a..b", "      ^", "    Write a name."]
    shown = error_lines({**error, "facts": {"was": "97000", "now": "0.01", "frame": "{}"}})
    assert shown[1:3] == ["    today: 97000    with this row: 0.01", "    frame: {}"]
    assert error_lines(error) == ["- row.price_path: Character 3: expected a name.", "    Write a name."]


def test_what_stands_behind_the_feeds_is_told_a_line_each() -> None:
    told = {"standing": {"assets": {"live": 24, "halted": 1, "stale": 0}}, "counted": {"liveness": {"renewals": 1_200, "attended": 0}}}
    assert parts_lines(told) == ["assets: live 24, halted 1", "liveness: renewals 1,200"]
    assert parts_lines({"standing": {}, "counted": {"demand": {"datagrams": 0}}}) == ["demand: nothing yet"]

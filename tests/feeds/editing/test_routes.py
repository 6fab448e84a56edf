"""The admin API of the feeds over HTTP: granted, refused, anonymous, and whatever else comes."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.admin import Admin, admin_api
from tests.support.feeds import dice, row_values
from trinity_beast.clock import SystemClock
from trinity_beast.feeds import Feeds, parse_row
from trinity_beast.storage import Database

FEEDS, ASSETS = "/admin/exchange-feeds", "/admin/exchange-assets"
ROW = {"asset": "NEW", "venue": "bitstamp", "symbol": "NEW/USD"}
GETS = [FEEDS, ASSETS, "/admin/feed-status", f"{FEEDS}/history?venue=bitstamp"]
POSTS = [f"{FEEDS}/save", f"{FEEDS}/toggle", f"{FEEDS}/try", f"{FEEDS}/rollback", f"{ASSETS}/save", f"{ASSETS}/toggle"]


@pytest.fixture
async def admin(database: Database) -> AsyncIterator[Admin]:
    feeds = Feeds([parse_row(row_values())], [], lambda _: None, clock=SystemClock(), dice=dice())
    async with admin_api(database, feeds) as admin:
        yield admin


def off(**changes: object) -> dict[str, Any]:
    return row_values("bitstamp", enabled=False, **changes)


@pytest.mark.parametrize("path", [*GETS, *POSTS])
async def test_nobody_but_an_operator_comes_in(admin: Admin, path: str) -> None:
    method = "GET" if path in GETS else "POST"
    for secret, code in ((None, "ADMIN_KEY_MISSING"), ("another", "ADMIN_KEY_WRONG")):
        told = await Admin(admin.port, secret).ask(method, path, b"" if method == "GET" else b"{}")
        assert (told.status, told.code) == (401, code)


async def test_every_exchange_is_listed_with_its_assets_and_how_its_feed_runs(admin: Admin) -> None:
    feeds = {feed["venue"]: feed for feed in (await admin.get(FEEDS)).data["feeds"]}
    assert len(feeds) == 11
    coinbase = feeds["coinbase"]
    assert (coinbase["assets"], coinbase["assets_prewarmed"], coinbase["state"], coinbase["connections"]) == (26, 25, "off", 0)
    assert coinbase["row"] == row_values()
    assert coinbase["mistakes"] == []
    assert feeds["bitstamp"]["state"] is None, "this node does not run it"


async def test_the_status_tells_every_feed_of_the_node(admin: Admin) -> None:
    feeds = (await admin.get("/admin/feed-status")).data["feeds"]
    assert [(feed["venue"], feed["state"], feed["symbols"]) for feed in feeds] == [("coinbase", "off", [])]


async def test_a_saved_row_comes_back_with_its_version_and_stands_in_the_history(admin: Admin) -> None:
    saved = await admin.post(f"{FEEDS}/save", {"row": off(display_name="K"), "reason": "shorter", "expected_version": 1})
    assert (saved.data["version"], saved.data["row"]["display_name"], saved.data["tried"]) == (2, "K", None)
    versions = (await admin.get(f"{FEEDS}/history?venue=bitstamp")).data["versions"]
    assert next((one["version"], one["changed_by"], one["reason"]) for one in versions) == (2, "Ada (127.0.0.1)", "shorter")
    assert [one["version"] for one in (await admin.get(f"{FEEDS}/history?venue=bitstamp&before=2&limit=1")).data["versions"]] == [1]
    back = await admin.post(f"{FEEDS}/rollback", {"venue": "bitstamp", "to": 1})
    assert (back.data["version"], back.data["row"]) == (3, off())


async def test_a_row_that_breaks_the_grammar_is_told_every_mistake_with_column_character_and_what_was_expected(admin: Admin) -> None:
    told = await admin.post(f"{FEEDS}/save", {"row": off(price_path="a..b", time_format="unix_mss")})
    assert (told.status, told.code, told.places) == (422, "FEED_ROW_INVALID", ["row.price_path", "row.time_format"])
    facts = told.envelope["errors"][0]["facts"]
    assert (facts["column"], facts["character"], facts["expected"], facts["text"]) == ("price_path", 3, "a name", "a..b")
    assert told.envelope["errors"][1]["fix"] == "Did you mean unix_ms?"


async def test_somebody_elses_change_is_not_written_over(admin: Admin) -> None:
    await admin.post(f"{FEEDS}/save", {"row": off(display_name="first"), "expected_version": 1})
    told = await admin.post(f"{FEEDS}/save", {"row": off(display_name="second"), "expected_version": 1})
    assert (told.status, told.code) == (409, "CONFLICT")
    assert "version 2" in told.envelope["message"]


async def test_what_fails_its_try_is_refused_with_the_evidence_and_forced_with_a_reason(admin: Admin) -> None:
    told = await admin.post(f"{FEEDS}/toggle", {"venue": "bitstamp", "enabled": True})
    assert (told.status, told.code, told.envelope["errors"][0]["facts"]["flaw"]) == (422, "FEED_TRY_FAILED", "no_symbols")
    told = await admin.post(f"{FEEDS}/toggle", {"venue": "bitstamp", "enabled": True, "force": True})
    assert (told.status, told.code) == (400, "REASON_MISSING")
    forced = await admin.post(f"{FEEDS}/toggle", {"venue": "bitstamp", "enabled": True, "force": True, "reason": "I know"})
    assert (forced.data["row"]["enabled"], forced.data["tried"]["passed"]) == (True, False)


async def test_a_try_tells_what_is_wrong_and_changes_nothing(admin: Admin) -> None:
    frame = '{"event":"trade","channel":"live_trades_btcusd","data":{"price_str":"1","microtimestamp":"never"}}'
    tried = (await admin.post(f"{FEEDS}/try", {"row": off(), "frames": [frame]})).data
    assert (tried["passed"], tried["flaws"][0]["flaw"], tried["flaws"][0]["evidence"]["frame"]) == (False, "time_unreadable", frame)
    assert len((await admin.get(f"{FEEDS}/history?venue=bitstamp")).data["versions"]) == 1


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        (f"{FEEDS}/toggle", {"venue": "nowhere"}, "VENUE_UNKNOWN"),
        (f"{FEEDS}/rollback", {"venue": "nowhere"}, "VENUE_UNKNOWN"),
        (f"{FEEDS}/rollback", {"venue": "bitstamp", "to": 99}, "VERSION_UNKNOWN"),
        (f"{ASSETS}/toggle", {"id": 999_999, "enabled": True}, "MAP_ROW_UNKNOWN"),
    ],
)
async def test_an_unknown_name_is_not_found(admin: Admin, path: str, body: object, code: str) -> None:
    told = await admin.post(path, body)
    assert (told.status, told.code) == (404, code)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{FEEDS}/save", {}),
        (f"{FEEDS}/save", {"row": "bitstamp"}),
        (f"{FEEDS}/save", {"row": {}, "froce": True}),
        (f"{FEEDS}/save", {"row": {}, "reason": "x" * 501}),
        (f"{FEEDS}/save", {"row": {}, "expected_version": -1}),
        (f"{FEEDS}/save", {"row": {}, "expected_version": 2**31}),
        (f"{FEEDS}/save", {"row": off() | {"display_name": "a\x00b"}}),
        (f"{FEEDS}/save", {"row": off() | {"trade_match": {"channel": "\x00"}}}),
        (f"{FEEDS}/save", {"row": {}, "reason": "\x00"}),
        (f"{FEEDS}/toggle", {"venue": "", "enabled": True}),
        (f"{FEEDS}/toggle", {"venue": "bitstamp", "enabled": "yes"}),
        (f"{FEEDS}/try", {"row": {}, "seconds": 0.5}),
        (f"{FEEDS}/try", {"row": {}, "seconds": 21}),
        (f"{FEEDS}/try", {"row": {}, "frames": ["x"] * 201}),
        (f"{FEEDS}/rollback", {"venue": "bitstamp", "to": 0}),
        (f"{ASSETS}/save", {"assets": []}),
        (f"{ASSETS}/save", {"assets": [ROW] * 1_001}),
        (f"{ASSETS}/save", {"assets": [{**ROW, "prewarm": 1}]}),
        (f"{ASSETS}/toggle", {"id": 0}),
        (f"{ASSETS}/toggle", {"id": 2**63}),
    ],
)
async def test_a_body_out_of_shape_or_range_is_refused(admin: Admin, path: str, body: object) -> None:
    told = await admin.post(path, body)
    assert (told.status, told.code) == (400, "REQUEST_INVALID")
    assert told.places[0].startswith("body.")


QUESTIONS = [
    *(f"{FEEDS}/history{query}" for query in ("", "?venue=bitstamp&limit=0", "?venue=%00", "?venue=bitstamp&before=0")),
    *(f"{ASSETS}?{query}" for query in ("limit=1001", "cursor=%21", "cursor=AAox", "cursor=QlRD", "venue=%00", "asset=btc")),
]


@pytest.mark.parametrize("path", QUESTIONS)
async def test_a_question_out_of_range_is_refused(admin: Admin, path: str) -> None:
    told = await admin.get(path)
    assert (told.status, told.code) == (400, "REQUEST_INVALID")


async def test_what_no_json_should_hold_is_refused(admin: Admin) -> None:
    for odd in (
        b'{"row": {"trade_match": {"a": NaN}}}',
        b'{"row": {"display_name": "\\ud800"}}',
        b"{",
        b'"' + b"[" * 5_000,
        b"[]",
        b"\xff",
    ):
        told = await admin.ask("POST", f"{FEEDS}/save", odd)
        assert (told.status, told.code) == (400, "REQUEST_INVALID"), odd


async def test_a_body_too_large_is_refused(admin: Admin) -> None:
    told = await admin.post(f"{FEEDS}/try", {"row": {}, "frames": ["x" * 16_000] * 70})
    assert (told.status, told.code) == (413, "REQUEST_TOO_LARGE")


async def test_a_row_of_odd_values_is_refused_and_nothing_breaks(admin: Admin) -> None:
    odds: tuple[object, ...] = (None, 0, 1e308, [], {}, "💥" * 100, {"a": {"b": {}}})
    for odd in odds:
        for column in ("venue", "endpoint", "trade_match", "control_rules", "symbols_per_message", "ping_interval_seconds"):
            told = await admin.post(f"{FEEDS}/save", {"row": off() | {column: odd}})
            assert told.status in {200, 422}, (column, odd, told.envelope)


async def test_rows_of_the_map_are_saved_listed_by_page_and_switched(admin: Admin) -> None:
    saved = (await admin.post(f"{ASSETS}/save", {"assets": [ROW, {**ROW, "asset": "NEXT", "prewarm": True}]})).data["assets"]
    assert [(row["asset"], row["prewarm"], row["version"]) for row in saved] == [("NEW", False, 1), ("NEXT", True, 1)]
    first = (await admin.get(f"{ASSETS}?venue=bitstamp&limit=1")).data
    second = (await admin.get(f"{ASSETS}?venue=bitstamp&limit=1&cursor={first['next_cursor']}")).data
    assert (first["assets"], second["assets"], second["next_cursor"]) == ([saved[0]], [saved[1]], None)
    switched = (await admin.post(f"{ASSETS}/toggle", {"id": saved[0]["id"], "prewarm": True, "expected_version": 1})).data
    assert switched == {**saved[0], "prewarm": True, "version": 2}
    told = await admin.post(f"{ASSETS}/toggle", {"id": saved[0]["id"], "enabled": False, "expected_version": 1})
    assert (told.status, told.code) == (409, "CONFLICT")


async def test_a_batch_is_refused_whole_with_each_mistake_named_by_its_index(admin: Admin) -> None:
    told = await admin.post(f"{ASSETS}/save", {"assets": [ROW, {**ROW, "asset": "new"}, {**ROW, "asset": "X", "venue": "bitstmap"}]})
    assert (told.status, told.code, told.places) == (422, "MAP_ROWS_INVALID", ["assets.1.asset", "assets.2.venue"])
    assert told.envelope["errors"][0]["facts"]["index"] == 1
    assert (await admin.get(f"{ASSETS}?asset=NEW")).data["assets"] == []

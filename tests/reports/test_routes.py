"""Reports over HTTP: who is told what, in which form, how often, and what is noted of it."""

import asyncio
import csv
import gzip
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
import zstandard

from tests.reports.stage import NOON, Stage, answered, granted, staged
from tests.support.engine_keys import LIVE_SECRET
from tests.web.caller import get
from trinity_beast.access import Kind
from trinity_beast.reports.parameters import AT_ONCE_MAX
from trinity_beast.storage import Database

SPAN = {"since": "2021-03-01", "until": "2021-04-01"}
KEY = sa.text(
    "INSERT INTO api_keys (public_id, digest, digest_secret, kind, tier, name, created_at, account_id)"
    " VALUES (:public_id, :digest, 's', 'live', 'pro', 'k', now(), :account_id)"
)
SUMS = ["usage", "summary", "by-asset", "by-source", "daily"]


async def test_a_key_is_told_what_its_answers_come_to(stage: Stage) -> None:
    await stage.record([answered(at, asset=b"ETH" if at else b"BTC", answer_bytes=100) for at in range(4)])
    await stage.record([answered(-86_400, status=429, flags=0, source=0, answer_bytes=10)])
    data = await stage.told("/reports/summary", **SPAN)
    found = {
        (row["dimension"], row["value"]): (row["requests"], row["charged"], row["refused"], row["answer_bytes"]) for row in data["rows"]
    }
    assert found["all", ""] == (5, 4, 1, 410)
    assert found["asset", "ETH"] == (3, 3, 0, 300)
    assert found["source", "lab:coinbase-ws"] == (4, 4, 0, 400)
    assert found["status", "429"] == (1, 0, 1, 10)
    assert found["protocol", "http"] == (5, 4, 1, 410)
    by_asset = await stage.told("/reports/by-asset", **SPAN)
    assert [(row["asset"], row["requests"]) for row in by_asset["rows"]] == [("ETH", 3), ("BTC", 2)]
    by_source = await stage.told("/reports/by-source", **SPAN)
    assert [(row["source"], row["requests"]) for row in by_source["rows"]] == [("lab:coinbase-ws", 4), ("", 1)]


@pytest.mark.parametrize(("zone", "requests"), [("UTC", [1, 0, 2]), ("Asia/Kolkata", [0, 1, 2]), ("America/New_York", [1, 0, 2])])
async def test_days_are_those_of_the_zone_and_none_is_left_out(stage: Stage, zone: str, requests: list[int]) -> None:
    # 20:00 UTC of the 8th is half past one of the 9th in Kolkata.
    await stage.record([answered(-40 * 3_600), answered(0), answered(1)])
    data = await stage.told("/reports/daily", since="2021-03-08", until="2021-03-11", zone=zone)
    assert [row["day"] for row in data["rows"]] == ["2021-03-08", "2021-03-09", "2021-03-10"]
    assert [row["requests"] for row in data["rows"]] == requests


@pytest.mark.parametrize("report", SUMS)
async def test_all_forms_and_ways_tell_the_same(stage: Stage, report: str) -> None:
    await stage.record([answered(at, asset=asset) for at in range(30) for asset in (b"BTC", b"ETH", b"SOL")])
    asked = {**SPAN, **({"page_size": "all"} if report == "usage" else {})}
    expected = [[_cell(value) for value in row.values()] for row in (await stage.told(f"/reports/{report}", **asked))["rows"]]
    for coding, unpacked in (("identity", bytes), ("gzip", gzip.decompress), ("zstd", _of_zstd)):
        for form, delimiter in (("csv", ","), ("tsv", "\t")):
            heard = await stage.ask(f"/reports/{report}", headers=[f"Accept-Encoding: {coding}"], format=form, **asked)
            assert heard.headers.get("content-encoding", "identity") == coding
            assert heard.headers["content-disposition"].startswith(
                f'attachment; filename="{report}-20210301T000000Z-20210401T000000Z.{form}"'
            )
            assert list(csv.reader(io.StringIO(unpacked(heard.body).decode(), newline=""), delimiter=delimiter))[1:] == expected
    text = (await stage.ask(f"/reports/{report}", format="text", **asked)).body.decode()
    cells = [line.split() for line in text.splitlines() if not line.startswith("#")][1:]
    assert [[_said(cell) for cell in line] for line in cells] == expected


def _of_zstd(body: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(body)


def _cell(value: object) -> str:
    return {True: "true", False: "false", None: ""}.get(value, str(value)) if value is None or isinstance(value, bool) else str(value)


def _said(cell: str) -> str:
    return {"-": "", "yes": "true", "no": "false"}.get(cell, cell)


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("text/csv", "text/csv"),
        ("text/html, text/plain;q=0.5, text/csv;q=0.4", "text/plain"),
        ("text/csv;q=0, */*", "application/json"),
        ("text/tab-separated-values", "text/tab-separated-values"),
    ],
)
async def test_the_form_can_be_asked_for_in_a_header(stage: Stage, accept: str, form: str) -> None:
    heard = await stage.ask("/reports/daily", headers=[f"Accept: {accept}"])
    assert heard.headers["content-type"].partition(";")[0] == form
    assert "Accept" in heard.headers["vary"]


async def test_a_key_sees_its_owners_keys_and_no_others(stage: Stage) -> None:
    await stage.record([answered(0, key_id=key_id) for key_id in (7, 8, 8, 6)])
    assert (await stage.told("/reports/summary", **SPAN))["rows"][0]["requests"] == 1
    assert (await stage.told("/reports/summary", who="theirs", **SPAN))["rows"][0]["requests"] == 2
    assert await stage.refused("/reports/summary", key_id=8) == (404, "KEY_UNKNOWN")
    assert await stage.refused("/reports/summary", key_id="7,8") == (404, "KEY_UNKNOWN")
    assert await stage.refused("/reports/summary", key_id="no_such") == (404, "KEY_UNKNOWN")
    assert (await stage.told("/reports/summary", key_id=7, **SPAN))["rows"][0]["requests"] == 1


async def test_operators_see_everybodys_and_choose(stage: Stage) -> None:
    await stage.record([answered(0, key_id=key_id) for key_id in (7, 8, 8, 6)])
    assert (await stage.told("/admin/reports/summary", who="operator", **SPAN))["rows"][0]["requests"] == 4
    assert (await stage.told("/admin/reports/summary", who="operator", key_id="8,6", **SPAN))["rows"][0]["requests"] == 3
    assert await stage.refused("/admin/reports/summary", who="ours") == (401, "ADMIN_KEY_WRONG")
    assert await stage.refused("/reports/summary", who="operator") == (401, "KEY_INVALID")


async def test_what_an_account_used_is_told_to_each_of_its_keys(own_database: Database, tmp_path: Path) -> None:
    async with own_database.transaction() as tx:
        await tx.execute(sa.text("INSERT INTO accounts (public_id, name, created_at) VALUES ('acc', 'theirs', now())"))
        for number in range(1, 5):
            values = {"public_id": f"key_{number}", "digest": bytes([number]) * 32, "account_id": 1 if number < 3 else None}
            await tx.execute(KEY, values)
        await tx.execute(sa.text("UPDATE api_keys SET successor_id = 4 WHERE key_id = 3"))
    grants = {"ours": granted(key_id=1, account_id=1), "theirs": granted(key_id=4)}
    async with staged(own_database, tmp_path, grants) as stage:
        await stage.record([answered(0, key_id=key_id) for key_id in (1, 2, 2, 3, 3, 3, 3, 4)])
        assert (await stage.told("/reports/summary", **SPAN))["rows"][0]["requests"] == 3
        assert (await stage.told("/reports/summary", key_id="key_2", **SPAN))["rows"][0]["requests"] == 2
        assert (await stage.told("/reports/summary", who="theirs", **SPAN))["rows"][0]["requests"] == 5, "with the key it was rotated from"


async def test_who_may_not_have_reports_is_told_why(own_database: Database, tmp_path: Path) -> None:
    grants = {"ours": granted(report_quota=0), "theirs": granted(kind=Kind.URL)}
    async with staged(own_database, tmp_path, grants) as stage:
        assert await stage.refused("/reports/daily") == (403, "TIER_FORBIDS")
        assert await stage.refused("/reports/daily", who="theirs") == (403, "KEY_FORBIDS")
        assert await stage.refused("/reports/daily", who="nobody") == (401, "KEY_MISSING")
        assert await stage.refused("/reports/daily", who="nobody", headers=["X-API-Key: tb_live_wrong"]) == (401, "KEY_INVALID")
        assert (await stage.ask("/reports/daily", who="nobody")).headers["ratelimit"] == '"key";r=0'


async def test_a_month_of_prices_that_is_used_up_refuses_no_report(own_database: Database, tmp_path: Path) -> None:
    async with staged(own_database, tmp_path, {"ours": granted(quota=10, quota_left=0, burst=2)}) as stage:
        assert [(await stage.ask("/reports/daily")).status for _ in range(3)] == [200, 200, 429]


async def test_a_months_reports_are_counted_to_the_unit_and_begin_anew(own_database: Database, tmp_path: Path) -> None:
    async with staged(own_database, tmp_path, {"ours": granted(report_quota=3)}) as stage:
        await stage.record([answered(at) for at in range(4)])
        heard = [await stage.ask("/reports/usage", page_size=2, **SPAN) for _ in range(4)]
        assert [each.status for each in heard] == [200, 200, 200, 429]
        month = 31 * 86_400
        assert heard[0].headers["ratelimit-policy"].endswith(f', "reports";q=3;w={month}')
        assert heard[0].headers["ratelimit"].endswith(f', "reports";r=2;t={month - 9 * 86_400 - 43_200}')
        assert heard[3].headers["x-should-retry"] == "false"
        assert "retry-after" not in heard[3].headers
        cursor = msgspec.json.decode(heard[0].body)["data"]["next_cursor"]
        assert (await stage.ask("/reports/usage", page_size=2, **SPAN, cursor=cursor)).status == 200, "a page of what was counted"
        assert await stage.refused("/reports/usage", sinc=1) == (400, "REPORT_INVALID")
        assert await stage.query("SELECT day_count, month_count FROM report_count") == [(3, 3)]
        stage.clock.advance(timedelta(days=25))
        assert (await stage.ask("/reports/daily")).status == 200
        assert await stage.query("SELECT day, day_count, month, month_count FROM report_count") == [
            (NOON.date() + timedelta(days=25), 1, NOON.date().replace(month=4, day=1), 1)
        ]


async def test_many_at_once_share_one_month(own_database: Database, tmp_path: Path) -> None:

    async with staged(own_database, tmp_path, {"ours": granted(report_quota=5)}) as stage:
        for name in ("reports_at_once_max", "reports_at_once_per_key_max"):
            stage.readings.turn(name, 100)
        statuses = [heard.status for heard in await asyncio.gather(*[stage.ask("/reports/daily") for _ in range(9)])]
        assert sorted(statuses) == [200] * 5 + [429] * 4
        assert await stage.query("SELECT count(*) FILTER (WHERE charged), count(*) FROM report_usage_logs") == [(5, 9)]


async def test_each_report_is_noted_and_can_be_reported(stage: Stage) -> None:
    await stage.record([answered(at) for at in range(4)])
    heard = await stage.ask("/reports/usage", format="csv", asset="BTC", headers=["X-Request-Id: mine"], **SPAN)
    assert await stage.refused("/reports/usage", cursor="none") == (400, "CURSOR_INVALID")
    assert (await stage.ask("/reports/usage", method="HEAD", **SPAN)).body == b""
    stage.clock.advance(timedelta(seconds=1))
    [noted, head] = (await stage.told("/reports/reports", order="oldest"))["rows"]
    assert noted | {"latency_ns": 0} == {
        "time": "2021-03-10T12:00:00.000000Z", "request_id": "mine", "key_id": 7, "report": "usage", "format": "csv",
        "filters": "asset=BTC&since=2021-03-01&until=2021-04-01", "status": 200, "code": "OK", "protocol": "http", "charged": True,
        "rows": 4, "answer_bytes": len(heard.body), "latency_ns": 0, "node": "BeastMain",
    }  # fmt: skip
    assert (head["status"], head["charged"], head["rows"]) == (200, False, 0)
    assert await stage.query("SELECT month_count FROM report_count") == [(2,)], "the head cost nothing; this listing did"
    assert (await stage.told("/reports/reports", who="theirs"))["rows"] == []
    assert len((await stage.told("/admin/reports/reports", who="operator"))["rows"]) == 2


async def test_a_report_of_days_that_are_over_is_told_again_only_when_something_came(stage: Stage) -> None:
    await stage.record([answered(0)])
    heard = await stage.ask("/reports/daily", **SPAN)
    mark = heard.headers["etag"]
    assert heard.headers["cache-control"] == "private, no-cache"
    same = await stage.ask("/reports/daily", headers=[f"If-None-Match: {mark}"], **SPAN)
    assert (same.status, same.body, same.headers["etag"]) == (304, b"", mark)
    assert await stage.query("SELECT month_count FROM report_count") == [(1,)]
    for changed in ({"format": "csv"}, {"asset": "BTC"}, {"since": "2021-03-02"}):
        assert (await stage.ask("/reports/daily", headers=[f"If-None-Match: {mark}"], **(SPAN | changed))).status == 200
    await stage.record([answered(1, key_id=8)])
    assert (await stage.ask("/reports/daily", headers=[f"If-None-Match: {mark}"], **SPAN)).status == 304, "it was another's"
    await stage.record([answered(1)])
    assert (await stage.ask("/reports/daily", headers=[f"If-None-Match: {mark}"], **SPAN)).status == 200


async def test_a_report_of_days_that_are_not_over_has_no_mark(stage: Stage) -> None:
    heard = await stage.ask("/reports/daily", since="2021-03-01", until="2022-03-01")
    assert "etag" in heard.headers
    assert "etag" not in (await stage.ask("/reports/reports", **SPAN)).headers
    stage.clock.advance(timedelta(days=40_000))
    assert "etag" not in (await stage.ask("/reports/daily")).headers


async def test_a_caller_who_leaves_takes_nothing_along(stage: Stage) -> None:
    stage.readings.of(AT_ONCE_MAX).turn(1)
    await stage.record([answered(at / 1_000) for at in range(40_000)])
    line = await stage.line()
    question = "/reports/usage?since=2021-03-01&until=2021-04-01&page_size=all"
    # Nobody reads on, so the report stands still once all buffers are full; they hold less than its twelve megabytes.
    await line.say(get(question, f"Authorization: Bearer {LIVE_SECRET}"))
    assert (await line.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    assert await stage.refused("/reports/daily") == (503, "OVERLOADED")
    line.writer.transport.abort()
    async with asyncio.timeout(20):
        while (await stage.ask("/reports/daily")).status != 200:
            pass
    [(status, code, rows)] = await stage.query("SELECT status, code, rows FROM report_usage_logs WHERE report = 'usage'")
    assert (status, code) == (0, "CUT")
    assert 500 <= rows < 40_000


async def test_every_mistake_is_told_at_once_with_its_place(stage: Stage) -> None:
    heard = await stage.ask("/reports/daily", sinc="1d", format="xml", status="9", page_size=3, zone="Mars", key="x")
    errors = msgspec.json.decode(heard.body)["errors"]
    assert sorted(error["location"] for error in errors) == [
        "query.format", "query.page_size", "query.sinc", "query.status", "query.zone",
    ]  # fmt: skip
    assert all(error["message"] and error["fix"] for error in errors)


async def test_the_description_names_every_report_field_and_form(stage: Stage) -> None:
    heard = await stage.ask("/openapi.json", who="nobody")
    document = json.loads(heard.body)
    assert {path for path in document["paths"] if "/reports/" in path} == {
        f"{prefix}/reports/{kind}" for prefix in ("", "/admin") for kind in [*SUMS, "reports"]
    }
    usage = document["paths"]["/reports/usage"]["get"]
    assert {"since", "until", "day", "month", "zone", "asset", "cursor"} <= {each.get("name") for each in usage["parameters"]}
    assert set(usage["responses"]["200"]["content"]) == {"application/json", "text/csv", "text/tab-separated-values", "text/plain"}
    assert {"304", "400", "401", "403", "404", "410", "429", "503"} <= set(usage["responses"])


@pytest.mark.parametrize("path", ["/reports", "/reports/", "/reports/weekly", "/reports/usage/1"])
async def test_there_are_no_other_reports(stage: Stage, path: str) -> None:
    assert await stage.refused(path) == (404, "NOT_FOUND")


async def test_a_node_without_its_database_says_so(own_database: Database, tmp_path: Path, cluster: Any) -> None:
    async with staged(own_database, tmp_path) as stage:
        cluster.drop(own_database.url)
        status, code = await stage.refused("/reports/daily")
        assert (status, code) == (503, "DEPENDENCY_AWAY")

"""Audits over HTTP: granted, refused, anonymous, and whatever else comes."""

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from tests.support.admin import Admin, admin_api
from tests.support.audited import map_only
from tests.support.audits import ROWS, Bench
from tests.support.clock import ManualClock
from tests.support.feeds import dice, row_values
from trinity_beast.clock import SystemClock
from trinity_beast.feeds import Feeds, parse_row
from trinity_beast.feeds.auditing.routes import audit_routes
from trinity_beast.storage import Database

AUDIT = "/admin/eam/audit"
PATHS = [("POST", AUDIT), ("GET", AUDIT), ("GET", f"{AUDIT}/1"), ("GET", f"{AUDIT}/1/progress"), ("GET", f"{AUDIT}/1/export")]


@dataclass
class Stage:
    admin: Admin
    bench: Bench

    async def done(self) -> int:
        """Have an audit made, and return its number."""
        number = int((await self.admin.post(AUDIT, {})).data["audit"])
        await self.bench.over(await self.bench.audits.read(number))
        return number


@pytest.fixture
async def stage(database: Database, clock: ManualClock) -> AsyncIterator[Stage]:
    await map_only(database, ROWS)
    bench = Bench(database, clock)
    feeds = Feeds([parse_row(row_values())], [], lambda _: None, clock=SystemClock(), dice=dice())
    async with admin_api(database, feeds, lambda operator: [audit_routes(bench.audits, operator=operator)]) as admin:
        yield Stage(admin, bench)
    await bench.audits.stop()


@pytest.mark.parametrize(("method", "path"), PATHS)
async def test_nobody_but_an_operator_comes_in(stage: Stage, method: str, path: str) -> None:
    for secret, code in ((None, "ADMIN_KEY_MISSING"), ("another", "ADMIN_KEY_WRONG")):
        told = await Admin(stage.admin.port, secret).ask(method, path, b"{}" if method == "POST" else b"")
        assert (told.status, told.code) == (401, code)


async def test_an_audit_is_begun_read_and_found_again(stage: Stage) -> None:
    begun = await stage.admin.post(AUDIT, {"venues": ["coinbase"], "only_prewarmed": True})
    assert begun.status == 202
    assert (begun.data["state"], begun.data["total"], begun.data["started_by"]) == ("running", 4, "Ada (127.0.0.1)")
    number = begun.data["audit"]
    assert (await stage.admin.get(f"{AUDIT}/{number}")).data["results"] == []
    await stage.bench.over(await stage.bench.audits.read(number))
    read = (await stage.admin.get(f"{AUDIT}/{number}")).data
    assert (read["state"], read["counts"], read["venues"]) == ("done", {"broken": 1, "sound": 1}, ["coinbase"])
    broken = read["results"][0]
    assert (broken["asset"], broken["verdict"], broken["layer"], broken["reason"]) == ("ETH", "broken", "listed", "not_listed")
    assert broken["layers"][0]["evidence"] == {"symbol": "X"}
    assert broken["proposal"] == {
        "kind": "rename", "why": "it has a new name", "venue": "coinbase", "symbol": "ETH2-USD", "quote": "USD",
    }  # fmt: skip
    assert [one["asset"] for one in (await stage.admin.get(f"{AUDIT}/{number}?verdict=sound")).data["results"]] == ["BTC"]
    assert [one["audit"] for one in (await stage.admin.get(AUDIT)).data["audits"]] == [number]
    assert (await stage.admin.get(f"{AUDIT}?before={number}")).data["audits"] == []


async def test_without_a_body_everything_is_audited(stage: Stage) -> None:
    assert (await stage.admin.ask("POST", AUDIT)).data["total"] == 8


async def test_a_second_start_is_told_which_is_running(stage: Stage) -> None:
    number = (await stage.admin.post(AUDIT, {})).data["audit"]
    told = await stage.admin.post(AUDIT, {})
    assert (told.status, told.code) == (409, "AUDIT_RUNNING")
    assert f"Audit {number}, begun by Ada (127.0.0.1)" in told.envelope["message"]


async def test_progress_is_told_at_once_or_when_there_is_more(stage: Stage) -> None:
    number = (await stage.admin.post(AUDIT, {})).data["audit"]
    assert (await stage.admin.get(f"{AUDIT}/{number}/progress")).data["done"] == 0
    await stage.bench.auditor.is_at_work.wait()
    stage.bench.auditor.steps()
    assert (await stage.admin.get(f"{AUDIT}/{number}/progress?seen=0&wait_seconds=10")).data["done"] == 1


async def test_the_export_is_csv_that_no_spreadsheet_reckons(stage: Stage) -> None:
    kind, text = await stage.admin.text(f"{AUDIT}/{await stage.done()}/export")
    assert kind.startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [line["asset"] for line in lines] == ["ETH", "BTC", "SOL", "BTC"]
    assert (lines[0]["told"], lines[0]["proposed_symbol"]) == ("'=it is gone", "ETH2-USD")


@pytest.mark.parametrize("path", [f"{AUDIT}/999", f"{AUDIT}/999/progress", f"{AUDIT}/999/export"])
async def test_an_audit_that_is_not_there_is_not_found(stage: Stage, path: str) -> None:
    told = await stage.admin.get(path)
    assert (told.status, told.code) == (404, "AUDIT_UNKNOWN")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"venues": ["nowhere"]}, 404, "VENUE_UNKNOWN"),
        ({"venues": ["NO"]}, 400, "REQUEST_INVALID"),
        ({"venues": ["a"] * 101}, 400, "REQUEST_INVALID"),
        ({"venue": "kraken"}, 400, "REQUEST_INVALID"),
        ({"only_prewarmed": 1}, 400, "REQUEST_INVALID"),
    ],
)
async def test_what_makes_no_sense_is_refused(stage: Stage, body: object, status: int, code: str) -> None:
    told = await stage.admin.post(AUDIT, body)
    assert (told.status, told.code) == (status, code)


@pytest.mark.parametrize(
    "path", [f"{AUDIT}/0", f"{AUDIT}/{2**63}", f"{AUDIT}/x", f"{AUDIT}?limit=0", f"{AUDIT}/1/progress?wait_seconds=99"]
)
async def test_numbers_out_of_range_are_refused(stage: Stage, path: str) -> None:
    told = await stage.admin.get(path)
    assert (told.status, told.code) == (400, "REQUEST_INVALID")

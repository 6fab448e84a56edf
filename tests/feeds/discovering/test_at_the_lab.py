"""Discovery and sync at the lab's venues, over HTTP, as an operator does them."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from tests.support.admin import Admin, Told, admin_api
from tests.support.audited import Audited, audited, map_only
from tests.support.clock import ManualClock
from tests.support.feeds import mapped
from trinity_beast.access.routes import Operated
from trinity_beast.feeds import Audits, MappedAsset
from trinity_beast.feeds.auditing.routes import audit_routes
from trinity_beast.feeds.discovering.routes import discovery_routes
from trinity_beast.lab import open_market
from trinity_beast.lab.venues import VENUES
from trinity_beast.storage import Database
from trinity_beast.web import Router
from trinity_beast.words import Venue

EAM = "/admin/eam"
MAP = [mapped("BTC"), mapped("BTC", venue="kraken", symbol="BTC/USD"), mapped("ETH", venue="kraken", symbol="ETH/USD", category="chain")]


@dataclass
class Desk:
    """An operator, and what runs."""

    admin: Admin
    stage: Audited
    audits: Audits
    database: Database

    async def get(self, path: str) -> Told:
        return await self.stage.within(self.admin.get(f"{EAM}{path}"))

    async def sync(self, **body: object) -> Told:
        return await self.stage.within(self.admin.post(f"{EAM}/sync", body))

    async def map(self) -> dict[tuple[str, str], dict[str, Any]]:
        rows = (await self.admin.get("/admin/exchange-assets?limit=1000")).data["assets"]
        return {(row["asset"], row["venue"]): row for row in rows}

    async def audit(self) -> int:
        number = int((await self.stage.within(self.admin.post(f"{EAM}/audit", {}))).data["audit"])
        while (await self.get(f"/audit/{number}/progress?wait_seconds=5")).data["state"] == "running":
            pass
        return number


@asynccontextmanager
async def desk(
    database: Database, clock: ManualClock, *venues: str, asset_map: Sequence[MappedAsset] = MAP, off: Sequence[str] = ()
) -> AsyncIterator[Desk]:
    market = open_market(seed=7, kinds={Venue(venue): VENUES[Venue(venue)] for venue in venues})
    await map_only(database, asset_map)
    async with audited(market, asset_map, clock, off=off, settle_seconds=5) as stage:
        audits = stage.audits(database)
        discovery, syncer = stage.discovery(database), stage.syncer(database, audits)

        def more(operator: Operated) -> Sequence[Router]:
            return [audit_routes(audits, operator=operator), discovery_routes(discovery, syncer, operator=operator)]

        async with admin_api(database, stage.feeds, more) as admin:
            yield Desk(admin, stage, audits, database)
        await audits.stop()


@pytest.fixture
async def two(database: Database, clock: ManualClock) -> AsyncIterator[Desk]:
    async with desk(database, clock, "coinbase", "kraken") as made:
        yield made


async def test_nobody_but_an_operator_comes_in(two: Desk) -> None:
    for method, path in (("GET", "/discover?venue=kraken"), ("GET", "/discover/export?venue=kraken"), ("POST", "/sync")):
        told = await Admin(two.admin.port, "another").ask(method, f"{EAM}{path}", b"{}" if method == "POST" else b"")
        assert (told.status, told.code) == (401, "ADMIN_KEY_WRONG")


async def test_what_a_venue_trades_and_nobody_has_mapped_is_ranked_by_dollars(two: Desk) -> None:
    found = (await two.get("/discover?venue=kraken&limit=5")).data
    assert (found["venue"], found["covered"], found["untold"], len(found["candidates"])) == ("kraken", 2, 0, 5)
    dollars = [Decimal(one["volume_dollars"]) for one in found["candidates"]]
    assert dollars == sorted(dollars, reverse=True)
    assert [one["rank"] for one in found["candidates"]] == [1, 2, 3, 4, 5]
    assert not {"BTC", "ETH"} & {one["asset"] for one in found["candidates"]}
    sol = next(one for one in found["candidates"] if one["asset"] == "SOL")
    assert (sol["symbol"], sol["quote"], sol["elsewhere"], sol["markets"]) == ("SOL/USD", "USD", [], 1)


async def test_an_alias_is_not_found_twice_and_a_dead_product_not_at_all(two: Desk) -> None:
    found = (await two.get("/discover?venue=coinbase&limit=1000")).data["candidates"]
    assert {one["quote"] for one in found} == {"USD"}
    assert not {"RNDR", "EOS", "MKR", "DAI"} & {one["asset"] for one in found}
    assert next(one["elsewhere"] for one in found if one["asset"] == "ETH") == ["kraken"]
    assert (await two.get("/discover?venue=coinbase&quote=EUR")).data["candidates"] == []


async def test_the_export_holds_every_candidate(two: Desk) -> None:
    kind, text = await two.stage.within(two.admin.text(f"{EAM}/discover/export?venue=kraken"))
    lines = list(csv.DictReader(io.StringIO(text, newline="")))
    assert kind.startswith("text/csv")
    assert len(lines) == len((await two.get("/discover?venue=kraken&limit=1000")).data["candidates"])


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/discover", 400, "REQUEST_INVALID"),
        ("/discover?venue=NO", 400, "REQUEST_INVALID"),
        ("/discover?venue=kraken&limit=0", 400, "REQUEST_INVALID"),
        ("/discover?venue=nowhere", 404, "VENUE_UNKNOWN"),
    ],
)
async def test_what_cannot_be_discovered_is_refused(two: Desk, path: str, status: int, code: str) -> None:
    told = await two.get(path)
    assert (told.status, told.code) == (status, code)


async def test_a_venue_that_does_not_give_its_list_is_away(two: Desk) -> None:
    await two.stage.lab.fault("rest-status kraken status=418 retry_after=60")
    told = await two.get("/discover?venue=kraken")
    assert (told.status, told.code) == (503, "VENUE_AWAY")
    assert "limited: 418" in told.envelope["message"]
    assert (await two.sync(venue="kraken")).code == "VENUE_AWAY"


async def test_a_venue_that_is_off_may_be_discovered_and_one_without_a_list_may_not(database: Database, clock: ManualClock) -> None:
    async with desk(database, clock, "coinbase", "bitstamp", "htx", asset_map=MAP[:1], off=("bitstamp", "htx")) as made:
        found = (await made.get("/discover?venue=bitstamp&limit=3")).data["candidates"]
        assert [one["asset"] for one in found] == ["BTC", "ETH", "SOL"]
        assert all(one["volume_dollars"] for one in found)
        told = await made.get("/discover?venue=htx")
        assert (told.status, told.code) == (422, "VENUE_UNLISTED")


async def test_where_volumes_are_told_one_by_one_asking_again_goes_on(database: Database, clock: ManualClock) -> None:
    asset_map = [mapped("BTC", venue="gemini", symbol="btcusd"), mapped("SOL", venue="gemini", symbol="solusd")]
    async with desk(database, clock, "gemini", asset_map=asset_map) as made:
        made.stage.readings.turn("discover_seconds", 10.0)
        first = (await made.get("/discover?venue=gemini&limit=1000")).data
        assert 0 < first["untold"] < len(first["candidates"])
        assert [one["volume"] is None for one in first["candidates"]] == sorted(one["volume"] is None for one in first["candidates"])
        requests = made.stage.looks.counts()[Venue("gemini")]["requests"]
        assert requests <= 12, "the venue allows one a second"
        again = (await made.get("/discover?venue=gemini&limit=1000")).data
        assert again["untold"] < first["untold"]


async def test_a_preview_changes_nothing_and_what_it_showed_is_made_all_at_once(two: Desk) -> None:
    before = await two.map()
    shown = (await two.sync(venue="kraken", assets=["SOL", "XRP"], prewarm=True)).data
    assert (shown["applied"], [one["change"] for one in shown["changes"]]) == (False, ["add", "add"])
    assert await two.map() == before
    made = (await two.sync(venue="kraken", assets=["SOL", "XRP"], prewarm=True, apply=True, plan=shown["plan"])).data
    assert (made["applied"], made["changes"]) == (True, shown["changes"])
    after = await two.map()
    assert {key: row for key, row in after.items() if key in before} == before
    added = {key: row for key, row in after.items() if key not in before}
    assert {key: (row["symbol"], row["enabled"], row["prewarm"]) for key, row in added.items()} == {
        ("SOL", "kraken"): ("SOL/USD", True, True), ("XRP", "kraken"): ("XRP/USD", True, True),
    }  # fmt: skip
    assert [row["asset"] for row in made["rows"]] == ["SOL", "XRP"]
    nothing = (await two.sync(venue="kraken", assets=["SOL"])).data
    assert (nothing["changes"], nothing["left"]) == ([], [])


async def test_another_plan_than_was_shown_is_not_made(two: Desk) -> None:
    shown = (await two.sync(venue="kraken", assets=["SOL"])).data
    before = await two.map()
    told = await two.sync(venue="kraken", assets=["SOL", "XRP"], apply=True, plan=shown["plan"])
    assert (told.status, told.code) == (409, "PLAN_CHANGED")
    assert await two.map() == before


async def test_an_audits_proposals_are_made_where_they_are_accepted(two: Desk) -> None:
    await two.stage.lab.fault("delist kraken BTC/USD")
    await two.stage.lab.fault("rename kraken ETH/USD to=ETHER/USD")
    number = await two.audit()
    shown = (await two.sync(audit=number)).data
    assert {(one["change"], one["after"]["asset"], one["after"]["venue"]) for one in shown["changes"]} == {
        ("switch_off", "BTC", "kraken"), ("add", "ETH", "coinbase"), ("switch_off", "ETH", "kraken"),
    }  # fmt: skip
    accept = [{"asset": "BTC", "venue": "kraken"}]
    shown = (await two.sync(audit=number, accept=accept)).data
    made = (await two.sync(audit=number, accept=accept, apply=True, plan=shown["plan"])).data
    assert [(one["change"], one["before"]["enabled"], one["after"]["enabled"]) for one in made["changes"]] == [("switch_off", True, False)]
    rows = await two.map()
    assert (rows["BTC", "kraken"]["enabled"], rows["ETH", "kraken"]["enabled"], len(rows)) == (False, True, len(MAP))


async def test_a_row_changed_after_the_preview_is_not_written_over(two: Desk) -> None:
    await two.stage.lab.fault("delist kraken BTC/USD")
    number = await two.audit()
    shown = (await two.sync(audit=number)).data
    row = (await two.map())["BTC", "kraken"]
    await two.admin.post("/admin/exchange-assets/toggle", {"id": row["id"], "prewarm": False})
    told = await two.sync(audit=number, apply=True, plan=shown["plan"])
    assert (told.status, told.code) == (409, "PLAN_CHANGED")


async def test_what_an_operator_added_by_hand_is_left_where_the_list_does_not_have_it(two: Desk) -> None:
    await two.admin.post("/admin/exchange-assets/save", {"assets": [{"asset": "MINE", "venue": "kraken", "symbol": "MINE/USD"}]})
    shown = (await two.sync(venue="kraken")).data
    assert (shown["changes"], [one["asset"] for one in shown["left"]]) == ([], ["MINE"])
    retired = (await two.sync(venue="kraken", retire=True)).data
    assert [(one["change"], one["after"]["asset"]) for one in retired["changes"]] == [("switch_off", "MINE")]
    await two.sync(venue="kraken", retire=True, apply=True, plan=retired["plan"])
    assert (await two.map())["MINE", "kraken"]["enabled"] is False, "switched off, never deleted"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "REQUEST_INVALID"),
        ({"audit": 1, "venue": "kraken"}, 400, "REQUEST_INVALID"),
        ({"venue": "kraken", "apply": True}, 400, "REQUEST_INVALID"),
        ({"venue": "kraken", "adds": 3}, 400, "REQUEST_INVALID"),
        ({"venue": "kraken", "add": 1_001}, 400, "REQUEST_INVALID"),
        ({"audit": 1, "accept": []}, 400, "REQUEST_INVALID"),
        ({"audit": 999}, 404, "AUDIT_UNKNOWN"),
        ({"venue": "nowhere"}, 404, "VENUE_UNKNOWN"),
    ],
)
async def test_what_makes_no_sense_is_refused(two: Desk, body: dict[str, object], status: int, code: str) -> None:
    told = await two.sync(**body)
    assert (told.status, told.code) == (status, code)


async def test_an_audit_that_is_not_done_proposes_nothing(two: Desk) -> None:
    number = (await two.stage.within(two.admin.post(f"{EAM}/audit", {}))).data["audit"]
    told = await two.admin.post(f"{EAM}/sync", {"audit": number})
    assert (told.status, told.code) == (409, "AUDIT_UNFINISHED")

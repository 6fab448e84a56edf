"""What operators see of usage on its way, and do about it: over HTTP, in metrics, and by the verbs of a shell."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from tests.support.admin import ADMIN_SECRET, Admin
from tests.support.clock import ManualClock
from tests.support.segments import Layout, Written
from tests.web.serving import serving, small_app
from trinity_beast.access import AdminKey, Digests, Operators
from trinity_beast.access.routes import operation
from trinity_beast.clock import SystemClock
from trinity_beast.engine import UsageBatch
from trinity_beast.parameters import Readings
from trinity_beast.randomness import dice_from
from trinity_beast.storage import Database, DependencyAway
from trinity_beast.telemetry.exposition import exposition
from trinity_beast.usage import Aside, Carried, InPlace, Oversight, Shipper, Waiting, Writer
from trinity_beast.usage.overseeing.commands import usage_app
from trinity_beast.usage.overseeing.routes import usage_admin_routes
from trinity_beast.web import KnownNode

NOON_NS = 1_795_176_000_000_000_000  # 2026-11-20T12:00:00Z


@dataclass
class Door:
    """A carrier whose door may be shut."""

    carrier: InPlace
    is_shut: bool = False
    name: str = "in process"
    shipments_max: int = 2

    async def carry(self, batch: UsageBatch) -> Carried:
        if self.is_shut:
            raise DependencyAway(part="database", reason="pulled out")
        return await self.carrier.carry(batch)


@dataclass
class Metered:
    """A node's metering without the node."""

    spool: Path
    door: Door
    shipper: Shipper
    aside: Aside
    oversight: Oversight
    lost: list[int] = field(default_factory=lambda: [0])
    trouble: list[str | None] = field(default_factory=lambda: [None])


@pytest.fixture
def metered(database: Database, clock: ManualClock, tmp_path: Path) -> Metered:
    readings = Readings({"usage_tries_max": "1"})
    spool = tmp_path / "spool"
    spool.mkdir()
    waiting, writer = Waiting(spool), Writer(database)
    door, lost, trouble = Door(InPlace(writer, clock=clock, readings=readings)), [0], [None]
    shipper = Shipper(waiting, door, clock=clock, dice=dice_from("metered"), readings=readings)
    aside = Aside(database, writer)
    oversight = Oversight(waiting, shipper, aside, clock=clock, lost=lambda: lost[0], trouble=lambda: trouble[0])
    return Metered(spool, door, shipper, aside, oversight, lost, list(trouble))


@asynccontextmanager
async def admin_of(metered: Metered) -> AsyncIterator[Admin]:
    digests = Digests(bytes(range(32)))
    operator = operation(Operators(AdminKey(digests, digests.digest_of(ADMIN_SECRET)), SystemClock()))
    async with serving(small_app([usage_admin_routes(metered.oversight, metered.aside, operator=operator)])) as port:
        yield Admin(port)


async def test_a_node_at_rest_has_nothing_to_tell(metered: Metered) -> None:
    async with admin_of(metered) as admin:
        told = (await admin.get("/admin/usage")).data
    assert (told["carrier"], told["backlog"]["files"], told["backlog"]["bytes_per_record"]) == ("in process", 0, None)
    assert (told["lost"], told["trouble"], told["queue"], told["shipping"]["away"]) == (0, "", None, "")
    assert told["set_aside"] == {"batches": 0, "records": 0, "messages": 0, "oldest_at": None}
    assert (await metered.oversight.finding()).is_ok


async def test_a_backlog_is_told_in_files_bytes_records_and_age_compressed_or_not(metered: Metered, clock: ManualClock) -> None:
    path = Layout(thread=1, capacity=2_000).write(metered.spool, [Written(time_ns=NOON_NS)] * 2_000)
    Layout(thread=2).write(metered.spool, [Written(time_ns=NOON_NS)] * 50)
    metered.door.is_shut = True
    assert not await metered.shipper.ship()
    Waiting(metered.spool).compress(path, records_max=700)
    async with admin_of(metered) as admin:
        told = (await admin.get("/admin/usage")).data
    on_disk = sum(file.stat().st_size for file in metered.spool.iterdir())
    assert (told["backlog"]["files"], told["backlog"]["records"], told["backlog"]["bytes"]) == (2, 2_050, on_disk)
    assert told["backlog"]["bytes_per_record"] == round(on_disk / 2_050, 1)
    assert "pulled out" in told["shipping"]["away"]
    finding = await metered.oversight.finding()
    assert (finding.is_ok, "kept on disk" in finding.reason) == (False, True)

    metered.door.is_shut = False
    assert await metered.shipper.ship()
    clock.advance(2)
    async with admin_of(metered) as admin:
        told = (await admin.get("/admin/usage")).data
    assert (told["backlog"]["files"], told["shipping"]["records"], told["shipping"]["away"]) == (0, 2_050, "")
    assert told["shipping"]["stored_per_second"] == 1_025.0


async def test_a_spool_near_its_bound_is_a_fault_before_anything_is_lost(metered: Metered, database: Database, clock: ManualClock) -> None:
    readings = Readings({"usage_spool_bytes_max": str(64 << 20)})
    shipper = Shipper(Waiting(metered.spool), metered.door, clock=clock, dice=dice_from("full"), readings=readings)
    oversight = Oversight(Waiting(metered.spool), shipper, metered.aside, clock=clock, lost=lambda: 0)
    (metered.spool / "a-000-00000001.sealed").write_bytes(bytes(60 << 20))
    metered.door.is_shut = True
    shipper.backlog = Waiting(metered.spool).backlog(Waiting(metered.spool).paths())
    finding = await oversight.finding()
    assert (finding.is_ok, "the newest records are lost" in finding.reason) == (False, True)


async def test_what_was_set_aside_is_listed_redriven_and_discarded_by_operators_alone(metered: Metered, database: Database) -> None:
    for thread, time_ns in ((1, 1), (2, NOON_NS)):
        path = Layout(thread=thread).write(metered.spool, [Written(time_ns=time_ns)])
        [batch] = UsageBatch.of_segment(str(path), records_max=10)
        await Writer(database).set_aside(batch, reason="a table was locked", tries=3)
        path.unlink()
    (metered.spool / "bad.sealed").write_bytes(b"x" * 20_000)
    await metered.shipper.ship()
    async with admin_of(metered) as admin:
        assert (await Admin(admin.port, None).get("/admin/usage/set-aside")).status == 401
        listed = (await admin.get("/admin/usage/set-aside")).data
        assert [each["thread"] for each in listed["set_aside"]] == [2, 1]
        assert [Path(file["path"]).name for file in listed["files"]] == ["bad.sealed"]
        good, poison = [each["set_aside_id"] for each in listed["set_aside"]]
        told = (await admin.post("/admin/usage/set-aside/redrive", {})).data["redriven"]
        assert [(each["set_aside_id"], each["stored"]) for each in told] == [(poison, False), (good, True)]
        assert (await admin.post("/admin/usage/set-aside/discard", {"set_aside_ids": [poison]})).status == 400, "without a reason"
        assert (await admin.post("/admin/usage/set-aside/discard", {"set_aside_ids": [good], "reason": "x"})).code == "SET_ASIDE_UNKNOWN"
        given_up = await admin.post("/admin/usage/set-aside/discard", {"set_aside_ids": [poison], "reason": "a clock in 1970"})
        assert given_up.data == {"discarded": 1}
        assert (await admin.get("/admin/usage/set-aside")).data["set_aside"] == []
        settled = (await admin.get("/admin/usage/set-aside?settled=true")).data["set_aside"]
    assert [(each["outcome"], each["settled_by"]) for each in settled] == [("stored", "Ada (127.0.0.1)"), ("discarded", "Ada (127.0.0.1)")]
    async with database.transaction() as tx:
        assert (await tx.execute(sa.text("SELECT count(*) FROM usage_logs"))).scalar_one() == 1


async def test_metrics_have_a_line_for_each_figure(metered: Metered) -> None:
    Layout().write(metered.spool, [Written(time_ns=NOON_NS)] * 3)
    await metered.shipper.ship()
    text = exposition(metered.oversight.samples(), node="n", region="r")
    assert 'beast_usage_backlog_records{node="n",region="r"} 0' in text
    assert 'beast_usage_records_stored_total{node="n",region="r"} 3' in text


def run(url: str, *words: str) -> Result:
    app = usage_app(lambda _data, _url, _key, operator: KnownNode(url, ADMIN_SECRET, operator))
    return CliRunner().invoke(app, words)


async def test_the_verbs_of_a_shell_tell_and_do_the_same(metered: Metered, database: Database) -> None:
    path = Layout(thread=2).write(metered.spool, [Written(time_ns=NOON_NS)])
    [batch] = UsageBatch.of_segment(str(path), records_max=10)
    await Writer(database).set_aside(batch, reason="a table was locked", tries=3)
    path.unlink()
    async with admin_of(metered) as admin:
        url = f"http://127.0.0.1:{admin.port}"
        status = await asyncio.to_thread(run, url, "status", "--json")
        assert status.exit_code == 1
        assert json.loads(status.stdout)["set_aside"]["batches"] == 1
        assert "beast usage set-aside" in status.stderr
        listed = await asyncio.to_thread(run, url, "set-aside", "--json")
        [number] = [each["set_aside_id"] for each in json.loads(listed.stdout)["set_aside"]]
        assert "a table was locked" in (await asyncio.to_thread(run, url, "set-aside")).stdout
        assert (await asyncio.to_thread(run, url, "redrive")).exit_code == 2
        redriven = await asyncio.to_thread(run, url, "redrive", str(number), "--as", "Ada", "--json")
        assert (redriven.exit_code, json.loads(redriven.stdout)[0]["stored"]) == (0, True)
        assert (await asyncio.to_thread(run, url, "discard", str(number), "--reason", "gone")).exit_code == 1
        calm = await asyncio.to_thread(run, url, "status")
        assert calm.exit_code == 0
        assert "0 records in 0 files" in calm.stdout
        assert "Nothing was set aside" in (await asyncio.to_thread(run, url, "set-aside")).stderr
    assert "Example: beast usage redrive" in run(url, "redrive", "--help").stdout

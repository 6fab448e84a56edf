"""The blocklist and the quota alerts over HTTP: for operators, and nobody else."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.support.admin import ADMIN_SECRET, Admin
from tests.web.serving import serving, small_app
from trinity_beast.access import AdminKey, Blocklist, Digests, Keys, Operators, QuotaAlerts
from trinity_beast.access.alerts.routes import alert_routes
from trinity_beast.access.blocklist.routes import blocklist_routes
from trinity_beast.access.routes import operation
from trinity_beast.clock import SystemClock
from trinity_beast.storage import Database


@pytest.fixture
async def admin(database: Database) -> AsyncIterator[Admin]:
    digests, clock = Digests(bytes(range(32))), SystemClock()
    operator = operation(Operators(AdminKey(digests, digests.digest_of(ADMIN_SECRET)), clock))
    routers = [
        blocklist_routes(Blocklist(database, clock), operator=operator, clock=clock),
        alert_routes(QuotaAlerts(database), operator=operator),
    ]
    async with serving(small_app(routers)) as port:
        yield Admin(port)


async def test_a_block_is_set_listed_and_lifted_by_name(admin: Admin) -> None:
    added = await admin.post("/admin/blocklist/add", {"network": "203.0.113.9/24", "reason": "scraping", "seconds": 60})
    assert (added.data["network"], added.data["state"], added.data["blocked_by"]) == ("203.0.113.0/24", "standing", "Ada (127.0.0.1)")
    assert added.data["expires_at"] > added.data["blocked_at"]
    listed = await admin.get("/admin/blocklist")
    assert [(block["network"], block["reason"]) for block in listed.data["blocks"]] == [("203.0.113.0/24", "scraping")]
    removed = await admin.post("/admin/blocklist/remove", {"network": "203.0.113.0/24"})
    assert (removed.data["state"], removed.data["lifted_by"]) == ("lifted", "Ada (127.0.0.1)")
    assert (await admin.get("/admin/blocklist")).data == {"blocks": [], "next_cursor": None}
    assert len((await admin.get("/admin/blocklist?ended=true")).data["blocks"]) == 1


async def test_a_list_goes_on_where_its_cursor_says(admin: Admin) -> None:
    for number in range(3):
        await admin.post("/admin/blocklist/add", {"network": f"203.0.113.{number}", "reason": "r"})
    first = (await admin.get("/admin/blocklist?limit=2")).data
    rest = (await admin.get(f"/admin/blocklist?limit=2&cursor={first['next_cursor']}")).data
    assert [block["network"] for block in first["blocks"] + rest["blocks"]] == [f"203.0.113.{number}" for number in (2, 1, 0)]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("add", {"network": "nowhere", "reason": "r"}, 400, "NETWORK_INVALID"),
        ("add", {"network": "127.0.0.0/8", "reason": "r"}, 409, "NETWORK_PROTECTED"),
        ("add", {"network": "203.0.113.7"}, 400, "REQUEST_INVALID"),
        ("add", {"network": "203.0.113.7", "reason": " "}, 400, "BLOCK_INVALID"),
        ("add", {"network": "203.0.113.7", "reason": "r", "seconds": 0}, 400, "REQUEST_INVALID"),
        ("remove", {"network": "203.0.113.7"}, 404, "BLOCK_UNKNOWN"),
    ],
)
async def test_what_cannot_be_done_is_refused_by_its_code(admin: Admin, path: str, body: object, status: int, code: str) -> None:
    told = await admin.post(f"/admin/blocklist/{path}", body)
    assert (told.status, told.code) == (status, code)


async def test_whoever_insists_may_block_loopback(admin: Admin) -> None:
    told = await admin.post("/admin/blocklist/add", {"network": "127.0.0.9", "reason": "a test", "force": True})
    assert told.data["network"] == "127.0.0.9"


async def test_strangers_are_shown_nothing(admin: Admin) -> None:
    stranger = replace(admin, secret="wrong")
    for told in (
        await stranger.get("/admin/blocklist"),
        await stranger.post("/admin/blocklist/add", {"network": "203.0.113.7", "reason": "r"}),
        await stranger.post("/admin/blocklist/remove", {"network": "203.0.113.7"}),
        await stranger.get("/admin/quota-alerts"),
    ):
        assert (told.status, told.code) == (401, "ADMIN_KEY_WRONG")


async def test_quota_alerts_are_listed_with_the_key_as_people_know_it(admin: Admin, database: Database, keys: Keys) -> None:
    issued = await keys.issue("free", "price page")
    await keys.add_use({issued.key.key_id: 81_000})
    told = (await admin.get(f"/admin/quota-alerts?key={issued.key.public_id}&month=2026-11-20&limit=1")).data
    [alert] = told["alerts"]
    assert alert | {"alert_id": 0, "reached_at": ""} == {
        "alert_id": 0, "key_id": issued.key.key_id, "public_id": issued.key.public_id, "key_name": "price page", "tier": "free",
        "month": "2026-11-01", "percent": 80, "quota": 100_000, "used": 81_000, "reached_at": "",
    }  # fmt: skip
    rest = (await admin.get(f"/admin/quota-alerts?cursor={told['next_cursor']}")).data
    assert ([each["percent"] for each in rest["alerts"]], rest["next_cursor"]) == ([50], None)
    assert (await admin.get("/admin/quota-alerts?month=2026-10-01")).data["alerts"] == []

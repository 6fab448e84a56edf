"""Keys and tiers over HTTP: granted to operators, refused with every mistake named, anonymous to nobody."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

import pytest

from tests.support.admin import Admin
from tests.support.clock import ManualClock
from tests.support.key_admin import key_admin_api
from trinity_beast.access import Keys, kind_of
from trinity_beast.storage import Database


@dataclass(frozen=True)
class Used:
    key_id: int
    granted: int
    refused: int
    last_used_ns: int = 0


class Counts:
    """What an engine would have counted."""

    def __init__(self) -> None:
        self.used: list[Used] = []

    def used_since(self, _monotonic_ns: int) -> Sequence[Used]:
        return self.used


@pytest.fixture
def counts() -> Counts:
    return Counts()


@pytest.fixture
async def admin(database: Database, keys: Keys, counts: Counts, clock: ManualClock) -> AsyncIterator[Admin]:
    async with key_admin_api(database, keys, counts, clock) as admin:
        yield admin


async def test_a_key_is_issued_shown_restricted_rotated_and_revoked(admin: Admin) -> None:
    account = (await admin.post("/admin/accounts/open", {"name": "Ada"})).data
    issued = await admin.post(
        "/admin/keys/issue", {"tier": "pro", "name": "page", "account": account["public_id"], "burst": 5, "networks": ["192.0.2.9/24"]}
    )
    assert issued.status == 201
    key = issued.data
    assert kind_of(key["secret"])
    assert (key["account_id"], key["burst"], key["networks"], key["state"]) == (account["account_id"], 5, ["192.0.2.0/24"], "live")

    shown = (await admin.get(f"/admin/keys/show?key={key['public_id']}")).data
    assert shown.pop("version") > 0
    assert {**shown, "secret": key["secret"]} == key
    restricted = (await admin.post("/admin/keys/restrict", {"key": str(key["key_id"]), "scopes": ["prices"], "on_leak": "notify"})).data
    assert (restricted["burst"], restricted["networks"], restricted["scopes"], restricted["on_leak"]) == (None, [], ["prices"], "notify")

    rotated = (await admin.post("/admin/keys/rotate", {"key": key["public_id"], "overlap_seconds": 60, "reason": "monthly"})).data
    assert (rotated["scopes"], rotated["account_id"]) == (["prices"], account["account_id"])
    assert (await admin.get(f"/admin/keys/show?key={key['key_id']}")).data["state"] == "retiring"
    assert (await admin.post("/admin/keys/revoke", {"key": key["public_id"]})).data["state"] == "revoked"

    trail = (await admin.get(f"/admin/audit?kind=key&subject={key['public_id']}")).data["entries"]
    assert [entry["action"] for entry in trail] == ["revoked", "rotated", "restricted", "created"]
    assert {entry["by"] for entry in trail} == {"Ada (127.0.0.1)"}
    assert (await admin.get("/admin/accounts")).data["accounts"][-1]["keys"] == 2


async def test_keys_are_listed_a_page_at_a_time(admin: Admin, keys: Keys) -> None:
    issued = [await keys.issue("free", f"key {number}") for number in range(3)]
    await keys.issue("pro", "another")
    first = (await admin.get("/admin/keys?tier=free&limit=2")).data
    rest = (await admin.get(f"/admin/keys?tier=free&limit=2&after={first['next_after']}")).data
    assert [key["key_id"] for key in first["keys"] + rest["keys"]] == [each.key.key_id for each in issued]
    assert rest["next_after"] is None
    assert (await admin.get("/admin/keys?account=acct_nobody")).code == "ACCOUNT_UNKNOWN"


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("keys/issue", {"tier": "gold", "name": "x"}, "TIER_UNKNOWN"),
        ("keys/issue", {"tier": "free", "name": ""}, "KEY_NAME_INVALID"),
        ("keys/issue", {"tier": "free", "name": "x", "expires_at": "2020-01-01"}, "KEY_EXPIRY_INVALID"),
        ("keys/issue", {"tier": "free", "name": "x", "expires_at": "soon"}, "REQUEST_INVALID"),
        ("keys/issue", {"tier": "free", "name": "x", "kind": "demo"}, "REQUEST_INVALID"),
        ("keys/issue", {"tier": "free", "name": "x", "scopes": ["all"]}, "REQUEST_INVALID"),
        ("keys/issue", {"tier": "free", "name": "x", "account": "9"}, "ACCOUNT_UNKNOWN"),
        ("keys/issue", {"tier": "free", "name": "x", "burst": 999_999}, "KEY_RESTRICTIONS_INVALID"),
        ("keys/issue", {"tier": "free", "name": "x", "brust": 1}, "REQUEST_INVALID"),
        ("keys/rotate", {"key": "key_nobody"}, "KEY_UNKNOWN"),
        ("keys/rotate", {"key": "1", "overlap_seconds": -1}, "REQUEST_INVALID"),
        ("keys/revoke", {"key": "99999999999999999999"}, "KEY_UNKNOWN"),
        ("keys/revoke", {"key": "\u0000"}, "REQUEST_INVALID"),
        ("keys/restrict", {"key": "999999"}, "KEY_UNKNOWN"),
        ("invalidate-key", {"key": "999999"}, "KEY_UNKNOWN"),
        ("accounts/open", {"name": " "}, "KEY_NAME_INVALID"),
        ("tiers/remove", {"tier": "gold"}, "TIER_UNKNOWN"),
    ],
)
async def test_what_makes_no_sense_is_refused(admin: Admin, path: str, body: dict[str, object], code: str) -> None:
    assert (await admin.post(f"/admin/{path}", body)).code == code


async def test_a_key_is_not_restricted_by_who_has_not_seen_its_newest_version(admin: Admin, keys: Keys) -> None:
    key = str((await keys.issue("free", "mine")).key.key_id)
    version = (await admin.get(f"/admin/keys/show?key={key}")).data["version"]
    changed = (await admin.post("/admin/keys/restrict", {"key": key, "burst": 3, "expected_version": version})).data
    told = await admin.post("/admin/keys/restrict", {"key": key, "burst": 4, "expected_version": version})
    assert (told.status, told.code) == (409, "CONFLICT")
    await keys.note_last_uses({int(key): (await keys.key(int(key))).created_at})
    shown = (await admin.get(f"/admin/keys/show?key={key}")).data
    assert (shown["burst"], shown["version"]) == (3, changed["version"])


async def test_every_mistake_of_a_restriction_is_named(admin: Admin, keys: Keys) -> None:
    key_id = (await keys.issue("free", "mine")).key.key_id
    told = await admin.post("/admin/keys/restrict", {"key": str(key_id), "burst": 0, "networks": ["here"], "origins": ["x"]})
    assert (told.status, told.code, told.places) == (422, "KEY_RESTRICTIONS_INVALID", ["burst", "networks", "origins"])


async def test_an_answer_with_a_secret_is_kept_by_no_cache(admin: Admin) -> None:
    told = await admin.post("/admin/keys/issue", {"tier": "free", "name": "mine"})
    assert told.headers["cache-control"] == "no-store"


async def test_a_tier_is_listed_saved_and_told_with_its_history(admin: Admin) -> None:
    pro = (await admin.get("/admin/tiers/show?tier=pro")).data
    version = pro.pop("version")
    saved = (await admin.post("/admin/tiers/save", {**pro, "burst": 250, "expected_version": version, "reason": "more"})).data
    assert (saved["burst"], saved["version"], saved["is_changed"]) == (250, version + 1, True)
    (entry,) = (await admin.get("/admin/tiers/history?tier=pro")).data["entries"]
    assert (entry["by"], entry["reason"], entry["before"], entry["after"]) == ("Ada (127.0.0.1)", "more", {"burst": 200}, {"burst": 250})
    assert (await admin.post("/admin/tiers/save", {**pro, "burst": 1, "expected_version": version})).code == "TIER_CHANGED"
    invalid = await admin.post("/admin/tiers/save", {**pro, "burst": 0, "features": {"fast": True}})
    assert (invalid.code, invalid.places) == ("TIER_INVALID", ["burst", "features.fast"])
    assert "pro" in [tier["tier"] for tier in (await admin.get("/admin/tiers")).data["tiers"]]


async def test_a_tier_with_keys_is_not_removed(admin: Admin, keys: Keys) -> None:
    await keys.issue("free", "mine")
    assert (await admin.post("/admin/tiers/remove", {"tier": "free"})).code == "TIER_IN_USE"
    assert (await admin.post("/admin/tiers/remove", {"tier": "lifetime"})).data == {"tier": "lifetime"}


async def test_the_busiest_keys_are_told_by_name(admin: Admin, keys: Keys, counts: Counts, clock: ManualClock) -> None:
    quiet, busy = [(await keys.issue("free", name)).key for name in ("quiet", "busy")]
    clock.advance(10)
    counts.used = [Used(quiet.key_id, 1, 0), Used(busy.key_id, 80, 20), Used(999_999, 0, 3)]
    told = (await admin.get("/admin/keys/busiest?limit=2")).data
    assert (told["seconds"], told["keys_asking"]) == (10.0, 3)
    assert told["keys"][0] == {
        "key_id": busy.key_id, "public_id": busy.public_id, "name": "busy", "granted": 80, "refused": 20, "per_second": 10.0,
    }  # fmt: skip
    assert told["keys"][1]["public_id"] is None


@pytest.mark.parametrize("path", ["keys", "keys/show?key=1", "accounts", "tiers", "tiers/show?tier=pro", "tiers/history?tier=pro", "audit",
                                  "keys/busiest"])  # fmt: skip
async def test_nobody_but_operators_reads(admin: Admin, path: str) -> None:
    assert (await replace(admin, secret=None).get(f"/admin/{path}")).code == "ADMIN_KEY_MISSING"
    assert (await replace(admin, secret="tb_admin_of_nobody").get(f"/admin/{path}")).code == "ADMIN_KEY_WRONG"


CHANGING = ("keys/issue", "keys/rotate", "keys/restrict", "keys/revoke", "invalidate-key", "accounts/open", "tiers/save", "tiers/remove")


@pytest.mark.parametrize("path", CHANGING)
async def test_nobody_but_operators_changes(admin: Admin, path: str) -> None:
    assert (await replace(admin, secret=None).post(f"/admin/{path}", {})).code == "ADMIN_KEY_MISSING"

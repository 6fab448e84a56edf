"""Parameters over HTTP: granted to operators, refused with the reason, anonymous to nobody."""

import pytest

from tests.support.admin import Admin
from trinity_beast.parameters import Readings

ANY = {"reason": "a try"}


async def test_a_parameter_is_set_seen_in_force_told_and_compared(admin: Admin, readings: Readings) -> None:
    applied = (await admin.post("/admin/parameters/save", {"values": {"limit": 20}, "reason": "busy", "expected_version": 0})).data
    assert applied == {"version": 1, "profile": "", "differences": [{"name": "limit", "before": 10, "after": 20}]}
    assert (await admin.post("/admin/reload-params", None)).data == {"version": 1}
    assert readings.values()["limit"] == 20

    told = {one["name"]: one for one in (await admin.get("/admin/parameters")).data["parameters"]}
    assert (told["limit"]["value"], told["limit"]["here"], told["limit"]["is_set"]) == (20, 20, True)
    assert (told["window_max"]["value"], told["window_max"]["here"]) == (45.0, 50.0)
    assert told["window_min"]["here"] is None
    assert told["limit"]["last"]["changed_by"] == "Ada (127.0.0.1)"
    assert [one["name"] for one in (await admin.get("/admin/parameters?group=limits")).data["parameters"]] == ["limit"]

    await admin.post("/admin/parameters/save", {"values": {"limit": 30, "window_min": 6}})
    whole = (await admin.get("/admin/parameters/diff")).data
    assert (whole["before"], whole["after"], [one["name"] for one in whole["differences"]]) == (0, 2, ["limit", "window_min"])
    assert (await admin.get("/admin/parameters/diff?before=1&after=2")).data["differences"] == [
        {"name": "limit", "before": 20, "after": 30}, {"name": "window_min", "before": 5.0, "after": 6.0}
    ]  # fmt: skip
    assert (await admin.get("/admin/parameters/diff?before=9")).code == "PARAMETER_VERSION_UNKNOWN"
    history = (await admin.get("/admin/parameters/history?name=limit")).data["changes"]
    assert [(one["version"], one["before"], one["after"], one["reason"]) for one in history] == [(2, 20, 30, ""), (1, None, 20, "busy")]


async def test_a_forced_deployment_tells_which_node_runs_what_and_is_in_the_trail(admin: Admin) -> None:
    await admin.post("/admin/parameters/save", {"values": {"limit": 20}, "reason": "busy"})
    deployed = (await admin.post("/admin/force-deploy-params", None)).data
    assert (deployed["version"], deployed["behind"]) == (1, [])
    assert [(one["node"], one["version"]) for one in deployed["nodes"]] == [("one", 1)]
    assert 0 < deployed["own_ms"] <= deployed["all_ms"]
    assert [(one["node_id"], one["version"]) for one in (await admin.get("/admin/parameters/nodes")).data["nodes"]] == [("id of one", 1)]

    trail = (await admin.get("/admin/audit")).data["entries"]
    assert [(one["action"], one["kind"], one["subject"], one["by"], one["reason"]) for one in trail] == [
        ("deployed", "parameters", "all", "Ada (127.0.0.1)", ""), ("created", "parameter", "limit", "Ada (127.0.0.1)", "busy")
    ]  # fmt: skip


async def test_the_set_in_force_is_saved_as_a_profile_previewed_applied_and_left_again(admin: Admin) -> None:
    await admin.post("/admin/parameters/save", {"values": {"limit": 20}})
    saved = (await admin.post("/admin/profiles/save", {"profile": "night", "description": "When nobody looks."})).data
    assert (saved["group"], saved["values"]) == ("saved", {"limit": 20})
    await admin.post("/admin/parameters/save", {"values": {"limit": None}})
    change = [{"name": "limit", "before": 10, "after": 20}]
    assert (await admin.get("/admin/system-mode?mode=night&preview=true")).data == {"mode": "night", "differences": change}
    assert (await admin.get("/admin/profiles/compare?one=&other=night")).data["differences"] == change
    assert (await admin.get("/admin/system-mode?mode=night")).data == {"version": 3, "profile": "night", "differences": change}
    assert (await admin.get("/admin/system-mode")).data["profile"] == "night"
    back = (await admin.post("/admin/system-mode", {"mode": "previous", **ANY})).data
    assert (back["version"], back["differences"]) == (4, [{"name": "limit", "before": 20, "after": 10}])
    assert "night" in [one["profile"] for one in (await admin.get("/admin/profiles")).data["profiles"]]


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("parameters/save", {"values": {"limit": 0}}, 400, "PARAMETER_INVALID"),
        ("parameters/save", {"values": {"limit": "many"}}, 400, "PARAMETER_INVALID"),
        ("parameters/save", {"values": {"limit": True}}, 400, "PARAMETER_INVALID"),
        ("parameters/save", {"values": {"no_such": 1}}, 404, "PARAMETER_UNKNOWN"),
        ("parameters/save", {"values": {"window_min": 60, "window_max": 30}}, 422, "PARAMETERS_DISAGREE"),
        ("parameters/save", {"values": {}}, 400, "REQUEST_INVALID"),
        ("parameters/save", {"values": {"limit": [1]}}, 400, "REQUEST_INVALID"),
        ("parameters/save", {"values": {"limit": 20}, "why": "x"}, 400, "REQUEST_INVALID"),
        ("parameters/save", {"values": {"limit": 20}, "expected_version": 7}, 409, "CONFLICT"),
        ("parameters/save", {"values": {"limit": 20}, "reason": "\x00"}, 400, "REQUEST_INVALID"),
        ("parameters/save", {"values": {"limit": 20}, "expected_version": "0"}, 400, "REQUEST_INVALID"),
        ("parameters/save", {"values": {"limit": 20}, "expected_version": 2**63}, 400, "REQUEST_INVALID"),
        ("profiles/save", {"profile": "night", "description": "x", "expected_version": 7}, 409, "CONFLICT"),
        ("system-mode", {"mode": "no-such"}, 404, "PROFILE_UNKNOWN"),
        ("system-mode", {"mode": "previous"}, 409, "NOTHING_BEFORE"),
        ("profiles/save", {"profile": "Night", "description": "x"}, 400, "PROFILE_INVALID"),
        ("profiles/save", {"profile": "debug", "description": "x"}, 409, "PROFILE_FIXED"),
        ("profiles/save", {"profile": "night", "description": " "}, 400, "PROFILE_INVALID"),
    ],
)
async def test_what_does_not_fit_is_refused_with_the_reason(admin: Admin, path: str, body: object, status: int, code: str) -> None:
    told = await admin.post(f"/admin/{path}", body)
    assert (told.status, told.code) == (status, code)
    assert (await admin.get("/admin/parameters")).data["version"] == 0


@pytest.mark.parametrize("secret", [None, "tb_admin_of_somebody_else"])
@pytest.mark.parametrize("path", ["parameters", "parameters/history", "parameters/diff", "system-mode?mode=debug", "profiles"])
async def test_nobody_else_is_let_in(admin: Admin, secret: str | None, path: str) -> None:
    told = await Admin(admin.port, secret).get(f"/admin/{path}")
    assert told.status == 401

"""Every call of an operator is accounted for, the database there or away."""

import logging

import msgspec
import pytest
from fastapi import APIRouter, Depends

from tests.support.clock import ManualClock
from tests.web.caller import ask, get
from tests.web.serving import serving, small_app
from trinity_beast.access import AdminKey, Calls, Digests, Operator, Operators
from trinity_beast.access.calls import WAITING_MAX, Call
from trinity_beast.access.routes import guarding, operation
from trinity_beast.audit import Audit, Sought
from trinity_beast.storage import Database
from trinity_beast.web import changes

SECRET = "tb_admin_of_this_test_and_of_no_other"
AWAY = "postgresql://nobody@127.0.0.1:1/nothing"


def call(clock: ManualClock, number: int, method: str = "POST", *, is_let_in: bool = True) -> Call:
    return Call(clock.now(), "Ada", method, "/admin/thing", "OK", 200, str(number), 1.5, is_let_in)


async def names(database: Database) -> list[str]:
    entries = await Audit(database).entries(Sought(kind="call", limit=100))
    return [str((entry.after or {})["request_id"]) for entry in reversed(entries)]


async def test_what_may_change_something_is_in_the_trail_with_its_outcome(own_database: Database, clock: ManualClock) -> None:
    calls = Calls(Audit(own_database), clock)
    await calls.start()
    for number, method in enumerate(("POST", "GET", "HEAD", "DELETE")):
        calls.note(call(clock, number, method))
    calls.note(call(clock, 9, is_let_in=False))
    await calls.stop()
    assert await names(own_database) == ["0", "3"]
    (entry, _) = await Audit(own_database).entries(Sought(kind="call"))
    assert (entry.by, entry.action, entry.subject, entry.at) == ("Ada", "asked", "DELETE /admin/thing", clock.now())
    assert entry.after == {"code": "OK", "status": 200, "request_id": "3", "ms": 1.5}


async def test_a_route_by_get_that_declares_to_change_something_is_in_the_trail(
    own_database: Database, digests: Digests, clock: ManualClock
) -> None:
    operators, calls = Operators(AdminKey(digests, digests.digest_of(SECRET)), clock), Calls(Audit(own_database), clock)
    router, operator = APIRouter(), Depends(operation(operators))

    @router.get("/admin/kept", dependencies=[changes()])
    async def kept(_who: Operator = operator) -> dict[str, str]:
        return {}

    @router.get("/admin/mode", dependencies=[changes(if_given="mode")])
    async def mode(_who: Operator = operator, mode: str = "") -> dict[str, str]:
        return {"mode": mode}

    async with serving(small_app([router], guard=guarding(operators, calls))) as port:
        for path in ("kept", "mode", "mode?mode=", "mode?mode=night"):
            heard = await ask(port, get(f"/admin/{path}", f"Authorization: Bearer {SECRET}", "Connection: close"))
            assert heard.status == 200
        await ask(port, get("/admin/kept", "Connection: close"))
    await calls.stop()
    entries = await Audit(own_database).entries(Sought(kind="call", limit=100))
    assert [entry.subject for entry in reversed(entries)] == ["GET /admin/kept", "GET /admin/mode"]


async def test_while_the_database_is_away_calls_wait_and_the_oldest_give_way(clock: ManualClock) -> None:
    away = Database(AWAY)
    calls = Calls(Audit(away), clock)
    for number in range(WAITING_MAX + 3):
        calls.note(call(clock, number))
    assert calls.left_out == 3
    await calls.stop()
    await away.close()
    assert len(calls._waiting) == WAITING_MAX


async def test_what_the_database_will_never_take_keeps_the_rest_from_nothing(own_database: Database, clock: ManualClock) -> None:
    calls = Calls(Audit(own_database), clock)
    calls.note(call(clock, 1))
    calls.note(Call(clock.now(), "a zero \x00 byte", "POST", "/admin/thing", "OK", 200, "2", 1.0))
    await calls.stop()
    calls.note(call(clock, 3))
    await calls.stop()
    assert await names(own_database) == ["3"]
    assert calls.left_out == 2


async def test_the_guard_refuses_before_anything_is_read_and_accounts_for_it(
    own_database: Database, digests: Digests, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    operators, calls = Operators(AdminKey(digests, digests.digest_of(SECRET)), clock), Calls(Audit(own_database), clock)
    router, operator = APIRouter(), operation(operators)

    @router.post("/admin/thing")
    async def thing(body: dict[str, str], who: Operator = Depends(operator)) -> dict[str, str]:  # noqa: B008 - As FastAPI has it.
        return {**body, "who": str(who)}

    let_in = (f"Authorization: Bearer {SECRET}", "X-Operator: Ada")
    caplog.set_level(logging.INFO, "trinity_beast.access")
    async with serving(small_app([router], guard=guarding(operators, calls))) as port:

        async def asked(path: str, body: bytes, *headers: str) -> tuple[int, str]:
            head = get(path, *headers, "Content-Type: application/json", f"Content-Length: {len(body)}", "Connection: close", method="POST")
            heard = await ask(port, head + body)
            return heard.status, str(msgspec.json.decode(heard.body)["code"])

        assert await asked("/admin/thing", b"{") == (401, "ADMIN_KEY_MISSING")
        assert await asked("/admin/nothing", b"{}") == (401, "ADMIN_KEY_MISSING")
        assert await asked("/admin/thing", b"{", *let_in) == (400, "REQUEST_INVALID")
        assert await asked("/admin/no%00thing", b"{}", *let_in) == (404, "NOT_FOUND")
        assert await asked("/admin/thing?thnig=1", b"{}", *let_in) == (400, "REQUEST_INVALID")
        assert await asked("/admin/thing", b'{"secret":"tb_live_x"}', *let_in) == (200, "OK")
    await calls.stop()
    assert len(await names(own_database)) == 4
    assert await Audit(own_database).entries(Sought(kind="call", subject="POST /admin/no?thing"))
    told = [record.__dict__["facts"] for record in caplog.records if record.message == "operator asked"]
    assert [(each["by"], each["code"]) for each in told] == [
        ("nobody (127.0.0.1)", "ADMIN_KEY_MISSING"), ("nobody (127.0.0.1)", "ADMIN_KEY_MISSING"), ("Ada (127.0.0.1)", "REQUEST_INVALID"),
        ("Ada (127.0.0.1)", "NOT_FOUND"), ("Ada (127.0.0.1)", "REQUEST_INVALID"), ("Ada (127.0.0.1)", "OK"),
    ]  # fmt: skip
    assert "tb_live_x" not in str(told)

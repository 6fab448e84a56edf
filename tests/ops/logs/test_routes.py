"""Log lines over HTTP: by level, part and number, and refused to strangers."""

import json
import logging
from collections.abc import AsyncIterator

import pytest

from tests.ops.gate import operator
from tests.support.admin import Admin
from tests.web.serving import serving, small_app
from trinity_beast.ops.logs.routes import log_routes
from trinity_beast.telemetry import KeptLogs


@pytest.fixture
async def admin() -> AsyncIterator[Admin]:
    kept = KeptLogs()
    line = {
        "time": "2026-11-20T07:40:00.000001Z",
        "level": "info",
        "node": "one",
        "module": "%(name)s",
        "event": "%(message)s",
        "facts": {},
    }
    kept.setFormatter(logging.Formatter(json.dumps(line)))
    for number, (level, name) in enumerate([(logging.INFO, "feeds"), (logging.ERROR, "access"), (logging.DEBUG, "feeds.line")]):
        kept.emit(logging.LogRecord(name, level, "", 0, f"said {number}", (), None))
    async with serving(small_app([log_routes(kept, boot="b1", operator=operator())])) as port:
        yield Admin(port)


@pytest.mark.parametrize(
    ("query", "events"),
    [
        ("", ["said 0", "said 1", "said 2"]),
        ("?level=error", ["said 1"]),
        ("?part=feeds", ["said 0", "said 2"]),
        ("?after=2", ["said 2"]),
        ("?since=2026-11-20T07:41", []),
        ("?limit=1", ["said 2"]),
    ],
)
async def test_lines_are_told_as_asked(admin: Admin, query: str, events: list[str]) -> None:
    told = (await admin.get(f"/admin/logs{query}")).data

    assert [line["event"] for line in told["lines"]] == events
    assert (told["boot"], told["oldest"], told["next_after"]) == ("b1", 1, 3)


@pytest.mark.parametrize("query", ["level=loud", "part=FEEDS%00", "since=yesterday", "after=-1", "limit=0", "limit=1001", "after=x"])
async def test_what_cannot_be_asked_is_refused(admin: Admin, query: str) -> None:
    told = await admin.get(f"/admin/logs?{query}")

    assert (told.status, told.code) == (400, "REQUEST_INVALID")


async def test_strangers_read_no_line(admin: Admin) -> None:
    assert (await Admin(admin.port, "wrong").get("/admin/logs")).code == "ADMIN_KEY_WRONG"

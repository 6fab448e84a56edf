"""What the mirror of report notes promises: each is there as it stands in the end, and goes in its time."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from tests.support.clock import ManualClock
from trinity_beast.parameters import Readings
from trinity_beast.reports import ReportMirror
from trinity_beast.storage import Database, Valkey

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOTE = sa.text(
    "INSERT INTO report_usage_logs (time, key_id, request_id, report, format, filters, protocol, node, charged, status, code)"
    " VALUES (:time, 7, 'R', 'usage', 'csv', '', 'http', 'BeastMain', true, :status, '')"
)


async def noted(database: Database, time: datetime, *, status: int = 0) -> None:
    async with database.transaction() as tx:
        await tx.execute(NOTE, {"time": time, "status": status})


async def field(valkey: Valkey, number: int, name: str) -> bytes | None:
    found = await valkey.do("HGET", f"report_usage:{number}", name)
    return found if isinstance(found, bytes) else None


async def test_a_note_is_there_as_it_stands_after_its_report_has_ended(own_database: Database, valkey: Valkey) -> None:
    clock = ManualClock(NOON)
    mirror = ReportMirror(own_database, valkey, clock, Readings())
    for hours in (30, 1):
        await noted(own_database, NOON - timedelta(hours=hours))
    assert await mirror.sync() == 2
    assert await field(valkey, 2, "status") == b"0"
    assert await field(valkey, 2, "charged") == b"1"
    async with own_database.transaction() as tx:
        await tx.execute(sa.text("UPDATE report_usage_logs SET status = 200 WHERE report_log_id = 2"))
    assert await mirror.sync() == 1
    assert await field(valkey, 2, "status") == b"200"
    assert await valkey.do("ZCARD", "report_usage:index") == 2
    clock.advance(timedelta(days=2))
    assert await mirror.sync() == 1
    assert await mirror.sync() == 0
    assert await mirror.sync(is_full=True) == 2


async def test_a_note_goes_with_its_time(own_database: Database, valkey: Valkey) -> None:
    clock = ManualClock(NOON)
    mirror = ReportMirror(own_database, valkey, clock, Readings())
    await noted(own_database, NOON)
    await mirror.sync()
    goes_at = await valkey.do("PEXPIRETIME", "report_usage:1")
    assert isinstance(goes_at, int)
    assert goes_at > NOON.timestamp() * 1_000
    clock.advance(timedelta(days=4_000))
    await mirror.sync()
    assert await valkey.do("ZCARD", "report_usage:index") == 0

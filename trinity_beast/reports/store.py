"""Every SQL statement about the use of reports."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.reports.model import Begun, Ended, Opening, Row
from trinity_beast.reports.tables import report_count, report_usage_logs
from trinity_beast.storage import fetched

ROWS_AT_ONCE = 500
_LOG = report_usage_logs.c
_BEGIN = sa.text(
    # One statement: counted if there is something left of the month, noted either way. A day or month that is over starts
    # afresh; a node whose clock is behind counts to the newer one.
    "WITH counted AS ("
    " INSERT INTO report_count AS held (key_id, day, day_count, month, month_count, last_at)"
    " SELECT :key_id, CAST(:day AS date), 1, CAST(:month AS date), 1, CAST(:time AS timestamptz)"
    " WHERE :is_counted AND (CAST(:quota AS bigint) IS NULL OR CAST(:quota AS bigint) > 0)"
    " ON CONFLICT (key_id) DO UPDATE SET"
    " day = greatest(held.day, excluded.day), day_count = CASE WHEN held.day >= excluded.day THEN held.day_count + 1 ELSE 1 END,"
    " month = greatest(held.month, excluded.month),"
    " month_count = CASE WHEN held.month >= excluded.month THEN held.month_count + 1 ELSE 1 END,"
    " last_at = greatest(held.last_at, excluded.last_at)"
    " WHERE CAST(:quota AS bigint) IS NULL OR held.month < excluded.month OR held.month_count < CAST(:quota AS bigint)"
    " RETURNING day_count, month_count"
    "), noted AS ("
    " INSERT INTO report_usage_logs (time, key_id, request_id, report, format, filters, protocol, node, charged, status, code)"
    " SELECT CAST(:time AS timestamptz), :key_id, :request_id, :report, :format, :filters, :protocol, :node,"
    " :is_counted AND EXISTS (SELECT FROM counted),"
    " CASE WHEN :is_counted AND NOT EXISTS (SELECT FROM counted) THEN 429 ELSE 0 END,"
    " CASE WHEN :is_counted AND NOT EXISTS (SELECT FROM counted) THEN 'REPORT_QUOTA_SPENT' ELSE '' END"
    " RETURNING report_log_id"
    ") SELECT report_log_id, day_count, month_count FROM noted LEFT JOIN counted ON true"
)
_GIVE_BACK = sa.text(
    "UPDATE report_count SET month_count = greatest(month_count - 1, 0),"
    " day_count = CASE WHEN day = CAST(:day AS date) THEN greatest(day_count - 1, 0) ELSE day_count END"
    " WHERE key_id = :key_id AND month = CAST(:month AS date)"
)


async def begin(tx: AsyncConnection, opening: Opening) -> Begun:
    """Count a report and note it, in one statement; where nothing is left of the month, note that."""
    day = opening.time.date()
    told = {**asdict(opening), "day": day, "month": day.replace(day=1)}
    row = (await tx.execute(_BEGIN, told)).one()
    return Begun(row.report_log_id, row.day_count, row.month_count)


async def end(tx: AsyncConnection, report_log_id: int, ended: Ended) -> None:
    """Note how a report ended."""
    await tx.execute(sa.update(report_usage_logs).where(_LOG.report_log_id == report_log_id).values(**asdict(ended)))


async def give_back(tx: AsyncConnection, report_log_id: int, opening: Opening) -> None:
    """Count a report no more: it could not be told."""
    day = opening.time.date()
    await tx.execute(_GIVE_BACK, {"key_id": opening.key_id, "day": day, "month": day.replace(day=1)})
    await tx.execute(sa.update(report_usage_logs).where(_LOG.report_log_id == report_log_id).values(charged=False))


async def month_count(tx: AsyncConnection, key_id: int, at: datetime) -> int:
    """Return how many reports a key had this month."""
    month = at.date().replace(day=1)
    counted = sa.select(report_count.c.month_count).where(report_count.c.key_id == key_id, report_count.c.month == month)
    return int((await tx.execute(counted)).scalar_one_or_none() or 0)


async def uses(
    tx: AsyncConnection,
    since: datetime,
    until: datetime,
    key_ids: Sequence[int] | None,
    *,
    newest_first: bool,
    after: int | None,
    until_id: int | None,
) -> AsyncGenerator[list[tuple[int, Row]], None]:
    """Go through the reports that were asked for, each with its number, in the order of their numbers."""
    columns = [_LOG[name] for name in (
        "report_log_id", "time", "request_id", "key_id", "report", "format", "filters", "status", "code", "protocol", "charged", "rows",
        "answer_bytes", "latency_ns", "node",
    )]  # fmt: skip
    statement = sa.select(*columns).where(_LOG.time >= since, _LOG.time < until)
    if key_ids is not None:
        statement = statement.where(_LOG.key_id.in_(key_ids))
    if after is not None:
        statement = statement.where(_LOG.report_log_id < after if newest_first else _LOG.report_log_id > after)
    if until_id is not None:
        statement = statement.where(_LOG.report_log_id <= until_id)
    statement = statement.order_by(_LOG.report_log_id.desc() if newest_first else _LOG.report_log_id)
    async with aclosing(fetched(tx, statement, ROWS_AT_ONCE)) as parts:
        async for part in parts:
            yield [(row[0], row[1:]) for row in part]


async def newest_id(tx: AsyncConnection) -> int:
    """Return the number of the newest report that was asked for."""
    return int((await tx.execute(sa.select(sa.func.max(_LOG.report_log_id)))).scalar_one() or 0)


async def prune(tx: AsyncConnection, before: datetime, *, most: int) -> int:
    """Forget reports that were asked for before a moment, so many at most; return how many."""
    oldest = sa.select(_LOG.report_log_id).where(_LOG.time < before).order_by(_LOG.time).limit(most)
    done: Any = await tx.execute(sa.delete(report_usage_logs).where(_LOG.report_log_id.in_(oldest)))
    return int(done.rowcount)

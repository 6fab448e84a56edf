"""Every SQL statement of kept reports."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.stress.kept.model import KeptReport
from trinity_beast.stress.kept.tables import stress_reports
from trinity_beast.stress.report import Report

_TOLD = [column for column in stress_reports.c if column.name != "report"]


async def insert_report(tx: AsyncConnection, report: Report, *, by: str, at: datetime) -> KeptReport | None:
    """Keep a report and return it as a list tells it; None where it is kept already."""
    best = report.best
    values = {
        "name": report.name,
        "began_at": report.began_at,
        "stored_at": at,
        "stored_by": by,
        "steps": len(report.steps),
        "asked": report.asked,
        "success": report.success,
        "best_per_second": best.per_second if best else 0.0,
        "report": report.model_dump(mode="json"),
    }
    statement = pg.insert(stress_reports).values(values).on_conflict_do_nothing().returning(*_TOLD)
    row = (await tx.execute(statement)).one_or_none()
    return None if row is None else _kept(row)


async def report_of(tx: AsyncConnection, name: str, began_at: datetime) -> KeptReport | None:
    """Return the report of that name and moment."""
    statement = sa.select(*_TOLD).where(stress_reports.c.name == name, stress_reports.c.began_at == began_at)
    row = (await tx.execute(statement)).one_or_none()
    return None if row is None else _kept(row)


async def drop_all_but(tx: AsyncConnection, newest: int) -> None:
    """Drop the oldest beyond so many."""
    kept = sa.select(stress_reports.c.report_id).order_by(stress_reports.c.report_id.desc()).limit(newest)
    await tx.execute(sa.delete(stress_reports).where(stress_reports.c.report_id.not_in(kept)))


async def reports(tx: AsyncConnection, *, before: int | None, limit: int) -> Sequence[KeptReport]:
    """Return reports numbered below `before`, the newest first."""
    statement = sa.select(*_TOLD).order_by(stress_reports.c.report_id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(stress_reports.c.report_id < before)
    return [_kept(row) for row in await tx.execute(statement)]


async def whole_report(tx: AsyncConnection, report_id: int) -> dict[str, Any] | None:
    """Return a report as it was kept."""
    statement = sa.select(stress_reports.c.report).where(stress_reports.c.report_id == report_id)
    found: dict[str, Any] | None = (await tx.execute(statement)).scalar_one_or_none()
    return found


async def remove_report(tx: AsyncConnection, report_id: int) -> bool:
    """Remove a report; whether there was one."""
    done = await tx.execute(sa.delete(stress_reports).where(stress_reports.c.report_id == report_id).returning(stress_reports.c.report_id))
    return done.scalar_one_or_none() is not None


def _kept(row: sa.Row[Any]) -> KeptReport:
    return KeptReport(**row._mapping)

"""Every SQL statement of kept dashboards."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.ops.daily.model import Dashboard, Section
from trinity_beast.ops.daily.tables import daily_dashboards
from trinity_beast.ops.standing.model import Line


async def keep(tx: AsyncConnection, dashboard: Dashboard) -> None:
    """Keep a dashboard."""
    sections = [
        {"name": section.name, "lines": [[line.what, line.standing, line.told] for line in section.lines]} for section in dashboard.sections
    ]
    values = {"made_at": dashboard.made_at, "node": dashboard.node, "made_by": dashboard.made_by, "sections": sections}
    await tx.execute(sa.insert(daily_dashboards).values(values))


async def drop(tx: AsyncConnection, *, before: datetime, but: int) -> None:
    """Drop those made before a moment, and the oldest beyond `but`."""
    newest = sa.select(daily_dashboards.c.dashboard_id).order_by(daily_dashboards.c.dashboard_id.desc()).limit(but)
    old = sa.or_(daily_dashboards.c.made_at < before, daily_dashboards.c.dashboard_id.not_in(newest))
    await tx.execute(sa.delete(daily_dashboards).where(old))


async def newest(tx: AsyncConnection, *, until: datetime) -> Dashboard | None:
    """Return the last one made by a moment."""
    made = daily_dashboards.c
    statement = sa.select(daily_dashboards).where(made.made_at <= until).order_by(made.made_at.desc(), made.dashboard_id.desc()).limit(1)
    row = (await tx.execute(statement)).one_or_none()
    return None if row is None else Dashboard(row.made_at, row.node, row.made_by, [_section(each) for each in row.sections])


def _section(kept: dict[str, object]) -> Section:
    lines = kept["lines"]
    assert isinstance(lines, list), "a section was kept with its lines"
    return Section(str(kept["name"]), [Line(*map(str, line)) for line in lines])

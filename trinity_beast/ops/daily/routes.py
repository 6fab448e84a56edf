"""The daily dashboard over HTTP, for operators."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from trinity_beast.access import ADMIN_REFUSALS, Operator
from trinity_beast.ops.daily.model import Dashboard
from trinity_beast.ops.daily.service import Daily
from trinity_beast.ops.errors import DashboardUnknown
from trinity_beast.storage import DependencyAway
from trinity_beast.web import changes, refusals, timestamp_of


class DashboardLineTold(BaseModel):
    """One line: of what, how it stands, and what there is to say."""

    what: str
    standing: str = Field(description="`good`, `weak` (it works less), `wrong`, or `off` (it is not wanted).")
    told: str


class SectionTold(BaseModel):
    """One part of the system."""

    name: str
    lines: list[DashboardLineTold]


class AlarmTold(DashboardLineTold):
    """A line that is not well."""

    section: str


class DashboardTold(BaseModel):
    """The system at one moment, as one node saw it."""

    made_at: str
    node: str
    made_by: str
    alarms: list[AlarmTold]
    sections: list[SectionTold]


def daily_routes(daily: Daily, *, operator: Callable[..., Awaitable[Operator]]) -> APIRouter:
    """Return the routes. `operator` lets operators in."""
    router = APIRouter(prefix="/admin", tags=["operations"])

    @router.get("/daily", dependencies=[changes()], responses=refusals(*ADMIN_REFUSALS))
    async def daily_dashboard(who: Annotated[Operator, Depends(operator)]) -> DashboardTold:
        """Look at services, feeds, cluster, cache, queue, writer, jobs and usage now; tell what is not well. It is kept for a day."""
        return _told(await daily.make(str(who)))

    @router.get("/daily/kept", responses=refusals(*ADMIN_REFUSALS, DashboardUnknown, DependencyAway))
    async def kept_dashboard(
        _who: Annotated[Operator, Depends(operator)],
        at: Annotated[datetime | None, Query(description="The last one made by this moment (UTC unless it says otherwise).")] = None,
    ) -> DashboardTold:
        """Tell the last dashboard that was made, or the last by a moment, without looking at anything anew."""
        return _told(await daily.kept(at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at))

    return router


def _told(dashboard: Dashboard) -> DashboardTold:
    return DashboardTold(
        made_at=timestamp_of(dashboard.made_at),
        node=dashboard.node,
        made_by=dashboard.made_by,
        alarms=[
            AlarmTold(section=alarm.section, what=alarm.line.what, standing=alarm.line.standing, told=alarm.line.told)
            for alarm in dashboard.alarms
        ],
        sections=[
            SectionTold(
                name=section.name,
                lines=[DashboardLineTold(what=line.what, standing=line.standing, told=line.told) for line in section.lines],
            )
            for section in dashboard.sections
        ],
    )

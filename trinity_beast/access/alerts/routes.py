"""Quota alerts over HTTP, for operators."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from trinity_beast.access.alerts.model import AlertFilter, ListedAlert
from trinity_beast.access.alerts.service import QuotaAlerts
from trinity_beast.access.errors import ADMIN_REFUSALS
from trinity_beast.access.operators import Operator
from trinity_beast.storage import DependencyAway
from trinity_beast.web import NUMBER_MAX, Day, refusals, timestamp_of

PAGE_MAX = 1_000


class AlertTold(BaseModel):
    """A key that has used so much of its month, as operators see it."""

    alert_id: int
    key_id: int
    public_id: str
    key_name: str
    tier: str
    month: date = Field(description="The month's first day.")
    percent: int
    quota: int
    used: int
    reached_at: str


class AlertsTold(BaseModel):
    """Alerts, the newest first; `next_cursor` asks for those after them, and is null at the end."""

    alerts: list[AlertTold]
    next_cursor: int | None


def alert_routes(alerts: QuotaAlerts, *, operator: Callable[..., Awaitable[Operator]]) -> APIRouter:
    """Return the route for quota alerts. `operator` lets operators in."""
    router = APIRouter(prefix="/admin", tags=["keys"])

    @router.get("/quota-alerts", responses=refusals(*ADMIN_REFUSALS, DependencyAway))
    async def list_alerts(
        _who: Annotated[Operator, Depends(operator)],
        key: Annotated[str | None, Query(max_length=40, description="Only this key's, by its public id.")] = None,
        month: Annotated[Day | None, Query(description="Only this month's, by any of its days.")] = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100,
        cursor: Annotated[int | None, Query(ge=1, le=NUMBER_MAX)] = None,
    ) -> AlertsTold:
        """List which keys have reached 50, 80, 95 or 100 % of their month, each noted once."""
        wanted = AlertFilter(key, month and month.replace(day=1), cursor, limit)
        page, next_cursor = await alerts.listing(wanted)
        return AlertsTold(alerts=[told(each) for each in page], next_cursor=next_cursor)

    return router


def told(listed: ListedAlert) -> AlertTold:
    """Return an alert as operators see it."""
    alert = listed.alert
    return AlertTold(
        alert_id=alert.alert_id,
        key_id=alert.key_id,
        public_id=listed.public_id,
        key_name=listed.key_name,
        tier=listed.tier,
        month=alert.month,
        percent=alert.percent,
        quota=alert.quota,
        used=alert.used,
        reached_at=timestamp_of(alert.reached_at),
    )

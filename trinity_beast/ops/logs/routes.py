"""The last log lines over HTTP, for operators."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from trinity_beast.access import ADMIN_REFUSALS, Operator
from trinity_beast.telemetry import KeptLogs
from trinity_beast.web import refusals

LINES_MAX = 1_000
NUMBER_MAX = 2**53
Level = Literal["debug", "info", "warning", "error"]


class LogLineTold(BaseModel):
    """One log line. What could be a secret was taken out before it was kept."""

    number: int = Field(description="Its place among all lines of this life of the node.")
    time: str
    level: str
    node: str
    module: str
    event: str
    facts: dict[str, Any]
    traceback: str | None


class LogsTold(BaseModel):
    """Lines, the oldest first. `next_after` is what to ask `after` next; a `boot` that differs means that numbers began anew."""

    boot: str
    oldest: int = Field(description="The number of the oldest line still kept; 0 where none is.")
    next_after: int
    lines: list[LogLineTold]


def log_routes(logs: KeptLogs, *, boot: str, operator: Callable[..., Awaitable[Operator]]) -> APIRouter:
    """Return the route. `operator` lets operators in."""
    router = APIRouter(prefix="/admin", tags=["operations"])

    @router.get("/logs", responses=refusals(*ADMIN_REFUSALS))
    async def log_lines(
        _who: Annotated[Operator, Depends(operator)],
        *,
        level: Annotated[Level, Query(description="From this level up.")] = "debug",
        part: Annotated[str, Query(max_length=64, pattern="^[a-z_.]*$", description="Only lines of this module.")] = "",
        since: Annotated[
            str,
            Query(max_length=27, pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]*Z?)?)?$", description="Not before this moment, in UTC."),
        ] = "",
        after: Annotated[int, Query(ge=0, le=NUMBER_MAX, description="Only lines after this number.")] = 0,
        limit: Annotated[int, Query(ge=1, le=LINES_MAX)] = 200,
    ) -> LogsTold:
        """Tell the last log lines this node keeps in memory: the newest, or those after a number, so that none is missed."""
        page = logs.page(after=after, level=level, part=part, since=since, limit=limit)
        lines = [
            LogLineTold(
                number=line.number,
                time=line.time,
                level=str(line.told.get("level", "")),
                node=str(line.told.get("node", "")),
                module=line.module,
                event=str(line.told.get("event", "")),
                facts=dict(line.told.get("facts") or {}),
                traceback=line.told.get("traceback"),
            )
            for line in page.lines
        ]
        return LogsTold(boot=boot, oldest=page.oldest, next_after=page.next_after, lines=lines)

    return router

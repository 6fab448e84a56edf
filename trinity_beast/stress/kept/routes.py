"""Kept reports over HTTP, for operators."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from trinity_beast.access import ADMIN_REFUSALS, Operator
from trinity_beast.audit import Signature
from trinity_beast.storage import DependencyAway
from trinity_beast.stress.comparing import Compared, compared
from trinity_beast.stress.errors import StressReportUnknown
from trinity_beast.stress.kept.model import KeptReport
from trinity_beast.stress.kept.service import StressReports
from trinity_beast.stress.report import Report, StepReport
from trinity_beast.web import NUMBER_MAX, refusals, timestamp_of

PAGE_MAX = 200
_ANYWHERE = (*ADMIN_REFUSALS, DependencyAway)
ReportNumber = Annotated[int, Query(ge=1, le=NUMBER_MAX)]


class KeptTold(BaseModel):
    """A kept report as a list tells it."""

    report_id: int
    name: str
    began_at: str
    stored_at: str
    stored_by: str
    steps: int
    asked: int = Field(description="Requests, over all steps.")
    success: float = Field(description="The part of them that was answered well.")
    best_per_second: float = Field(description="Good answers a second of the best step.")


class SeededTold(KeptTold):
    """A report as it is kept, and whether it was not kept before."""

    is_new: bool


class ReportsTold(BaseModel):
    """Reports, the newest first; `next_before` asks for those after them, and is null at the end."""

    reports: list[KeptTold]
    next_before: int | None


class ComparedStep(BaseModel):
    """A step in both reports, null where one does not have it; the ratios are after over before."""

    before: StepReport | None
    after: StepReport | None
    per_second: float | None
    p50: float | None
    p99: float | None


class ComparedTold(BaseModel):
    """Two reports, step by step."""

    steps: list[ComparedStep]


class RemoveReport(BaseModel):
    """Which report is to go, and why."""

    model_config = ConfigDict(extra="forbid", strict=True)

    report: Annotated[int, Field(ge=1, le=NUMBER_MAX)]
    reason: Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")] = ""


class Removed(BaseModel):
    """A report that is no more."""

    report_id: int


def stress_routes(kept: StressReports, *, operator: Callable[..., Awaitable[Operator]]) -> APIRouter:
    """Return the routes for kept reports. `operator` lets operators in."""
    router = APIRouter(prefix="/admin", tags=["stress"])

    @router.post("/seed-stress-report", responses=refusals(*_ANYWHERE, StressReportUnknown))
    async def seed_report(who: Annotated[Operator, Depends(operator)], report: Report) -> SeededTold:
        """Keep a report that `beast stress run --json` wrote. The same one twice is kept once; of a thousand the oldest goes."""
        seeded = await kept.keep(report, Signature(str(who)))
        return SeededTold(**_told(seeded.kept).model_dump(), is_new=seeded.is_new)

    @router.get("/stress-reports", responses=refusals(*_ANYWHERE))
    async def list_reports(
        _who: Annotated[Operator, Depends(operator)],
        before: Annotated[int | None, Query(ge=1, le=NUMBER_MAX, description="Only reports numbered below this.")] = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
    ) -> ReportsTold:
        """List the kept reports, the newest first."""
        page = await kept.listing(before=before, limit=limit)
        return ReportsTold(reports=[_told(one) for one in page.reports], next_before=page.next_before)

    @router.get("/stress-reports/show", responses=refusals(*_ANYWHERE, StressReportUnknown))
    async def show_report(_who: Annotated[Operator, Depends(operator)], report: ReportNumber) -> Report:
        """Tell a report, whole, as it was made."""
        return await kept.report(report)

    @router.get("/stress-reports/compare", responses=refusals(*_ANYWHERE, StressReportUnknown))
    async def compare_reports(_who: Annotated[Operator, Depends(operator)], before: ReportNumber, after: ReportNumber) -> ComparedTold:
        """Hold one report against another: the same steps side by side."""
        steps = compared(await kept.report(before), await kept.report(after))
        return ComparedTold(steps=[compared_step(step) for step in steps])

    @router.post("/stress-reports/remove", responses=refusals(*_ANYWHERE, StressReportUnknown))
    async def remove_report(who: Annotated[Operator, Depends(operator)], body: RemoveReport) -> Removed:
        """Remove a report."""
        await kept.remove(body.report, Signature(str(who), body.reason))
        return Removed(report_id=body.report)

    return router


def compared_step(step: Compared) -> ComparedStep:
    """Return a compared step as it is told."""
    return ComparedStep(before=step.before, after=step.after, per_second=step.per_second, p50=step.p50, p99=step.p99)


def _told(kept: KeptReport) -> KeptTold:
    moments = {"began_at": timestamp_of(kept.began_at), "stored_at": timestamp_of(kept.stored_at)}
    return KeptTold(**{**asdict(kept), **moments})

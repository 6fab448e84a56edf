"""Audits of the asset map over HTTP, for operators."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from trinity_beast.access import ADMIN_REFUSALS, Operator
from trinity_beast.feeds.asked import ID_MAX, VenueName
from trinity_beast.feeds.auditing.export import audit_csv
from trinity_beast.feeds.auditing.model import Verdict, WantedAudit
from trinity_beast.feeds.auditing.service import Audits
from trinity_beast.feeds.auditing.told import AuditsTold, AuditTold, AuditWithResults, audit_told, audited_told
from trinity_beast.feeds.errors import AuditRunning, AuditUnknown, VenueUnknown
from trinity_beast.storage import DependencyAway
from trinity_beast.web import refusals, told_as

VENUES_MAX = 100
AUDITS_MAX = 200
WAIT_SECONDS_MAX = 20.0
CSV = "text/csv; charset=utf-8; header=present"
_ANYWHERE = (*ADMIN_REFUSALS, DependencyAway)

AuditId = Annotated[int, Path(ge=1, le=ID_MAX)]


class BeginAudit(BaseModel):
    """What is to be audited. A misspelt name is refused, not ignored."""

    model_config = ConfigDict(extra="forbid", strict=True)

    venues: list[VenueName] = Field(default_factory=list, max_length=VENUES_MAX, description="These exchanges alone; all where left out.")
    only_prewarmed: bool = Field(default=False, description="Only what feeds hold from the start.")


def audit_routes(audits: Audits, *, operator: Callable[..., Awaitable[Operator]]) -> APIRouter:
    """Return the routes for audits. `operator` lets operators in."""
    router = APIRouter(prefix="/admin/eam/audit", tags=["audit"])

    @router.post("", status_code=202, responses=refusals(*_ANYWHERE, AuditRunning, VenueUnknown))
    async def begin_audit(
        who: Annotated[Operator, Depends(operator)], body: Annotated[BeginAudit, Body(default_factory=BeginAudit)]
    ) -> AuditTold:
        """Begin an audit of the asset map; it goes on by itself, is asked for by its number, and no other may begin until it is over."""
        wanted = WantedAudit(tuple(dict.fromkeys(body.venues)), body.only_prewarmed)
        return audit_told(await audits.begin(wanted, by=str(who)))

    @router.get("", responses=refusals(*_ANYWHERE))
    async def list_audits(
        _who: Annotated[Operator, Depends(operator)],
        before: Annotated[int | None, Query(ge=1, le=ID_MAX, description="Only audits below this number.")] = None,
        limit: Annotated[int, Query(ge=1, le=AUDITS_MAX)] = 50,
    ) -> AuditsTold:
        """List the audits that are kept, newest first: when, who, how far, and how many rows came to which verdict."""
        return AuditsTold(audits=[audit_told(audit) for audit in await audits.listing(before=before, limit=limit)])

    @router.get("/{audit}", responses=refusals(*_ANYWHERE, AuditUnknown))
    async def read_audit(
        _who: Annotated[Operator, Depends(operator)],
        audit: AuditId,
        verdict: Annotated[list[Verdict] | None, Query(description="Only rows that came to this; may be given more than once.")] = None,
    ) -> AuditWithResults:
        """Tell one audit and, once it is done, what it found for every row: each layer with its evidence, and what is proposed."""
        found = await audits.read(audit)
        results = [audited_told(one) for one in await audits.results(audit, verdicts=verdict or ())]
        return AuditWithResults(**audit_told(found).model_dump(), results=results)

    @router.get("/{audit}/progress", responses=refusals(*_ANYWHERE, AuditUnknown))
    async def audit_progress(
        _who: Annotated[Operator, Depends(operator)],
        audit: AuditId,
        seen: Annotated[int, Query(ge=-1, le=2**31 - 1, description="How many steps you know of.")] = -1,
        wait_seconds: Annotated[float, Query(ge=0, le=WAIT_SECONDS_MAX, description="How long to wait for more.")] = 0.0,
    ) -> AuditTold:
        """Tell how far an audit is, as soon as it is over or further than `seen`."""
        return audit_told(await audits.wait(audit, seen=seen, seconds=wait_seconds))

    @router.get(
        "/{audit}/export",
        response_class=Response,
        responses={**told_as("text/csv", "The results, under a heading."), **refusals(*_ANYWHERE, AuditUnknown)},
    )
    async def export_audit(
        _who: Annotated[Operator, Depends(operator)],
        audit: AuditId,
        verdict: Annotated[list[Verdict] | None, Query(description="Only rows that came to this; may be given more than once.")] = None,
    ) -> Response:
        """Give an audit's results as CSV, made so that a spreadsheet takes none of it for a formula."""
        results = [audited_told(one).model_dump() for one in await audits.results(audit, verdicts=verdict or ())]
        name = f'attachment; filename="prewarm-audit-{audit}.csv"'
        return Response(audit_csv(results), media_type=CSV, headers={"Content-Disposition": name, "X-Content-Type-Options": "nosniff"})

    return router

"""Jobs over HTTP, for operators."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from trinity_beast.access import ADMIN_REFUSALS, Operator
from trinity_beast.jobs import JobStanding, JobUnknown
from trinity_beast.ops.asked import Reasoned
from trinity_beast.ops.runs.service import Runs
from trinity_beast.storage import DependencyAway
from trinity_beast.web import refusals, timestamp_of


class RunTold(BaseModel):
    """A run of a job."""

    state: str = Field(description="`todo`, `doing`, `succeeded`, `failed`, `aborted` or `cancelled`.")
    attempts: int = Field(description="How many processes have taken it up to its end.")
    asked_at: str | None
    started_at: str | None
    ended_at: str | None
    seconds: float | None = Field(description="From its start to its end; null before that.")


class JobTold(BaseModel):
    """A job and how it stands."""

    name: str
    about: str
    cron: str = Field(description="Its times, five fields, in UTC.")
    next_at: str
    last: RunTold | None = Field(description="The newest run; null where none is remembered.")
    failed: int = Field(description="How many of the runs that are remembered failed.")


class JobsTold(BaseModel):
    """Every job."""

    jobs: list[JobTold]


class Asked(BaseModel):
    """A job that will be done soon."""

    name: str
    waited_already: bool = Field(description="Whether it was asked for before and waits still; it is then done once.")


def job_routes(runs: Runs, *, operator: Callable[..., Awaitable[Operator]]) -> APIRouter:
    """Return the routes for jobs. `operator` lets operators in."""
    router = APIRouter(prefix="/admin", tags=["operations"])

    @router.get("/jobs", responses=refusals(*ADMIN_REFUSALS, DependencyAway))
    async def list_jobs(_who: Annotated[Operator, Depends(operator)]) -> JobsTold:
        """List the work that is done by itself: when it was done last and how that ended, and when it is due next."""
        return JobsTold(jobs=[_told(standing) for standing in await runs.standing()])

    @router.post("/jobs/{name}/runs", status_code=202, responses=refusals(*ADMIN_REFUSALS, JobUnknown, DependencyAway))
    async def run_job(
        who: Annotated[Operator, Depends(operator)],
        name: Annotated[str, Path(max_length=100, pattern=r"^[a-z_.]+$", description="The job's name.")],
        body: Reasoned,
    ) -> Asked:
        """Have a job done soon, whatever its times are; the way to do a failed one again."""
        return Asked(name=name, waited_already=not await runs.ask(name, body.signed(who, "asked for")))

    return router


def _told(standing: JobStanding) -> JobTold:
    last = standing.last
    told = None
    if last is not None:
        seconds = (last.ended_at - last.started_at).total_seconds() if last.ended_at and last.started_at else None
        told = RunTold(
            state=last.state,
            attempts=last.attempts,
            asked_at=_moment(last.asked_at),
            started_at=_moment(last.started_at),
            ended_at=_moment(last.ended_at),
            seconds=seconds,
        )
    return JobTold(
        name=standing.name,
        about=standing.about,
        cron=standing.cron,
        next_at=timestamp_of(standing.next_at),
        last=told,
        failed=standing.failed,
    )


def _moment(at: datetime | None) -> str | None:
    return None if at is None else timestamp_of(at)

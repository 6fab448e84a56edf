"""What we ask of procrastinate's tables beyond what it offers itself."""

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.jobs.model import LastRun

Transaction = AsyncConnection
"""An open transaction, as `Database` gives it."""
_STALLED = sa.text(
    # Its worker is gone, or shows no sign of life; or it is ours and we do not do it, for its end could not be noted.
    "SELECT job.id, job.task_name, job.attempts, job.queueing_lock FROM procrastinate_jobs AS job"
    " LEFT JOIN procrastinate_workers AS worker ON worker.id = job.worker_id"
    " WHERE job.status = 'doing' AND (worker.id IS NULL OR worker.last_heartbeat < now() - make_interval(secs => :silent_seconds)"
    "  OR (job.worker_id = :own_worker AND job.id <> ALL(:running)"
    "   AND (SELECT max(at) FROM procrastinate_events WHERE job_id = job.id AND type = 'started') < now()"
    "    - make_interval(secs => :silent_seconds)))"
    " ORDER BY job.id FOR UPDATE OF job SKIP LOCKED"
)
_IS_WAITED_FOR = sa.text("SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE queueing_lock = :lock AND status = 'todo')")
_AGAIN = sa.text("SELECT procrastinate_retry_job_v2(:job, NULL, NULL, NULL, NULL)")
_FAILED = sa.text("SELECT procrastinate_finish_job_v1(:job, 'failed', false)")
_LAST_RUNS = sa.text(
    "SELECT DISTINCT ON (task_name) task_name, status::text, attempts,"
    " (SELECT min(at) FROM procrastinate_events WHERE job_id = job.id AND type = 'deferred'),"
    " (SELECT max(at) FROM procrastinate_events WHERE job_id = job.id AND type = 'started'),"
    " (SELECT max(at) FROM procrastinate_events WHERE job_id = job.id AND type IN ('succeeded', 'failed', 'aborted', 'cancelled'))"
    " FROM procrastinate_jobs AS job WHERE task_name = ANY(:names) ORDER BY task_name, id DESC"
)
_FAILURES = sa.text(
    "SELECT task_name, count(*) FROM procrastinate_jobs WHERE task_name = ANY(:names) AND status = 'failed' GROUP BY task_name"
)
_FORGET = sa.text(
    "DELETE FROM procrastinate_jobs WHERE id IN ("
    " SELECT job_id FROM procrastinate_events JOIN procrastinate_jobs AS job ON job.id = job_id"
    " WHERE job.status IN ('succeeded', 'failed', 'aborted', 'cancelled')"
    " GROUP BY job_id HAVING max(at) < now() - make_interval(hours => :hours))"
)


class Stalled(NamedTuple):
    """A run whose process is dead."""

    job_id: int
    name: str
    attempts: int
    is_waited_for: bool
    """Whether another run of the job waits already, which will do its work."""


async def stalled(tx: AsyncConnection, *, silent_seconds: float, own_worker: int | None, running: Sequence[int]) -> list[Stalled]:
    """Return the runs whose process is dead, and take them in hand until `tx` ends."""
    values = {"silent_seconds": silent_seconds, "own_worker": own_worker or -1, "running": list(running)}
    found = (await tx.execute(_STALLED, values)).all()
    return [
        Stalled(job_id, name, attempts, bool((await tx.execute(_IS_WAITED_FOR, {"lock": lock})).scalar_one()))
        for job_id, name, attempts, lock in found
    ]


async def run_again(tx: AsyncConnection, job_id: int) -> None:
    """Let a stalled run be done again; this counts as an attempt."""
    await tx.execute(_AGAIN, {"job": job_id})


async def give_up(tx: AsyncConnection, job_id: int) -> None:
    """Note that a stalled run has failed."""
    await tx.execute(_FAILED, {"job": job_id})


async def last_runs(tx: AsyncConnection, names: Sequence[str]) -> dict[str, LastRun]:
    """Return the last run of each job that has one."""
    return {name: LastRun(*rest) for name, *rest in await tx.execute(_LAST_RUNS, {"names": list(names)})}


async def failures(tx: AsyncConnection, names: Sequence[str]) -> dict[str, int]:
    """Return how many remembered runs of each job failed."""
    return {name: int(count) for name, count in await tx.execute(_FAILURES, {"names": list(names)})}


async def forget(tx: AsyncConnection, *, hours: int) -> int:
    """Forget runs that ended more than `hours` ago; return how many."""
    return (await tx.execute(_FORGET, {"hours": hours})).rowcount


async def driver_of(tx: AsyncConnection) -> object:
    """Return the driver's connection that a transaction is open on."""
    return (await tx.get_raw_connection()).driver_connection

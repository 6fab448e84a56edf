"""What jobs promise: done once over all nodes, again after a death, never for ever, and stopped in order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from tests.support.clock import ManualClock
from trinity_beast.clock import Clock, SystemClock
from trinity_beast.jobs import Job, Jobs, JobUnknown
from trinity_beast.storage import Database
from trinity_beast.telemetry import SpanRecorder
from trinity_beast.traces import UNTRACED, Traces

NEVER = "0 0 29 2 *"
WITHIN_SECONDS = 60.0


class Work:
    """Work that says when it is done, how often, and may be held up or fail."""

    def __init__(self, *, failing: int = 0, held: bool = False) -> None:
        self.begun, self.ended = asyncio.Queue[int](), asyncio.Queue[int]()
        self.go = asyncio.Event()
        self.times = self.at_once = self.at_once_most = 0
        self._failing = failing
        if not held:
            self.go.set()

    async def __call__(self) -> None:
        self.times += 1
        self.at_once += 1
        self.at_once_most = max(self.at_once, self.at_once_most)
        self.begun.put_nowait(self.times)
        try:
            await self.go.wait()
            if self.times <= self._failing:
                raise ValueError("as told")
        finally:
            self.at_once -= 1
        self.ended.put_nowait(self.times)


def job(work: Callable[[], Awaitable[object]], *, tries_max: int = 3, cron: str = NEVER) -> Job:
    return Job("usage.roll_up", "Sums usage up.", work, cron, tries_max=tries_max, retry_seconds=0.0)


@asynccontextmanager
async def running(
    database: Database, *jobs: Job, clock: Clock | None = None, traces: Traces = UNTRACED, counted: list[str] | None = None
) -> AsyncIterator[Jobs]:
    told = [] if counted is None else counted
    runner = Jobs(database, jobs, clock or SystemClock(), traces=traces, count=told.append)
    await runner.start()
    try:
        yield runner
    finally:
        await runner.stop()


async def next_of(queue: asyncio.Queue[int]) -> int:
    async with asyncio.timeout(WITHIN_SECONDS):
        return await queue.get()


async def states(database: Database) -> list[tuple[str, int]]:
    async with database.transaction() as tx:
        rows = await tx.execute(sa.text("SELECT status::text, attempts FROM procrastinate_jobs ORDER BY id"))
        return [(state, attempts) for state, attempts in rows]


async def once(database: Database, holds: Callable[[list[tuple[str, int]]], bool]) -> list[tuple[str, int]]:
    """Return the states of runs once they are as wanted: what ends a run is noted after its work has ended."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while not holds(found := await states(database)):  # noqa: ASYNC110 - Only the database can tell.
            await asyncio.sleep(0)
    return found


async def test_a_node_leaves_jobs_it_was_not_given_to_those_that_have_them(own_database: Database) -> None:
    shared, own = Work(), Work()
    dashboard = Job("ops.daily", "Makes the dashboard.", own, NEVER)
    async with running(own_database, job(shared)) as without:
        async with own_database.transaction() as tx:
            assert await Jobs(own_database, [dashboard], SystemClock()).ask("ops.daily", tx=tx)
        assert await without.ask("usage.roll_up")
        await next_of(shared.ended)
        await once(own_database, lambda found: found == [("todo", 0), ("succeeded", 1)])
    async with running(own_database, dashboard, job(shared)):
        await next_of(own.ended)


async def test_what_was_asked_for_before_jobs_had_queues_is_done(own_database: Database) -> None:
    work = Work()
    async with running(own_database, job(work)) as jobs:
        async with own_database.transaction() as tx:
            await jobs.ask("usage.roll_up", tx=tx)
            await tx.execute(sa.text("UPDATE procrastinate_jobs SET queue_name = 'default'"))
        async with own_database.transaction() as tx:
            await tx.execute(sa.text("SELECT pg_notify('procrastinate_queue_v1#default', '{\"type\": \"job_inserted\"}')"))
        await next_of(work.ended)


async def test_a_job_asked_for_is_done_and_told(own_database: Database) -> None:
    work = Work()
    async with running(own_database, job(work)) as jobs:
        assert await jobs.ask("usage.roll_up")
        await next_of(work.ended)
        await once(own_database, lambda found: found == [("succeeded", 1)])
        [standing] = await jobs.standing()
    assert (standing.name, standing.failed) == ("usage.roll_up", 0)
    assert standing.last is not None
    assert standing.last.state == "succeeded"
    assert standing.last.started_at is not None
    assert standing.last.ended_at is not None


async def test_a_job_that_waits_is_not_put_in_line_twice(own_database: Database) -> None:
    jobs = Jobs(own_database, [job(Work())], SystemClock())
    async with jobs._app.open_async():
        assert await jobs.ask("usage.roll_up")
        assert not await jobs.ask("usage.roll_up")
    assert await states(own_database) == [("todo", 0)]


async def test_a_job_is_done_by_one_of_many_nodes_at_a_time(own_database: Database) -> None:
    work = Work(held=True)
    async with running(own_database, job(work)) as one, running(own_database, job(work)) as other:
        await one.ask("usage.roll_up")
        await next_of(work.begun)
        await other.ask("usage.roll_up")
        await once(own_database, lambda found: [state for state, _ in found] == ["doing", "todo"])
        work.go.set()
        assert [await next_of(work.ended), await next_of(work.ended)] == [1, 2]
    assert work.at_once_most == 1


async def test_a_job_asked_for_in_a_transaction_is_done_only_if_that_is_committed(own_database: Database) -> None:
    jobs = Jobs(own_database, [job(Work())], SystemClock())
    async with own_database.transaction() as tx:
        assert await jobs.ask("usage.roll_up", tx=tx)
        await tx.rollback()
    assert await states(own_database) == []
    async with own_database.transaction() as tx:
        assert await jobs.ask("usage.roll_up", tx=tx)
        assert not await jobs.ask("usage.roll_up", tx=tx)
    assert await states(own_database) == [("todo", 0)]


async def test_a_job_that_fails_is_tried_again_and_then_given_up(own_database: Database) -> None:
    soon, never = Work(failing=2), Work(failing=99)
    async with running(own_database, job(soon)) as jobs:
        await jobs.ask("usage.roll_up")
        assert await next_of(soon.ended) == 3
        await once(own_database, lambda found: found == [("succeeded", 1)])
    async with running(own_database, job(never)) as jobs:
        await jobs.ask("usage.roll_up")
        await once(own_database, lambda found: found[-1] == ("failed", 1))
        [standing] = await jobs.standing()
    assert never.times == 3
    assert standing.failed == 1


async def test_what_a_dead_process_left_undone_is_done_again(own_database: Database) -> None:
    await left_undone(own_database)
    work = Work()
    async with running(own_database, job(work)):
        await next_of(work.ended)
        assert await once(own_database, lambda found: found[0][0] == "succeeded") == [("succeeded", 2)]


async def test_a_job_that_kills_whoever_does_it_is_given_up(own_database: Database) -> None:
    work = Work()
    jobs = Jobs(own_database, [job(work, tries_max=3)], SystemClock())
    await left_undone(own_database)
    for expected in ("todo", "todo", "failed"):
        assert await jobs.rescue() == 1
        [(state, _)] = await states(own_database)
        assert state == expected
        await die_again(own_database)
    assert work.times == 0


async def test_a_dead_run_gives_way_to_one_that_waits(own_database: Database) -> None:
    jobs = Jobs(own_database, [job(Work())], SystemClock())
    await left_undone(own_database)
    async with own_database.transaction() as tx:
        await jobs.ask("usage.roll_up", tx=tx)
    assert await jobs.rescue() == 1
    assert [state for state, _ in await states(own_database)] == ["failed", "todo"]


async def test_the_living_are_not_rescued(own_database: Database) -> None:
    work = Work(held=True)
    async with running(own_database, job(work)) as jobs:
        await jobs.ask("usage.roll_up")
        await next_of(work.begun)
        assert await Jobs(own_database, [], SystemClock()).rescue() == 0
        assert await jobs.rescue() == 0
        work.go.set()
        await next_of(work.ended)


async def test_a_job_cut_off_by_the_stop_of_its_node_is_left_to_the_next(own_database: Database) -> None:
    work = Work(held=True)
    runner = Jobs(own_database, [job(work)], SystemClock(), stop_seconds=0.01)
    await runner.start()
    await runner.ask("usage.roll_up")
    await next_of(work.begun)
    await runner.stop()
    assert [state for state, _ in await states(own_database)] == ["aborted", "todo"]
    work.go.set()
    async with running(own_database, job(work)):
        assert await next_of(work.ended) == 2


async def test_jobs_go_on_after_the_database_threw_everybody_out(own_database: Database) -> None:
    work = Work()
    async with running(own_database, job(work)) as jobs:
        await jobs.ask("usage.roll_up")
        await next_of(work.ended)
        async with own_database.transaction() as tx:
            await tx.execute(
                sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'trinity-beast jobs'")
            )
        await jobs.ask("usage.roll_up")
        assert await next_of(work.ended) == 2


async def test_a_job_is_done_at_its_times_once_over_all_nodes(own_database: Database) -> None:
    """Each node makes up, at its start, for the last time that passed; the database keeps the second from asking again."""
    work = Work()
    every_minute = job(work, cron="* * * * *")
    async with running(own_database, every_minute), running(own_database, every_minute):
        await next_of(work.ended)
        async with own_database.transaction() as tx:
            asked = (await tx.execute(sa.text("SELECT count(*) FROM procrastinate_periodic_defers"))).scalar_one()
    assert asked == 1


def test_when_a_job_is_due_next_is_told_in_utc(own_database: Database) -> None:
    jobs = Jobs(own_database, [job(Work(), cron="0 6 * * *")], ManualClock())
    assert jobs._next("usage.roll_up") == datetime(2026, 11, 21, 6, 0, tzinfo=UTC)


async def test_a_job_nobody_knows_is_refused(own_database: Database) -> None:
    with pytest.raises(JobUnknown):
        await Jobs(own_database, [], SystemClock()).ask("usage.roll_up")


async def test_runs_that_ended_long_ago_are_forgotten(own_database: Database) -> None:
    work = Work()
    async with running(own_database, job(work)) as jobs:
        await jobs.ask("usage.roll_up")
        await next_of(work.ended)
        await once(own_database, lambda found: found == [("succeeded", 1)])
    async with own_database.transaction() as tx:
        await tx.execute(sa.text("UPDATE procrastinate_events SET at = at - interval '8 days'"))
    async with running(own_database, job(work)):
        await once(own_database, lambda found: found == [])


async def left_undone(database: Database) -> None:
    """Leave a run behind as a killed process does: taken by a worker whose heart beats no more."""
    async with database.transaction() as tx:
        await tx.execute(
            sa.text(
                "WITH dead AS (INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id)"
                " INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args, status, worker_id)"
                " SELECT 'default', 'usage.roll_up', 'usage.roll_up', 'usage.roll_up', '{\"timestamp\": 0}', 'doing', id FROM dead"
            )
        )


async def die_again(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(sa.text("UPDATE procrastinate_jobs SET status = 'doing' WHERE status = 'todo'"))


async def test_runs_are_counted_and_traced_as_they_end(own_database: Database) -> None:
    counted: list[str] = []
    recorder = SpanRecorder(SystemClock())
    for work, state in ((Work(), "succeeded"), (Work(failing=99), "failed")):
        async with running(own_database, job(work, tries_max=1), traces=recorder, counted=counted) as jobs:
            await jobs.ask("usage.roll_up")
            await once(own_database, lambda found, state=state: found[-1][0] == state)  # type: ignore[misc]
    assert counted == ["bg_work_submitted", "bg_work_completed", "bg_work_submitted", "bg_work_dropped"]
    spans = recorder.take(10)
    assert [(span.name, span.status.description) for span in spans] == [("job usage.roll_up", None), ("job usage.roll_up", "ValueError")]
    assert {(span.attributes or {})["trinity.job"] for span in spans} == {"usage.roll_up"}

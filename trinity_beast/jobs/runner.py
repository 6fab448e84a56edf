"""The runner: does jobs in this process, and does again what a dead process left undone."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime

from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.worker import Worker

from trinity_beast.clock import Clock
from trinity_beast.jobs import store
from trinity_beast.jobs.errors import JobUnknown
from trinity_beast.jobs.model import Job, JobStanding
from trinity_beast.log import get_log
from trinity_beast.storage import Database, DependencyAway, address_for_libpq
from trinity_beast.traces import UNTRACED, Traces

AT_ONCE_MAX = 4
CATCH_UP_SECONDS = 93_600.0
"""A time that passed while no node ran is made up for, once, if it is no longer ago: an outage costs no night's job."""
HEARTBEAT_SECONDS = 5.0
SILENT_SECONDS = 30.0
"""A process that shows no sign of life for so long is taken for dead, and its jobs are done again."""
RESCUE_EVERY_SECONDS = 10.0
KEPT_HOURS = 168
FORGET_EVERY = 360
"""Every so many rescues, once an hour, what ended long ago is forgotten."""
STOP_SECONDS = 10.0
RETRY_SECONDS = 2.0
OF_EVERYBODY = "default"
"""The queue of runs that were asked for before each job had a queue of its own."""

_log = get_log("jobs")


class Jobs:
    """Does the jobs of this node, each once over all nodes at any moment. A `Part`.

    What is asked for lies in the database (procrastinate); a job waits there at most once (queueing lock) and is done by
    one process at a time (lock). Whoever asks for a job that waits already gets that one.
    """

    name = "jobs"

    def __init__(
        self,
        database: Database,
        jobs: Sequence[Job],
        clock: Clock,
        *,
        silent_seconds: float = SILENT_SECONDS,
        stop_seconds: float = STOP_SECONDS,
        traces: Traces = UNTRACED,
        count: Callable[[str], None] = lambda _name: None,
    ) -> None:
        """Do `jobs`. `count` is told by the names of the contract of each run that is begun, done or given up here."""
        self._database, self._clock, self._traces, self._count = database, clock, traces, count
        self._silent_seconds, self._stop_seconds = silent_seconds, stop_seconds
        self._jobs = {job.name: job for job in jobs}
        self._app = self._made()
        self._worker: Worker | None = None
        self._running: set[int] = set()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to do jobs."""
        await self._app.open_async()
        self._tasks = [asyncio.create_task(work(), name=f"{self.name}: {name}") for name, work in self._loops().items()]

    async def stop(self) -> None:
        """Let what is being done end; what is not done in time is left to another node, or to the next start."""
        if self._worker is not None:
            self._worker.stop()  # type: ignore[no-untyped-call]  # The library's gap.
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._app.close_async()

    async def ask(self, name: str, *, tx: store.Transaction | None = None) -> bool:
        """Ask for a job to be done soon; with `tx`, if and only if that is committed. Whether it did not wait already.

        Raises:
            JobUnknown: there is no such job.
            DependencyAway: the database is away.
        """
        if name not in self._jobs:
            raise JobUnknown(name=name, known=", ".join(self._jobs))
        asked = self._app.tasks[name].configure()
        try:
            if tx is None:
                await asked.defer_async(timestamp=0)
            else:
                async with tx.begin_nested():
                    await asked.job_manager.defer_job_async(asked.job.evolve(task_kwargs={"timestamp": 0}), await store.driver_of(tx))
        except AlreadyEnqueued:
            return False
        except ConnectorException as error:
            raise DependencyAway(part="database", reason=str(error)) from error
        return True

    async def standing(self) -> list[JobStanding]:
        """Return how every job stands.

        Raises:
            DependencyAway: the database is away.
        """
        names = list(self._jobs)
        async with self._database.transaction() as tx:
            last, failed = await store.last_runs(tx, names), await store.failures(tx, names)
        return [
            JobStanding(name, job.about, job.cron, last.get(name), self._next(name), failed.get(name, 0))
            for name, job in self._jobs.items()
        ]

    async def rescue(self) -> int:
        """Have done again what dead processes left undone, as long as their tries last; return how many runs were found dead.

        Raises:
            DependencyAway: the database is away.
        """
        async with self._database.transaction() as tx:
            own = self._worker.worker_id if self._worker is not None else None
            found = await store.stalled(tx, silent_seconds=self._silent_seconds, own_worker=own, running=list(self._running))
            for run in found:
                tries_max = self._jobs[run.name].tries_max if run.name in self._jobs else 1
                if run.is_waited_for or run.attempts + 1 >= tries_max:
                    await store.give_up(tx, run.job_id)
                else:
                    await store.run_again(tx, run.job_id)
        for run in found:
            _log.warning("job left undone", job=run.name, run=run.job_id, attempts=run.attempts + 1, is_waited_for=run.is_waited_for)
        return len(found)

    def _made(self) -> App:
        options = "-c statement_timeout=10000 -c timezone=UTC"
        keywords = {"application_name": "trinity-beast jobs", "connect_timeout": 5, "options": options}
        connector = PsycopgConnector(
            conninfo=address_for_libpq(self._database.url), kwargs=keywords, min_size=1, max_size=AT_ONCE_MAX + 2, timeout=10.0
        )
        app = App(connector=connector, periodic_defaults={"max_delay": CATCH_UP_SECONDS})
        for job in self._jobs.values():
            # In a queue of its own: of a common one a worker takes, and fails, jobs too that only other nodes know.
            asked = app.task(name=job.name, queue=job.name, lock=job.name, queueing_lock=job.name, pass_context=True)
            task = asked(self._doing(job))
            app.periodic(cron=job.cron)(task)
        return app

    def _loops(self) -> dict[str, Callable[[], Coroutine[None, None, None]]]:
        return {"work": self._work_for_ever, "rescue": self._rescue_for_ever}

    def _doing(self, job: Job) -> Callable[..., Coroutine[None, None, None]]:
        async def do(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - The time it is done for, which no job asks.
            assert context.job.id is not None, "it came from the database"
            self._running.add(context.job.id)
            self._count("bg_work_submitted")
            try:
                with self._traces.span(f"job {job.name}", facts={"trinity.job": job.name, "trinity.attempts": context.job.attempts}):
                    await self._tried(job, context.job.attempts)
                self._count("bg_work_completed")
            except asyncio.CancelledError:
                # The node stops. Another does it, or this one's next start; a nightly job would else wait for the next night.
                await self.ask(job.name)
                raise
            except Exception:
                self._count("bg_work_dropped")
                raise
            finally:
                self._running.discard(context.job.id)

        return do

    async def _tried(self, job: Job, attempts: int) -> None:
        """Do a job, again where it fails, as long as its tries last.

        Here rather than by procrastinate's own retries: those put the run back among the waiting, where by then another
        of the same queueing lock may wait; the one could not be put back, and its lock would stop the job for good.
        """
        for left in range(job.tries_max - attempts - 1, -1, -1):
            try:
                async with asyncio.timeout(job.seconds_max):
                    await job.work()
            except Exception as error:
                if left == 0:
                    _log.error("job failed", job=job.name, error=error)
                    raise
                _log.warning("job tried again", job=job.name, tries_left=left, error=error)
                await self._clock.sleep(job.retry_seconds)
            else:
                return
        raise RuntimeError(f"{job.name} has been tried {attempts} times")

    async def _work_for_ever(self) -> None:
        while True:
            self._worker = Worker(
                self._app,
                queues=[*self._jobs, OF_EVERYBODY],
                concurrency=AT_ONCE_MAX,
                shutdown_graceful_timeout=self._stop_seconds,
                install_signal_handlers=False,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=self._silent_seconds,
            )
            try:
                await self._worker.run()  # type: ignore[no-untyped-call]  # The library's gap.
            except Exception as error:  # Whatever ended it, jobs must go on being done.
                _log.warning("jobs interrupted", error=error)
            await self._clock.sleep(RETRY_SECONDS)

    async def _rescue_for_ever(self) -> None:
        rounds = 0
        while True:
            try:
                await self.rescue()
                if rounds % FORGET_EVERY == 0:
                    async with self._database.transaction() as tx:
                        await store.forget(tx, hours=KEPT_HOURS)
            except DependencyAway as error:
                _log.warning("jobs not looked after", error=error)
            rounds += 1
            await self._clock.sleep(RESCUE_EVERY_SECONDS)

    def _next(self, name: str) -> datetime:
        times = self._app.periodic_registry.periodic_tasks[name, ""].croniter
        return datetime.fromtimestamp(times.get_next(ret_type=float, start_time=self._clock.now().timestamp()), UTC)

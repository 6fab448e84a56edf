"""The work a node does by itself, at its times: one of all nodes does it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from trinity_beast.access import Operator
from trinity_beast.compose.ground import Ground
from trinity_beast.compose.syncing import sync_job, sync_of, syncing_database
from trinity_beast.jobs import Job, Jobs
from trinity_beast.ops import Daily, Insights, Runs
from trinity_beast.ops.daily.routes import daily_routes
from trinity_beast.ops.insights.routes import insight_routes
from trinity_beast.ops.runs.routes import job_routes
from trinity_beast.parts import Part, Step
from trinity_beast.reports import Uses
from trinity_beast.storage import Database
from trinity_beast.usage import Days, Partitions, Settled
from trinity_beast.web import Router

STATEMENT_SECONDS, TRANSACTION_SECONDS = 300.0, 330.0
"""What nobody waits for may take its time; a day is summed up anew in one statement."""


@dataclass(frozen=True, slots=True)
class Working:
    """The jobs of a node, built; nothing runs yet."""

    parts: list[Part]
    runs: Runs
    insights: Insights
    daily: Daily
    """The dashboard that is made every hour, of whatever the services have it look at."""
    database: Database
    """Its own way to the database, for what nobody waits for."""

    def routes(self, operator: Callable[..., Awaitable[Operator]]) -> list[Router]:
        """Return what operators ask about the node's works."""
        runs, insights = job_routes(self.runs, operator=operator), insight_routes(self.insights, operator=operator)
        return [runs, insights, daily_routes(self.daily, operator=operator)]


def working_of(on: Ground, *, count: Callable[[str], None], sells_prices: bool) -> Working:
    """Return the work a node does in turn with the others; `count` counts it. Its connections are its own.

    Only where prices are sold is there anything for the dashboard to look at, so only there is it made.
    """
    database = Database(
        on.database.url,
        connections_max=4,
        statement_seconds=STATEMENT_SECONDS,
        transaction_seconds=TRANSACTION_SECONDS,
        traces=on.traces,
    )
    days = Days(database)
    partitions = Partitions(database, days, on.clock, on.readings)
    uses = Uses(database, on.clock, on.readings)
    forget = Job("reports.forget", "Forgets which reports were asked for long ago.", uses.prune, cron="50 2 * * *")
    daily = Daily(database, on.clock, on.readings, node=on.settings.node)
    usage = usage_jobs(days, partitions, Settled(database, on.clock, on.readings))
    work, databases = [*usage, forget], [database]
    if sells_prices:
        work.append(daily.job())
    if on.cache is not None:
        databases.append(syncing_database(on.database.url, on.traces))
        sync = sync_of(databases[-1], on.cache, on.keys, on.digests, clock=on.clock, readings=on.readings)
        work.append(sync_job(sync, is_full=on.settings.force_full_sync))
    jobs = Jobs(database, work, on.clock, traces=on.traces, count=count)
    return Working(
        parts=[
            *[Step("jobs database", down=each.close) for each in databases],
            Step("usage days", up=partitions.make_ahead_if_possible),
            jobs,
        ],
        runs=Runs(database, jobs),
        insights=Insights(on.database),
        daily=daily,
        database=database,
    )


def usage_jobs(days: Days, partitions: Partitions, settled: Settled) -> list[Job]:
    """Return what usage has to be done by itself."""
    return [
        Job("usage.roll_up", "Sums usage up by day.", days.roll_up, cron="*/5 * * * *"),
        Job("usage.keep_days", "Makes days ahead and drops those whose time is over.", partitions.keep, cron="17 * * * *"),
        Job(
            "usage.mend",
            "Compares the sums by day with the counts of keys, and sums up anew what differs.",
            partitions.mend,
            cron="40 2 * * *",
        ),
        Job("usage.forget_settled", "Forgets what was set aside and dealt with long ago.", settled.forget_old, cron="45 2 * * *"),
    ]

"""The metering of a node: what its engine has recorded goes to the database, by its own writer or through a queue."""

from dataclasses import dataclass

from trinity_beast.access.routes import Operated
from trinity_beast.cloud import Queue
from trinity_beast.compose.ground import Ground
from trinity_beast.engine import Engine
from trinity_beast.parameters import Readings
from trinity_beast.parts import Part, Step
from trinity_beast.settings import Settings, engine_threads
from trinity_beast.storage import Database
from trinity_beast.telemetry import Counters, Samples
from trinity_beast.traces import UNTRACED, Traces
from trinity_beast.usage import (
    SQS_TIMEOUT_MS,
    Aside,
    ByQueue,
    Carrier,
    EngineCount,
    InPlace,
    Ledger,
    Oversight,
    Reconciler,
    Shipper,
    Spread,
    Waiting,
    Writer,
)
from trinity_beast.usage.overseeing.routes import usage_admin_routes
from trinity_beast.usage.reconciling.routes import reconcile_routes
from trinity_beast.web import Router

STATEMENT_SECONDS, TRANSACTION_SECONDS = 60.0, 90.0
"""Storing a batch takes longer than what a person waits for, above all on a database that is catching up."""
RECONCILE_SECONDS = 25.0
"""Reading every row of a day takes long; the caller waits."""


def metering_database(url: str, traces: Traces = UNTRACED) -> Database:
    """Return metering's own way to the database: a backlog must not keep a key waiting."""
    return Database(url, connections_max=4, statement_seconds=STATEMENT_SECONDS, transaction_seconds=TRANSACTION_SECONDS, traces=traces)


def usage_queue(settings: Settings, readings: Readings) -> Queue:
    """Return the queue that `QUEUE_URL` names."""
    timeout_ms = readings.of(SQS_TIMEOUT_MS)
    return Queue(
        settings.queue_url,
        region=settings.region,
        endpoint_url=settings.aws_endpoint_url,
        call_seconds=lambda: timeout_ms.value / 1_000,
    )


def reconciler_of(on: Ground, engine: Engine) -> tuple[Reconciler, Part]:
    """Return what compares this node's spool and engine with the database, and its own way there: it reads long."""
    database = Database(
        on.database.url,
        connections_max=1,
        statement_seconds=RECONCILE_SECONDS,
        transaction_seconds=RECONCILE_SECONDS,
        traces=on.traces,
    )

    def count() -> EngineCount:
        counted = engine.counters.read()
        lanes = engine_threads(on.settings) + 1
        return EngineCount(on.settings.node, engine.spool.boot, counted["usage_recorded"], counted["usage_lost"], lanes)

    reconciler = Reconciler(database, [on.folder.spool], on.clock, nodes=[on.settings.node], count=count)
    return reconciler, Step("reconcile database", down=database.close)


@dataclass(frozen=True, slots=True)
class Metering:
    """Metering, built; nothing runs yet."""

    parts: list[Part]
    """What runs, in the order it starts."""
    routers: list[Router]
    """What operators ask about usage on its way, and whether all of it arrived."""
    samples: Samples
    oversight: Oversight
    spread: Spread | None
    """By asset and source what was answered, where somebody is told that."""


def metering_of(on: Ground, engine: Engine, counters: Counters, operator: Operated) -> Metering:
    """Return what has the spool stored: through the queue where there is one, else in this process."""
    database = metering_database(on.database.url, on.traces)
    writer, waiting = Writer(database), Waiting(on.folder.spool)
    by_queue: ByQueue | None = None
    carrier: Carrier = InPlace(writer, clock=on.clock, readings=on.readings)
    if on.settings.queue_url:
        queue = usage_queue(on.settings, on.readings)
        carrier = by_queue = ByQueue(queue, Ledger(database), clock=on.clock, dice=on.dice, readings=on.readings)
    spread = Spread() if on.settings.cloudwatch_metrics else None
    shipper = Shipper(
        waiting,
        carrier,
        clock=on.clock,
        dice=on.dice,
        readings=on.readings,
        bound=engine.spool.bound,
        count=counters.add,
        spread=spread,
    )
    aside = Aside(database, writer)
    oversight = Oversight(
        waiting,
        shipper,
        aside,
        clock=on.clock,
        lost=lambda: counters.contract()["usage_lost"],
        trouble=lambda: engine.spool.trouble,
        queue=by_queue,
    )
    on.health.register("usage", oversight.finding, is_needed=False)
    reconciler, reconcile_database = reconciler_of(on, engine)
    parts: list[Part] = [reconcile_database, Step("metering database", down=database.close), *([by_queue] if by_queue else []), shipper]
    routers = [usage_admin_routes(oversight, aside, operator=operator), reconcile_routes(reconciler, operator=operator)]
    return Metering(parts, routers, oversight.samples, oversight, spread)

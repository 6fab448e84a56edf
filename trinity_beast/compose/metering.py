"""The metering of a node: what its engine has recorded goes to the database, by its own writer or through a queue."""

from trinity_beast.cloud import Queue
from trinity_beast.compose.ground import Ground
from trinity_beast.engine import Engine
from trinity_beast.parameters import Readings
from trinity_beast.parts import Part, Step
from trinity_beast.settings import Settings
from trinity_beast.storage import Database
from trinity_beast.usage import SQS_TIMEOUT_MS, ByQueue, InPlace, Ledger, Shipper, Waiting, Writer

STATEMENT_SECONDS, TRANSACTION_SECONDS = 60.0, 90.0
"""Storing a batch takes longer than what a person waits for, above all on a database that is catching up."""


def metering_database(url: str) -> Database:
    """Return metering's own way to the database: a backlog must not keep a key waiting."""
    return Database(url, connections_max=4, statement_seconds=STATEMENT_SECONDS, transaction_seconds=TRANSACTION_SECONDS)


def usage_queue(settings: Settings, readings: Readings) -> Queue:
    """Return the queue that `QUEUE_URL` names."""
    timeout_ms = readings.of(SQS_TIMEOUT_MS)
    return Queue(
        settings.queue_url,
        region=settings.region,
        endpoint_url=settings.aws_endpoint_url,
        call_seconds=lambda: timeout_ms.value / 1_000,
    )


def metering_parts(on: Ground, engine: Engine) -> list[Part]:
    """Return what has the spool stored, in the order it starts: through the queue where there is one, else in this process."""
    database = metering_database(on.database.url)
    opened = Step("metering database", down=database.close)
    waiting, bound = Waiting(on.folder.spool), engine.spool.bound
    if not on.settings.queue_url:
        in_place = InPlace(Writer(database), clock=on.clock, readings=on.readings)
        return [opened, Shipper(waiting, in_place, clock=on.clock, dice=on.dice, readings=on.readings, bound=bound)]
    queue = usage_queue(on.settings, on.readings)
    by_queue = ByQueue(queue, Ledger(database), clock=on.clock, dice=on.dice, readings=on.readings)
    return [opened, by_queue, Shipper(waiting, by_queue, clock=on.clock, dice=on.dice, readings=on.readings, bound=bound)]

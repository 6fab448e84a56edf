"""Shipper, queue and writer in a process that is killed at its nth step, for n = 1, 2, 3 … until it gets through.

`python -m tests.usage.dying_pipeline SPOOL DATABASE_URL QUEUE_URL ENDPOINT_URL`. Each step of shipping, writing, acknowledging
and deleting is one; what the ledger tells, and messages the queue has not, are none.
"""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

from aiobotocore.session import get_session

from tests.support.ministack import CREDENTIALS, REGION
from tests.usage.dying import DyingDatabase, DyingQueue, DyingWaiting, Fate, killed_until_done
from trinity_beast.clock import SystemClock
from trinity_beast.parameters import Readings
from trinity_beast.randomness import dice_from
from trinity_beast.storage import Database
from trinity_beast.usage import Aside, ByQueue, InPlace, Ledger, Receiver, Shipper, Writer

PARAMETERS = {"sqs_flush_ms": "0", "usage_hold_seconds": "2", "usage_batch_records": "100"}
CALL_SECONDS = 30.0


@dataclass(frozen=True)
class Places:
    """Where everything is."""

    spool: Path
    database_url: str
    queue_url: str
    endpoint_url: str


def queue_of(places: Places, fate: Fate) -> DyingQueue:
    session = get_session()
    session.set_credentials(*CREDENTIALS.values())
    queue = DyingQueue(
        places.queue_url, region=REGION, endpoint_url=places.endpoint_url, call_seconds=lambda: CALL_SECONDS, session=session
    )
    queue.fate = fate
    return queue


async def ship(places: Places, fate: Fate) -> None:
    clock, dice, readings = SystemClock(), dice_from("kill"), Readings(PARAMETERS)
    seen, written = Database(places.database_url), DyingDatabase(places.database_url, fate)
    carrier = ByQueue(queue_of(places, fate), Ledger(seen), clock=clock, dice=dice, readings=readings)
    shipper = Shipper(DyingWaiting(places.spool, fate), carrier, clock=clock, dice=dice, readings=readings)
    writer = Writer(written)
    in_place, aside = InPlace(writer, clock=clock, readings=readings), Aside(written, writer)
    receiver = Receiver(queue_of(places, fate), in_place, aside, clock=clock, dice=dice, readings=readings)
    await carrier.start()
    receiving = asyncio.create_task(receive_for_ever(receiver))
    while not await shipper.ship():
        pass
    receiving.cancel()
    await asyncio.gather(receiving, return_exceptions=True)


async def receive_for_ever(receiver: Receiver) -> None:
    while True:
        await receiver.receive(wait_seconds=1)


if __name__ == "__main__":
    PLACES = Places(Path(sys.argv[1]), *sys.argv[2:5])
    sys.exit(killed_until_done(lambda fate: asyncio.run(ship(PLACES, fate))))

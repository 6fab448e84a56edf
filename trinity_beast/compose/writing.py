"""The writer: a process that empties the queue of usage into the database. Any number of them may run."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from trinity_beast.clock import Clock
from trinity_beast.compose.doors import health_port
from trinity_beast.compose.followers import follow_log_level
from trinity_beast.compose.knobs import Knobs, given_of, knobs_of
from trinity_beast.compose.metering import metering_database, usage_queue
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings, ThisNode
from trinity_beast.parts import Part, Parts
from trinity_beast.randomness import Dice, SecretSource
from trinity_beast.settings import SettingInvalid, Settings
from trinity_beast.standing import ready_file, signals_heeded
from trinity_beast.storage import Database, upgrade
from trinity_beast.telemetry import Health, database_probe
from trinity_beast.telemetry.routes import metrics_routes
from trinity_beast.usage import Aside, InPlace, Receiver, Writer, WriterOversight
from trinity_beast.web import RequestIds

NAME_CHARACTERS = 16
_log = get_log("writer")


@dataclass(frozen=True, slots=True)
class Desk:
    """What a writer stands on: no data folder, no engine, no keys."""

    settings: Settings
    clock: Clock
    dice: Dice
    database: Database
    knobs: Knobs
    health: Health
    request_ids: RequestIds
    addresses: dict[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def readings(self) -> Readings:
        """What parameters are at, live."""
        return self.knobs.readings


async def run_writer(settings: Settings, *, ready: Path | None, clock: Clock, secrets: SecretSource, dice: Dice) -> int:
    """Write until SIGTERM or SIGINT and return the exit status: 0 when everything stopped in order, else 1.

    Raises:
        SettingInvalid: there is no queue to read, or no database to write to.
        DependencyAway, SchemaNewer, ParameterInvalid, ParameterUnknown …: why the writer cannot start here.
    """
    stopping = asyncio.Event()
    with signals_heeded(stopping):
        async with _desk(settings, clock, secrets, dice) as desk:
            parts = Parts(writer_parts(desk))
            await parts.start()
            try:
                told = {name: f"{host}:{port}" for name, (host, port) in desk.addresses.items()}
                with ready_file(ready, {"addresses": told}):
                    _log.info("writer started", addresses=told)
                    await stopping.wait()
                _log.info("writer stopping")
            finally:
                unclean = await parts.stop()
    _log.info("writer stopped", unclean=unclean)
    return 1 if unclean else 0


def writer_parts(desk: Desk) -> list[Part]:
    """Return what a writer runs, in the order it starts. It follows changed parameters as a node does."""
    writer = Writer(desk.database)
    receiver = Receiver(
        usage_queue(desk.settings, desk.readings),
        InPlace(writer, clock=desk.clock, readings=desk.readings),
        Aside(desk.database, writer),
        clock=desk.clock,
        dice=desk.dice,
        readings=desk.readings,
    )
    oversight = WriterOversight(receiver)
    desk.health.register("database", database_probe(desk.database))
    desk.health.register("usage", oversight.finding)
    port = health_port(desk, "writer_health", desk.settings.writer_health_port, metrics_routes(None, oversight.samples))
    return [desk.knobs.watch, port, receiver]


@asynccontextmanager
async def _desk(settings: Settings, clock: Clock, secrets: SecretSource, dice: Dice) -> AsyncIterator[Desk]:
    if not settings.queue_url:
        raise SettingInvalid(setting="QUEUE_URL", reason="must name the queue to read; without one each node writes for itself")
    if not settings.database_url:
        raise SettingInvalid(setting="DATABASE_URL", reason="must name the database to write to; a node's embedded one is its own")
    await asyncio.to_thread(upgrade, settings.database_url)
    database = metering_database(settings.database_url)
    here = ThisNode(f"writer-{secrets.base62(NAME_CHARACTERS)}", f"{settings.node} (writer)")
    try:
        knobs = knobs_of(database, None, here, clock, given=given_of(settings))
        await knobs.watch.look()
        follow_log_level(knobs.readings)
        yield Desk(
            settings=settings,
            clock=clock,
            dice=dice,
            database=database,
            knobs=knobs,
            health=Health(clock, knobs.readings),
            request_ids=RequestIds(clock),
        )
    finally:
        await database.close()
